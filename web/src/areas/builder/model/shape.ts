/** Whether something is built as a rule is, as far as drawing and reading it out needs. The rest is the server's to say. */
import type { Rule } from '~/api/schema';
import type { Path } from './path';

export interface Misshapen {
  path: Path;
  message: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const LISTS = ['then', 'else', 'do', 'on_timeout', 'on_reject'];
const TEXTS = ['id', 'action', 'description', 'if', 'for_each', 'as', 'call', 'script', 'timeout'];

/** What keeps it from being drawn, the first thing; undefined when it is a rule. */
export function misshapen(value: unknown): Misshapen | undefined {
  if (!isObject(value)) return { path: [], message: 'A rule is an object with a name, a trigger and steps.' };
  if (value.name !== undefined && typeof value.name !== 'string')
    return { path: ['name'], message: 'The name is a text.' };
  if (!isObject(value.trigger))
    return { path: ['trigger'], message: 'A rule needs a trigger: `trigger: { on: task.created }`.' };
  if (typeof value.trigger.on !== 'string')
    return { path: ['trigger', 'on'], message: 'The trigger needs `on`, a kind of event.' };
  for (const key of ['match', 'form']) {
    const part = value.trigger[key];
    if (part !== undefined && !isObject(part)) return { path: ['trigger', key], message: `\`${key}\` is an object.` };
  }
  for (const key of ['scope', 'policy', 'on_failure']) {
    const part = value[key];
    if (part !== undefined && part !== null && !isObject(part))
      return { path: [key], message: `\`${key}\` is an object.` };
  }
  const projects = isObject(value.scope) ? value.scope.projects : undefined;
  if (projects !== undefined && !isTexts(projects))
    return { path: ['scope', 'projects'], message: 'A list of projects is needed.' };
  return condition(value.condition, ['condition']) ?? steps(value.steps ?? [], ['steps']);
}

export const isRule = (value: unknown): value is Rule => misshapen(value) === undefined;

const isTexts = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === 'string');

function condition(value: unknown, path: Path): Misshapen | undefined {
  if (value === undefined || value === null || typeof value === 'string') return undefined;
  const message = 'A condition is an expression, or `all`, `any`, `not` with a list, or `field`, `op` and `value`.';
  if (!isObject(value)) return { path, message };
  for (const key of ['all', 'any', 'not']) {
    const list = value[key];
    if (list === undefined) continue;
    if (!Array.isArray(list)) return { path: [...path, key], message };
    return firstOf(list, (one, index) =>
      isObject(one) ? condition(one, [...path, key, index]) : { path: [...path, key, index], message },
    );
  }
  return typeof value.field === 'string' && typeof value.op === 'string' ? undefined : { path, message };
}

function steps(value: unknown, path: Path): Misshapen | undefined {
  if (!Array.isArray(value)) return { path, message: 'A list of steps is needed.' };
  return firstOf(value, (one, index) => step(one, [...path, index]));
}

function step(value: unknown, path: Path): Misshapen | undefined {
  if (!isObject(value)) return { path, message: 'A step is an object with an `id` and what it does.' };
  for (const key of TEXTS)
    if (value[key] !== undefined && value[key] !== null && typeof value[key] !== 'string')
      return { path: [...path, key], message: `\`${key}\` is a text.` };
  for (const key of ['with', 'wait', 'approve', 'retry'])
    if (value[key] !== undefined && value[key] !== null && !isObject(value[key]))
      return { path: [...path, key], message: `\`${key}\` is an object.` };
  const event = isObject(value.wait) ? value.wait.event : undefined;
  if (event !== undefined && event !== null && (!isObject(event) || typeof event.on !== 'string'))
    return { path: [...path, 'wait', 'event'], message: 'An event that is waited for needs `on`.' };
  if (isObject(value.approve) && !isTexts(value.approve.by ?? []))
    return { path: [...path, 'approve', 'by'], message: 'A list of people is needed.' };
  for (const key of LISTS) {
    const list = value[key];
    if (list === undefined || list === null) continue;
    const wrong = steps(list, [...path, key]);
    if (wrong) return wrong;
  }
  if (Array.isArray(value.on_error)) {
    const wrong = steps(value.on_error, [...path, 'on_error']);
    if (wrong) return wrong;
  }
  return (
    branches(value.else_if, [...path, 'else_if'], 'then') ?? branches(value.parallel, [...path, 'parallel'], 'steps')
  );
}

function branches(value: unknown, path: Path, key: string): Misshapen | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) return { path, message: 'A list of branches is needed.' };
  return firstOf(value, (one, index) =>
    isObject(one)
      ? steps(one[key] ?? [], [...path, index, key])
      : { path: [...path, index], message: 'A branch is an object with steps.' },
  );
}

function firstOf<T>(list: T[], look: (one: T, index: number) => Misshapen | undefined): Misshapen | undefined {
  for (const [index, one] of list.entries()) {
    const wrong = look(one, index);
    if (wrong) return wrong;
  }
  return undefined;
}
