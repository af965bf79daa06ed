import type { DayOfWeek } from '~/api/schema';

/** The days of a week as the server calls them, in the order of ISO 8601. */
export const DAYS: DayOfWeek[] = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** What a day is called in the person's language. */
export function dayName(day: DayOfWeek, locale?: string): string {
  // The first of January 2024 was a Monday.
  const date = new Date(Date.UTC(2024, 0, 1 + DAYS.indexOf(day)));
  return new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' }).format(date);
}
