/** What starts a rule, in words. */
import type { Rule, Trigger } from '~/api/schema';
import type { Path } from '../model/path';
import { spaced, whenWords } from './kinds';
import { joined, type Names, type Words } from './parts';
import { periodWords, valueWords } from './values';

export type TriggerKind = 'event' | 'schedule' | 'date' | 'manual' | 'threshold' | 'hook';

export const triggerKind = ({ on }: Trigger): TriggerKind => {
  if (on === 'schedule' || on === 'date' || on === 'manual' || on === 'threshold') return on;
  return on === 'hook' || on === 'hook.received' ? 'hook' : 'event';
};

export const METRICS: Record<string, string> = {
  'tasks.open': 'the number of open tasks',
  'tasks.overdue': 'the number of overdue tasks',
  'sprint.remaining': 'the open tasks of the active sprint',
  'budget.used_percent': 'the percentage of the budget that is used',
  'people.over_allocated': 'the number of overbooked people',
  'runs.failed': 'the number of runs that failed within an hour',
};

const FIELDS: Record<string, string> = { due_at: 'due date', start_at: 'start date' };

const at = (...rest: Path): Path => ['trigger', ...rest];

/** "a task’s status changes to blocked": what comes after "When". */
export function triggerWords(rule: Rule, names: Names): Words {
  const { trigger } = rule;
  const said = eventOf(trigger);
  return [...said, ...matchWords(trigger.match, at('match'), names), ...scopeWords(rule, names)];
}

function eventOf(trigger: Trigger): Words {
  switch (triggerKind(trigger)) {
    case 'manual':
      return trigger.subject
        ? [
            'somebody presses ',
            { text: trigger.label ? `“${trigger.label}”` : 'its button', at: at('label') },
            ' on a task',
          ]
        : [{ text: 'somebody starts it', at: at('on') }];
    case 'schedule':
      return scheduleWords(trigger);
    case 'date': {
      const field = trigger.field ?? '';
      const name = FIELDS[field] ?? spaced(field.replace(/^custom\./, '') || '…');
      const length = trigger.before ?? trigger.after;
      const when = trigger.before ? ' before ' : trigger.after ? ' after ' : '';
      return [
        'it is ',
        ...(length
          ? [{ text: periodWords(length), at: at(trigger.before ? 'before' : 'after'), tone: 'value' as const }, when]
          : []),
        'a task’s ',
        { text: name, at: at('field'), tone: 'value' },
        ...(trigger.at ? [' at ', { text: trigger.at, at: at('at'), tone: 'value' as const }] : []),
      ];
    }
    case 'threshold': {
      const up = trigger.above !== undefined && trigger.above !== null;
      const limit = up ? trigger.above : trigger.below;
      return [
        { text: METRICS[trigger.metric ?? ''] ?? trigger.metric ?? '…', at: at('metric') },
        up ? ' rises above ' : ' falls below ',
        {
          text: limit === null || limit === undefined ? '…' : String(limit),
          at: at(up ? 'above' : 'below'),
          tone: 'value',
        },
        ...(trigger.for ? [' for ', { text: periodWords(trigger.for), at: at('for'), tone: 'value' as const }] : []),
      ];
    }
    case 'hook':
      return [{ text: 'a webhook comes in', at: at('on') }];
    default:
      return [
        { text: trigger.on ? whenWords(trigger.on) : '…', at: at('on'), tone: trigger.on ? undefined : 'missing' },
      ];
  }
}

function scheduleWords(trigger: Trigger): Words {
  const zone: Words = trigger.tz ? [' (', { text: trigger.tz, at: at('tz') }, ')'] : [];
  if (trigger.every)
    return ['every ', { text: periodWords(trigger.every), at: at('every'), tone: 'value' }, ' have passed'];
  if (trigger.once) return ['it is ', { text: new Date(trigger.once).toLocaleString(), at: at('once'), tone: 'value' }];
  if (trigger.rrule)
    return ['the schedule ', { text: trigger.rrule, at: at('rrule'), tone: 'code' }, ' comes', ...zone];
  const text = trigger.cron ? cronWords(trigger.cron) : '…';
  return ['it is ', { text, at: at('cron'), tone: trigger.cron ? 'value' : 'missing' }, ...zone];
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const SHORT = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function dayWords(field: string): string | undefined {
  if (field === '*') return 'every day';
  const name = (day: string) => DAYS[/^\d$/.test(day) ? Number(day) : SHORT.indexOf(day.toUpperCase())];
  const range = field.split('-').map(name);
  if (range.length === 2 && range[0] && range[1]) return `${range[0]} to ${range[1]}`;
  const list = field.split(',').map(name);
  return list.every(Boolean) ? `every ${list.join(' and ')}` : undefined;
}

/** "09:00, Monday to Friday" where it is as simple as that; the line itself where it is not. */
export function cronWords(cron: string): string {
  const [minute, hour, day, month, weekday, more] = cron.trim().split(/\s+/);
  if (more !== undefined || !minute || !hour || month !== '*') return cron;
  const days = dayWords(weekday ?? '');
  if (day === '*' && /^\d+$/.test(minute) && hour === '*' && days)
    return `${minute.padStart(2, '0')} minutes past every hour${days === 'every day' ? '' : `, ${days}`}`;
  if (!/^\d+$/.test(minute) || !/^\d+$/.test(hour)) return cron;
  const time = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
  if (day === '*' && days) return `${time}, ${days}`;
  if (weekday === '*' && /^\d+$/.test(day ?? '')) return `${time} on day ${day} of the month`;
  return cron;
}

/** " to blocked and whose priority is high": what the event must say besides its kind. */
export function matchWords(match: Record<string, unknown> | null | undefined, place: Path, names: Names): Words {
  const entries = Object.entries(match ?? {});
  const short: Words = [];
  const long: Words[] = [];
  for (const [key, value] of entries) {
    const path = [...place, key];
    const said: Words =
      value === '*'
        ? [{ text: 'anything', at: path, tone: 'value' }]
        : Array.isArray(value)
          ? joined(
              value.map((one) => valueWords(one, path, names)),
              'or',
            )
          : valueWords(value, path, names);
    const [, field, turn] = /^(?:(.+)\.)?(from|to)$/.exec(key) ?? [];
    if (turn && !field) short.push(` ${turn} `, ...said);
    else if (turn) long.push([`its ${spaced(field!.replace(/^change\./, ''))} changes ${turn} `, ...said]);
    else if (value === '*') long.push([`it has ${spaced(key)} (`, ...said, ')']);
    else long.push([`its ${spaced(key.replace(/^(task|body|milestone|approval)\./, ''))} is `, ...said]);
  }
  return long.length === 0 ? short : [...short, ', and ', ...joined(long)];
}

function scopeWords(rule: Rule, names: Names): Words {
  const projects = rule.scope?.projects ?? [];
  if (projects.length === 0) return [];
  const said = projects.map(
    (id, index): Words => [{ text: names.project(id) ?? id, at: ['scope', 'projects', index], tone: 'value' }],
  );
  return [' in ', ...joined(said, 'or')];
}
