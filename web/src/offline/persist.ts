/** What was read lately stays on this device for a week, so that it is there without a network. */
import { createAsyncStoragePersister } from '@tanstack/query-async-storage-persister';
import type { PersistQueryClientOptions } from '@tanstack/react-query-persist-client';
import { clear, createStore, del, get, set } from 'idb-keyval';

const place = createStore('trackside-read', 'queries');

const persister = createAsyncStoragePersister({
  storage: {
    getItem: (key) => get<string>(key, place),
    setItem: (key, value) => set(key, value, place),
    removeItem: (key) => del(key, place),
  },
  throttleTime: 2_000,
});

/** Short-lived by their nature, or good once. */
const NOT_KEPT = new Set(['ticket', 'verify-email', 'set-up', 'sign-in-providers', 'search', 'files']);

/** Writing thousands of cards down every few seconds would be felt while dragging. */
const LARGEST_BOARD = 1_000;
const isTooLarge = (data: unknown) => ((data as { cards?: unknown[] } | undefined)?.cards?.length ?? 0) > LARGEST_BOARD;

export const persistence: Omit<PersistQueryClientOptions, 'queryClient'> = {
  persister,
  maxAge: 7 * 24 * 3600_000,
  // A new build may read answers differently.
  buster: __BUILD__,
  dehydrateOptions: {
    shouldDehydrateQuery: ({ queryKey, state }) =>
      state.status === 'success' && !NOT_KEPT.has(String(queryKey[0])) && !isTooLarge(state.data),
  },
};

/** Forgets all of it: whoever signs in next on this device must not find it. */
export const forgetRead = () => clear(place).catch(() => undefined);
