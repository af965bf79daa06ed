/** The steps of a rule: what kind each is, and the lanes of steps under it. */
import type { Rule, Step } from '~/api/schema';
import { at, type Path } from './path';

export type StepKind =
  | 'action'
  | 'if'
  | 'for_each'
  | 'wait'
  | 'approve'
  | 'parallel'
  | 'call'
  | 'script'
  | 'stop'
  | 'unknown';

const KINDS = ['action', 'if', 'for_each', 'wait', 'approve', 'parallel', 'call', 'script', 'stop'] as const;

/** By the one key that says what a step does. */
export const kindOf = (step: Step): StepKind =>
  KINDS.find((kind) => step[kind] !== undefined && step[kind] !== null) ?? 'unknown';

/** Steps that follow on a step in one case of several. */
export interface Lane {
  /** Where the list of steps stands. */
  path: Path;
  /** When it is gone through, in a word or two; for `else_if` its condition stands at `path[..-1]/if`. */
  label: string;
  steps: Step[];
  /** Whether the rule has the list, empty or not; one that is not there is made by the first step put into it. */
  there: boolean;
  tone: 'yes' | 'no' | 'plain' | 'error';
  /** What becomes of the run where the list is not there. */
  without?: string;
}

function lane(
  step: Step,
  path: Path,
  key: string,
  label: string,
  tone: Lane['tone'] = 'plain',
  without?: string,
): Lane {
  const steps = at(step, [key]) as Step[] | null | undefined;
  return { path: [...path, key], label, steps: steps ?? [], there: Array.isArray(steps), tone, without };
}

/** What can follow within a step, also where the rule does not have it yet. */
export function lanesOf(step: Step, path: Path): Lane[] {
  return [...ownLanes(step, path), ...errorLane(step, path)];
}

function ownLanes(step: Step, path: Path): Lane[] {
  switch (kindOf(step)) {
    case 'if':
      return [
        lane(step, path, 'then', 'Yes', 'yes'),
        ...(step.else_if ?? []).map(
          (one, index): Lane => ({
            path: [...path, 'else_if', index, 'then'],
            label: 'Or if',
            steps: one.then ?? [],
            there: true,
            tone: 'yes',
          }),
        ),
        lane(step, path, 'else', 'Otherwise', 'no'),
      ];
    case 'for_each':
      return [lane(step, path, 'do', 'For each')];
    case 'approve': {
      const late = step.approve?.timeout || step.on_timeout;
      return [
        lane(step, path, 'then', 'Approved', 'yes'),
        lane(step, path, 'on_reject', 'Rejected', 'no', 'The run ends'),
        ...(late ? [lane(step, path, 'on_timeout', 'No answer', 'no', 'The run times out')] : []),
      ];
    }
    case 'wait':
      return step.wait?.event && (step.wait.event.timeout || step.on_timeout)
        ? [lane(step, path, 'on_timeout', 'Not in time', 'no', 'The run times out')]
        : [];
    case 'parallel':
      return (step.parallel ?? []).map((branch, index) => ({
        path: [...path, 'parallel', index, 'steps'],
        label: branch.name || `Branch ${index + 1}`,
        steps: branch.steps ?? [],
        there: true,
        tone: 'plain',
      }));
    default:
      return [];
  }
}

function errorLane(step: Step, path: Path): Lane[] {
  if (!Array.isArray(step.on_error)) return [];
  return [{ path: [...path, 'on_error'], label: 'If it fails', steps: step.on_error, there: true, tone: 'error' }];
}

/** Every step with its place, in the order in which one reads them. */
export function walk(rule: Rule, visit: (step: Step, path: Path, list: Path, index: number) => void) {
  const list = (steps: Step[], path: Path) => {
    steps.forEach((step, index) => {
      const place = [...path, index];
      visit(step, place, path, index);
      for (const one of lanesOf(step, place)) list(one.steps, one.path);
    });
  };
  list(rule.steps ?? [], ['steps']);
}

/** The place of the step of that name. */
export function findStep(rule: Rule, id: string): Path | undefined {
  let found: Path | undefined;
  walk(rule, (step, path) => {
    if (!found && step.id === id) found = path;
  });
  return found;
}

/** Whether the place is that of a step: behind a list of steps. */
export function isStepPath(path: Path): boolean {
  const key = path.at(-2);
  return (
    typeof path.at(-1) === 'number' &&
    ['steps', 'then', 'else', 'do', 'on_timeout', 'on_reject', 'on_error'].includes(String(key))
  );
}

/** The step in which a place lies; undefined outside of all steps. */
export function stepAround(rule: Rule, path: Path): Path | undefined {
  for (let length = path.length; length >= 2; length--) {
    const start = path.slice(0, length);
    if (isStepPath(start) && start[0] === 'steps' && at(rule, start)) return start;
  }
  return undefined;
}

/** The name of the step in a line of a run's journal: `subs[3].block` is a line of `block`. */
export const stepIdOf = (journal: string) =>
  journal
    .split('.')
    .at(-1)!
    .replace(/(\[\d+\])+$/, '');
