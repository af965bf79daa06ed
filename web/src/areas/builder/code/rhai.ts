/** The language of expressions and templates for CodeMirror: colours, suggestions, help, and marks of what is wrong. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  completeFromList,
} from '@codemirror/autocomplete';
import { StreamLanguage, type StreamParser } from '@codemirror/language';
import { type Diagnostic, linter } from '@codemirror/lint';
import type { Extension } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  hoverTooltip,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view';
import type { RuleProblem } from '~/api/schema';
import { offsetOf, wordAt } from '../model/problems';
import { fieldsOf, lookUp, type Variable } from '../model/scope';

/** What every expression can call, with what it gives. */
export const FUNCTIONS: Record<string, string> = {
  contains: 'Whether a text holds a text, or a list an item: `task.labels.contains("billing")`.',
  starts_with: 'Whether a text begins with another.',
  ends_with: 'Whether a text ends with another.',
  lower: 'The text in small letters.',
  upper: 'The text in capital letters.',
  trim: 'The text without blanks around it.',
  len: 'How long a text or a list is.',
  split: 'The parts of a text between others: `body.tags.split(",")`.',
  lines: 'The lines of a text.',
  replace: 'The text with one part replaced by another.',
  join: 'The items of a list as one text: `task.labels.join(", ")`.',
  sub_string: 'Part of a text.',
  task_key: 'The first key of a task in a text, such as WEB-142.',
  task_keys: 'All keys of tasks in a text.',
  first: 'The first item of a list.',
  last: 'The last item of a list.',
  any: 'Whether one item is so: `list.any(|one| one == "urgent")`.',
  all: 'Whether every item is so.',
  count: 'How many items are so.',
  find: 'The first item that is so.',
  filter: 'The items that are so.',
  map: 'Something of each item: `tasks.map(|task| task.key)`.',
  sum: 'The sum of a list of numbers.',
  abs: 'The number without its sign.',
  round: 'The nearest whole number.',
  floor: 'The whole number below.',
  ceil: 'The whole number above.',
  min: 'The smaller of two.',
  max: 'The larger of two.',
  to_int: 'As a whole number.',
  to_float: 'As a number.',
  to_string: 'As a text.',
  default: 'Something else where there is nothing: `task.due_at.default(now)`.',
  is_empty: 'Whether there is nothing in it.',
  get: 'A field of an object by its name.',
  keys: 'The names of an object’s fields.',
  values: 'The values of an object’s fields.',
  date: 'A text as a moment: `date(task.due_at)`.',
  seconds: 'So many seconds.',
  minutes: 'So many minutes.',
  hours: 'So many hours.',
  days: 'So many days: `now + days(2)`.',
  weeks: 'So many weeks.',
};

const WORDS = new Set([
  'if',
  'else',
  'in',
  'let',
  'for',
  'while',
  'loop',
  'break',
  'return',
  'fn',
  'const',
  'true',
  'false',
]);

const parser: StreamParser<{ template: boolean }> = {
  startState: () => ({ template: false }),
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/\/\/.*/)) return 'comment';
    if (stream.match(/"(?:[^"\\]|\\.)*"?/) || stream.match(/'(?:[^'\\]|\\.)*'?/)) return 'string';
    if (stream.match(/\d+(\.\d+)?/)) return 'number';
    const word = stream.match(/[A-Za-z_]\w*/) as RegExpMatchArray | null;
    if (word) {
      const [name] = word;
      if (name === 'true' || name === 'false') return 'bool';
      if (WORDS.has(name)) return 'keyword';
      return name in FUNCTIONS && /^\s*\(/.test(stream.string.slice(stream.pos))
        ? 'function(variableName)'
        : 'variableName';
    }
    stream.next();
    return 'operator';
  },
};

const rhai = StreamLanguage.define(parser);

