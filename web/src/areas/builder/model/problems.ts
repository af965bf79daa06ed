/** Where the server's findings about a rule belong. */
import type { Rule, RuleProblem } from '~/api/schema';
import { at, pathOf, pointerOf, put } from './path';
import { stepAround } from './steps';

/** The node at which a problem stands; '' for the rule as a whole. */
export function nodeOf(rule: Rule, pointer: string): string {
  const path = pathOf(pointer);
  const step = stepAround(rule, path);
  if (step) return pointerOf(step);
  if (path[0] === 'trigger' || path[0] === 'scope') return '/trigger';
  if (path[0] === 'condition') return '/condition';
  return '';
}

export function byNode(rule: Rule, problems: RuleProblem[]): Map<string, RuleProblem[]> {
  const found = new Map<string, RuleProblem[]>();
  for (const problem of problems) {
    const node = nodeOf(rule, problem.pointer);
    found.set(node, [...(found.get(node) ?? []), problem]);
  }
  return found;
}

/** Where a line and column are in a text, counted in characters from 1. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  // Columns are characters; a text counts what is beyond the basic plane twice.
  const inLine = [...(lines[line - 1] ?? '')].slice(0, Math.max(0, column - 1)).join('').length;
  return Math.min(before + inLine, text.length);
}

/** The word that stands at a place: what a problem is about. */
export function wordAt(text: string, offset: number): { from: number; to: number } {
  const word = /^[\w$]+/.exec(text.slice(offset))?.[0] ?? '';
  return { from: offset, to: Math.min(text.length, offset + Math.max(1, word.length)) };
}

/** The rule with the nearest name in place of the wrong one; undefined where there is nothing to put it in place of. */
export function fixed(rule: Rule, problem: RuleProblem): Rule | undefined {
  const { pointer, line, column, suggestion } = problem;
  if (!suggestion) return undefined;
  const path = pathOf(pointer);
  const value = at(rule, path);
  if (problem.code === 'unknown_input' || (problem.code.startsWith('unknown') && typeof value !== 'string')) {
    const parent = at(rule, path.slice(0, -1));
    const key = path.at(-1);
    if (typeof key !== 'string' || parent === null || typeof parent !== 'object') return undefined;
    const entries = Object.entries(parent).map(([name, one]) => [name === key ? suggestion : name, one]);
    return put(rule, path.slice(0, -1), Object.fromEntries(entries));
  }
  if (typeof value !== 'string') return undefined;
  if (!line || !column) return put(rule, path, suggestion);
  const { from, to } = wordAt(value, offsetOf(value, line, column));
  return put(rule, path, value.slice(0, from) + suggestion + value.slice(to));
}
