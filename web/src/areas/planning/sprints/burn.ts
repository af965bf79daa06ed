/** What was left of a sprint at the end of each of its days, by when its tasks were completed. */
import dayjs from 'dayjs';
import type { Sprint, Task } from '~/api/schema';

export interface Burn {
  day: string;
  left?: number;
  ideal: number;
}

const counted = (task: Task) => task.category !== 'cancelled';

export function burn(sprint: Sprint, tasks: Task[], now = dayjs()): Burn[] {
  const from = dayjs(sprint.started_at ?? sprint.starts_at).startOf('day');
  const to = dayjs(sprint.ends_at ?? sprint.closed_at ?? now).startOf('day');
  const days = Math.min(120, Math.max(1, to.diff(from, 'day')));
  const mine = tasks.filter(counted);
  return Array.from({ length: days + 1 }, (_, index) => {
    const day = from.add(index, 'day');
    const over = day.endOf('day');
    const left = mine.filter(({ completed_at }) => !completed_at || dayjs(completed_at).isAfter(over)).length;
    return {
      day: day.format('YYYY-MM-DD'),
      left: day.isAfter(now) ? undefined : left,
      ideal: Math.round(mine.length * (1 - index / days) * 10) / 10,
    };
  });
}

export function progress(tasks: Task[]) {
  const mine = tasks.filter(counted);
  const done = mine.filter(({ category }) => category === 'done').length;
  const points = mine.reduce((sum, { points }) => sum + (points ?? 0), 0);
  return { total: mine.length, done, points, percent: mine.length ? Math.round((done / mine.length) * 100) : 0 };
}
