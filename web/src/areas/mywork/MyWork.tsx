/** What one has to do, by when it is due. */
import { ActionIcon, Button, Group, Menu, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconCheck, IconCircle, IconClockPause, IconConfetti, IconPlayerStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import type { Task } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { PriorityIcon } from '~/areas/tasks/look';
import { tasksQuery } from '~/areas/tasks/queries';
import { TaskLink, useOpenTask } from '~/areas/tasks/TaskLink';
import { timerQuery, useTime } from '~/areas/tasks/time';
import { Elapsed } from '~/areas/tasks/view/TimeSpent';
import { Due } from '~/areas/tasks/view/values';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Swipe } from '~/parts/Swipe';
import { useManner, useNow } from '~/parts/time';
import { useListKeys } from '~/parts/useListKeys';
import { BUCKETS, bucketOf, UNTIL } from './days';
import { QuickAdd } from './QuickAdd';
import { useDone } from './useDone';

export function MyWork() {
  const { person } = useSearch({ strict: false }) as { person?: string };
  const { data: me } = useMe();
  const people = usePeople();
  const own = !person || person === me?.user.id;
  const name = person ? people.get(person)?.name : undefined;
  return (
    <Page title={own ? 'My work' : `What ${name ?? 'somebody'} works on`}>
      {own && <RunningTimer />}
      {own && <QuickAdd />}
      <Work assignee={own ? 'me' : person} own={own} />
    </Page>
  );
}

function RunningTimer() {
  const mayLog = useMay('time.log');
  const { data: timer } = useQuery({ ...timerQuery, enabled: mayLog });
  const { stop } = useTime();
  if (!timer) return null;
  return (
    <Paper withBorder p="sm" role="region" aria-label="Running timer">
      <Group justify="space-between" wrap="nowrap">
        <Group gap="sm">
          <TaskLink task={timer.task_key} fw={600}>
            {timer.task_key}
          </TaskLink>
          <Elapsed since={timer.started_at} />
        </Group>
        <Button
          size="xs"
          color="red.8"
          leftSection={<IconPlayerStop size={14} aria-hidden />}
          loading={stop.isPending}
          onClick={() => stop.mutate(timer.task)}
        >
          Stop
        </Button>
      </Group>
    </Paper>
  );
}

function Work({ assignee, own }: { assignee: string; own: boolean }) {
  const filter = { assignee, category: 'todo,in_progress', sort: 'due_at,-priority' };
  const { data, error, refetch } = useQuery(tasksQuery(filter));
  const now = useNow();
  const { timeZone } = useManner();
  const open = (data ?? []).filter(({ category }) => category === 'todo' || category === 'in_progress');
  const groups = BUCKETS.map((bucket) => ({
    ...bucket,
    tasks: open.filter(({ due_at }) => bucketOf(due_at, now, timeZone) === bucket.key),
  })).filter(({ tasks }) => tasks.length > 0);
  const inOrder = groups.flatMap(({ tasks }) => tasks);
  const openTask = useOpenTask();
  const { complete, snooze } = useDone();
  const at = useListKeys(inOrder.length, (index) => void openTask(inOrder[index]!.key), [
    { keys: 'x', label: 'Complete the task', run: (index) => void complete(inOrder[index]!) },
    { keys: 's', label: 'Put the task off until tomorrow', run: (index) => snooze(inOrder[index]!, 'tomorrow') },
  ]);
  if (error && !data) return <ProblemAlert error={error} retry={refetch} />;
  if (!data) {
    return (
      <Stack aria-busy="true" aria-label="Loading what is to be done">
        {[1, 2, 3, 4].map((line) => (
          <Skeleton key={line} height={48} />
        ))}
      </Stack>
    );
  }
  if (open.length === 0) {
    return (
      <Empty icon={IconConfetti} title={own ? 'You have nothing to do' : 'There is nothing to do'}>
        {own && 'Tasks that are assigned to you stand here, sorted by when they are due. Add one above.'}
      </Empty>
    );
  }
  return (
    <Stack gap="lg">
      {groups.map(({ key, label, tasks }) => (
        <Stack key={key} gap={6} component="section" aria-label={label}>
          <Group gap="xs">
            <Title order={2} size="h5" c={key === 'overdue' ? 'var(--mantine-color-error)' : undefined}>
              {label}
            </Title>
            <Text size="sm" c="dimmed">
              {tasks.length}
            </Text>
          </Group>
          <Paper withBorder component="ul" m={0} p={0} style={{ listStyle: 'none', overflow: 'hidden' }}>
            {tasks.map((task) => (
              <Item key={task.id} task={task} current={inOrder[at]?.id === task.id} />
            ))}
          </Paper>
        </Stack>
      ))}
    </Stack>
  );
}

function Item({ task, current }: { task: Task; current: boolean }) {
  const mayEdit = useMay('task.edit', task.project);
  const { complete, snooze } = useDone();
  const done = () => void complete(task);
  const line = (
    <Group gap="xs" wrap="nowrap" px="sm" py={6} mih={48}>
      {mayEdit && (
        <ActionIcon
          variant="subtle"
          color="gray"
          radius="xl"
          size="lg"
          aria-label={`Complete ${task.key}`}
          onClick={done}
        >
          <IconCircle size={20} />
        </ActionIcon>
      )}
      <div style={{ flex: 1, minWidth: 0 }}>
        <TaskLink task={task.key} size="sm" fw={500} c="var(--mantine-color-text)" style={{ overflowWrap: 'anywhere' }}>
          {task.title}
        </TaskLink>
        <Group gap="xs">
          <Text size="xs" c="dimmed">
            {task.key}
          </Text>
          <Due task={task} />
        </Group>
      </div>
      <PriorityIcon priority={task.priority} />
      {mayEdit && (
        <Menu position="bottom-end" width={180}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Put ${task.key} off`}>
              <IconClockPause size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {UNTIL.map(({ key, label }) => (
              <Menu.Item key={key} onClick={() => snooze(task, key)}>
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
  return (
    <li className="list-item" data-list-item data-current={current || undefined}>
      {mayEdit ? (
        <Swipe
          forth={{ label: 'Done', icon: <IconCheck size={18} />, run: done }}
          back={{ label: 'Tomorrow', icon: <IconClockPause size={18} />, run: () => snooze(task, 'tomorrow') }}
        >
          {line}
        </Swipe>
      ) : (
        line
      )}
    </li>
  );
}
