import { useEffect, useState } from 'react';
import { type Shortcut, useShortcuts } from '~/app/shortcuts';

/**
 * Going through a list by `j` and `k` and opening by Enter. Answers with the place of the current one, -1 before any;
 * what is drawn marks it with `data-list-item` and `data-current`. `more` are keys that do something with the current one.
 */
export function useListKeys(
  count: number,
  open: (at: number) => void,
  more: (Omit<Shortcut, 'group' | 'run'> & { run: (at: number) => void })[] = [],
): number {
  const [at, setAt] = useState(-1);
  const current = Math.min(at, count - 1);
  useEffect(() => {
    if (current >= 0) document.querySelector('[data-list-item][data-current]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  useShortcuts([
    { keys: 'j', label: 'Next in the list', group: 'Lists', run: () => setAt(Math.min(current + 1, count - 1)) },
    { keys: 'k', label: 'Previous in the list', group: 'Lists', run: () => setAt(Math.max(current - 1, 0)) },
    { keys: 'Enter', label: 'Open', group: 'Lists', run: () => current >= 0 && open(current) },
    ...more.map(({ keys, label, run }) => ({
      keys,
      label,
      group: 'Lists',
      run: () => current >= 0 && run(current),
    })),
  ]);
  return current;
}
