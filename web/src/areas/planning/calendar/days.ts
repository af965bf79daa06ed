/** Which days a page of the calendar shows, and where a task goes when it is moved to another one. */
import dayjs, { type Dayjs } from 'dayjs';
import type { Task, TaskPatch } from '~/api/schema';

export type View = 'month' | 'week' | 'agenda';

export const dayKey = (at: Dayjs | string | number) => dayjs(at).format('YYYY-MM-DD');

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
export function dueOn(task: Task, day: string): TaskPatch | undefined {
  const before = task.due_at ? dayjs(task.due_at) : dayjs(day).hour(17);
  const due = dayjs(day).hour(before.hour()).minute(before.minute());
  if (task.due_at && dayKey(task.due_at) === day) return;
  const patch: TaskPatch = { due_at: due.toISOString() };
  if (task.start_at && dayjs(task.start_at).isAfter(due)) {
    const days = due.startOf('day').diff(before.startOf('day'), 'day');
    patch.start_at = dayjs(task.start_at).add(days, 'day').toISOString();
  }
  return patch;
}
