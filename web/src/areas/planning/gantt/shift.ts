/** Where a bar stands after it was pulled by so many days. */
import dayjs from 'dayjs';
import type { TimelineItem } from '~/api/schema';
import type { Dates } from './model';
import type { WorkTime } from './worktime';

/** What is held: the whole bar, or one of its ends. */
export type Grip = 'all' | 'start' | 'finish';

/** The same time of day, so many days later, on a day on which somebody works. */
function shifted(instant: number, days: number, work: WorkTime): number {
  let day = dayjs(instant).add(days, 'day');
  if (!days) return instant;
  const step = days < 0 ? -1 : 1;
  for (let tries = 0; tries < 400 && !work.works(day); tries++) day = day.add(step, 'day');
  return day.valueOf();
}

/** A bar keeps how long it takes when it is moved, and its other end when it is resized. */
export function draggedTo(item: TimelineItem, dates: Dates, days: number, grip: Grip, work: WorkTime): Dates {
  if (!days) return dates;
  if (grip === 'all') {
    const start = shifted(dates.start, days, work);
    return { start, finish: item.milestone ? start : work.after(start, item.duration) };
  }
  if (grip === 'start') {
    const start = shifted(dates.start, days, work);
    return work.between(start, dates.finish) > 0 ? { ...dates, start } : dates;
  }
  const finish = shifted(dates.finish, days, work);
  return work.between(dates.start, finish) > 0 ? { ...dates, finish } : dates;
}

const brief = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

/** `4 Jan 2027 – 5 Jan 2027`; one date for what takes no longer than a day. */
export function dayRange({ start, finish }: Dates): string {
  const [first, last] = [short.format(start), short.format(finish)];
  return first === last ? first : short.formatRange(start, finish);
}
/** The date as narrow as it can be; with its year where that is not this one. */
export function briefDate(instant: number): string {
  return (new Date(instant).getFullYear() === new Date().getFullYear() ? brief : short).format(instant);
}
export const shortDate = (instant: number | string) => short.format(new Date(instant));
