import { describe, expect, test } from 'vitest';
import type { Rule, Step } from '~/api/schema';
import { layout } from '../canvas/layout';
import { readText, toText } from '../code/text';
import { copied, insertStep, moveStep, removeStep, renameStep } from '../model/edit';
import { at, pathOf, pointerOf } from '../model/path';
import { misshapen } from '../model/shape';
import { kindOf, type StepKind, walk } from '../model/steps';
import { NO_NAMES, textOf } from '../words/parts';
import { readRule, type Sentence } from '../words/rule';
import { stepWords } from '../words/steps';
import { EVERYTHING, EXAMPLE, templates } from './templates';

const RULES: [string, Rule][] = [...templates(), ['example', EXAMPLE], ['everything', EVERYTHING]];

const flat = (sentences: Sentence[]): Sentence[] =>
  sentences.flatMap((one) => [one, ...one.lanes.flatMap((lane) => flat(lane.sentences))]);

test('there are all templates', () => expect(RULES.length).toBe(35));

describe.each(RULES)('%s', (_name, rule) => {
  test('is a rule', () => expect(misshapen(rule)).toBeUndefined());

  test('comes back from the code as it was', () => {
    for (const language of ['yaml', 'json'] as const) {
      const { rule: back, problems } = readText(toText(rule, language));
      expect(problems).toEqual([]);
      expect(back).toEqual(rule);
    }
  });

  test('has each step on the canvas, and only places that lead to it', () => {
    const before = structuredClone(rule);
    const { nodes, lines } = layout(rule, true);
    const drawn = nodes.filter((node) => node.type === 'step').map(({ id }) => id);
    const there: string[] = [];
    walk(rule, (_step, path) => there.push(pointerOf(path)));
    expect(drawn.sort()).toEqual(there.sort());
    for (const pointer of there) expect(kindOf(at(rule, pathOf(pointer)) as Step)).not.toBe('unknown');
    const ids = new Set(nodes.map(({ id }) => id));
    for (const line of lines) expect(ids.has(line.from) && ids.has(line.to)).toBe(true);
    const steps = nodes.filter((node) => node.type === 'step');
    for (const [index, one] of steps.entries())
      for (const other of steps.slice(index + 1)) {
        const apart = Math.abs(one.x - other.x) >= one.width || Math.abs(one.y - other.y) >= one.height;
        expect(apart, `${one.id} lies on ${other.id}`).toBe(true);
      }
    expect(rule).toEqual(before);
  });

  test('has a sentence for each step', () => {
    const reading = readRule(rule, NO_NAMES);
    expect(textOf(reading.when).length).toBeGreaterThan(5);
    let steps = 0;
    walk(rule, () => steps++);
    const all = flat(reading.steps);
    expect(all).toHaveLength(steps);
    for (const { words } of all) {
      expect(textOf(words)).not.toMatch(/undefined|\[object/);
      expect(textOf(words).length).toBeGreaterThan(3);
    }
  });

  test('is the same after a step was put in and taken out', () => {
    const added = insertStep(rule, ['steps'], 0, { id: 'new_one', stop: { reason: 'x' } });
    expect(removeStep(added, ['steps', 0])).toEqual(rule);
  });
});

test('every kind of step has a sentence', () => {
  const kinds = new Set<StepKind>();
  walk(EVERYTHING, (step, path) => {
    kinds.add(kindOf(step));
    expect(textOf(stepWords(step, path, NO_NAMES))).toBeTruthy();
  });
  expect([...kinds].sort()).toEqual([
    'action',
    'approve',
    'call',
    'for_each',
    'if',
    'parallel',
    'script',
    'stop',
    'wait',
  ]);
});

test('a step moves into a lane of a step behind it, and out again', () => {
  const { rule: into, path } = moveStep(EXAMPLE, ['steps', 0], ['steps', 1, 'then'], 0);
  expect(path).toEqual(['steps', 0, 'then', 0]);
  expect((at(into, path) as Step).id).toBe('tell');
  const { rule: back } = moveStep(into, path, ['steps'], 0);
  expect(back).toEqual(EXAMPLE);
});

test('a step does not move into itself', () => {
  expect(moveStep(EXAMPLE, ['steps', 1], ['steps', 1, 'then'], 0).rule).toBe(EXAMPLE);
});

test('a copy has names of its own, and speaks of its own steps', () => {
  const step: Step = {
    id: 'tell',
    for_each: 'subtasks',
    do: [
      { id: 'block', action: 'task.list', with: {} },
      { id: 'say', action: 'notify.send', with: { message: '{{ steps.block.output.count }}' } },
    ],
  };
  const copy = copied(EXAMPLE, step);
  expect(copy.id).toBe('tell_2');
  expect(copy.do?.[0]?.id).toBe('block_2');
  expect(copy.do?.[1]?.with?.message).toBe('{{ steps.block_2.output.count }}');
});

test('a step that is renamed is renamed wherever it is spoken of', () => {
  const rule: Rule = {
    name: 'x',
    trigger: { on: 'task.created' },
    steps: [
      { id: 'a', action: 'task.list', with: {} },
      { id: 'ab', if: 'steps.a.output.count > 1 && steps.ab != ()', then: [] },
    ],
  };
  const renamed = renameStep(rule, ['steps', 0], 'found');
  expect(renamed.steps[1]?.if).toBe('steps.found.output.count > 1 && steps.ab != ()');
});

test('text that is not a rule says where it is wrong', () => {
  const { rule, problems } = readText('name: x\ntrigger: { on: task.created }\nsteps: 3\n');
  expect(rule).toBeUndefined();
  expect(problems[0]).toMatchObject({ from: 45, severity: 'error' });
  expect(readText('name: [').problems[0]?.severity).toBe('error');
});
