/** The whole rule as sentences. */
import type { Rule, Step } from '~/api/schema';
import type { Path } from '../model/path';
import { lanesOf } from '../model/steps';
import { conditionWords } from './condition';
import type { Names, Words } from './parts';
import { stepNotes, stepWords } from './steps';
import { triggerWords } from './trigger';
import { periodWords, personWords } from './values';

/** A step, and what follows within it. */
export interface Sentence {
  at: Path;
  words: Words;
  lanes: { label: Words; at: Path; sentences: Sentence[]; without?: string }[];
}

export interface Reading {
  when: Words;
  condition?: Words;
  steps: Sentence[];
  /** Limits and what happens on failure: what stands at the end. */
  besides: Words[];
}

export function readRule(rule: Rule, names: Names): Reading {
  const { condition } = rule;
  return {
    when: triggerWords(rule, names),
    condition:
      condition === undefined || condition === null ? undefined : conditionWords(condition, ['condition'], names),
    steps: (rule.steps ?? []).map((step, index) => sentence(step, ['steps', index], names)),
    besides: [...policyWords(rule), ...failureWords(rule, names)],
  };
}

function sentence(step: Step, at: Path, names: Names): Sentence {
  const notes = stepNotes(step, at).flatMap((note): Words => [', ', ...note]);
  return {
    at,
    words: [...stepWords(step, at, names), ...notes],
    lanes: lanesOf(step, at)
      .filter((lane) => lane.there || lane.without)
      .map((lane) => ({
        label: laneWords(step, lane.path, lane.label),
        at: lane.path,
        sentences: lane.steps.map((one, index) => sentence(one, [...lane.path, index], names)),
        without: lane.there ? undefined : lane.without,
      })),
  };
}

function laneWords(step: Step, path: Path, label: string): Words {
  const index = path.at(-2);
  if (path.at(-3) !== 'else_if' || typeof index !== 'number') return [label];
  const condition = step.else_if?.[index]?.if ?? '';
  return ['Or if ', { text: condition || '…', at: [...path.slice(0, -1), 'if'], tone: condition ? 'code' : 'missing' }];
}

const BUSY: Record<string, string> = {
  queue: 'later ones wait',
  drop: 'later ones are skipped',
  replace: 'a later one replaces the earlier',
};

export function policyWords(rule: Rule): Words[] {
  const { concurrency, throttle, debounce, dedupe, priority, cause, budget } = rule.policy ?? {};
  const at = (...rest: Path): Path => ['policy', ...rest];
  const said: Words[] = [];
  if (concurrency)
    said.push([
      'One run at a time for the same ',
      { text: concurrency.key, at: at('concurrency'), tone: 'code' },
      `; ${BUSY[concurrency.on_busy ?? 'queue']}.`,
    ]);
  if (throttle)
    said.push([
      'At most ',
      { text: `${throttle.runs} runs in ${periodWords(throttle.per)}`, at: at('throttle'), tone: 'value' },
      '.',
    ]);
  if (debounce)
    said.push([
      'Only once it has been quiet for ',
      { text: periodWords(debounce.for), at: at('debounce'), tone: 'value' },
      '.',
    ]);
  if (dedupe)
    said.push([
      'Only once for the same ',
      { text: dedupe.key, at: at('dedupe'), tone: 'code' },
      dedupe.within ? ` within ${periodWords(dedupe.within)}.` : '.',
    ]);
  if (priority) said.push(['Priority ', { text: String(priority), at: at('priority'), tone: 'value' }, '.']);
  if (cause?.accept_rules)
    said.push([{ text: `Other rules may start it, up to ${cause.max_depth ?? 5} in a row.`, at: at('cause') }]);
  if (budget && Object.values(budget).some((limit) => limit !== null && limit !== undefined))
    said.push([{ text: budgetWords(budget), at: at('budget') }]);
  return said;
}

function budgetWords(budget: NonNullable<NonNullable<Rule['policy']>['budget']>): string {
  const limits = [
    budget.runs_per_day && `${budget.runs_per_day} runs a day`,
    budget.http && `${budget.http} calls to other services a run`,
    budget.notifications && `${budget.notifications} notifications a run`,
    budget.ms && `${budget.ms / 1000} seconds of work a run`,
  ];
  return `At most ${limits.filter(Boolean).join(', ')}.`;
}

function failureWords(rule: Rule, names: Names): Words[] {
  const { notify = [], pause_after } = rule.on_failure ?? {};
  const at: Path = ['on_failure'];
  const said: Words[] = [];
  if (notify.length > 0)
    said.push([
      'If a run fails, ',
      { text: notify.map((who) => personWords(who, names)).join(' and '), at: [...at, 'notify'], tone: 'value' },
      notify.length === 1 ? ' is told.' : ' are told.',
    ]);
  if (pause_after)
    said.push([
      'After ',
      { text: `${pause_after} failures in a row`, at: [...at, 'pause_after'], tone: 'value' },
      ' the rule is paused.',
    ]);
  return said;
}
