/** The line above a task: where it belongs, who looks at it, and what can be done with it as a whole. */
import { ActionIcon, Anchor, Group, Menu, Text, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import {
  IconArrowsMaximize,
  IconDots,
  IconEye,
  IconEyeCheck,
  IconHelpCircle,
  IconLink,
  IconQuestionMark,
  IconTrash,
  IconX,
} from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { Task } from '~/api/schema';
import { useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { projectQuery } from '~/areas/projects/queries';
import { Confirm } from '~/parts/Confirm';
import { say } from '~/parts/toast';
import { Faces } from '../fields/People';
import { show, taskQuery, useDeleteTask } from '../queries';
import { TaskLink } from '../TaskLink';
import type { Rights } from '../useRights';
import { Why } from './Why';
import { WhyNot } from './WhyNot';

export function Head({
  task,
  rights,
  here,
  close,
  gone,
}: {
  task: Task;
  rights: Rights;
  /** The others who look at it. */
  here: string[];
  /** Closes the drawer; left out on the page of the task. */
  close?: () => void;
  /** What happens once it is deleted. */
  gone: () => void;
}) {
  const { data: project } = useQuery(projectQuery(task.project));
  const { data: parent } = useQuery({ ...taskQuery(task.parent ?? ''), enabled: !!task.parent });
  const [open, setOpen] = useState<'why' | 'why-not' | 'delete'>();
  const done = () => setOpen(undefined);
  const clipboard = useClipboard();
  const remove = useDeleteTask();
  const copy = () => {
    clipboard.copy(`${window.location.origin}/tasks/${task.key}`);
    say('The link is in the clipboard.');
  };
  return (
    <Group gap="xs" wrap="nowrap" justify="space-between">
      <Group gap={6} style={{ minWidth: 0, flex: 1 }} component="nav" aria-label="Where the task belongs">
        {project && (
          <Anchor component={Link} to={`/projects/${project.key}` as '/'} size="sm" truncate maw={160}>
            {project.name}
          </Anchor>
        )}
        {parent && (
          <>
            <Text size="sm" c="dimmed" aria-hidden>
              /
            </Text>
            <TaskLink task={parent.key} size="sm">
              {parent.key}
            </TaskLink>
          </>
        )}
        <Text size="sm" c="dimmed" aria-hidden>
          /
        </Text>
        <Text size="sm" fw={600}>
          {task.key}
        </Text>
      </Group>
      <Group gap={4} wrap="nowrap">
        <Here ids={here} />
        <Watch task={task} />
        <Menu position="bottom-end" width={230}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label="More about this task">
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconLink size={16} />} onClick={copy}>
              Copy link
            </Menu.Item>
            {rights.seeEvents && (
              <Menu.Item leftSection={<IconHelpCircle size={16} />} onClick={() => setOpen('why')}>
                Why is it as it is?
              </Menu.Item>
            )}
            {rights.seeEvents && rights.seeRules && (
              <Menu.Item leftSection={<IconQuestionMark size={16} />} onClick={() => setOpen('why-not')}>
                Why did a rule not run?
              </Menu.Item>
            )}
            {rights.delete && (
              <>
                <Menu.Divider />
                <Menu.Item
                  leftSection={<IconTrash size={16} />}
                  c="var(--mantine-color-error)"
                  onClick={() => setOpen('delete')}
                >
                  Delete
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
        {close && (
          <>
            <Tooltip label="Open as a page">
              <ActionIcon
                component={Link}
                to={`/tasks/${task.key}` as '/'}
                variant="subtle"
                color="gray"
                size="lg"
                aria-label="Open as a page"
              >
                <IconArrowsMaximize size={17} />
              </ActionIcon>
            </Tooltip>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Close" onClick={close}>
              <IconX size={18} />
            </ActionIcon>
          </>
        )}
      </Group>
      {open === 'why' && <Why task={task} close={done} />}
      {open === 'why-not' && <WhyNot task={task} close={done} />}
      <Confirm
        opened={open === 'delete'}
        close={done}
        title={`Delete ${task.key}?`}
        action="Delete the task"
        run={async () => {
          await remove.mutateAsync(task);
          gone();
          say(`${task.key} is deleted.`);
        }}
      >
        “{task.title}” goes away for everybody, with its comments and files. This cannot be undone.
      </Confirm>
    </Group>
  );
}

/** The others who look at the task now. */
function Here({ ids }: { ids: string[] }) {
  const people = usePeople();
  if (ids.length === 0) return null;
  const names = ids.map((id) => people.get(id)?.name ?? 'Somebody').join(', ');
  return (
    <Group role="group" aria-label={`Looking at it now: ${names}`}>
      <Faces ids={ids} size={26} />
    </Group>
  );
}

function Watch({ task }: { task: Task }) {
  const client = useQueryClient();
  const { data: me } = useMe();
  const own = me?.user.id ?? '';
  const watching = task.watchers.includes(own);
  const toggle = useMutation({
    mutationFn: () => {
      const call = { params: { path: { id: task.id, user: 'me' } } };
      return watching
        ? ask(api.DELETE('/api/v1/tasks/{id}/watchers/{user}', call))
        : ask(api.POST('/api/v1/tasks/{id}/watchers/{user}', call));
    },
    onMutate: () => {
      const watchers = watching ? task.watchers.filter((id) => id !== own) : [...task.watchers, own];
      show(client, { ...task, watchers });
    },
    onError: () => show(client, task),
    onSettled: () => client.invalidateQueries({ queryKey: ['tasks'] }),
  });
  const label = watching ? 'Stop watching' : 'Watch: be told what happens';
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant={watching ? 'light' : 'subtle'}
        color={watching ? undefined : 'gray'}
        size="lg"
        aria-label={watching ? 'Stop watching' : 'Watch'}
        aria-pressed={watching}
        onClick={() => toggle.mutate()}
      >
        {watching ? <IconEyeCheck size={18} /> : <IconEye size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}
