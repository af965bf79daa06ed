/** Which days a page of the calendar shows, and where a task goes when it is moved to another one. */
import dayjs, { type Dayjs } from 'dayjs';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';
import type { Task, TaskPatch } from '~/api/schema';

dayjs.extend(utc);
dayjs.extend(timezone);

export type View = 'month' | 'week' | 'agenda';

/** The name of a day of the calendar. */
export const dayKey = (day: Dayjs) => day.format('YYYY-MM-DD');
/** The day on which a moment falls in a zone. */
export const dayIn = (zone: string, at: string | number = Date.now()) => dayjs(at).tz(zone).format('YYYY-MM-DD');
/** The moment at which a day begins in a zone. */
export const beginning = (day: Dayjs, zone: string) => dayjs.tz(`${dayKey(day)} 00:00`, zone).toISOString();

interface WeekInfo {
  firstDay: number;
}
/** 0 is Sunday; Monday where the browser does not say what people here are used to. */
export function firstWeekday(locale?: string): number {
  const language = new Intl.Locale(locale ?? navigator.language) as Intl.Locale & {
    getWeekInfo?(): WeekInfo;
    weekInfo?: WeekInfo;
  };
  return (language.getWeekInfo?.() ?? language.weekInfo ?? { firstDay: 1 }).firstDay % 7;
}

const weekOf = (day: Dayjs, first: number) => day.startOf('day').subtract((day.day() - first + 7) % 7, 'day');

/** The days of a view, in order: whole weeks, or for the agenda the days of the month. */
export function daysOf(view: View, at: Dayjs, first: number): Dayjs[] {
  const from = view === 'week' ? weekOf(at, first) : at.startOf('month');
  if (view === 'week') return Array.from({ length: 7 }, (_, index) => from.add(index, 'day'));
  if (view === 'agenda') return Array.from({ length: at.daysInMonth() }, (_, index) => from.add(index, 'day'));
  const begin = weekOf(from, first);
  const weeks = Math.ceil((at.endOf('month').diff(begin, 'day') + 1) / 7);
  return Array.from({ length: weeks * 7 }, (_, index) => begin.add(index, 'day'));
}

/** What a task becomes that is due on another day: at the same time of day, and begun no later than it is due. */
export function dueOn(task: Pick<Task, 'due_at' | 'start_at'>, day: string, zone: string): TaskPatch | undefined {
  const before = task.due_at ? dayIn(zone, task.due_at) : day;
  if (task.due_at && before === day) return;
  const time = task.due_at ? dayjs(task.due_at).tz(zone).format('HH:mm') : '17:00';
  const due = dayjs.tz(`${day} ${time}`, zone);
  const patch: TaskPatch = { due_at: due.toISOString() };
  if (task.start_at && dayjs(task.start_at).isAfter(due)) {
    const start = dayjs(task.start_at).tz(zone);
    const begins = dayKey(dayjs(dayKey(start)).add(dayjs(day).diff(before, 'day'), 'day'));
    patch.start_at = dayjs.tz(`${begins} ${start.format('HH:mm')}`, zone).toISOString();
  }
  return patch;
}
