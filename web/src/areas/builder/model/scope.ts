/** What expressions and templates can speak of at a place in the rule: the event, what steps before it answered, loops. */
import type { ActionInfo, CatalogueEntry, Rule, Step } from '~/api/schema';
import { at, type Path, pointerOf } from './path';
import { choicesOf, type Defs, resolved, type Schema, typesOf } from './schema';
import { kindOf, walk } from './steps';

/** Something with a name: a variable, or a field of one. */
export interface Variable {
  name: string;
  /** "text", "list of texts", "moment" … */
  type: string;
  about?: string;
  choices?: string[];
  schema: Schema;
  defs: Defs;
}

export interface Catalogue {
  actions: Map<string, ActionInfo>;
  kinds: Map<string, CatalogueEntry>;
}

export function typeWords(schema: Schema, defs: Defs): string {
  const types = typesOf(schema);
  if (schema.format === 'date-time') return 'moment';
  if (schema.format === 'date') return 'day';
  if (choicesOf(schema)) return 'choice';
  if (types[0] === 'array') return `list of ${typeWords(resolved(schema.items, defs), defs)}s`.replace(/s s$/, 's');
  return (
    { string: 'text', integer: 'number', number: 'number', boolean: 'yes or no', object: 'object' }[types[0] ?? ''] ??
    'anything'
  );
}

const variable = (name: string, schema: Schema, defs: Defs): Variable => {
  const real = resolved(schema, defs);
  return {
    name,
    type: typeWords(real, defs),
    about: real.description,
    choices: choicesOf(real)?.map(({ value }) => value) ?? real['x-usual'],
    schema: real,
    defs,
  };
};

const text = (description: string): Schema => ({ type: 'string', description });
const object = (description: string, properties: Record<string, Schema>): Schema => ({
  type: 'object',
  description,
  properties,
});
const moment = (description: string): Schema => ({ type: 'string', format: 'date-time', description });

const ALWAYS: Record<string, Schema> = {
  now: moment('The time at which the rule runs.'),
  actor: object('Who did what started the rule.', {
    type: text('`user`, `rule` or `system`.'),
    id: text('Who it is.'),
  }),
  event: object('What started the rule.', {
    id: text('Its id.'),
    kind: text('Its kind.'),
    occurred_at: moment('When it happened.'),
  }),
  run: object('This run.', { id: text('Its id.') }),
  vars: { type: 'object', description: 'The variables of the workspace and the project.', additionalProperties: true },
};

/** The kinds of events for which a rule's trigger stands. */
export function kindsOf(rule: Rule, kinds: Catalogue['kinds']): string[] {
  const { on, subject } = rule.trigger;
  const special: Record<string, string> = {
    hook: 'hook.received',
    schedule: 'schedule.occurred',
    date: 'task.date_reached',
    threshold: 'threshold.crossed',
  };
  if (on === 'manual') return subject === 'task' ? ['task.button_pressed'] : [];
  return matching(special[on] ?? on, kinds);
}

export function matching(pattern: string, kinds: Catalogue['kinds']): string[] {
  if (!pattern.includes('*')) return kinds.has(pattern) ? [pattern] : [];
  const test = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return [...kinds.keys()].filter((kind) => test.test(kind));
}

/** What an event of these kinds says: what any of them may have. */
function eventVariables(kinds: string[], catalogue: Catalogue): Map<string, Variable> {
  const found = new Map<string, Variable>();
  for (const kind of kinds) {
    const schema = catalogue.kinds.get(kind)?.schema as Schema | undefined;
    for (const [name, part] of Object.entries(schema?.properties ?? {}))
      if (!found.has(name)) found.set(name, variable(name, part, schema?.$defs ?? {}));
  }
  return found;
}

/** The variables at a place; only those of the event, where the place is outside of the steps. */
export function variablesAt(rule: Rule, path: Path, catalogue: Catalogue): Map<string, Variable> {
  const waited = path.findLastIndex((part, index) => part === 'event' && path[index - 1] === 'wait');
  // The filter of an event that is waited for sees that event, and nothing else.
  if (waited > 0 && path.at(-1) === 'if') {
    const on = at(rule, [...path.slice(0, waited + 1), 'on']);
    return eventVariables(matching(String(on ?? ''), catalogue.kinds), catalogue);
  }
  const found = eventVariables(kindsOf(rule, catalogue.kinds), catalogue);
  for (const [name, schema] of Object.entries(ALWAYS)) found.set(name, variable(name, schema, {}));
  const form = Object.entries(rule.trigger.form ?? {});
  if (rule.trigger.on === 'manual' && form.length > 0) {
    const inputs = form.map(([key, input]): [string, Schema] => [key, inputSchema(input)]);
    found.set('inputs', variable('inputs', object('What the form asks.', Object.fromEntries(inputs)), {}));
  }
  if (path[0] === 'steps') addSteps(rule, path, catalogue, found);
  return found;
}

