import { Box, Group, Text, UnstyledButton } from '@mantine/core';
import { useNames } from '~/areas/builder/queries';
import { length as span } from '~/parts/time';
import { type Line, lineWords, stepTook } from './journal';
import classes from './runs.module.css';
import { StepMark } from './StateMark';

interface Props {
  lines: Line[];
  chosen?: string;
  choose: (path: string) => void;
}

/** What the steps of a run did, one under the other. */
export function Journal({ lines, chosen, choose }: Props) {
  const names = useNames();
  if (lines.length === 0) {
    return (
      <Text size="sm" c="dimmed" p="sm">
        No step has begun.
      </Text>
    );
  }
  return (
    <ol className={classes.list} aria-label="Steps">
      {lines.map((line) => {
        const { step, depth, item } = line;
        const ms = stepTook(step);
        return (
          <li key={step.path}>
            <UnstyledButton
              className={classes.step}
              aria-expanded={chosen === step.path}
              onClick={() => choose(step.path)}
              style={{ paddingInlineStart: 12 + depth * 20 }}
            >
              <Group justify="space-between" wrap="nowrap" gap="sm">
                <Box style={{ minWidth: 0 }}>
                  <Text size="sm" fw={500} truncate>
                    {lineWords(line, names)}
                    {item !== undefined && ` (${item})`}
                  </Text>
                  <Text size="xs" c={step.error ? 'var(--mantine-color-error)' : 'dimmed'} truncate>
                    {step.error ?? step.path}
                  </Text>
                </Box>
                <Group gap="sm" wrap="nowrap" style={{ flexShrink: 0 }}>
                  {ms !== undefined && (
                    <Text size="xs" c="dimmed" visibleFrom="sm">
                      {span(ms)}
                    </Text>
                  )}
                  <StepMark state={step.state} />
                </Group>
              </Group>
            </UnstyledButton>
          </li>
        );
      })}
    </ol>
  );
}
