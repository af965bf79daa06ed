/** What the code editor suggests: keys with what they mean, kinds of events, actions and their inputs. */

import schemas from 'virtual:rule-schema';
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import type { ActionInfo, CatalogueEntry } from '~/api/schema';
import { choicesOf, type Defs, resolved, type Schema } from '../model/schema';
import { whenWords } from '../words/kinds';

interface Known {
  actions: Map<string, ActionInfo>;
  kinds: Map<string, CatalogueEntry>;
}

const defs = schemas as Defs;

const SPECIAL: Record<string, string> = {
  manual: 'Somebody starts it',
  schedule: 'The clock starts it',
  date: 'A date of a task starts it',
  threshold: 'A figure that crosses another',
  hook: 'A webhook',
};

/** The keys under which a place of the text stands, by its indentation; `[]` for an item of a list. */
export function keysAbove(lines: string[], row: number, column: number): string[] {
  const keys: string[] = [];
  let indent = column;
  for (let at = row - 1; at >= 0 && indent > 0; at--) {
    const found = /^(\s*(?:- )*)("?)([\w.-]+)\2:/.exec(lines[at] ?? '');
    if (!found) continue;
    const here = found[1]!.length;
    const dash = found[1]!.includes('-');
    if (here < indent) {
      keys.unshift(found[3]!);
      indent = here;
    }
    if (dash && here <= indent) indent = Math.min(indent, found[1]!.indexOf('-'));
  }
  return keys;
}

function schemaUnder(keys: string[], action: ActionInfo | undefined): Schema {
  let here = resolved(defs.Rule, defs);
  let root = defs;
  for (const key of keys) {
    if (key === 'with' && action) {
      here = action.input as Schema;
      root = here.$defs ?? {};
      continue;
    }
    here = resolved(here.properties?.[key], root);
    if (here.items) here = resolved(here.items, root);
    const list = here.anyOf?.find((one) => one.type === 'array');
    if (list) here = resolved(list.items, root);
  }
  return here;
}

/** The action of the step whose inputs stand here: the nearest one above at a smaller indentation, or beside. */
function actionAbove(lines: string[], row: number): string | undefined {
  for (let at = row; at >= 0; at--) {
    const found = /"?action"?:\s*"?([\w.]+)/.exec(lines[at] ?? '');
    if (found) return found[1];
    if (/^\s*- /.test(lines[at] ?? '') && at < row) break;
  }
  return undefined;
}

export function ruleCompletion({ actions, kinds }: Known) {
  return (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const lines = context.state.doc.toString().split('\n');
    const row = line.number - 1;
    const value = /^(\s*(?:- )*(?:\{ )?(?:.*[,{] )?)"?([\w.-]+)"?:\s*"?([\w.*]*)$/.exec(before);
    if (value) {
      const [, start = '', key = '', typed = ''] = value;
      const options = valuesOf(key, keysAbove(lines, row, start.length), lines, row);
      return options.length > 0 ? { from: context.pos - typed.length, options, validFor: /^[\w.*]*$/ } : null;
    }
    const name = /^(\s*(?:- )*)"?([\w.]*)$/.exec(before);
    if (!name || (!context.explicit && !name[2])) return null;
    const keys = keysAbove(lines, row, name[1]!.length);
    const action = actions.get(actionAbove(lines, row) ?? '');
    const { properties = {}, required = [] } = schemaUnder(keys, action);
    const options = Object.entries(properties).map(
      ([label, schema]): Completion => ({
        label,
        apply: `${label}: `,
        info: resolved(schema, defs).description,
        boost: required.includes(label) ? 2 : 0,
      }),
    );
    return { from: context.pos - name[2]!.length, options, validFor: /^[\w.]*$/ };
  };

  function valuesOf(key: string, keys: string[], lines: string[], row: number): Completion[] {
    if (key === 'on')
      return [
        ...Object.entries(SPECIAL).map(([label, info]): Completion => ({ label, info, boost: 1 })),
        ...[...kinds.values()].map(
          ({ kind, summary }): Completion => ({ label: kind, detail: whenWords(kind), info: summary }),
        ),
      ];
    if (key === 'action') return [...actions.values()].map(({ name, summary }) => ({ label: name, info: summary }));
    const action = actions.get(actionAbove(lines, row) ?? '');
    const within = schemaUnder(keys, action);
    const root = keys.includes('with') && action ? ((action.input as Schema).$defs ?? {}) : defs;
    const schema = resolved(within.properties?.[key], root);
    const usual = schema['x-usual']?.map((label) => ({ label }));
    const choices = choicesOf(schema)?.map(({ value, description }) => ({ label: value, info: description }));
    const yesNo = schema.type === 'boolean' ? [{ label: 'true' }, { label: 'false' }] : undefined;
    return choices ?? usual ?? yesNo ?? [];
  }
}
