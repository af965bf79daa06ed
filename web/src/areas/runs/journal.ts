/** What a run's journal says, joined with the rule that it goes by. */
import type { Rule, Run, RunStep, Step } from '~/api/schema';
import type { Marks } from '~/areas/builder/canvas/marks';
import { at, type Path } from '~/areas/builder/model/path';
import { findStep, stepIdOf } from '~/areas/builder/model/steps';
import { type Names, textOf } from '~/areas/builder/words/parts';
import { stepWords } from '~/areas/builder/words/steps';
import { length } from '~/parts/time';

export interface Line {
  step: RunStep;
  /** Where the rule has it, where the rule could be read. */
  place?: Path;
  written?: Step;
  /** How deep in branches and loops it stands. */
  depth: number;
  /** Which item of a loop it was done for, counted from 1. */
  item?: number;
}

/** The journal line by line, in the order in which the steps began. */
export function lines(run: Run, rule: Rule | undefined): Line[] {
  return run.steps.map((step) => {
    const place = rule && findStep(rule, stepIdOf(step.path));
    const item = /\[(\d+)\](?!.*\[)/.exec(step.path)?.[1];
    return {
      step,
      place,
      written: place && (at(rule, place) as Step),
      // `steps/0/then/1` is one list of steps below the outermost one.
      depth: place ? place.filter((part) => typeof part === 'number').length - 1 : 0,
      item: item === undefined ? undefined : Number(item) + 1,
    };
  });
}

/** What a step does, as a sentence. */
export function lineWords({ step, place, written }: Line, names: Names): string {
  if (written?.description) return written.description;
  if (written && place) return textOf(stepWords(written, place, names));
  return names.action(step.kind)?.replace(/[.;:].*$/, '') ?? step.kind;
}

/** How long a step took, in milliseconds; branches and loops take none of their own. */
export function stepTook({ state, started_at, finished_at }: RunStep): number | undefined {
  if (!finished_at || state === 'entered') return undefined;
  return Date.parse(finished_at) - Date.parse(started_at);
}

/** What is drawn on the rule: each step with its state and how long it took; of a run that is over, also what it never came to. */
export function marksOf(run: Run): Marks {
  return Object.fromEntries(
    run.steps.map((step) => {
      const ms = stepTook(step);
      return [step.path, { state: step.state, note: ms === undefined ? undefined : length(ms), error: step.error }];
    }),
  );
}
