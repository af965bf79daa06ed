/** Values and paths as one reads them: "the task's title", "2 hours", “blocked”. */
import type { Path } from '../model/path';
import { spaced } from './kinds';
import type { Names, Part, Words } from './parts';
import { joined } from './parts';

const UNITS: Record<string, string> = {
  ms: 'millisecond',
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
};

/** "48 hours" for `48h`. */
export function periodWords(period: string | null | undefined): string {
  const [, count, unit] = /^(\d+)\s*(ms|[smhdw]|working days?)$/.exec(period ?? '') ?? [];
  if (!count || !unit) return period || '…';
  if (unit.startsWith('working')) return `${count} working day${count === '1' ? '' : 's'}`;
  return `${count} ${UNITS[unit]}${count === '1' ? '' : 's'}`;
}

const LAST: Record<string, string> = {
  due_at: 'due date',
  start_at: 'start date',
  created_at: 'time of creation',
  updated_at: 'last change',
  completed_at: 'time of completion',
  created_by: 'creator',
};

/** "the task's due date" for `task.due_at`; undefined for what is not a plain path. */
export function pathWords(path: string): string | undefined {
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(path)) return undefined;
  const parts = path.split('.');
  if (parts[0] === 'steps' && parts[1]) {
    const rest = parts.slice(parts[2] === 'output' ? 3 : 2);
    return rest.length > 0 ? `${spaced(rest.join(' '))} of step “${parts[1]}”` : `the result of step “${parts[1]}”`;
  }
  if (path === 'now') return 'now';
  if (parts.at(-1) === 'id' && parts.length > 1) return pathWords(parts.slice(0, -1).join('.'));
  const [first, ...rest] = parts.map((part) => LAST[part] ?? spaced(part));
  return [`the ${first}`, ...rest].join('’s ');
}

const WHOLE = /^\s*\{\{\s*([^{}]*?)\s*\}\}\s*$/;

/** The expression of a text that is one template and nothing else. */
export const wholeTemplate = (text: unknown) => (typeof text === 'string' ? WHOLE.exec(text)?.[1] : undefined);

/** Whether some of a text is filled in when the rule runs. */
export const isTemplate = (value: unknown) => typeof value === 'string' && value.includes('{{');

/** "‹the task's key› is blocked" for `{{ task.key }} is blocked`. */
function templateText(text: string): string {
  return text.replace(
    /\{\{\s*([\s\S]*?)\s*\}\}/g,
    (_all, inner: string) => `‹${pathWords(inner)?.replace(/^the /, '') ?? inner}›`,
  );
}

const shortened = (text: string) => (text.length > 90 ? `${text.slice(0, 88).trimEnd()}…` : text);

const PEOPLE: Record<string, string> = {
  owner: 'the rule’s owner',
  'project.owner': 'the project’s owner',
  'task.assignees': 'the task’s assignees',
  'task.watchers': 'the task’s watchers',
  'task.created_by': 'the task’s creator',
};

/** Somebody as rules name them: `role:project_manager`, an id, an address. */
export function personWords(who: string, names: Names): string {
  const whole = wholeTemplate(who);
  if (whole) return pathWords(whole) ?? whole;
  const known = PEOPLE[who];
  if (known) return known;
  const [, kind, name] = /^(role|group|oncall|user):(.*)$/.exec(who) ?? [];
  if (kind === 'role') return `everybody with the role ${spaced(name!)}`;
  if (kind === 'group') return `the group ${name}`;
  if (kind === 'oncall') return `whoever is on call (${name})`;
  const id = name ?? who;
  return names.person(id) ?? id;
}

/** A value of any type; `at` is its place. */
export function valueWords(value: unknown, at: Path, names: Names): Words {
  const part = (text: string, tone: Part['tone'] = 'value'): Words => [{ text, at, tone }];
  if (value === null) return part('nothing');
  if (value === undefined || value === '') return part('…', 'missing');
  if (typeof value === 'boolean') return part(value ? 'yes' : 'no');
  if (typeof value === 'number') return part(String(value));
  if (Array.isArray(value)) {
    if (value.length === 0) return part('none');
    return joined(value.slice(0, 6).map((one, index) => valueWords(one, [...at, index], names)));
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value as Record<string, unknown>);
    if (entries.length === 0) return part('nothing');
    return joined(
      entries.slice(0, 4).map(([key, one]): Words => [`${spaced(key)} `, ...valueWords(one, [...at, key], names)]),
    );
  }
  const text = String(value);
  const whole = wholeTemplate(text);
  if (whole !== undefined) {
    const words = pathWords(whole);
    return words ? part(words) : part(whole, 'code');
  }
  if (isTemplate(text)) return part(`“${shortened(templateText(text))}”`);
  if (/^user_\w{26}$/.test(text)) return part(names.person(text) ?? 'somebody');
  if (/^proj_\w{26}$/.test(text)) return part(names.project(text) ?? 'a project');
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return part(new Date(text).toLocaleString());
  if (/^[a-z][a-z0-9_]*$/.test(text)) return part(spaced(text));
  return part(`“${shortened(text)}”`);
}
