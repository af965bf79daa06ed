/** What kept a rule from running, in the words of those who do not write rules as code. */
import type { NotFiredBecause } from '~/api/schema';

const HINDRANCES: Record<NotFiredBecause['what'], string> = {
  kind: 'It waits for another kind of event',
  cause: 'Another rule caused it',
  rule: 'The time was that of another rule',
  sight: 'Its owner may not see this',
  scope: 'It happened in another project',
  match: 'Something else was there than it waits for',
  facts: 'The event says too much to be judged',
  condition: 'The condition did not hold',
  overlap: 'Its last run was still under way',
  depth: 'Too many rules in a row had led to it',
};

export const hindranceWords = (what: NotFiredBecause['what'] | undefined) =>
  what ? HINDRANCES[what] : 'It did not run';

const PATHS: Record<string, string> = {
  to: 'The new value',
  from: 'The old value',
  'change.to': 'The new value',
  'change.from': 'The old value',
  project: 'The project',
};

/** `task.due_at` as “The task’s due at”. */
export function fieldWords(path: string): string {
  if (PATHS[path]) return PATHS[path];
  const [what = '', ...rest] = path.split('.');
  if (rest.length === 0) return what.charAt(0).toUpperCase() + what.slice(1).replaceAll('_', ' ');
  return `The ${what.replaceAll('_', ' ')}’s ${rest
    .join(' ')
    .replace(/^custom /, '')
    .replaceAll('_', ' ')}`;
}

export function valueWords(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'nothing';
  if (value === '*') return 'anything';
  if (Array.isArray(value)) return value.length > 0 ? value.map(valueWords).join(' or ') : 'empty';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value).replaceAll('_', ' ');
}
