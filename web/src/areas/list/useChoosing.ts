import { useMemo, useRef, useState } from 'react';
import type { Task } from '~/api/schema';

/** Which tasks of a list are chosen, to be changed together. */
export function useChoosing(tasks: Task[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string>(undefined);
  return useMemo(() => {
    const ids = new Set(tasks.filter(({ id }) => chosen.has(id)).map(({ id }) => id));
    return {
      ids,
      clear: () => setChosen(new Set()),
      all: () => setChosen(new Set(tasks.map(({ id }) => id))),
      /** `range` takes all from the one that was chosen before up to this one. */
      toggle(id: string, range = false) {
        const next = new Set(ids);
        const [from, to] = [
          tasks.findIndex((task) => task.id === last.current),
          tasks.findIndex((task) => task.id === id),
        ];
        if (range && from >= 0) {
          for (const task of tasks.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(task.id);
        } else if (!next.delete(id)) next.add(id);
        last.current = id;
        setChosen(next);
      },
    };
  }, [tasks, chosen]);
}

export type Choosing = ReturnType<typeof useChoosing>;
