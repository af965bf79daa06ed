/** Each step in words: a heading for its node, and a sentence. */
import type { Step } from '~/api/schema';
import type { Path } from '../model/path';
import { kindOf, type StepKind } from '../model/steps';
import { actionName, actionWords } from './actions';
import { conditionWords } from './condition';
import { whenWords } from './kinds';
import { joined, type Names, type Words } from './parts';
import { matchWords } from './trigger';
import { isTemplate, pathWords, periodWords, personWords, valueWords } from './values';

export const KIND_NAMES: Record<StepKind, string> = {
  action: 'Action',
  if: 'Branch',
  for_each: 'Loop',
  wait: 'Wait',
  approve: 'Approval',
  parallel: 'Side by side',
  call: 'Run another rule',
  script: 'Script',
  stop: 'Stop',
  unknown: 'Nothing yet',
};

/** What a step of that kind is for; what an action does, the server says. */
export const KIND_ABOUT: Record<Exclude<StepKind, 'action'>, string> = {
  if: 'Go one way or another, depending on a condition.',
  for_each: 'Do steps for each subtask, each task or each item of a list.',
  wait: 'Wait a while, until a moment, or until something happens.',
  approve: 'Ask people, and go on as they answer.',
  parallel: 'Do several things at once: while one waits, the others go on.',
  call: 'Start a rule that is run by hand, and wait for its end.',
  script: 'Compute something in a few lines of Rhai.',
  stop: 'End the run here.',
  unknown: 'It says nothing to do yet.',
};

/** What stands at the top of its node. */
export function stepTitle(step: Step): string {
  const kind = kindOf(step);
  return kind === 'action' ? actionName(step.action!) : KIND_NAMES[kind];
}

/** "each open subtask" of `subtasks where status != 'completed'`. */
function itemsWords(source: string, at: Path): Words {
  const [, what, where] = /^\s*(subtasks|tasks)\b(?:\s+where\s+(.*))?$/s.exec(source) ?? [];
  if (!what) return [{ text: pathWords(source) ?? (source || '…'), at, tone: source ? 'code' : 'missing' }];
  const said = what === 'subtasks' ? 'the task’s subtasks' : 'the project’s tasks';
  return [{ text: said, at, tone: 'value' }, ...(where ? [' where ', { text: where, at, tone: 'code' as const }] : [])];
}

function waitWords(step: Step, path: Path, names: Names): Words {
  const wait = step.wait ?? {};
  const at = (...rest: Path): Path => [...path, 'wait', ...rest];
  if (wait.event) {
    const { on, match, timeout, if: condition } = wait.event;
    return [
      'Wait until ',
      { text: on ? whenWords(on) : '…', at: at('event', 'on'), tone: on ? 'value' : 'missing' },
      ...matchWords(match, at('event', 'match'), names),
      ...(condition ? [', and ', { text: condition, at: at('event', 'if'), tone: 'code' as const }] : []),
      ...(timeout
        ? [', at most ', { text: periodWords(timeout), at: at('event', 'timeout'), tone: 'value' as const }]
        : []),
    ];
  }
  if (wait.until !== undefined && wait.until !== null)
    return ['Wait until ', { text: pathWords(wait.until) ?? (wait.until || '…'), at: at('until'), tone: 'code' }];
  return ['Wait for ', { text: periodWords(wait.for), at: at('for'), tone: 'value' }];
}

function approvalWords(step: Step, path: Path, names: Names): Words {
  const { by = [], need, message, timeout } = step.approve!;
  const at = (...rest: Path): Path => [...path, 'approve', ...rest];
  const who = by.map((one): Words => [{ text: personWords(one, names), at: at('by'), tone: 'value' }]);
  const all = need === 'all' ? 'all of ' : typeof need === 'number' ? `${need} of ` : '';
  return [
    'Ask ',
    ...(all ? [{ text: all, at: at('need') }] : []),
    ...(who.length > 0
      ? joined(who, need === 'all' ? 'and' : 'or')
      : [{ text: '…', at: at('by'), tone: 'missing' as const }]),
    ' to approve',
    ...(message ? [' ', ...valueWords(message, at('message'), names)] : []),
    ...(timeout ? [' within ', { text: periodWords(timeout), at: at('timeout'), tone: 'value' as const }] : []),
  ];
}

/** What the step does, as one sentence without its lanes. */
export function stepWords(step: Step, path: Path, names: Names): Words {
  const at = (key: string): Path => [...path, key];
  switch (kindOf(step)) {
    case 'action':
      return actionWords(step, path, names);
    case 'if':
      return ['If ', ...conditionWords(step.if ?? '', at('if'), names)];
    case 'for_each':
      return ['For each of ', ...itemsWords(step.for_each ?? '', at('for_each')), ` (called ${step.as || 'item'})`];
    case 'wait':
      return waitWords(step, path, names);
    case 'approve':
      return approvalWords(step, path, names);
    case 'parallel':
      return ['Do these side by side'];
    case 'call': {
      const name = names.rule(step.call ?? '') ?? step.call;
      const inputs = Object.entries(step.with ?? {});
      return [
        'Run the rule ',
        { text: name ? `“${name}”` : '…', at: at('call'), tone: name ? 'value' : 'missing' },
        ...(inputs.length > 0
          ? [
              ' with ',
              ...joined(
                inputs.map(([key, value]): Words => [`${key} `, ...valueWords(value, [...path, 'with', key], names)]),
              ),
            ]
          : []),
      ];
    }
    case 'script': {
      const lines = (step.script ?? '').trim().split('\n');
      return [
        'Run a script: ',
        { text: lines[0] || '…', at: at('script'), tone: lines[0] ? 'code' : 'missing' },
        ...(lines.length > 1 ? [` and ${lines.length - 1} more ${lines.length === 2 ? 'line' : 'lines'}`] : []),
      ];
    }
    case 'stop': {
      const stop = step.stop as string | { reason?: string; outcome?: string };
      const reason = typeof stop === 'string' ? stop : stop.reason;
      const outcome = typeof stop === 'string' ? 'succeeded' : (stop.outcome ?? 'succeeded');
      const text = isTemplate(reason) ? reason! : reason;
      return [
        outcome === 'succeeded' ? 'Stop here' : `Stop here as ${outcome}`,
        ...(text ? [': ', { text: `“${text}”`, at: at('stop'), tone: 'value' as const }] : []),
      ];
    }
    default:
      return [{ text: 'Choose what this step does', at: path, tone: 'missing' }];
  }
}

/** What is said of a step besides what it does: attempts, time-out, what happens when it fails. */
export function stepNotes(step: Step, path: Path): Words[] {
  const notes: Words[] = [];
  if (step.retry)
    notes.push([
      'tried again ',
      { text: step.retry.max === 1 ? 'once' : `${step.retry.max} times`, at: [...path, 'retry'] },
    ]);
  if (step.timeout) notes.push(['given up after ', { text: periodWords(step.timeout), at: [...path, 'timeout'] }]);
  if (step.on_error === 'continue') notes.push([{ text: 'going on even if it fails', at: [...path, 'on_error'] }]);
  return notes;
}
