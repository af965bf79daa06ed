/** A rule as text that people write, YAML or JSON, and where in the text each part of the rule stands. */
import { Document, isMap, isNode, isScalar, isSeq, parse, parseDocument, stringify } from 'yaml';
import type { Rule } from '~/api/schema';
import { type Path, same } from '../model/path';
import { misshapen } from '../model/shape';

export type Language = 'yaml' | 'json';

const ORDER = [
  ...['name', 'description', 'scope', 'run_as', 'trigger', 'on', 'match', 'condition', 'policy'],
  ...['id', 'action', 'if', 'for_each', 'as', 'max', 'wait', 'approve', 'call', 'script', 'stop', 'parallel', 'with'],
  ...[
    'then',
    'else_if',
    'else',
    'do',
    'on_timeout',
    'on_reject',
    'retry',
    'timeout',
    'on_error',
    'steps',
    'on_failure',
  ],
];
const RANK = new Map(ORDER.map((key, index) => [key, index]));
const rank = (key: string) => RANK.get(key) ?? ORDER.length;

/** Parts whose keys are people's own stay in their order. */
const OWN = new Set(['with', 'match', 'form', 'value', 'default']);

/** The same with keys in the order in which one reads a rule. */
export function ordered(value: unknown, own = false): unknown {
  if (Array.isArray(value)) return value.map((one) => ordered(one, own));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  if (!own) entries.sort(([one], [other]) => rank(one) - rank(other));
  return Object.fromEntries(entries.map(([key, one]) => [key, ordered(one, own || OWN.has(key))]));
}

export function toText(rule: Rule, language: Language): string {
  const value = ordered(rule);
  if (language === 'json') return `${JSON.stringify(value, null, 2)}\n`;
  // `yes`, `no`, `on`, `off` as values are put in quotes, since older readers of YAML take them for true and false.
  const text = new Document(value, { compat: 'yaml-1.1' }).toString({ lineWidth: 0 });
  // The key `on` is known to every reader of rules, and nicer without.
  const plain = text.replace(/^(\s*(?:- )*)"on":/gm, '$1on:');
  return same(parse(plain), rule) ? plain : text;
}

export interface TextProblem {
  from: number;
  to: number;
  message: string;
  severity: 'error' | 'warning';
}

export interface Read {
  /** The rule, where the text is one. */
  rule?: Rule;
  /** The parsed text, for finding places in it. */
  document: Document;
  problems: TextProblem[];
}

/** JSON is YAML as well, so that one reader, with its places, does for both. */
export function readText(text: string): Read {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true });
  const problems = document.errors.map(
    ({ pos: [from, to], message }): TextProblem => ({
      from: Math.min(from, text.length),
      to: Math.min(Math.max(to, from + 1), text.length),
      message: `This is not readable: ${message}`,
      severity: 'error',
    }),
  );
  if (problems.length > 0) return { document, problems };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { document, problems: [{ from: 0, to: text.length, message: String(error), severity: 'error' }] };
  }
  const wrong = misshapen(value);
  if (!wrong) return { rule: value as Rule, document, problems: [] };
  return { document, problems: [{ ...rangeOf(document, wrong.path), message: wrong.message, severity: 'error' }] };
}

/** Where in the text a part of the rule stands; the nearest part around it where it is not there. */
export function rangeOf(document: Document, path: Path): { from: number; to: number } {
  for (let length = path.length; length >= 0; length--) {
    const part = path.slice(0, length);
    const node = length === 0 ? document.contents : document.getIn(part, true);
    if (isNode(node) && node.range) {
      const [from, to] = node.range;
      return { from, to: length === path.length ? to : Math.min(to, from + 1) };
    }
  }
  return { from: 0, to: 1 };
}

/** The path of the part of the rule in which a place of the text lies. */
export function pathAtOffset(document: Document, offset: number): Path {
  const path: (string | number)[] = [];
  let node: unknown = document.contents;
  for (;;) {
    if (isMap(node)) {
      const pair = node.items.findLast((one) => isNode(one.key) && (one.key.range?.[0] ?? Infinity) <= offset);
      if (!pair || !isScalar(pair.key)) return path;
      const end = isNode(pair.value) ? (pair.value.range?.[2] ?? 0) : (pair.key.range?.[2] ?? 0);
      if (offset > end) return path;
      path.push(String(pair.key.value));
      node = pair.value;
    } else if (isSeq(node)) {
      const index = node.items.findLastIndex((one) => isNode(one) && (one.range?.[0] ?? Infinity) <= offset);
      if (index < 0) return path;
      path.push(index);
      node = node.items[index];
    } else return path;
  }
}

/** A value in a line or a few, for showing what is different. */
export function valueText(value: unknown): string {
  if (value === undefined) return '—';
  if (typeof value === 'string') return value;
  return stringify(value, { lineWidth: 0 }).trimEnd();
}
