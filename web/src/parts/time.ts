/** Moments and lengths of time in the words of the person who reads, in their zone. */
import { useSyncExternalStore } from 'react';
import { useMe } from '~/areas/account/queries';

export interface Manner {
  locale?: string;
  timeZone?: string;
}

/** How the person wants dates written; the browser's manner until they have said. */
export function useManner(): Manner {
  const { data } = useMe();
  return { locale: data?.locale ?? undefined, timeZone: data?.time_zone ?? undefined };
}

/** The zone whose days and hours the person lives by. */
export function useZone(): string {
  return useManner().timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const SECOND = 1000;
const STEPS: [limit: number, size: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60 * SECOND, SECOND, 'second'],
  [3600 * SECOND, 60 * SECOND, 'minute'],
  [24 * 3600 * SECOND, 3600 * SECOND, 'hour'],
  [14 * 24 * 3600 * SECOND, 24 * 3600 * SECOND, 'day'],
];

/** “5 minutes ago”, “in 2 days”; beyond two weeks the date. */
export function fromNow(at: string, now: number, { locale, timeZone }: Manner = {}): string {
  const away = new Date(at).getTime() - now;
  const step = STEPS.find(([limit]) => Math.abs(away) < limit);
  if (!step) return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone }).format(new Date(at));
  const count = Math.round(away / step[1]);
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }).format(count, step[2]);
}

/** The day and the time, to the second where `exact`. */
export function moment(at: string, { locale, timeZone }: Manner = {}, exact = false): string {
  const timeStyle = exact ? 'medium' : 'short';
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle, timeZone }).format(new Date(at));
}

/** “350 ms”, “4.2 s”, “12 min”, “3 h 5 min”, “2 d 4 h”. */
export function length(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
}

let now = Date.now();
const waiting = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

function listen(tell: () => void) {
  waiting.add(tell);
  clock ??= setInterval(() => {
    now = Date.now();
    for (const each of waiting) each();
  }, 10_000);
  return () => {
    waiting.delete(tell);
    if (waiting.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

/** The present, which moves on every ten seconds. */
export function useNow(): number {
  const ticked = useSyncExternalStore(listen, () => now);
  // What just happened is not in the future because the clock of the page has not ticked since.
  return Math.max(ticked, Date.now() - 10_000);
}
