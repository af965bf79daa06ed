/** People's days, and what is said of them. */
import dayjs from 'dayjs';
import type { Absence, AbsenceKind, ResourceDay, Resources } from '~/api/schema';

export const KINDS: Record<AbsenceKind, string> = {
  vacation: 'On holiday',
  sick: 'Ill',
  holiday: 'Public holiday',
  training: 'Training',
  other: 'Away',
};

export const hours = (minutes: number) => Math.round(minutes / 6) / 10;

export const days = (from: string, count: number) =>
  Array.from({ length: count }, (_, index) => dayjs(from).add(index, 'day').format('YYYY-MM-DD'));

/** The absences of a person that reach a day. */
export const awayOn = (absences: Absence[], user: string, date: string) =>
  absences.filter((absence) => absence.user === user && absence.from <= date && date <= absence.to);

/** What a day is, in one sentence. */
export function dayText(day: ResourceDay, away: Absence[]): string {
  const parts = [];
  if (day.working === 0) parts.push('not a working day');
  if (away.length) parts.push(away.map(({ kind }) => (kind ? KINDS[kind] : 'Away')).join(', '));
  if (day.allocated || day.capacity) parts.push(`${hours(day.allocated)} of ${hours(day.capacity)} hours planned`);
  if (day.over > 0) parts.push(`${hours(day.over)} hours too many`);
  return parts.join(', ');
}

/** All days of a person together. */
export function sum({ days }: Resources) {
  const total = { allocated: 0, capacity: 0, over: 0, daysOver: 0 };
  for (const day of days) {
    total.allocated += day.allocated;
    total.capacity += day.capacity;
    total.over += day.over;
    if (day.over > 0) total.daysOver += 1;
  }
  return total;
}
