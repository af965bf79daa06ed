/** Changes of a rule. Each is a pure function, so that every one of them can be undone. */
import type { Rule, Step } from '~/api/schema';
import { at, type Path, pointerOf, put, startsWith } from './path';
import { kindOf, walk } from './steps';

/** Every name of a step that the rule has. */
export function idsOf(rule: Rule): Set<string> {
  const ids = new Set<string>();
  walk(rule, (step) => step.id && ids.add(step.id));
  return ids;
}

/** A name for a step that nothing else in the rule has: `assign`, `assign_2`. */
export function freshId(taken: Set<string>, wanted: string): string {
  const base = wanted.replace(/[^A-Za-z0-9_]/g, '_').replace(/^[^A-Za-z]+/, '') || 'step';
  if (!taken.has(base)) return base;
  for (let turn = 2; ; turn++) if (!taken.has(`${base}_${turn}`)) return `${base}_${turn}`;
}

export type Blank =
  | { kind: Exclude<ReturnType<typeof kindOf>, 'action' | 'unknown'> }
  | { kind: 'action'; action: string };

/** A new step with what it cannot do without. */
export function blankStep(rule: Rule, blank: Blank, inputs: Record<string, unknown> = {}): Step {
  const name = (wanted: string) => freshId(idsOf(rule), wanted);
  switch (blank.kind) {
    case 'action':
      return { id: name(blank.action.split('.').at(-1)!), action: blank.action, with: inputs };
    case 'if':
      return { id: name('branch'), if: '', then: [] };
    case 'for_each':
      return { id: name('each'), for_each: 'subtasks', as: 'item', do: [] };
    case 'wait':
      return { id: name('wait'), wait: { for: '1h' } };
    case 'approve':
      return { id: name('approval'), approve: { by: ['owner'] }, then: [] };
    case 'parallel':
      return { id: name('parallel'), parallel: [{ steps: [] }, { steps: [] }] };
    case 'call':
      return { id: name('call'), call: '' };
    case 'script':
      return { id: name('script'), script: '' };
    case 'stop':
      return { id: name('stop'), stop: { reason: 'done' } };
  }
}

const listAt = (rule: Rule, list: Path) => (at(rule, list) as Step[] | null | undefined) ?? [];

/** Puts a step into a list, which is made if it is not there. */
export function insertStep(rule: Rule, list: Path, index: number, step: Step): Rule {
  return put(rule, list, listAt(rule, list).toSpliced(index, 0, step));
}

/** Lists that a step keeps even when they are empty. Of the others, an empty one goes, as it means something else. */
export function removeStep(rule: Rule, path: Path): Rule {
  const list = path.slice(0, -1);
  const left = listAt(rule, list).toSpliced(Number(path.at(-1)), 1);
  const goes = left.length === 0 && list.at(-1) === 'else';
  return put(rule, list, goes ? undefined : left);
}

/**
 * Takes a step out and puts it at a place in the same or another list. `index` counts as the list is before. A step
 * cannot go into itself.
 */
export function moveStep(rule: Rule, from: Path, list: Path, index: number): { rule: Rule; path: Path } {
  const step = at(rule, from) as Step | undefined;
  if (!step || startsWith(list, from)) return { rule, path: from };
  const fromList = from.slice(0, -1);
  const fromIndex = Number(from.at(-1));
  if (pointerOf(fromList) === pointerOf(list)) {
    const to = index > fromIndex ? index - 1 : index;
    const steps = listAt(rule, list).toSpliced(fromIndex, 1).toSpliced(to, 0, step);
    return { rule: put(rule, list, steps), path: [...list, to] };
  }
  const marker: Step = { id: '' };
  // The place is kept open before the step goes, since places behind it shift when it does.
  const opened = insertStep(rule, list, index, marker);
  const source = shifted(from, list, index);
  const without = removeStep(opened, source);
  let place: Path = [...list, index];
  walk(without, (one, path) => {
    if (one === marker) place = path;
  });
  return { rule: put(without, place, step), path: place };
}

/** Where something is after a step was put into `list` at `index`. */
function shifted(path: Path, list: Path, index: number): Path {
  if (path.length <= list.length || !startsWith(path, list)) return path;
  const here = path[list.length];
  if (typeof here !== 'number' || here < index) return path;
  return [...path.slice(0, list.length), here + 1, ...path.slice(list.length + 1)];
}

/** One place up or down in its list; undefined where there is none. */
export function nudgeStep(rule: Rule, path: Path, by: -1 | 1): { rule: Rule; path: Path } | undefined {
  const list = path.slice(0, -1);
  const index = Number(path.at(-1));
  const to = by < 0 ? index - 1 : index + 2;
  if (to < 0 || to > listAt(rule, list).length) return undefined;
  return moveStep(rule, path, list, to);
}

/** A copy with names of its own; what its steps say of each other is said of the copies. */
export function copied(rule: Rule, step: Step): Step {
  const taken = idsOf(rule);
  const renamed = new Map<string, string>();
  walk({ name: '', trigger: { on: '' }, steps: [step] }, (one) => {
    if (!one.id || renamed.has(one.id)) return;
    const id = freshId(taken, one.id.replace(/_\d+$/, ''));
    taken.add(id);
    renamed.set(one.id, id);
  });
  return rename(step, renamed) as Step;
}

function rename(value: unknown, names: Map<string, string>): unknown {
  if (typeof value === 'string')
    return value.replace(/\bsteps\.([A-Za-z]\w*)/g, (all, id) => (names.has(id) ? `steps.${names.get(id)}` : all));
  if (Array.isArray(value)) return value.map((one) => rename(one, names));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, one]) => [key, rename(one, names)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  const id = copy.id;
  if (typeof id === 'string' && names.has(id) && kindOf(copy as Step) !== 'unknown') copy.id = names.get(id);
  return copy;
}

/** Gives a step another name, also wherever the rule speaks of it. */
export function renameStep(rule: Rule, path: Path, id: string): Rule {
  const old = (at(rule, path) as Step).id;
  const named = put(rule, [...path, 'id'], id);
  if (!old) return named;
  const said = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value.replace(new RegExp(`\\bsteps\\.${old}(?![A-Za-z0-9_])`, 'g'), `steps.${id}`);
    if (Array.isArray(value)) return value.map(said);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, said(one)]));
  };
  return said(named) as Rule;
}
