import { Group, Text } from '@mantine/core';
import type { RunState, StepState } from '~/api/schema';
import classes from './runs.module.css';
import { RUN_STATES, STEP_STATES, type StateWords } from './words';

/** How a run stands: a sign with a colour, and the word. */
export function RunMark({ state, size = 'sm' }: { state: RunState; size?: 'sm' | 'md' }) {
  return <Mark words={RUN_STATES[state]} turns={state === 'running'} size={size} />;
}

/** The same of a step. */
export function StepMark({ state }: { state: StepState }) {
  return <Mark words={STEP_STATES[state]} turns={state === 'running'} size="sm" />;
}

function Mark({
  words: { label, icon: Icon, color },
  turns,
  size,
}: {
  words: StateWords;
  turns: boolean;
  size: string;
}) {
  return (
    <Group gap={6} wrap="nowrap" component="span" display="inline-flex">
      <span
        className={classes.sign}
        style={{
          color: `var(--mantine-color-${color}-light-color)`,
          background: `var(--mantine-color-${color}-light)`,
        }}
      >
        <Icon size={14} stroke={2.4} aria-hidden className={turns ? classes.turns : undefined} />
      </span>
      <Text size={size} component="span" fw={500} style={{ whiteSpace: 'nowrap' }}>
        {label}
      </Text>
    </Group>
  );
}
