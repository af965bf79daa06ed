/** What became of steps, drawn on their nodes: of a run, or of a trial. */
import type { StepState } from '~/api/schema';
import { stepIdOf } from '../model/steps';

export interface StepMark {
  state: StepState | 'skipped';
  /** A time, a length of time, or whatever is to stand on the node beside the state. */
  note?: string;
  error?: string | null;
}

/** By the path of a line of the journal: `tell`, `subs[3].block`. */
export type Marks = Record<string, StepMark>;

/** What is drawn on one node: of the passes of a loop all together. */
export interface NodeMark extends StepMark {
  /** How many lines of the journal are of this step. */
  times: number;
  /** Which, in their order. */
  paths: string[];
}

const WORST: StepMark['state'][] = [
  'failed',
  'unknown',
  'retrying',
  'running',
  'waiting',
  'recorded',
  'succeeded',
  'entered',
  'skipped',
];

/** The marks by the name of the step. */
export function byStep(marks: Marks): Map<string, NodeMark> {
  const found = new Map<string, NodeMark>();
  for (const [path, mark] of Object.entries(marks)) {
    const id = stepIdOf(path);
    const old = found.get(id);
    if (!old) {
      found.set(id, { ...mark, times: 1, paths: [path] });
      continue;
    }
    const worse = WORST.indexOf(mark.state) < WORST.indexOf(old.state) ? mark : old;
    found.set(id, { ...worse, times: old.times + 1, paths: [...old.paths, path] });
  }
  return found;
}

export const STATE_NAMES: Record<StepMark['state'], string> = {
  running: 'Running',
  succeeded: 'Done',
  failed: 'Failed',
  retrying: 'Will be tried again',
  unknown: 'No answer yet',
  waiting: 'Waiting',
  entered: 'Entered',
  recorded: 'Would be done',
  skipped: 'Not reached',
};

export const STATE_TONES: Record<StepMark['state'], string> = {
  running: 'blue',
  succeeded: 'teal',
  failed: 'red',
  retrying: 'orange',
  unknown: 'orange',
  waiting: 'yellow',
  entered: 'teal',
  recorded: 'violet',
  skipped: 'gray',
};
