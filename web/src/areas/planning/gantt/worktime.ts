/** Counting in working time, as the server does it, so that a bar that is moved keeps how long it takes. */
import dayjs, { type Dayjs } from 'dayjs';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';
import type { WorkingTime } from '~/api/schema';

dayjs.extend(utc);
dayjs.extend(timezone);

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
/** How far the next working day is looked for: exceptions are shorter than this. */
const MOST_DAYS = 4_000;

export interface WorkTime {
  /** Whether somebody works on that date. */
  works(day: Dayjs): boolean;
  /** When so many working minutes after an instant are over. */
  after(instant: number, minutes: number): number;
  /** The working minutes between two instants. */
  between(from: number, to: number): number;
  /** The first moment at or after an instant at which work is done. */
  next(instant: number): number;
  /** When an ordinary working day begins and ends for the reader, as parts of the day; none when it goes over midnight. */
  hours?: [number, number];
  /** The minutes of an ordinary working day. */
  perDay: number;
}

const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

export function workTime(calendar: WorkingTime): WorkTime {
  const zone = calendar.time_zone ?? 'UTC';
  const hoursOn = (date: string, weekday: number) => {
    const other = calendar.exceptions?.find(({ from, to }) => from <= date && date <= (to ?? from));
    return (other ? other.hours : calendar.hours[WEEKDAYS[weekday] as 'monday']) ?? [];
  };
  const stretches = (day: Dayjs): [number, number][] => {
    const date = day.format('YYYY-MM-DD');
    const midnight = dayjs.tz(`${date} 00:00`, zone).valueOf();
    return hoursOn(date, day.day()).map(({ from, to }) => [at(date, from, midnight), at(date, to, midnight)]);
  };
  const at = (date: string, time: string, midnight: number) =>
    time === '24:00' ? midnight + 86_400_000 : dayjs.tz(`${date} ${time}`, zone).valueOf();
  function* from(instant: number): Generator<[number, number]> {
    let day = dayjs(instant).tz(zone);
    for (let count = 0; count < MOST_DAYS; count++) {
      for (const [begin, end] of stretches(day)) if (end > instant) yield [Math.max(begin, instant), end];
      day = dayjs.tz(day.add(1, 'day').format('YYYY-MM-DD 12:00'), zone);
    }
  }
  const ordinary = Object.values(calendar.hours)
    .map((day) => (day ?? []).reduce((sum, { from, to }) => sum + minutesOf(to) - minutesOf(from), 0))
    .filter(Boolean);
  const today = [...Array(7).keys()]
    .map((days) => stretches(dayjs().tz(zone).add(days, 'day')))
    .find((day) => day.length);
  const opening = today && dayjs(today[0]?.[0]);
  const closing = today && dayjs(today.at(-1)?.[1]);
  const part = (time: Dayjs) => time.diff(time.startOf('day')) / 86_400_000;
  return {
    hours: opening && closing && part(opening) < part(closing) ? [part(opening), part(closing)] : undefined,
    perDay: ordinary.length ? Math.round(ordinary.reduce((sum, day) => sum + day, 0) / ordinary.length) : 480,
    works: (day) => hoursOn(day.format('YYYY-MM-DD'), day.day()).length > 0,
    next: (instant) => from(instant).next().value?.[0] ?? instant,
    after(instant, minutes) {
      let left = minutes * 60_000;
      if (left <= 0) return instant;
      for (const [begin, end] of from(instant)) {
        if (end - begin >= left) return begin + left;
        left -= end - begin;
      }
      return instant;
    },
    between(first, last) {
      let sum = 0;
      for (const [begin, end] of from(first)) {
        if (begin >= last) break;
        sum += Math.min(end, last) - begin;
      }
      return Math.round(sum / 60_000);
    },
  };
}

/** `3 days`, `2 h`: working minutes as people say them. */
export function span(minutes: number, perDay: number): string {
  const size = Math.abs(minutes);
  if (size === 0) return '0 days';
  const days = size / perDay;
  if (days < 1) return `${sign(minutes)}${Math.round((size / 60) * 10) / 10} h`;
  const rounded = Math.round(days * 10) / 10;
  return `${sign(minutes)}${rounded} ${rounded === 1 ? 'day' : 'days'}`;
}
const sign = (value: number) => (value < 0 ? '−' : '');
