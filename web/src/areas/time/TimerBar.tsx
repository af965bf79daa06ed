/** One's timer, on whatever task it runs, and a way to start it. */
import { Button, Group, Paper, Text } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Task } from '~/api/schema';
import { TaskPicker } from '~/areas/tasks/fields/TaskPicker';
import { taskQuery } from '~/areas/tasks/queries';
import { TaskLink } from '~/areas/tasks/TaskLink';
import { timerQuery, useTime } from '~/areas/tasks/time';
import { Elapsed } from '~/areas/tasks/view/TimeSpent';

export function TimerBar() {
  const { data: timer } = useQuery(timerQuery);
  const { data: task } = useQuery({ ...taskQuery(timer?.task ?? ''), enabled: !!timer });
  const { start, stop } = useTime();
  const [chosen, setChosen] = useState<Task>();
  if (timer === undefined) return null;
  return (
    <Paper withBorder p="sm" bg="var(--app-card)" component="section" aria-label="Timer">
      {timer ? (
        <Group justify="space-between" gap="sm">
          <Group gap="sm" style={{ minWidth: 0, flex: '1 1 200px' }} wrap="nowrap">
            <Elapsed since={timer.started_at} />
            <TaskLink task={timer.task_key} size="sm" truncate>
              {timer.task_key} {task?.title}
            </TaskLink>
          </Group>
          <Button
            size="xs"
            color="red.8"
            leftSection={<IconPlayerStop size={14} aria-hidden />}
            loading={stop.isPending}
            onClick={() => stop.mutate(timer.task)}
          >
            Stop the timer
          </Button>
        </Group>
      ) : (
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            What are you working on?
          </Text>
          <div style={{ flex: '1 1 220px' }}>
            <TaskPicker
              aria-label="Task to be timed"
              placeholder="Find a task"
              clearable
              value={chosen}
              onPick={(picked) => setChosen(picked ?? undefined)}
            />
          </div>
          <Button
            size="sm"
            variant="default"
            leftSection={<IconPlayerPlay size={14} aria-hidden />}
            disabled={!chosen}
            loading={start.isPending}
            onClick={() => chosen && start.mutate(chosen.id, { onSuccess: () => setChosen(undefined) })}
          >
            Start the timer
          </Button>
        </Group>
      )}
    </Paper>
  );
}