function inputSchema(input: {
  type: string;
  label?: string | null;
  description?: string | null;
  options?: string[];
}): Schema {
  const description = input.description ?? input.label ?? undefined;
  const type = { integer: 'integer', number: 'number', boolean: 'boolean' }[input.type] ?? 'string';
  return input.type === 'choice' ? { description, enum: input.options ?? [] } : { type, description };
}

function addSteps(rule: Rule, path: Path, catalogue: Catalogue, found: Map<string, Variable>) {
  const here = pointerOf(path);
  const answers: Record<string, Schema> = {};
  const defs: Defs = {};
  let passed = false;
  walk(rule, (step, place) => {
    const pointer = pointerOf(place);
    if (here === pointer || here.startsWith(`${pointer}/`)) {
      const loop = step.for_each;
      if (loop && here.startsWith(`${pointer}/do`)) {
        const item = itemOf(loop, catalogue);
        const name = step.as || 'item';
        found.set(name, variable(name, item.schema, item.defs));
      }
      if (here === pointer || !/\/(then|else|else_if|do|on_\w+|parallel)\//.test(here.slice(pointer.length)))
        passed = true;
      if (step.approve && here !== pointer) answers[step.id ?? ''] = outputOf(step, catalogue, defs);
      if (here.startsWith(`${pointer}/on_error`) && step.id)
        answers[step.id] = object('The step that failed.', {
          error: object('Why.', { message: text('Why it failed.') }),
        });
      return;
    }
    if (!passed && step.id) answers[step.id] = outputOf(step, catalogue, defs);
  });
  if (Object.keys(answers).length > 0)
    found.set('steps', variable('steps', object('What the steps before this one answered.', answers), defs));
}

/** The schema of one of the things that a loop goes over. */
function itemOf(source: string, catalogue: Catalogue): { schema: Schema; defs: Defs } {
  if (!/^\s*(sub)?tasks\b/.test(source)) return { schema: {}, defs: {} };
  const created = catalogue.kinds.get('task.created')?.schema as Schema | undefined;
  return { schema: created?.properties?.task ?? {}, defs: created?.$defs ?? {} };
}

function outputOf(step: Step, catalogue: Catalogue, defs: Defs): Schema {
  const output = ((): Schema => {
    switch (kindOf(step)) {
      case 'action': {
        const schema = catalogue.actions.get(step.action ?? '')?.output as Schema | undefined;
        Object.assign(defs, schema?.$defs);
        return schema ?? {};
      }
      case 'approve':
        return object('How it was decided.', {
          decision: { enum: ['approved', 'rejected', 'timed_out'], description: 'How it was decided.' },
          by: text('Who decided it.'),
          comment: text('What they said.'),
          approval: text('The approval.'),
        });
      case 'call':
        return object('What became of the other rule’s run.', {
          run: text('The run.'),
          state: text('How it ended.'),
          reason: text('The reason that it gave.'),
          steps: { type: 'object', description: 'What its steps answered.', additionalProperties: true },
        });
      case 'wait': {
        const on = step.wait?.event?.on;
        if (!on) return {};
        const properties: Record<string, Schema> = {};
        for (const kind of matching(on, catalogue.kinds)) {
          const schema = catalogue.kinds.get(kind)?.schema as Schema | undefined;
          Object.assign(defs, schema?.$defs);
          Object.assign(properties, schema?.properties);
        }
        return object('The event that came.', properties);
      }
      default:
        return {};
    }
  })();
  return object(`What step “${step.id}” answered.`, { output });
}

/** The fields of something, one level down. */
export function fieldsOf({ schema, defs }: Variable): Variable[] {
  return Object.entries(schema.properties ?? {}).map(([name, part]) => variable(name, part, defs));
}

/** What a dotted path leads to. */
export function lookUp(variables: Map<string, Variable>, path: string): Variable | undefined {
  const [first = '', ...rest] = path.split('.');
  let here = variables.get(first);
  for (const part of rest) {
    if (!here) return undefined;
    here = fieldsOf(here).find(({ name }) => name === part);
  }
  return here;
}

/** Every path that is worth choosing in a condition: one or two levels down, without what is only an object. */
export function fieldPaths(variables: Map<string, Variable>, depth = 2): { path: string; variable: Variable }[] {
  const found: { path: string; variable: Variable }[] = [];
  const go = (path: string, one: Variable, left: number) => {
    const fields = fieldsOf(one);
    if (fields.length > 0 && left > 0) for (const field of fields) go(`${path}.${field.name}`, field, left - 1);
    else found.push({ path, variable: one });
  };
  for (const [name, one] of variables) {
    if (['run', 'vars', 'event'].includes(name)) continue;
    go(name, one, name === 'steps' ? depth + 2 : depth);
  }
  return found;
}