/** Marks `{{ … }}` in a text. */
const templates = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = marked(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged || update.viewportChanged) this.decorations = marked(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

const inTemplate = Decoration.mark({ class: 'cm-template' });

function marked(view: EditorView): DecorationSet {
  const text = view.state.doc.toString();
  const found = [...text.matchAll(/\{\{[\s\S]*?(\}\}|$)/g)];
  return Decoration.set(found.map((one) => inTemplate.range(one.index, one.index + one[0].length)));
}

export type Mode = 'expression' | 'template';

/** Whether a place is within `{{ … }}`. */
export function insideTemplate(text: string, offset: number): boolean {
  const open = text.lastIndexOf('{{', offset - 1);
  return open >= 0 && open + 2 <= offset && !text.slice(open, offset).includes('}}');
}

function suggest(variables: Map<string, Variable>, mode: Mode) {
  const functions = completeFromList(
    Object.entries(FUNCTIONS).map(
      ([label, info]): Completion => ({ label, info, type: 'function', apply: `${label}()`, boost: -1 }),
    ),
  );
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString();
    const before = text.slice(0, context.pos);
    if (mode === 'template' && !insideTemplate(text, context.pos)) {
      const brace = /\{$/.test(before) && !/\{\{$/.test(before);
      if (!brace && !context.explicit) return null;
      return { from: context.pos - (brace ? 1 : 0), options: whole(variables), filter: !brace };
    }
    const typed = /((?:[A-Za-z_]\w*\.)*)([A-Za-z_]\w*)?$/.exec(before)!;
    if (/["'][^"']*$/.test(before.split(/&&|\|\|/).at(-1) ?? '') && !context.explicit)
      return choices(context, before, variables);
    const [, path = '', part = ''] = typed;
    if (!path && !part && !context.explicit && !/\{\{\s*$/.test(before)) return null;
    const from = context.pos - part.length;
    if (path) {
      const owner = lookUp(variables, path.slice(0, -1));
      const fields = owner ? fieldsOf(owner).map(option) : [];
      const calls = (await functions(context))?.options ?? [];
      return { from, options: [...fields, ...calls], validFor: /^\w*$/ };
    }
    const calls = (await functions(context))?.options ?? [];
    return { from, options: [...[...variables.values()].map(option), ...calls], validFor: /^\w*$/ };
  };
}

/** The values of a choice, within quotes: `task.priority == "…`. */
function choices(
  context: CompletionContext,
  before: string,
  variables: Map<string, Variable>,
): CompletionResult | null {
  const found = /((?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*)\s*(?:==|!=|in)\s*\[?(?:[^[\]]*,)?\s*["']([\w ]*)$/.exec(before);
  const options = found && lookUp(variables, found[1]!)?.choices?.map((label): Completion => ({ label }));
  return options ? { from: context.pos - found[2]!.length, options, validFor: /^[\w ]*$/ } : null;
}

const option = ({ name, type, about }: Variable): Completion => ({ label: name, detail: type, info: about, boost: 1 });

/** Whole templates, for a text in which none has been begun. */
function whole(variables: Map<string, Variable>): Completion[] {
  const found: Completion[] = [];
  for (const [name, one] of variables) {
    const fields = fieldsOf(one);
    const paths =
      fields.length > 0 ? fields.map((field) => [`${name}.${field.name}`, field] as const) : [[name, one] as const];
    for (const [path, field] of paths) found.push({ label: `{{ ${path} }}`, detail: field.type, info: field.about });
  }
  return found;
}

/** What the word under the pointer means. */
function help(variables: Map<string, Variable>) {
  return hoverTooltip((view, place) => {
    const line = view.state.doc.lineAt(place);
    const at = place - line.from;
    for (const word of line.text.matchAll(/[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/g)) {
      if (at < word.index || at > word.index + word[0].length) continue;
      const end = line.text.slice(at).search(/[^\w]|$/) + at;
      const path = line.text.slice(word.index, end);
      const found = lookUp(variables, path);
      const call = FUNCTIONS[path.split('.').at(-1)!];
      if (!found && !call) return null;
      return {
        pos: line.from + word.index,
        end: line.from + end,
        create: () => {
          const dom = document.createElement('div');
          dom.className = 'cm-hover';
          const name = document.createElement('strong');
          name.textContent = found ? `${path}: ${found.type}` : `${path.split('.').at(-1)}()`;
          const about = document.createElement('div');
          about.textContent = [found?.about ?? call, found?.choices && `One of ${found.choices.join(', ')}.`]
            .filter(Boolean)
            .join(' ');
          dom.append(name, about);
          return { dom };
        },
      };
    }
    return null;
  });
}

/** What the server says is wrong with this text, at its very place. */
function marks(problems: RuleProblem[]) {
  return linter(
    (view): Diagnostic[] =>
      problems.map(({ line, column, message, severity, suggestion }) => {
        const text = view.state.doc.toString();
        const range = line && column ? wordAt(text, offsetOf(text, line, column)) : { from: 0, to: text.length };
        return { ...range, severity, message: suggestion ? `${message} Did you mean \`${suggestion}\`?` : message };
      }),
    { delay: 0 },
  );
}

/** Everything for one field with an expression, or with a text that may hold templates. */
export function smart(mode: Mode, variables: Map<string, Variable>, problems: RuleProblem[]): Extension {
  return [
    mode === 'expression' ? rhai : templates,
    autocompletion({ override: [suggest(variables, mode)], icons: false }),
    help(variables),
    marks(problems),
  ];
}
