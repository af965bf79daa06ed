/** A week as people read it: tasks down, days across. */
import type { Task, Timesheet } from '~/api/schema';

/** What a row of the week is about: a task of the time in it, or one that was just added to it. */
export interface WeekTask {
  /** Null when the task is gone; its time stays. */
  id: string | null;
  key: string;
  /** Minutes by day. */
  days: Map<string, number>;
  minutes: number;
}

/** The rows of a week, by key, and below them the tasks that were added and have no time yet. */
export function rowsOf({ lines }: Timesheet, added: Pick<Task, 'id' | 'key'>[]): WeekTask[] {
  const rows = new Map<string, WeekTask>();
  for (const { task, task_key: key, date, minutes } of lines) {
    const row = rows.get(key) ?? { id: task ?? null, key, days: new Map(), minutes: 0 };
    row.days.set(date, (row.days.get(date) ?? 0) + minutes);
    row.minutes += minutes;
    rows.set(key, row);
  }
  const sorted = [...rows.values()].sort((a, b) => a.key.localeCompare(b.key, undefined, { numeric: true }));
  const empty = added
    .filter(({ key }) => !rows.has(key))
    .map(({ id, key }) => ({ id, key, days: new Map(), minutes: 0 }));
  return [...sorted, ...empty];
}
