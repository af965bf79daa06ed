/** Which field fits an input of an action: by its schema, and by what it is called. */
import { choicesOf, type Defs, resolved, type Schema, typesOf } from '../model/schema';

export type Widget =
  | { kind: 'choice'; choices: { value: string; description?: string }[] }
  | { kind: 'choices'; choices: { value: string; description?: string }[] }
  | { kind: 'status' }
  | { kind: 'usual'; values: string[] }
  | { kind: 'yes-no' }
  | { kind: 'number'; min?: number; max?: number }
  | { kind: 'person' }
  | { kind: 'people' }
  | { kind: 'recipients'; words: string[] }
  | { kind: 'project' }
  | { kind: 'label' }
  | { kind: 'labels' }
  | { kind: 'texts' }
  | { kind: 'thing'; thing: 'milestone' | 'sprint' | 'template' | 'recurrence' | 'group' }
  | { kind: 'connection' }
  | { kind: 'moment' }
  | { kind: 'pairs' }
  | { kind: 'data' }
  | { kind: 'text'; multiline: boolean };

const THINGS: Record<string, 'milestone' | 'sprint' | 'template' | 'recurrence' | 'group'> = {
  mile: 'milestone',
  spr: 'sprint',
  tmpl: 'template',
  rec: 'recurrence',
  grp: 'group',
};

const LONG = new Set(['message', 'body', 'description', 'text', 'note', 'goal', 'health_note']);

/** The words for people that the description of an input names: `owner`, `task.watchers` … */
const wordsIn = (description = '') =>
  ['owner', 'project.owner', 'task.assignees', 'task.watchers', 'task.created_by'].filter((word) =>
    description.includes(`\`${word}\``),
  );

export function widgetOf(name: string, schema: Schema, defs: Defs): Widget {
  const real = resolved(schema, defs);
  const choices = choicesOf(real);
  if (choices) return { kind: 'choice', choices };
  if (name === 'status') return { kind: 'status' };
  if (real['x-usual']) return { kind: 'usual', values: real['x-usual'] };
  const [type] = typesOf(real);
  if (type === 'boolean') return { kind: 'yes-no' };
  if (type === 'integer' || type === 'number') return { kind: 'number', min: real.minimum, max: real.maximum };
  if (type === 'array') return listWidget(name, real, defs);
  if (type === 'object') {
    const values =
      typeof real.additionalProperties === 'object' ? resolved(real.additionalProperties, defs) : undefined;
    return values && typesOf(values).includes('string') ? { kind: 'pairs' } : { kind: 'data' };
  }
  if (type !== 'string') return { kind: 'data' };
  const prefix = /^\^([a-z]+)_/.exec(real.pattern ?? '')?.[1] ?? '';
  if (prefix === 'user' || name === 'user' || name === 'member') return { kind: 'person' };
  const thing = THINGS[prefix];
  if (thing) return { kind: 'thing', thing };
  if (name === 'project') return { kind: 'project' };
  if (name === 'label') return { kind: 'label' };
  if (name === 'connection') return { kind: 'connection' };
  if (real.format === 'date-time' || real.format === 'date') return { kind: 'moment' };
  return { kind: 'text', multiline: LONG.has(name) };
}

function listWidget(name: string, schema: Schema, defs: Defs): Widget {
  const items = resolved(schema.items, defs);
  const choices = choicesOf(items);
  if (choices) return { kind: 'choices', choices };
  if (/^\^user_/.test(items.pattern ?? '')) return { kind: 'people' };
  if (name === 'to' || name === 'among')
    return {
      kind: 'recipients',
      words:
        name === 'to' && !schema.description?.includes('`owner`')
          ? wordsIn('`owner` `project.owner` `task.watchers` `task.created_by`')
          : wordsIn(schema.description),
    };
  if (name === 'labels') return { kind: 'labels' };
  return typesOf(items)[0] === 'string' ? { kind: 'texts' } : { kind: 'data' };
}

/** Whether a field is for text anyway, so that a template needs no place of its own. */
export const takesText = ({ kind }: Widget) =>
  kind === 'text' || kind === 'moment' || kind === 'data' || kind === 'pairs';
