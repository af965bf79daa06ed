/** The rules that the product comes with, filled in with their samples, and one that has every kind of step. */
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Rule } from '~/api/schema';

const FOLDER = new URL('../../../../../engine/src/rule_templates/data/', import.meta.url);

interface Parameter {
  type: string;
  many?: boolean;
  default?: unknown;
  example?: unknown;
}

const SAMPLES: Record<string, unknown> = {
  text: 'text',
  label: 'urgent',
  channel: '#team',
  url: 'https://example.com/x',
  number: 3,
  project: 'WEB',
  status: 'blocked',
  person: 'mia@example.com',
  recipient: 'owner',
  hook: 'github',
  duration: '2d',
  time: '09:00',
  zone: 'Europe/Berlin',
  choice: 'one',
};

function answer({ type, many, default: usual, example }: Parameter): unknown {
  const one = usual ?? example ?? SAMPLES[type];
  return many && !Array.isArray(one) ? [one] : one;
}

function fill(value: unknown, answers: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((one) => fill(one, answers));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, answers)]));
  if (typeof value !== 'string') return value;
  const whole = /^\{\{ params\.(\w+) \}\}$/.exec(value);
  if (whole) return answers[whole[1]!];
  return value.replace(/\bparams\.(\w+)/g, (all, name) => (name in answers ? JSON.stringify(answers[name]) : all));
}

/** Each template by its slug, as a rule. */
export function templates(): [string, Rule][] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.sample.yaml'))
    .map((name) => {
      const { slug, parameters, rule } = parse(readFileSync(new URL(name, FOLDER), 'utf8'));
      const given =
        parse(readFileSync(new URL(name.replace('.yaml', '.sample.yaml'), FOLDER), 'utf8')).parameters ?? {};
      const answers = Object.fromEntries(
        Object.entries(parameters as Record<string, Parameter>).map(([key, one]) => [key, given[key] ?? answer(one)]),
      );
      return [slug as string, fill(rule, answers) as Rule];
    });
}

/** The example of the specification. */
export const EXAMPLE = {
  name: 'Escalate blocked billing work',
  scope: { projects: ['WEB'] },
  run_as: 'owner',
  trigger: { on: 'task.status_changed', match: { to: 'blocked' } },
  condition: 'task.priority in ["high", "critical"] && task.labels.contains("billing")',
  policy: {
    concurrency: { key: 'task.id', on_busy: 'queue' },
    throttle: { runs: 10, per: '1m' },
    cause: { accept_rules: false, max_depth: 5 },
    budget: { http: 50, ms: 30000, runs_per_day: 1000 },
  },
  steps: [
    {
      id: 'tell',
      action: 'slack.post_message',
      with: { channel: '#billing', text: '{{ task.key }} is blocked: {{ task.title }}' },
      retry: { max: 5, backoff: 'exponential' },
      timeout: '5s',
      on_error: 'continue',
    },
    {
      id: 'late',
      if: 'task.due_at < now + days(2)',
      then: [
        {
          id: 'ok',
          approve: { by: ['role:project_manager'], timeout: '48h' },
          then: [{ id: 'take', action: 'task.assign', with: { pick: 'least_loaded' } }],
          on_timeout: [
            {
              id: 'up',
              action: 'notify.send',
              with: { to: ['project.owner'], message: 'No answer on {{ task.key }}' },
            },
          ],
        },
      ],
      else: [],
    },
    {
      id: 'subs',
      for_each: "subtasks where status != 'completed'",
      as: 'sub',
      max: 500,
      do: [{ id: 'block', action: 'task.update', with: { task: '{{ sub.id }}', status: 'blocked' } }],
    },
  ],
  on_failure: { notify: ['owner'], pause_after: 10 },
} as unknown as Rule;

/** Every kind of step, lane and spelling that the interface takes. */
export const EVERYTHING = {
  name: 'Everything',
  description: 'yes',
  trigger: {
    on: 'task.updated',
    match: { 'priority.to': ['high', 'critical'], 'due_at.to': null, 'custom.severity.to': '*' },
  },
  condition: {
    all: [{ field: 'task.title', op: 'is_set' }, { not: [{ field: 'task.labels', op: 'contains', value: 'on' }] }],
  },
  steps: [
    {
      id: 'act',
      action: 'http.request',
      with: { method: 'POST', url: 'https://example.com', body: { deep: [1, null, { a: false }] } },
      on_error: [{ id: 'sorry', stop: { outcome: 'failed', reason: 'no' } }],
    },
    {
      id: 'way',
      if: 'true',
      then: [],
      else_if: [{ if: 'false', then: [{ id: 'in_else', stop: 'off' }] }],
      else: [{ id: 'b', script: 'let a = 1;\n"on": a\n' }],
    },
    { id: 'each', for_each: 'task.labels', do: [{ id: 'deep', wait: { for: '1h' } }] },
    { id: 'ask', approve: { by: ['owner'], need: 2, allow_self: true }, then: [], on_reject: [], on_timeout: [] },
    { id: 'later', wait: { until: 'date(task.due_at) - days(1)' } },
    {
      id: 'hear',
      wait: { event: { on: 'task.commented', match: { task: '{{ task.id }}' }, if: 'true', timeout: '2d' } },
      on_timeout: [{ id: 'none', stop: 'nobody' }],
    },
    { id: 'both', parallel: [{ name: 'One', steps: [{ id: 'p1', stop: 'a' }] }, { steps: [] }] },
    { id: 'other', call: 'Greet', with: { name: '{{ task.title }}' }, timeout: '1h' },
  ],
} as unknown as Rule;
