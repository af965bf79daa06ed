/** A condition read aloud. */
import type { Condition, Tree } from '~/api/schema';
import { toTree } from '../model/expression';
import type { Path } from '../model/path';
import { joined, type Names, type Words } from './parts';
import { pathWords, valueWords } from './values';

export const OPERATORS: Record<string, string> = {
  eq: 'is',
  ne: 'is not',
  lt: 'is less than',
  lte: 'is at most',
  gt: 'is more than',
  gte: 'is at least',
  in: 'is one of',
  not_in: 'is none of',
  contains: 'contains',
  not_contains: 'does not contain',
  starts_with: 'begins with',
  ends_with: 'ends with',
  is_set: 'is set',
  is_not_set: 'is not set',
};

export const DATE_OPERATORS: Record<string, string> = { lt: 'is before', lte: 'is by', gt: 'is after', gte: 'is from' };

/** How one says it of several: "the task’s labels contain". */
const OF_SEVERAL: Record<string, string> = { contains: 'contain', not_contains: 'do not contain' };

export const NO_VALUE = new Set(['is_set', 'is_not_set']);

type Part = { all?: Tree[]; any?: Tree[]; not?: Tree[]; field?: string; op?: string; value?: unknown };

export function treeWords(tree: Tree, at: Path, names: Names, inner = false): Words {
  const { all, any, not, field, op, value } = tree as Part;
  const list = all ?? any ?? not;
  if (list) {
    const key = all ? 'all' : any ? 'any' : 'not';
    if (list.length === 0) return [{ text: '…', at, tone: 'missing' }];
    const items = list.map((one, index) => treeWords(one, [...at, key, index], names, true));
    if (key === 'not') return ['not (', ...joined(items, 'or'), ')'];
    const said = joined(items, key === 'all' ? 'and' : 'or');
    return inner && list.length > 1 ? ['(', ...said, ')'] : said;
  }
  const dated = /_at$/.test(field ?? '') && DATE_OPERATORS[op ?? ''];
  const several = /[^su]s$/.test(field ?? '') && OF_SEVERAL[op ?? ''];
  const words: Words = [
    { text: pathWords(field ?? '') ?? (field || '…'), at, tone: field ? undefined : 'missing' },
    ` ${dated || several || OPERATORS[op ?? ''] || op} `,
  ];
  if (NO_VALUE.has(op ?? '')) return words;
  if (Array.isArray(value))
    return [
      ...words,
      ...joined(
        value.map((one) => valueWords(one, at, names)),
        'or',
      ),
    ];
  return [...words, ...valueWords(value, at, names)];
}

/** An expression that only compares is read like one that was picked; what says more is shown as it is written. */
export function conditionWords(condition: Condition, at: Path, names: Names): Words {
  if (typeof condition !== 'string') return treeWords(condition, at, names);
  const tree = toTree(condition);
  if (tree) return treeWords(tree, at, names);
  return [{ text: condition || '…', at, tone: condition ? 'code' : 'missing' }];
}
