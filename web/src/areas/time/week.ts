/** Weeks from Monday to Sunday, as ISO 8601 calls them: `2026-W48`. */
import dayjs from 'dayjs';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';

dayjs.extend(utc);
dayjs.extend(timezone);

const DAY = 'YYYY-MM-DD';

/** The week in which a day lies. It belongs to the year of its Thursday. */
export function weekOf(day: string): string {
  const date = dayjs.utc(day);
  const thursday = date.add(3 - ((date.day() + 6) % 7), 'day');
  const count = 1 + Math.floor(thursday.diff(thursday.startOf('year'), 'day') / 7);
  return `${thursday.year()}-W${String(count).padStart(2, '0')}`;
}

/** The Monday of a week. */
export function mondayOf(week: string): string {
  const [year, count] = week.split('-W').map(Number) as [number, number];
  // The fourth of January is always in the first week.
  const fourth = dayjs.utc(`${year}-01-04`);
  return fourth
    .subtract((fourth.day() + 6) % 7, 'day')
    .add(count - 1, 'week')
    .format(DAY);
}

export const sundayOf = (week: string) => dayjs.utc(mondayOf(week)).add(6, 'day').format(DAY);

export const laterWeek = (week: string, by: number) => weekOf(dayjs.utc(mondayOf(week)).add(by, 'week').format(DAY));

/** Whether the address names a week, rather than something that somebody typed. */
export const isWeek = (text: unknown): text is string =>
  typeof text === 'string' && /^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$/.test(text);

/** The day that it is now in a zone. */
export const today = (zone: string) => dayjs().tz(zone).format(DAY);

/** The moment at which a clock of the zone shows `time`, such as `09:30`, on a day. */
export const momentOn = (day: string, time: string, zone: string) => dayjs.tz(`${day} ${time}`, zone).toISOString();

/** What a clock of the zone shows at a moment. */
export const clockAt = (at: string, zone: string) => dayjs(at).tz(zone).format('HH:mm');

/** Where the next entry of a day begins when nobody says so: in the morning, after what is written there already. */
export function nextStart(minutes: number): string {
  const at = Math.min(9 * 60 + minutes, 23 * 60 + 45);
  return `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`;
}

/** A day in the words of the reader; days have no zone, so none moves them. */
export const dayWords = (locale: string | undefined, how: Intl.DateTimeFormatOptions) => {
  const format = new Intl.DateTimeFormat(locale, { ...how, timeZone: 'UTC' });
  return {
    one: (day: string) => format.format(new Date(day)),
    range: (from: string, to: string) => format.formatRange(new Date(from), new Date(to)),
  };
};
