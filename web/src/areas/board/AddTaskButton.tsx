import { ActionIcon, Tooltip } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useRouterState } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useShortcuts } from '~/app/shortcuts';
import { useMay } from '~/areas/account/queries';
import { addTask, useAddTask } from './addTask';

const AddTask = lazy(async () => ({ default: (await import('./AddTask')).AddTask }));

/** The way to a new task from every page: a button in the header, and the key `c`. */
export function AddTaskButton() {
  // The header stands above the page whose project it is.
  const key = useRouterState({
    select: ({ matches }) => (matches.at(-1)?.params as { key?: string } | undefined)?.key,
  });
  const may = useMay('task.create', key);
  const opened = useAddTask() !== undefined;
  const open = () => addTask.open({ project: key });
  useShortcuts(may ? [{ keys: 'c', label: 'New task', group: 'Everywhere', run: open }] : []);
  if (!may) return null;
  return (
    <>
      <Tooltip label="New task (c)" openDelay={400}>
        <ActionIcon variant="filled" size="lg" radius="xl" aria-label="New task" aria-keyshortcuts="c" onClick={open}>
          <IconPlus size={20} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Suspense>{opened && <AddTask />}</Suspense>
    </>
  );
}
