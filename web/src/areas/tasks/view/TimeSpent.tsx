/** How long a task took: one's timer, and time written down. */
import { ActionIcon, Button, Group, Paper, Progress, Stack, Text, TextInput } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Task } from '~/api/schema';
import { useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useNow } from '~/parts/time';
import { When } from '~/parts/When';
import { duration, parseDuration } from '../fields/duration';
import { taskTimeQuery, timeEntriesQuery, timerQuery, useTime } from '../time';
import type { Rights } from '../useRights';
import { Section } from './Section';
import classes from './task.module.css';

export function TimeSpent({ task, rights }: { task: Task; rights: Rights }) {
  const { data: spent } = useQuery({ ...taskTimeQuery(task.id), enabled: rights.seeTime });
  const { data: timer } = useQuery({ ...timerQuery, enabled: rights.logTime });
  const { start, stop } = useTime();
  const [logging, setLogging] = useState(false);
  const [all, setAll] = useState(false);
  const running = timer?.task === task.id;
  if (!rights.seeTime) return null;
  const actual = spent?.actual_minutes ?? 0;
  if (!rights.logTime && actual === 0) return null;
  return (
    <Section
      title="Time"
      action={
        rights.logTime && (
          <Group gap={4}>
            {running ? (
              <Button
                size="compact-sm"
                color="red.8"
                leftSection={<IconPlayerStop size={14} />}
                loading={stop.isPending}
                onClick={() => stop.mutate(task.id)}
              >
                Stop timer
              </Button>
            ) : (
              <Button
                size="compact-sm"
                variant="subtle"
                leftSection={<IconPlayerPlay size={14} />}
                loading={start.isPending}
                onClick={() => start.mutate(task.id)}
              >
                Start timer
              </Button>
            )}
            <Button
              size="compact-sm"
              variant="subtle"
              leftSection={<IconPlus size={14} />}
              onClick={() => setLogging(true)}
            >
              Log time
            </Button>
          </Group>
        )
      }
    >
      <Group gap="md">
        <Text size="sm">
          {duration(actual)} spent
          {task.estimate ? ` of ${duration(task.estimate)}` : ''}
        </Text>
        {running && timer && <Elapsed since={timer.started_at} />}
        {actual > 0 && (
          <Button size="compact-xs" variant="subtle" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? 'Hide entries' : 'Show entries'}
          </Button>
        )}
      </Group>
      {task.estimate ? (
        <Progress
          size="xs"
          value={Math.min(100, (actual / task.estimate) * 100)}
          color={actual > task.estimate ? 'red' : undefined}
          aria-label={`${duration(actual)} of ${duration(task.estimate)} spent`}
        />
      ) : null}
      {logging && <LogTime task={task} done={() => setLogging(false)} />}
      {all && <Entries task={task} rights={rights} />}
    </Section>
  );
}

/** How long a timer has run. */
export function Elapsed({ since }: { since: string }) {
  const now = useNow();
  const minutes = Math.max(0, Math.floor((now - new Date(since).getTime()) / 60_000));
  return (
    <Text size="sm" fw={600} c="var(--mantine-color-anchor)">
      {duration(minutes)} running
    </Text>
  );
}

function LogTime({ task, done }: { task: Task; done: () => void }) {
  const { log } = useTime();
  const [length, setLength] = useState('');
  const [note, setNote] = useState('');
  const minutes = parseDuration(length);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (minutes) log.mutate({ id: task.id, entry: { minutes, note: note.trim() } }, { onSuccess: done });
  };
  return (
    <Paper withBorder p="xs" component="form" onSubmit={submit}>
      <Stack gap="xs">
        <Group gap="xs" align="flex-start">
          <TextInput
            label="How long"
            placeholder="1h 30m"
            w={110}
            autoFocus
            value={length}
            onChange={(event) => setLength(event.currentTarget.value)}
            error={length && !minutes ? 'Such as 1h 30m' : undefined}
          />
          <TextInput
            label="What was done"
            flex="1 1 160px"
            maxLength={2000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        </Group>
        <ProblemAlert error={log.error} />
        <Group gap="xs" justify="flex-end">
          <Button size="xs" variant="default" onClick={done}>
            Cancel
          </Button>
          <Button size="xs" type="submit" disabled={!minutes} loading={log.isPending}>
            Log it
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

function Entries({ task, rights }: { task: Task; rights: Rights }) {
  const { data: entries = [] } = useQuery(timeEntriesQuery(task.id));
  const people = usePeople();
  const { data: me } = useMe();
  const { remove } = useTime();
  return (
    <div>
      {entries.map((entry) => (
        <div key={entry.id} className={classes.item}>
          <Text size="sm" fw={600} w={70}>
            {duration(entry.minutes)}
          </Text>
          <Text size="sm" flex={1} style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
            {people.get(entry.user)?.name ?? 'Somebody'}
            {entry.note && ` · ${entry.note}`}
          </Text>
          <Text size="xs" c="dimmed">
            <When at={entry.started_at} />
          </Text>
          {rights.logTime && entry.user === me?.user.id && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Delete ${duration(entry.minutes)}`}
              onClick={() => remove.mutate(entry.id)}
            >
              <IconTrash size={14} />
            </ActionIcon>
          )}
        </div>
      ))}
    </div>
  );
}
