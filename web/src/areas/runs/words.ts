/** How runs and their steps stand, in words, with a sign and a colour each. */
import {
  IconArrowBarToRight,
  IconBan,
  IconCheck,
  IconClock,
  IconClockX,
  IconEye,
  IconHandStop,
  IconHourglass,
  IconLoader2,
  IconLogin2,
  IconQuestionMark,
  IconRefresh,
  IconX,
  type TablerIcon,
} from '@tabler/icons-react';
import type { RunState, RunWaiting, StepState } from '~/api/schema';

export interface StateWords {
  label: string;
  icon: TablerIcon;
  color: string;
}

export const RUN_STATES: Record<RunState, StateWords> = {
  queued: { label: 'Queued', icon: IconClock, color: 'gray' },
  running: { label: 'Running', icon: IconLoader2, color: 'blue' },
  waiting: { label: 'Waiting', icon: IconHourglass, color: 'violet' },
  retrying: { label: 'Trying again', icon: IconRefresh, color: 'orange' },
  succeeded: { label: 'Succeeded', icon: IconCheck, color: 'green' },
  skipped: { label: 'Skipped', icon: IconArrowBarToRight, color: 'gray' },
  failed: { label: 'Failed', icon: IconX, color: 'red' },
  cancelled: { label: 'Cancelled', icon: IconBan, color: 'gray' },
  timed_out: { label: 'Timed out', icon: IconClockX, color: 'orange' },
  blocked: { label: 'Blocked', icon: IconHandStop, color: 'red' },
};

export const STEP_STATES: Record<StepState, StateWords> = {
  running: { label: 'Running', icon: IconLoader2, color: 'blue' },
  succeeded: { label: 'Done', icon: IconCheck, color: 'green' },
  failed: { label: 'Failed', icon: IconX, color: 'red' },
  retrying: { label: 'Trying again', icon: IconRefresh, color: 'orange' },
  unknown: { label: 'Not answered', icon: IconQuestionMark, color: 'orange' },
  waiting: { label: 'Waiting', icon: IconHourglass, color: 'violet' },
  entered: { label: 'Went in', icon: IconLogin2, color: 'gray' },
  recorded: { label: 'Only recorded', icon: IconEye, color: 'violet' },
};

const UNDER_WAY: RunState[] = ['queued', 'running', 'waiting', 'retrying'];

/** Whether nothing will change about a run any more. */
export const isOver = (state: RunState) => !UNDER_WAY.includes(state);

/** The states that people look for together, by what the address calls them. */
export const GROUPS = {
  active: { label: 'Under way', states: UNDER_WAY },
  failed: { label: 'Failed', states: ['failed', 'timed_out', 'blocked'] },
  succeeded: { label: 'Succeeded', states: ['succeeded'] },
  dropped: { label: 'Ended early', states: ['skipped', 'cancelled'] },
} as const satisfies Record<string, { label: string; states: RunState[] }>;

export type Group = keyof typeof GROUPS;

/** What a run waits for, and until when where that is known. */
export function waitingFor(waiting: RunWaiting): { words: string; until?: string | null } {
  switch (waiting.for) {
    case 'timer':
      return { words: 'a time', until: waiting.until };
    case 'event':
      return { words: `an event (${waiting.on.replaceAll('_', ' ').replace('.', ': ')})`, until: waiting.until };
    case 'approval':
      return { words: 'an approval', until: waiting.until };
    case 'run':
      return { words: 'another run to end', until: waiting.until };
    case 'branches': {
      const [only, more] = waiting.waits;
      return only && !more ? waitingFor(only) : { words: `${waiting.waits.length} things at once` };
    }
    case 'retry':
      return { words: 'the next attempt', until: waiting.until };
    case 'key':
      return { words: `another run about the same (${waiting.key}) to end` };
    case 'rate':
      return { words: 'its turn, since it may not run more often', until: waiting.until };
    case 'quiet':
      return { words: 'quiet: it begins when nothing has happened for a while', until: waiting.until };
    case 'budget':
      return { words: 'the next day, since the budget of this one is used up', until: waiting.until };
  }
}

const CODES: Record<string, string> = {
  step_failed: 'A step failed',
  loop: 'It would have gone round in circles',
  budget: 'It used up its budget',
  duplicate: 'There was one about the same already',
  debounced: 'A later event took its place',
  busy: 'Another run about the same was under way',
  replaced: 'A later run took its place',
  condition: 'The condition could not be judged',
  rejected: 'Somebody said no',
  approval_timed_out: 'Nobody answered in time',
  worker_died: 'What worked on it stopped',
  cancelled: 'Somebody cancelled it',
};

/** The code of an error, as people say it. */
export const errorWords = (code: string) =>
  CODES[code] ?? code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ');
