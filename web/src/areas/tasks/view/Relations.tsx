/** What a task waits for, and what it has to do with other tasks. */
import { ActionIcon, Badge, Button, Group, Paper, Select, Stack, Text } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { LinkType, Task } from '~/api/schema';
import { workflowQuery } from '~/areas/projects/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { dependenciesQuery, linksQuery } from '../details';
import { TaskPicker } from '../fields/TaskPicker';
import { taskQuery } from '../queries';
import { TaskLink } from '../TaskLink';
import { Section } from './Section';
import classes from './task.module.css';

export const LINKS: Record<LinkType, string> = {
  relates_to: 'relates to',
  blocks: 'blocks',
  is_blocked_by: 'is blocked by',
  duplicates: 'duplicates',
  is_duplicated_by: 'is duplicated by',
  clones: 'is a copy of',
  is_cloned_by: 'was copied to',
  causes: 'causes',
  is_caused_by: 'is caused by',
};

const TIED: Record<string, string> = {
  FS: 'begins after',
  SS: 'begins with',
  FF: 'ends with',
  SF: 'ends after the start of',
};

const KINDS = [
  { group: 'In the plan', items: [{ value: 'waits', label: 'waits for' }] },
  { group: 'Said only', items: Object.entries(LINKS).map(([value, label]) => ({ value, label })) },
];

export function Relations({ task, may }: { task: Task; may: boolean }) {
  const { data: links = [] } = useQuery(linksQuery(task.id));
  const { data: dependencies = [] } = useQuery(dependenciesQuery(task.id));
  const [adding, setAdding] = useState(false);
  const { unlink, free } = useRelations(task);
  const count = links.length + dependencies.length;
  if (count === 0 && !may) return null;
  return (
    <Section
      title="Linked tasks"
      count={count}
      action={
        may && (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPlus size={14} />}
            aria-label="Link a task"
            onClick={() => setAdding(true)}
          >
            Add
          </Button>
        )
      }
    >
      {adding && <AddRelation task={task} done={() => setAdding(false)} />}
      <div>
        {dependencies.map(({ predecessor, type, lag }) => (
          <Predecessor
            key={predecessor}
            id={predecessor}
            how={`${TIED[type]}${lag ? ` (${lag > 0 ? '+' : '−'}${Math.abs(lag)} min)` : ''}`}
            remove={may ? () => free.mutate(predecessor) : undefined}
          />
        ))}
        {links.map(({ type, other }) => (
          <Other
            key={`${type} ${other.id}`}
            how={LINKS[type]}
            other={other}
            remove={may ? () => unlink.mutate({ other: other.id, type }) : undefined}
          />
        ))}
      </div>
    </Section>
  );
}

function Predecessor({ id, how, remove }: { id: string; how: string; remove?: () => void }) {
  const { data: other } = useQuery(taskQuery(id));
  return other ? <Other how={how} other={other} remove={remove} /> : null;
}

function Other({
  how,
  other,
  remove,
}: {
  how: string;
  other: Pick<Task, 'key' | 'title' | 'status' | 'project'>;
  remove?: () => void;
}) {
  const { data: workflow } = useQuery(workflowQuery(other.project));
  const status = workflow?.statuses.find(({ key }) => key === other.status);
  const over = status?.category === 'done' || status?.category === 'cancelled';
  return (
    <div className={classes.item}>
      <Text size="xs" c="dimmed" style={{ flexShrink: 0 }} w={92}>
        {how}
      </Text>
      <TaskLink task={other.key} size="sm" td={over ? 'line-through' : undefined} style={{ flex: 1, minWidth: 0 }}>
        {other.key} {other.title}
      </TaskLink>
      <Badge variant="default" tt="none" fw={500} style={{ flexShrink: 0 }}>
        {status?.name ?? other.status}
      </Badge>
      {remove && (
        <ActionIcon variant="subtle" color="gray" aria-label={`Remove the link to ${other.key}`} onClick={remove}>
          <IconX size={14} />
        </ActionIcon>
      )}
    </div>
  );
}

function useRelations(task: Task) {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: ['tasks'] });
  const path = { id: task.id };
  const unlink = useMutation({
    mutationFn: ({ other, type }: { other: string; type: LinkType }) =>
      ask(
        api.DELETE('/api/v1/tasks/{id}/links/{other}', {
          params: { path: { ...path, other }, query: { type } } as never,
        }),
      ),
    onSettled,
  });
  const free = useMutation({
    mutationFn: (predecessor: string) =>
      ask(api.DELETE('/api/v1/tasks/{id}/dependencies/{predecessor}', { params: { path: { ...path, predecessor } } })),
    onSettled,
  });
  const add = useMutation({
    meta: { quiet: true },
    mutationFn: async ({ kind, other }: { kind: string; other: string }) => {
      const params = { path };
      if (kind === 'waits')
        await ask(api.POST('/api/v1/tasks/{id}/dependencies', { params, body: { predecessor: other } }));
      else await ask(api.POST('/api/v1/tasks/{id}/links', { params, body: { other, type: kind as LinkType } }));
    },
    onSettled,
  });
  return { unlink, free, add };
}

function AddRelation({ task, done }: { task: Task; done: () => void }) {
  const [kind, setKind] = useState('waits');
  const { add } = useRelations(task);
  return (
    <Paper withBorder p="xs">
      <Stack gap="xs">
        <Text size="xs" c="dimmed">
          This task …
        </Text>
        <Group gap="xs" align="flex-start">
          <Select
            w={150}
            data={KINDS}
            value={kind}
            onChange={(value) => value && setKind(value)}
            allowDeselect={false}
            aria-label="How it is linked"
          />
          <div style={{ flex: '1 1 180px' }}>
            <TaskPicker
              key={kind}
              project={kind === 'waits' ? task.project : undefined}
              except={[task.id]}
              aria-label="The other task"
              placeholder="Key or words of the title"
              onPick={(other) => other && add.mutate({ kind, other: other.id }, { onSuccess: done })}
            />
          </div>
          <Button variant="default" onClick={done}>
            Cancel
          </Button>
        </Group>
        <ProblemAlert error={add.error} />
      </Stack>
    </Paper>
  );
}
