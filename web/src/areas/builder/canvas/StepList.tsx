/** The rule as a list, for a narrow screen: the same cards, one below the other. */
import { Group, Text, UnstyledButton } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { Step } from '~/api/schema';
import { type Path, pointerOf } from '../model/path';
import { type Lane, lanesOf } from '../model/steps';
import classes from './canvas.module.css';
import { ConditionCard, StepCard, TriggerCard } from './cards';
import { useCanvas } from './context';

export function StepList() {
  const { rule, edits } = useCanvas();
  const there = rule.condition !== undefined && rule.condition !== null;
  return (
    <div data-canvas>
      <ul className={classes.list}>
        <li>
          <TriggerCard />
        </li>
        {there ? (
          <li>
            <ConditionCard />
          </li>
        ) : (
          edits && (
            <li>
              <UnstyledButton className={classes.listAdd} onClick={edits.addCondition}>
                <IconPlus size={14} aria-hidden /> Add a condition
              </UnstyledButton>
            </li>
          )
        )}
      </ul>
      <Steps steps={rule.steps ?? []} path={['steps']} />
    </div>
  );
}

function Steps({ steps, path }: { steps: Step[]; path: Path }) {
  return (
    <ul className={classes.list} style={{ marginBlockStart: 6 }}>
      {steps.map((step, index) => {
        const place = [...path, index];
        return (
          <li key={step.id || index}>
            <Add list={path} index={index} />
            <StepCard step={step} path={place} />
            {lanesOf(step, place).map((lane) => (
              <LaneBlock key={pointerOf(lane.path)} lane={lane} step={step} />
            ))}
          </li>
        );
      })}
      <li>
        <Add list={path} index={steps.length} />
      </li>
    </ul>
  );
}

function Add({ list, index }: { list: Path; index: number }) {
  const { edits } = useCanvas();
  if (!edits) return null;
  return (
    <UnstyledButton
      className={classes.listAdd}
      style={{ marginBlockEnd: 6 }}
      aria-label="Add a step here"
      onClick={() => edits.add(list, index)}
    >
      <IconPlus size={14} aria-hidden />
    </UnstyledButton>
  );
}

function LaneBlock({ lane, step }: { lane: Lane; step: Step }) {
  const { edits } = useCanvas();
  if (!edits && !lane.there && !lane.without) return null;
  const index = lane.path.at(-2);
  const condition = lane.path.at(-3) === 'else_if' && typeof index === 'number' ? step.else_if?.[index]?.if : undefined;
  return (
    <div className={classes.laneBlock} data-tone={lane.tone}>
      <Group gap={6} wrap="nowrap">
        <Text size="xs" fw={600} truncate>
          {condition === undefined ? lane.label : `Or if ${condition || '…'}`}
        </Text>
        {!lane.there && lane.without && (
          <Text size="xs" c="dimmed">
            {lane.without}
          </Text>
        )}
      </Group>
      <Steps steps={lane.steps} path={lane.path} />
    </div>
  );
}
