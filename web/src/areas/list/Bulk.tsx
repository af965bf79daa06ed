/** Changing many tasks at once: what it comes to is said before, and it can be undone afterwards. */
import { Alert, Button, Group, List, Modal, Paper, Select, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { Edited, Task, TaskPatch } from '~/api/schema';
import { labelsQuery } from '~/areas/projects/queries';
import { PeoplePicker } from '~/areas/tasks/fields/People';
import { MomentPicker } from '~/areas/tasks/fields/When';
import { PRIORITIES } from '~/areas/tasks/look';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { complain, say } from '~/parts/toast';
import { UndoMessage } from '~/parts/UndoMessage';
import type { Shelf } from './columns';
import { LabelChoice } from './LabelChoice';
import classes from './list.module.css';
import type { Choosing } from './useChoosing';

/** The server changes at most so many together. */
const MOST = 1000;

export function Bulk({ tasks, choosing, shelf }: { tasks: Task[]; choosing: Choosing; shelf: Shelf }) {
  const [open, setOpen] = useState(false);
  const chosen = tasks.filter(({ id }) => choosing.ids.has(id));
  if (chosen.length === 0) return null;
  return (
    <Paper withBorder shadow="md" p="xs" className={classes.bar} role="region" aria-label="Chosen tasks">
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600} component="output" aria-live="polite" ps="xs">
          {chosen.length} chosen
        </Text>
        <Group gap="xs">
          <Button size="sm" onClick={() => setOpen(true)} disabled={chosen.length > MOST}>
            Change them
          </Button>
          <Button size="sm" variant="default" onClick={choosing.clear}>
            Choose none
          </Button>
        </Group>
      </Group>
      {chosen.length > MOST && (
        <Text size="xs" c="dimmed" p="xs">
          At most {MOST} tasks can be changed together.
        </Text>
      )}
      {open && (
        <ChangeAll
          tasks={chosen}
          shelf={shelf}
          close={() => setOpen(false)}
          done={() => {
            setOpen(false);
            choosing.clear();
          }}
        />
      )}
    </Paper>
  );
}

const FIELDS = [
  { value: 'status', label: 'Status' },
  { value: 'priority', label: 'Priority' },
  { value: 'assignees', label: 'Assignees' },
  { value: 'due_at', label: 'Due date' },
  { value: 'labels', label: 'Labels' },
  { value: 'type', label: 'Type' },
  { value: 'milestone', label: 'Milestone' },
  { value: 'sprint', label: 'Sprint' },
];

function useBulk(tasks: Task[]) {
  const client = useQueryClient();
  const fresh = () => client.invalidateQueries({ queryKey: ['tasks'] });
  const edit = (patch: TaskPatch, dry_run: boolean) =>
    ask(
      api.POST('/api/v1/tasks/bulk', {
        body: { filter: { key: tasks.map(({ key }) => key).join(',') }, patch, dry_run },
      }),
    );
  const undo = async (id: string) => {
    try {
      const { restored, conflicts } = await ask(api.POST('/api/v1/tasks/bulk/{id}/undo', { params: { path: { id } } }));
      const left = conflicts?.length ? ` ${conflicts.length} were changed by others since, and stay.` : '';
      say(`${restored} tasks are as they were.${left}`);
      await fresh();
    } catch (error) {
      complain(error);
    }
  };
  return { edit, undo, fresh };
}

