import { Anchor, Badge, Checkbox, Group, Paper, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { RunSummary } from '~/api/schema';
import { moment, length as span, useManner, useNow } from '~/parts/time';
import { When } from '~/parts/When';
import { aboutOf, took, useEventOf } from './queries';
import classes from './runs.module.css';
import { RunMark } from './StateMark';
import { errorWords, isOver, waitingFor } from './words';

interface Rows {
  runs: RunSummary[];
  picked: ReadonlySet<string>;
  /** Marks runs, for whoever may do something with several. */
  pick?: (ids: string[], on: boolean) => void;
}

/** Runs on a desk. */
export function RunTable({ runs, picked, pick }: Rows) {
  const every = runs.length > 0 && runs.every(({ id }) => picked.has(id));
  return (
    <Paper withBorder bg="var(--app-card)" style={{ overflow: 'hidden' }}>
      <Table verticalSpacing={8} horizontalSpacing="md" highlightOnHover layout="fixed">
        <Table.Thead>
          <Table.Tr>
            {pick && (
              <Table.Th w={48}>
                <Checkbox
                  aria-label="Mark all that are shown"
                  checked={every}
                  indeterminate={!every && picked.size > 0}
                  onChange={() =>
                    pick(
                      runs.map(({ id }) => id),
                      !every,
                    )
                  }
                />
              </Table.Th>
            )}
            <Table.Th w={150}>State</Table.Th>
            <Table.Th>Rule</Table.Th>
            <Table.Th w={110}>About</Table.Th>
            <Table.Th w={110}>Started</Table.Th>
            <Table.Th w={90}>Took</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.id} bg={picked.has(run.id) ? 'var(--mantine-color-track-light)' : undefined}>
              {pick && (
                <Table.Td>
                  <Pick run={run} picked={picked} pick={pick} />
                </Table.Td>
              )}
              <Table.Td>
                <RunMark state={run.state} />
              </Table.Td>
              <Table.Td>
                <Name run={run} />
                <Reason run={run} />
              </Table.Td>
              <Table.Td>
                <About run={run} />
              </Table.Td>
              <Table.Td>
                <Text size="sm" component="div">
                  <When at={run.created_at} />
                </Text>
              </Table.Td>
              <Table.Td>
                <Took run={run} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

/** Runs on a phone. */
export function RunCards({ runs, picked, pick }: Rows) {
  return (
    <ul className={classes.list} style={{ display: 'grid', gap: 8 }}>
      {runs.map((run) => (
        <Paper key={run.id} component="li" withBorder p="sm" bg="var(--app-card)">
          <Group justify="space-between" wrap="nowrap" gap="xs">
            <Group gap="sm" wrap="nowrap">
              {pick && <Pick run={run} picked={picked} pick={pick} />}
              <RunMark state={run.state} />
            </Group>
            <Text size="sm" c="dimmed" component="div">
              <When at={run.created_at} />
            </Text>
          </Group>
          <Group justify="space-between" gap="xs" mt={6} wrap="nowrap" align="flex-start">
            <div style={{ minWidth: 0 }}>
              <Name run={run} />
              <Reason run={run} />
            </div>
            <About run={run} />
          </Group>
        </Paper>
      ))}
    </ul>
  );
}

function Pick({
  run,
  picked,
  pick,
}: {
  run: RunSummary;
  picked: ReadonlySet<string>;
  pick: NonNullable<Rows['pick']>;
}) {
  const manner = useManner();
  return (
    <Checkbox
      aria-label={`Mark the run of ${run.rule_name}, ${moment(run.created_at, manner, true)}`}
      checked={picked.has(run.id)}
      onChange={(event) => pick([run.id], event.currentTarget.checked)}
    />
  );
}

function Name({ run }: { run: RunSummary }) {
  return (
    <Group gap={6} wrap="nowrap">
      <Anchor
        component={Link}
        to="/runs/$id"
        params={{ id: run.id } as never}
        size="sm"
        fw={600}
        c="var(--mantine-color-text)"
        truncate
      >
        {run.rule_name}
      </Anchor>
      {run.mode === 'shadow' && (
        <Badge size="sm" variant="default" tt="none" fw={500} style={{ flexShrink: 0 }}>
          only watched
        </Badge>
      )}
      {run.rerun_of && (
        <Badge size="sm" variant="default" tt="none" fw={500} style={{ flexShrink: 0 }}>
          repeated
        </Badge>
      )}
    </Group>
  );
}

/** Why it did not succeed, or what it waits for. */
function Reason({ run }: { run: RunSummary }) {
  if (run.error) {
    const bad = run.state === 'failed' || run.state === 'blocked' || run.state === 'timed_out';
    return (
      <Text size="xs" c={bad ? 'var(--mantine-color-error)' : 'dimmed'} lineClamp={1} title={run.error.message}>
        {run.error.message || errorWords(run.error.code)}
      </Text>
    );
  }
  if (!run.waiting || isOver(run.state)) return null;
  const { words, until } = waitingFor(run.waiting);
  return (
    <Text size="xs" c="dimmed" component="div" lineClamp={1}>
      Waits for {words}
      {until && (
        <>
          {' · '}
          <When at={until} />
        </>
      )}
    </Text>
  );
}

/** The task that it is about, which leads to it. */
function About({ run }: { run: RunSummary }) {
  const { task } = aboutOf(useEventOf(run));
  if (!task?.key)
    return (
      <Text size="sm" c="dimmed">
        {run.event ? '' : run.parent ? 'Called' : 'By hand'}
      </Text>
    );
  return (
    <Anchor
      component={Link}
      to={'.' as '/'}
      search={((now: object) => ({ ...now, task: task.key })) as never}
      size="sm"
      title={task.title}
    >
      {task.key}
    </Anchor>
  );
}

function Took({ run }: { run: RunSummary }) {
  const now = useNow();
  return (
    <Text size="sm" c={run.finished_at ? undefined : 'dimmed'}>
      {span(took(run, Math.max(now, Date.now())))}
    </Text>
  );
}
