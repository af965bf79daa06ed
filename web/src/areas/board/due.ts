import type { Manner } from '~/parts/time';
import type { Card } from './cache';

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes longer than using it, and a board uses it for every card. */
function format(manner: Manner, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${manner.locale} ${manner.timeZone} ${Object.keys(options)}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(manner.locale, { ...options, timeZone: manner.timeZone });
    formats.set(key, made);
  }
  return made;
}

const day = (at: Date, manner: Manner) => {
  const parts = format(manner, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(at);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day')) / 86_400_000;
};

/** In how many days something is, by the calendar of the person who reads; negative when it has passed. */
export const daysAway = (at: string, manner: Manner, now = new Date()) => day(new Date(at), manner) - day(now, manner);

export const isOverdue = ({ due_at, category }: Pick<Card, 'due_at' | 'category'>, now = Date.now()) =>
  !!due_at && (category === 'todo' || category === 'in_progress') && Date.parse(due_at) < now;

/** “Today”, “Tomorrow”, or the day in short, with the year when it is another one. */
export function dueWords(at: string, manner: Manner, now = new Date()): string {
  const away = daysAway(at, manner, now);
  if (away === 0) return 'Today';
  if (away === 1) return 'Tomorrow';
  if (away === -1) return 'Yesterday';
  const date = new Date(at);
  const sameYear = date.getUTCFullYear() === now.getUTCFullYear();
  return format(manner, { month: 'short', day: 'numeric', ...(sameYear ? {} : { year: 'numeric' }) }).format(date);
}
