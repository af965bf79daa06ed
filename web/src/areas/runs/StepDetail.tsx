import { ActionIcon, Alert, Anchor, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconRefresh, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Run } from '~/api/schema';
import { useNames } from '~/areas/builder/queries';
import { moment, length as span, useManner } from '~/parts/time';
import { When } from '~/parts/When';
import { sentence } from '../rules/words';
import { Brought } from './Brought';
import { type Line, lineWords, stepTook } from './journal';
import { Payload } from './Payload';
import classes from './runs.module.css';
import { StepMark } from './StateMark';

interface Props {
  run: Run;
  line: Line;
  close: () => void;
  /** Repeats the run from this step on; not there where that cannot be. */
  again?: () => void;
  busy: boolean;
}

/** All that the journal says of one step. */
export function StepDetail({ run, line, close, again, busy }: Props) {
  const names = useNames();
  const manner = useManner();
  const { step } = line;
  const output = step.output as { run?: string; approval?: string } | null | undefined;
  const ms = stepTook(step);
  return (
    <Paper withBorder p="md" bg="var(--app-card)" component="section" aria-label={`Step ${step.path}`}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <Title order={2} size="h5">
              {lineWords(line, names)}
            </Title>
            <Text size="xs" c="dimmed">
              {step.path} · {step.kind}
            </Text>
          </div>
          <ActionIcon variant="subtle" color="gray" onClick={close} aria-label="Close the step">
            <IconX size={18} aria-hidden />
          </ActionIcon>
        </Group>
        <dl className={classes.facts}>
          <dt>State</dt>
          <dd>
            <StepMark state={step.state} />
          </dd>
          <dt>Began</dt>
          <dd>{moment(step.started_at, manner, true)}</dd>
          {ms !== undefined && (
            <>
              <dt>Took</dt>
              <dd>{span(ms)}</dd>
            </>
          )}
          {step.attempts > 1 && (
            <>
              <dt>Attempts</dt>
              <dd>{step.attempts}</dd>
            </>
          )}
          {step.resume_at && !step.finished_at && (
            <>
              <dt>Goes on</dt>
              <dd>
                <When at={step.resume_at} />
              </dd>
            </>
          )}
        </dl>
        {step.error && (
          <Alert color="red" title="What went wrong" py="xs">
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {sentence(step.error)}
            </Text>
          </Alert>
        )}
        {step.kind === 'call' && output?.run && (
          <Anchor component={Link} to={`/runs/${output.run}` as '/'} size="sm">
            See the run that it started
          </Anchor>
        )}
        {step.kind === 'approve' && output?.approval && (
          <Anchor component={Link} to={`/approvals/${output.approval}` as '/'} size="sm">
            See the approval
          </Anchor>
        )}
        <Brought ids={step.events ?? []} />
        <Payload
          label={run.mode === 'shadow' ? 'What it would have been given' : 'What it was given'}
          value={step.input}
        />
        <Payload label="What came of it" value={step.output} />
        {again && (
          <Button variant="default" leftSection={<IconRefresh size={16} />} onClick={again} loading={busy}>
            Re-run from here
          </Button>
        )}
      </Stack>
    </Paper>
  );
}
