/** The days that work is put into, on the person's own calendar. */
import dayjs from 'dayjs';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';
import type { Task } from '~/api/schema';

dayjs.extend(utc);
dayjs.extend(timezone);

export type Bucket = 'overdue' | 'today' | 'week' | 'later' | 'none';

export const BUCKETS: { key: Bucket; label: string }[] = [
  { key: 'overdue', label: 'Overdue' },
  { key: 'today', label: 'Today' },
  { key: 'week', label: 'This week' },
  { key: 'later', label: 'Later' },
  { key: 'none', label: 'No date' },
];

/** Where a task belongs at the moment `now`. A week ends with its Sunday. */
export function bucketOf(dueAt: string | null | undefined, now: number, zone = dayjs.tz.guess()): Bucket {
  if (!dueAt) return 'none';
  const due = dayjs(dueAt).tz(zone);
  const present = dayjs(now).tz(zone);
  if (due.valueOf() < now) return 'overdue';
  if (due.isSame(present, 'day')) return 'today';
  const sunday = present.add((7 - present.day()) % 7, 'day').endOf('day');
  return due.isAfter(sunday) ? 'later' : 'week';
}

export type Until = 'tomorrow' | 'monday' | 'month';

export const UNTIL: { key: Until; label: string }[] = [
  { key: 'tomorrow', label: 'Tomorrow' },
  { key: 'monday', label: 'Next Monday' },
  { key: 'month', label: 'In a month' },
];

/** The moment to which a task is put off: the same time of another day, or the end of a working day. */
export function putOff(task: Pick<Task, 'due_at'>, until: Until, now: number, zone = dayjs.tz.guess()): string {
  const present = dayjs(now).tz(zone);
  const time = task.due_at ? dayjs(task.due_at).tz(zone) : present.hour(17).minute(0);
  const day =
    until === 'tomorrow'
      ? present.add(1, 'day')
      : until === 'monday'
        ? present.add((8 - present.day()) % 7 || 7, 'day')
        : present.add(1, 'month');
  return day.hour(time.hour()).minute(time.minute()).second(0).millisecond(0).toISOString();
}
