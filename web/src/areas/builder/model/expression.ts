/** Simple expressions as a tree of comparisons, and back: the two ways in which a condition can be written. */
import type { Operator, Tree } from '~/api/schema';

type Group = { all: Tree[] } | { any: Tree[] } | { not: Tree[] };
type Comparison = { field: string; op: Operator; value?: unknown };

export const isGroup = (tree: Tree): tree is Tree & Group => 'all' in tree || 'any' in tree || 'not' in tree;
export const groupKey = (tree: Tree): 'all' | 'any' | 'not' => ('all' in tree ? 'all' : 'any' in tree ? 'any' : 'not');
export const partsOf = (tree: Tree): Tree[] =>
  ((tree as Record<string, unknown>)[groupKey(tree)] as Tree[] | undefined) ?? [];

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(\(\s*\))|(&&|\|\||==|!=|<=|>=|[<>!()[\],]))/y;

interface Token {
  kind: 'text' | 'number' | 'name' | 'nothing' | 'sign';
  text: string;
}

function tokens(expression: string): Token[] | undefined {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  const whole = expression.trimEnd();
  while (TOKEN.lastIndex < whole.length) {
    const match = TOKEN.exec(whole);
    if (!match) return undefined;
    const [, text, number, name, nothing, sign] = match;
    if (text !== undefined) found.push({ kind: 'text', text });
    else if (number !== undefined) found.push({ kind: 'number', text: number });
    else if (name !== undefined) found.push({ kind: 'name', text: name });
    else if (nothing !== undefined) found.push({ kind: 'nothing', text: '()' });
    else found.push({ kind: 'sign', text: sign! });
  }
  return found;
}

const SIGNS: Record<string, Operator> = { '==': 'eq', '!=': 'ne', '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' };
const CALLS: Record<string, Operator> = { contains: 'contains', starts_with: 'starts_with', ends_with: 'ends_with' };
const OPPOSITE: Partial<Record<Operator, Operator>> = { in: 'not_in', contains: 'not_contains' };

class NotSimple extends Error {}

/** Reads an expression of comparisons of fields with constants; undefined where it says more than that. */
export function toTree(expression: string): Tree | undefined {
  const list = tokens(expression);
  if (!list || list.length === 0) return undefined;
  try {
    const reader = new Reader(list);
    const tree = reader.any();
    return reader.done ? tree : undefined;
  } catch (error) {
    if (error instanceof NotSimple) return undefined;
    throw error;
  }
}

class Reader {
  private at = 0;
  constructor(private readonly list: Token[]) {}

  get done() {
    return this.at === this.list.length;
  }
  private sign(text: string): boolean {
    const here = this.list[this.at];
    if (here?.kind !== 'sign' || here.text !== text) return false;
    this.at++;
    return true;
  }
  private need(text: string) {
    if (!this.sign(text)) throw new NotSimple();
  }
  private next(kind: Token['kind']): string {
    const here = this.list[this.at++];
    if (here?.kind !== kind) throw new NotSimple();
    return here.text;
  }

  any(): Tree {
    const parts = [this.all()];
    while (this.sign('||')) parts.push(this.all());
    return parts.length === 1 ? parts[0]! : { any: parts };
  }
  private all(): Tree {
    const parts = [this.one()];
    while (this.sign('&&')) parts.push(this.one());
    return parts.length === 1 ? parts[0]! : { all: parts };
  }
  private one(): Tree {
    if (this.sign('!')) {
      const inner = this.one();
      const opposite = isGroup(inner) ? undefined : OPPOSITE[(inner as Comparison).op];
      return opposite ? { ...(inner as Comparison), op: opposite } : { not: [inner] };
    }
    if (this.sign('(')) {
      const inner = this.any();
      this.need(')');
      return inner;
    }
    return this.comparison();
  }
  private comparison(): Tree {
    const name = this.next('name');
    const cut = name.lastIndexOf('.');
    const call = cut > 0 ? CALLS[name.slice(cut + 1)] : undefined;
    if (call && this.sign('(')) {
      const value = this.constant();
      this.need(')');
      return { field: name.slice(0, cut), op: call, value };
    }
    if (['true', 'false', 'if', 'let', 'for'].includes(name)) throw new NotSimple();
    const here = this.list[this.at];
    if (here?.kind === 'name' && here.text === 'in') {
      this.at++;
      this.need('[');
      const values: unknown[] = [];
      if (!this.sign(']')) {
        do values.push(this.constant());
        while (this.sign(','));
        this.need(']');
      }
      return { field: name, op: 'in', value: values };
    }
    const op = here?.kind === 'sign' ? SIGNS[here.text] : undefined;
    if (!op) throw new NotSimple();
    this.at++;
    if (this.list[this.at]?.kind === 'nothing') {
      this.at++;
      if (op !== 'eq' && op !== 'ne') throw new NotSimple();
      return { field: name, op: op === 'eq' ? 'is_not_set' : 'is_set' };
    }
    return { field: name, op, value: this.constant() };
  }
  private constant(): unknown {
    const here = this.list[this.at++];
    if (here?.kind === 'text') {
      try {
        return JSON.parse(here.text);
      } catch {
        throw new NotSimple();
      }
    }
    if (here?.kind === 'number') return Number(here.text);
    if (here?.kind === 'name' && (here.text === 'true' || here.text === 'false')) return here.text === 'true';
    throw new NotSimple();
  }
}

/** The same as an expression. */
export function toExpression(tree: Tree): string {
  if (isGroup(tree)) {
    const key = groupKey(tree);
    const parts = partsOf(tree);
    if (key === 'not') return `!(${parts.map(toExpression).join(' || ')})`;
    const inner = parts.map((one) =>
      isGroup(one) && partsOf(one).length > 1 ? `(${toExpression(one)})` : toExpression(one),
    );
    return inner.join(key === 'all' ? ' && ' : ' || ');
  }
  const { field, op, value } = tree as Comparison;
  const said = constant(value);
  const sign = Object.entries(SIGNS).find(([, name]) => name === op)?.[0];
  if (sign) return `${field} ${sign} ${said}`;
  switch (op) {
    case 'in':
      return `${field} in ${said}`;
    case 'not_in':
      return `!(${field} in ${said})`;
    case 'not_contains':
      return `!${field}.contains(${said})`;
    case 'is_set':
      return `${field} != ()`;
    case 'is_not_set':
      return `${field} == ()`;
    default:
      return `${field}.${op}(${said})`;
  }
}

const constant = (value: unknown): string => {
  if (value === undefined || value === null) return '()';
  return Array.isArray(value) ? `[${value.map(constant).join(', ')}]` : JSON.stringify(value);
};
