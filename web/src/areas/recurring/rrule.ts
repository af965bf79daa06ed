/** Recurrence as people choose it, and the rule of RFC 5545 that says so. */
export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

export const DAY_NAMES: Record<string, string> = {
  MO: 'Monday',
  TU: 'Tuesday',
  WE: 'Wednesday',
  TH: 'Thursday',
  FR: 'Friday',
  SA: 'Saturday',
  SU: 'Sunday',
};

export type Freq = 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';

export interface Repeat {
  freq: Freq;
  interval: number;
  /** In a week: on which days; none means that on which it begins. */
  days: string[];
  /** In a month: on its last day, or on which of its `weekday`s; none means the day on which it begins. */
  which: '' | 'last-day' | '1' | '2' | '3' | '4' | '-1';
  weekday: string;
  /** After how many times it ends. */
  count?: number;
  /** The last day on which it may happen. */
  until?: string;
}

export const REPEAT: Repeat = { freq: 'WEEKLY', interval: 1, days: [], which: '', weekday: 'MO' };

export function ruleOf({ freq, interval, days, which, weekday, count, until }: Repeat): string {
  const parts = [`FREQ=${freq}`];
  if (interval > 1) parts.push(`INTERVAL=${interval}`);
  if (freq === 'WEEKLY' && days.length > 0)
    parts.push(`BYDAY=${WEEKDAYS.filter((day) => days.includes(day)).join(',')}`);
  if (freq === 'MONTHLY' && which === 'last-day') parts.push('BYMONTHDAY=-1');
  else if (freq === 'MONTHLY' && which) parts.push(`BYDAY=${which}${weekday}`);
  if (count) parts.push(`COUNT=${count}`);
  else if (until) parts.push(`UNTIL=${until.replaceAll('-', '')}T235959Z`);
  return parts.join(';');
}

/** What was chosen, or undefined where the rule says more than can be chosen here. */
export function repeatOf(rule: string): Repeat | undefined {
  const parts = new Map(
    rule
      .toUpperCase()
      .split(';')
      .map((part) => part.split('=') as [string, string]),
  );
  const freq = parts.get('FREQ') as Freq;
  if (!(freq in UNITS)) return undefined;
  const repeat: Repeat = { ...REPEAT, freq, interval: Number(parts.get('INTERVAL') ?? 1) };
  const days = parts.get('BYDAY');
  if (days && freq === 'WEEKLY') repeat.days = days.split(',');
  if (days && freq === 'MONTHLY') {
    const nth = /^([1-4]|-1)([A-Z]{2})$/.exec(days);
    if (nth) [repeat.which, repeat.weekday] = [nth[1] as Repeat['which'], nth[2]!];
  }
  if (freq === 'MONTHLY' && parts.get('BYMONTHDAY') === '-1') repeat.which = 'last-day';
  if (parts.has('COUNT')) repeat.count = Number(parts.get('COUNT'));
  const until = /^(\d{4})(\d{2})(\d{2})T235959Z$/.exec(parts.get('UNTIL') ?? '');
  if (until) repeat.until = until.slice(1).join('-');
  // Whatever is lost on the way back was not understood.
  const same = (one: string) => one.toUpperCase().split(';').sort().join(';');
  return same(ruleOf(repeat)) === same(rule.replace(/;?INTERVAL=1(?=;|$)/i, '')) ? repeat : undefined;
}

const UNITS: Record<Freq, [string, string]> = {
  DAILY: ['day', 'days'],
  WEEKLY: ['week', 'weeks'],
  MONTHLY: ['month', 'months'],
  YEARLY: ['year', 'years'],
};
export const WHICH: Record<Exclude<Repeat['which'], ''>, string> = {
  'last-day': 'last day',
  1: 'first',
  2: 'second',
  3: 'third',
  4: 'fourth',
  [-1]: 'last',
};
const list = new Intl.ListFormat('en', { type: 'conjunction' });

/** “Every 2 weeks on Monday and Thursday”; the rule itself where there are no words for it. */
export function repeatWords(rule: string): string {
  const repeat = repeatOf(rule);
  if (!repeat) return rule;
  const { freq, interval, days, which, weekday, count } = repeat;
  const [one, many] = UNITS[freq];
  const words = [interval === 1 ? `Every ${one}` : `Every ${interval} ${many}`];
  if (days.length > 0) words.push(`on ${list.format(days.map((day) => DAY_NAMES[day] ?? day))}`);
  if (which === 'last-day') words.push('on the last day');
  else if (which) words.push(`on the ${WHICH[which]} ${DAY_NAMES[weekday]}`);
  if (count) words.push(`, ${count} times`);
  if (repeat.until) words.push(`, until ${repeat.until}`);
  return words.join(' ').replaceAll(' ,', ',');
}

/** The names that stand between double braces in what a task says. */
export function placeholders(task: unknown): string[] {
  const text = JSON.stringify(task) ?? '';
  const names = [...text.matchAll(/\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g)].map(([, name]) => name!);
  return [...new Set(names)];
}
