/** From time to place and back, and what is written above the chart at each zoom. */
import dayjs, { type Dayjs } from 'dayjs';

export const DAY = 86_400_000;

export const ZOOMS = ['day', 'week', 'month', 'quarter'] as const;
export type Zoom = (typeof ZOOMS)[number];

const PIXELS: Record<Zoom, number> = { day: 44, week: 20, month: 7, quarter: 2.6 };

export interface Tick {
  key: string;
  x: number;
  width: number;
  label: string;
}

export interface Scale {
  zoom: Zoom;
  /** Midnight before everything, in the reader's zone. */
  from: number;
  to: number;
  width: number;
  perDay: number;
  /** How far from the beginning of the chart an instant is, in pixels. */
  x(instant: number): number;
  /** The same for bars: a working day fills its column, so that a task of a day looks like one. */
  bar(instant: number): number;
  at(x: number): number;
}

/** A scale with some room around what is shown. */
export function scaleOf(zoom: Zoom, start: number, finish: number, hours?: [number, number]): Scale {
  const perDay = PIXELS[zoom];
  const room = Math.ceil(120 / perDay) + 2;
  const from = dayjs(start).startOf('day').subtract(room, 'day').startOf('week').valueOf();
  const to = Math.max(
    dayjs(finish)
      .add(room * 3, 'day')
      .valueOf(),
    from + (1600 / perDay) * DAY,
  );
  const x = (instant: number) => ((instant - from) / DAY) * perDay;
  const bar = (instant: number) => {
    if (!hours) return x(instant);
    const midnight = dayjs(instant).startOf('day').valueOf();
    const part = ((instant - midnight) / DAY - hours[0]) / (hours[1] - hours[0]);
    return x(midnight) + Math.min(1, Math.max(0, part)) * perDay;
  };
  return { zoom, from, to, perDay, width: Math.ceil(x(to)), x, bar, at: (place) => from + (place / perDay) * DAY };
}

type Unit = 'day' | 'week' | 'month' | 'quarter' | 'year';

const begin = (instant: number, unit: Unit): Dayjs => {
  const day = dayjs(instant);
  if (unit === 'quarter') return day.startOf('month').subtract(day.month() % 3, 'month');
  if (unit === 'week') return day.startOf('day').subtract((day.day() + 6) % 7, 'day');
  return day.startOf(unit);
};
const next = (day: Dayjs, unit: Unit): Dayjs => (unit === 'quarter' ? day.add(3, 'month') : day.add(1, unit));

/** The upper and the lower line of the head of the chart. */
export const TIERS: Record<Zoom, [Unit, Unit]> = {
  day: ['month', 'day'],
  week: ['month', 'week'],
  month: ['year', 'month'],
  quarter: ['year', 'quarter'],
};

const text = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(undefined, options);
const month = text({ month: 'long', year: 'numeric' });
const shortMonth = text({ month: 'long' });
const dayAndMonth = text({ day: 'numeric', month: 'short' });
const weekday = text({ weekday: 'narrow' });

function label(day: Dayjs, unit: Unit, zoom: Zoom): string {
  const date = day.toDate();
  if (unit === 'day') return `${weekday.format(date)} ${day.date()}`;
  if (unit === 'week') return dayAndMonth.format(date);
  if (unit === 'month') return zoom === 'month' ? shortMonth.format(date) : month.format(date);
  if (unit === 'quarter') return `Q${Math.floor(day.month() / 3) + 1}`;
  return String(day.year());
}

/** The stretches of one line of the head that lie between two places. */
export function ticks(scale: Scale, unit: Unit, left: number, right: number): Tick[] {
  const found: Tick[] = [];
  let day = begin(Math.max(scale.from, scale.at(left)), unit);
  while (day.valueOf() < scale.to && scale.x(day.valueOf()) < right) {
    const after = next(day, unit);
    const x = Math.max(0, scale.x(day.valueOf()));
    found.push({
      key: day.format('YYYY-MM-DD'),
      x,
      width: scale.x(after.valueOf()) - x,
      label: label(day, unit, scale.zoom),
    });
    day = after;
  }
  return found;
}

/** The days between two places on which nobody works, joined where they follow each other. */
export function restDays(
  scale: Scale,
  works: (day: Dayjs) => boolean,
  left: number,
  right: number,
): Omit<Tick, 'label'>[] {
  const found: Omit<Tick, 'label'>[] = [];
  if (scale.zoom === 'quarter') return found;
  let day = begin(Math.max(scale.from, scale.at(left)), 'day');
  while (day.valueOf() < scale.to && scale.x(day.valueOf()) < right) {
    const after = day.add(1, 'day');
    if (!works(day)) {
      const x = scale.x(day.valueOf());
      const last = found.at(-1);
      if (last && last.x + last.width > x - 1) last.width = scale.x(after.valueOf()) - last.x;
      else found.push({ key: day.format('YYYY-MM-DD'), x, width: scale.x(after.valueOf()) - x });
    }
    day = after;
  }
  return found;
}
