import { expect, test } from 'vitest';
import type { Rule, RuleProblem, Tree } from '~/api/schema';
import { byStep } from '../canvas/marks';
import { keysAbove } from '../code/complete';
import { insideTemplate } from '../code/rhai';
import { differences, merged } from '../model/diff';
import { toExpression, toTree } from '../model/expression';
import { begun, turned } from '../model/history';
import { put, putTidy, same } from '../model/path';
import { fixed, nodeOf, offsetOf } from '../model/problems';
import { stepIdOf } from '../model/steps';
import { cronWords } from '../words/trigger';
import { EXAMPLE } from './templates';

test('a change leaves everything else as it is', () => {
  const changed = put(EXAMPLE, ['steps', 0, 'with', 'channel'], '#x');
  expect(changed.steps[1]).toBe(EXAMPLE.steps[1]);
  expect(EXAMPLE.steps[0]?.with?.channel).toBe('#billing');
});

test('what is left empty goes, where it says nothing then', () => {
  const rule: Rule = { name: 'x', trigger: { on: 'task.created', match: { task: 'WEB-1' } }, steps: [] };
  expect(putTidy(rule, ['trigger', 'match', 'task'], undefined).trigger).toEqual({ on: 'task.created' });
});

test('typing in one field is one step to undo', () => {
  let history = begun(EXAMPLE);
  const named = (name: string) => (rule: Rule) => ({ ...rule, name });
  history = turned(history, { do: 'change', to: named('A'), about: '/name', when: 1000 });
  history = turned(history, { do: 'change', to: named('AB'), about: '/name', when: 1500 });
  history = turned(history, { do: 'change', to: named('ABC'), about: '/name', when: 9000 });
  history = turned(history, { do: 'undo' });
  expect(history.now.name).toBe('AB');
  history = turned(history, { do: 'undo' });
  expect(history.now).toBe(EXAMPLE);
  history = turned(turned(history, { do: 'redo' }), { do: 'redo' });
  expect(history.now.name).toBe('ABC');
});

test.each([
  'task.priority in ["high", "critical"] && task.labels.contains("billing")',
  'task.due_at != () && (task.status == "blocked" || task.points >= 3)',
  '!task.labels.contains("x") && task.title.starts_with("A")',
])('%s is a tree, and the same expression again', (expression) => {
  const tree = toTree(expression);
  expect(tree).toBeDefined();
  expect(toExpression(tree as Tree)).toBe(expression);
});

test('what says more than fields and values is no tree', () => {
  expect(toTree('task.due_at < now + days(2)')).toBeUndefined();
  expect(toTree('if a { 1 } else { 2 }')).toBeUndefined();
  expect(toTree('task.points > other.points')).toBeUndefined();
});

test('a problem stands at its node, and its fix at its character', () => {
  const rule: Rule = {
    name: 'x',
    trigger: { on: 'task.updated' },
    condition: 'a == 1 &&\n task.titel == 1',
    steps: EXAMPLE.steps,
  };
  const problem: RuleProblem = {
    pointer: '/condition',
    line: 2,
    column: 7,
    message: '',
    code: 'unknown_field',
    suggestion: 'title',
    severity: 'error',
  };
  expect(fixed(rule, problem)?.condition).toBe('a == 1 &&\n task.title == 1');
  expect(nodeOf(rule, '/steps/1/then/0/then/0/with/task')).toBe('/steps/1/then/0/then/0');
  expect(nodeOf(rule, '/scope/projects/0')).toBe('/trigger');
  expect(nodeOf(rule, '/name')).toBe('');
  expect(offsetOf('é😀x', 1, 3)).toBe(3);
});

test('an input with a wrong name is given the nearest one', () => {
  const problem: RuleProblem = {
    pointer: '/steps/0/with/chanel',
    message: '',
    code: 'unknown_input',
    suggestion: 'channel',
    severity: 'error',
  };
  const rule: Rule = {
    name: 'x',
    trigger: { on: 'a.b' },
    steps: [{ id: 'a', action: 'b.c', with: { chanel: 1, text: 2 } }],
  };
  expect(fixed(rule, problem)?.steps[0]?.with).toEqual({ channel: 1, text: 2 });
});

test('changes of different places are put together, of one place not', () => {
  const mine = put(EXAMPLE, ['steps', 0, 'with', 'channel'], '#mine');
  const theirs = put(put(EXAMPLE, ['name'], 'Theirs'), ['steps'], EXAMPLE.steps.slice(0, 2));
  const both = merged(EXAMPLE, mine, theirs);
  expect(both?.name).toBe('Theirs');
  expect(both?.steps).toHaveLength(2);
  expect(both?.steps[0]?.with?.channel).toBe('#mine');
  expect(merged(EXAMPLE, mine, put(EXAMPLE, ['steps', 0, 'with', 'channel'], '#x'))).toBeUndefined();
  expect(differences(EXAMPLE, theirs).map(({ path }) => path.join('/'))).toEqual(['name', 'steps/subs']);
});

test('passes of a loop are one mark, the worst of them', () => {
  expect(stepIdOf('subs[3].block')).toBe('block');
  const mark = byStep({
    'subs[0].block': { state: 'succeeded' },
    'subs[1].block': { state: 'failed', error: 'x' },
  }).get('block');
  expect(mark).toMatchObject({ state: 'failed', times: 2, paths: ['subs[0].block', 'subs[1].block'] });
});

test('the code knows under which keys one writes', () => {
  const lines = [
    'name: x',
    'trigger:',
    '  on: task.created',
    'steps:',
    '  - id: a',
    '    action: task.create',
    '    with:',
    '      ti',
  ];
  expect(keysAbove(lines, 7, 6)).toEqual(['steps', 'with']);
  expect(keysAbove(lines, 2, 2)).toEqual(['trigger']);
});

test('suggestions come within braces', () => {
  expect(insideTemplate('a {{ ta', 7)).toBe(true);
  expect(insideTemplate('a {{ ta }} b', 12)).toBe(false);
});

test('times are read aloud', () => {
  expect(cronWords('0 9 * * MON-FRI')).toBe('09:00, Monday to Friday');
  expect(cronWords('*/5 * * * *')).toBe('*/5 * * * *');
});

test('the order of keys does not make a difference', () => expect(same({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true));
