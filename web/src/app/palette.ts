/** Opening the command palette and the list of shortcuts from anywhere. */
import { useSyncExternalStore } from 'react';

type Open = 'palette' | 'shortcuts' | undefined;

let open: Open;
const listeners = new Set<() => void>();

export function openOver(what: Open) {
  open = what;
  for (const listener of listeners) listener();
}

export const useOpenOver = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => open,
  );
