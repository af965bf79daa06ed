import { ActionIcon, Button, Group, Progress, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Task } from '~/api/schema';
import { Faces } from '../fields/People';
import { PriorityIcon, StatusIcon } from '../look';
import { tasksQuery, useCreateTask } from '../queries';
import { TaskLink } from '../TaskLink';
import { Section } from './Section';
import classes from './task.module.css';
import { Due } from './values';

const isDone = ({ category }: Task) => category === 'done' || category === 'cancelled';

/** The tasks that this one is made of. */
export function Subtasks({ task, may }: { task: Task; may: boolean }) {
  const { data: subtasks = [] } = useQuery(tasksQuery({ parent: task.id, sort: 'created_at' }));
  const [adding, setAdding] = useState(false);
  const done = subtasks.filter(isDone).length;
  if (subtasks.length === 0 && !may) return null;
  return (
    <Section
      title="Subtasks"
      count={subtasks.length}
      action={
        may && (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPlus size={14} />}
            aria-label="Add a subtask"
            onClick={() => setAdding(true)}
          >
            Add
          </Button>
        )
      }
    >
      {subtasks.length > 0 && (
        <Progress
          value={(done / subtasks.length) * 100}
          size="xs"
          aria-label={`${done} of ${subtasks.length} subtasks done`}
        />
      )}
      <div>
        {subtasks.map((one) => (
          <TaskItem key={one.id} task={one} />
        ))}
      </div>
      {adding && <AddSubtask task={task} done={() => setAdding(false)} />}
    </Section>
  );
}

/** A task in a line, which leads to it. */
export function TaskItem({ task, actions }: { task: Task; actions?: React.ReactNode }) {
  return (
    <div className={classes.item}>
      <StatusIcon category={task.category} />
      <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
        {task.key}
      </Text>
      <TaskLink
        task={task.key}
        size="sm"
        c="var(--mantine-color-text)"
        td={isDone(task) ? 'line-through' : undefined}
        style={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}
      >
        {task.title}
      </TaskLink>
      <Due task={task} />
      <PriorityIcon priority={task.priority} />
      <Faces ids={task.assignees} size={22} />
      {actions}
    </div>
  );
}

function AddSubtask({ task, done }: { task: Task; done: () => void }) {
  const [title, setTitle] = useState('');
  const create = useCreateTask();
  const add = () => {
    if (!title.trim()) return done();
    create.mutate(
      { project: task.project, task: { title: title.trim(), parent: task.id } },
      { onSuccess: () => setTitle('') },
    );
  };
  return (
    <Stack gap="xs">
      <Group gap="xs" wrap="nowrap">
        <TextInput
          flex={1}
          autoFocus
          aria-label="Title of the subtask"
          placeholder="What is to be done?"
          value={title}
          maxLength={500}
          data-mantine-stop-propagation="true"
          onChange={(event) => setTitle(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') add();
            if (event.key === 'Escape') done();
          }}
        />
        <ActionIcon size="lg" aria-label="Add it" onClick={add} loading={create.isPending}>
          <IconPlus size={18} />
        </ActionIcon>
        <Button variant="default" onClick={done}>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
