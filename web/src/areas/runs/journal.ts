/** What a run's journal says, joined with the rule that it goes by. */
import type { Rule, Run, RunStep, Step } from '~/api/schema';

export interface Line {
  step: RunStep;
  /** The step as the rule has it, where the rule could be read. */
  written?: Step;
  /** How deep in branches and loops it stands. */
  depth: number;
  /** Which item of a loop it was done for, counted from 1. */
  item?: number;
}

interface Place {
  written: Step;
  depth: number;
}

/** Every step of a rule with how deep it stands, by its id. */
export function places(steps: Step[], depth = 0, found = new Map<string, Place>()): Map<string, Place> {
  for (const step of steps) {
    if (step.id) found.set(step.id, { written: step, depth });
    const inner = [
      step.then,
      step.else,
      step.do,
      step.on_timeout,
      step.on_reject,
      Array.isArray(step.on_error) ? step.on_error : undefined,
      ...(step.else_if ?? []).map((branch) => branch.then),
      ...(step.parallel ?? []).map((branch) => branch.steps),
    ];
    for (const those of inner) if (those) places(those, depth + 1, found);
  }
  return found;
}

/** `subs[3].block` is the step `block`. */
export const stepId = (path: string) =>
  path
    .split('.')
    .at(-1)!
    .replace(/\[\d+\]$/, '');

/** The journal line by line, in the order in which the steps began. */
export function lines(run: Run, rule: Rule | undefined): Line[] {
  const known = rule ? places(rule.steps) : undefined;
  return run.steps.map((step) => {
    const place = known?.get(stepId(step.path));
    const item = /\[(\d+)\](?!.*\[)/.exec(step.path)?.[1];
    return {
      step,
      written: place?.written,
      depth: place?.depth ?? 0,
      item: item === undefined ? undefined : Number(item) + 1,
    };
  });
}

const BLOCKS: Record<string, string> = {
  if: 'Look which way to go',
  for_each: 'Go through a list',
  approve: 'Ask for approval',
  wait: 'Wait',
  parallel: 'Do several things side by side',
  call: 'Run another rule',
  script: 'Work something out',
  stop: 'Stop',
};

/** What a step does, in a few words. */
export function lineWords({ step, written }: Line, actions: Map<string, string>): string {
  if (written?.description) return written.description;
  if (step.kind === 'call' && written?.call) return `Run the rule “${written.call}”`;
  const summary = BLOCKS[step.kind] ?? actions.get(step.kind);
  return summary?.replace(/\.$/, '').split(/[;:]/)[0] ?? step.kind;
}