function ChangeAll({
  tasks,
  shelf,
  close,
  done,
}: {
  tasks: Task[];
  shelf: Shelf;
  close: () => void;
  done: () => void;
}) {
  const [field, setField] = useState('status');
  const [value, setValue] = useState<unknown>();
  const { edit, undo, fresh } = useBulk(tasks);
  const ready = value !== undefined;
  const patch = { [field]: value } as TaskPatch;
  const trial = useQuery({
    queryKey: ['tasks', 'bulk', tasks.map(({ id, version }) => `${id}${version}`).join(), patch],
    queryFn: () => edit(patch, true),
    enabled: ready,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const apply = useMutation({
    meta: { quiet: true },
    mutationFn: () => edit(patch, false),
    onSuccess: ({ id, changed }) => {
      void fresh();
      const text = changed === 1 ? '1 task was changed.' : `${changed} tasks were changed.`;
      if (id)
        notifications.show({
          id,
          autoClose: 15_000,
          message: <UndoMessage id={id} text={text} undo={() => void undo(id)} />,
        });
      else say(text);
      done();
    },
  });
  return (
    <Modal opened onClose={close} title={`Change ${tasks.length} tasks`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Select
          label="Field"
          allowDeselect={false}
          data={FIELDS.filter(
            ({ value: name }) =>
              (name !== 'milestone' || shelf.milestones.length > 0) && (name !== 'sprint' || shelf.sprints.length > 0),
          )}
          value={field}
          onChange={(next) => {
            setField(next ?? 'status');
            setValue(undefined);
          }}
        />
        <NewValue key={field} field={field} value={value} shelf={shelf} set={setValue} />
        {ready && <Outcome trial={trial.data} tasks={tasks} />}
        <ProblemAlert error={trial.error ?? apply.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            disabled={!ready || !trial.data || trial.data.changed === 0}
            loading={apply.isPending}
            onClick={() => apply.mutate()}
          >
            {trial.data ? `Change ${trial.data.changed}` : 'Change'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Outcome({ trial, tasks }: { trial?: Edited; tasks: Task[] }) {
  if (!trial) return null;
  const key = (id: string) => tasks.find((task) => task.id === id || task.key === id)?.key ?? id;
  const failed = trial.failed ?? [];
  return (
    <Alert color={failed.length > 0 ? 'yellow' : 'blue'} role="status">
      <Text size="sm">
        {trial.changed} of {trial.matched} tasks would change.
      </Text>
      {failed.length > 0 && (
        <List size="sm" mt={4}>
          {failed.slice(0, 5).map(({ task, problem }) => (
            <List.Item key={task}>
              {key(task)}: {problem.detail}
            </List.Item>
          ))}
          {failed.length > 5 && <List.Item>and {failed.length - 5} more that cannot be changed</List.Item>}
        </List>
      )}
    </Alert>
  );
}

function NewValue({
  field,
  value,
  shelf,
  set,
}: {
  field: string;
  value: unknown;
  shelf: Shelf;
  set: (value: unknown) => void;
}) {
  const { data: labels = [] } = useQuery({ ...labelsQuery(shelf.project), enabled: field === 'labels' });
  const NONE = 'none';
  const one = (data: { value: string; label: string }[], none?: string) => (
    <Select
      label="New value"
      placeholder="Choose"
      searchable
      data={none ? [{ value: NONE, label: none }, ...data] : data}
      value={value === null ? NONE : ((value as string) ?? null)}
      onChange={(next) => set(next === NONE ? null : (next ?? undefined))}
    />
  );
  const keyed = (list: { key: string; name: string }[]) => list.map(({ key, name }) => ({ value: key, label: name }));
  const named = (list: { id: string; name: string }[]) => list.map(({ id, name }) => ({ value: id, label: name }));
  switch (field) {
    case 'status':
      return one(keyed(shelf.statuses));
    case 'priority':
      return one(PRIORITIES);
    case 'type':
      return one(keyed(shelf.types));
    case 'milestone':
      return one(named(shelf.milestones), 'No milestone');
    case 'sprint':
      return one(named(shelf.sprints.filter(({ state }) => state !== 'closed')), 'No sprint');
    case 'assignees':
      return (
        <Stack gap={4}>
          <PeoplePicker label="New assignees" value={(value as string[]) ?? []} onChange={set} />
          <Button size="compact-xs" variant="subtle" onClick={() => set([])} w="fit-content">
            Nobody
          </Button>
        </Stack>
      );
    case 'labels':
      return <LabelChoice known={labels.map(({ label }) => label)} value={value as string[] | undefined} set={set} />;
    default:
      return (
        <Stack gap={4}>
          <MomentPicker label="New date" value={(value as string) ?? null} onChange={set} />
          <Button size="compact-xs" variant="subtle" onClick={() => set(null)} w="fit-content">
            No date
          </Button>
        </Stack>
      );
  }
}
