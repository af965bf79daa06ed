/** Where changes wait: in IndexedDB, so that they outlive the page, with a copy in memory that every tab keeps the same. */
import { createStore, del, entries as read, set } from 'idb-keyval';
import type { Entry } from './change';

const place = createStore('trackside-outbox', 'changes');
const channel = new BroadcastChannel('trackside-outbox');
const listeners = new Set<() => void>();
let kept: Entry[] = [];

async function load() {
  const found = await read<string, Entry>(place).catch(() => []);
  kept = found.map(([, entry]) => entry).sort((one, other) => one.at - other.at);
  for (const listener of listeners) listener();
}

channel.onmessage = () => void load();
const ready = load();

async function changed() {
  await load();
  channel.postMessage('changed');
}

export const store = {
  /** Settles when what earlier pages left behind has been read. */
  ready,
  get entries() {
    return kept;
  },
  onChange(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  async put(entry: Entry) {
    await set(entry.id, entry, place);
    await changed();
  },
  async remove(id: string) {
    await del(id, place);
    await changed();
  },
};
