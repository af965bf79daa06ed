/** A task that is to be made later, with those that it consists of. */
import {
  ActionIcon,
  Button,
  Collapse,
  Group,
  MultiSelect,
  Paper,
  Select,
  SimpleGrid,
  Stack,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { Priority, TaskBody } from '~/api/schema';
import { useActivePeople } from '~/areas/people/queries';
import { typesQuery } from '~/areas/projects/queries';
import { Duration } from '~/areas/rules/templates/Duration';
import { PRIORITIES } from '~/areas/tasks/look';

interface Props {
  project: string;
  value: TaskBody;
  onChange: (value: TaskBody) => void;
  /** What the server says of the fields, by their path: `task.subtasks.0.title`. */
  errors: Record<string, unknown>;
  path?: string;
  depth?: number;
}

/** Levels of tasks that the server takes. */
const DEEPEST = 8;

export function BodyForm({ project, value, onChange, errors, path = 'task', depth = 1 }: Props) {
  const [more, { toggle }] = useDisclosure(depth === 1);
  const set = (part: Partial<TaskBody>) => onChange({ ...value, ...part });
  const error = (field: string) => errors[`${path}.${field}`] as string | undefined;
  const subtasks = value.subtasks ?? [];
  const setSubtask = (at: number, task?: TaskBody) =>
    set({ subtasks: subtasks.flatMap((one, index) => (index === at ? (task ?? []) : one)) });
  return (
    <Stack gap="sm">
      <TextInput
        label={depth === 1 ? 'Title of the task' : 'Title of the subtask'}
        required
        maxLength={500}
        placeholder={depth === 1 ? 'Set up {{ customer }}' : 'Make an account for {{ customer }}'}
        value={value.title}
        error={error('title')}
        onChange={(event) => set({ title: event.currentTarget.value })}
      />
      {depth > 1 && (
        <Button size="compact-sm" variant="subtle" onClick={toggle} aria-expanded={more} style={{ alignSelf: 'start' }}>
          {more ? 'Less about it' : 'More about it'}
        </Button>
      )}
      <Collapse expanded={more}>
        <Details project={project} value={value} set={set} error={error} />
      </Collapse>
      {subtasks.map((subtask, at) => (
        <Paper
          // biome-ignore lint/suspicious/noArrayIndexKey: a subtask that is not made yet has nothing else to be known by.
          key={at}
          withBorder
          p="sm"
          component="section"
          aria-label={`Subtask ${at + 1}`}
        >
          <Group align="flex-start" gap="xs" wrap="nowrap">
            <div style={{ flex: 1, minWidth: 0 }}>
              <BodyForm
                project={project}
                value={subtask}
                onChange={(task) => setSubtask(at, task)}
                errors={errors}
                path={`${path}.subtasks.${at}`}
                depth={depth + 1}
              />
            </div>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Take subtask ${at + 1} out`}
              onClick={() => setSubtask(at)}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Group>
        </Paper>
      ))}
      {depth < DEEPEST && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          style={{ alignSelf: 'start' }}
          onClick={() => set({ subtasks: [...subtasks, { title: '' }] })}
        >
          Add a subtask
        </Button>
      )}
    </Stack>
  );
}

interface DetailsProps {
  project: string;
  value: TaskBody;
  set: (part: Partial<TaskBody>) => void;
  error: (field: string) => string | undefined;
}

function Details({ project, value, set, error }: DetailsProps) {
  const people = useActivePeople();
  const { data: types = [] } = useQuery(typesQuery(project));
  return (
    <Stack gap="sm">
      <Textarea
        label="Description"
        autosize
        minRows={2}
        maxRows={12}
        value={value.description ?? ''}
        error={error('description')}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      <Group grow align="flex-start">
        <Select
          label="Type"
          placeholder="Task"
          clearable
          clearButtonProps={{ 'aria-label': 'Clear the type' }}
          data={types.map(({ key, name }) => ({ value: key, label: name }))}
          value={value.type ?? null}
          error={error('type')}
          onChange={(type) => set({ type })}
        />
        <Select
          label="Priority"
          placeholder="Medium"
          clearable
          clearButtonProps={{ 'aria-label': 'Clear the priority' }}
          data={PRIORITIES}
          value={value.priority ?? null}
          onChange={(priority) => set({ priority: priority as Priority | null })}
        />
      </Group>
      <MultiSelect
        label="Given to"
        searchable
        data={[
          { value: 'applier', label: 'Whoever makes it' },
          { value: 'project_owner', label: 'The owner of the project' },
          ...people.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        value={value.assignees ?? []}
        error={error('assignees')}
        onChange={(assignees) => set({ assignees })}
      />
      <TagsInput
        label="Labels"
        acceptValueOnBlur
        value={value.labels ?? []}
        error={error('labels')}
        onChange={(labels) => set({ labels })}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <Duration
          label="Begins after"
          usual="d"
          value={value.start_in ?? undefined}
          error={error('start_in')}
          onChange={(start_in) => set({ start_in: start_in ?? null })}
        />
        <Duration
          label="Is due after"
          usual="d"
          value={value.due_in ?? undefined}
          error={error('due_in')}
          onChange={(due_in) => set({ due_in: due_in ?? null })}
        />
      </SimpleGrid>
      <Textarea
        label="Checklist"
        description="A line for each box."
        autosize
        minRows={2}
        value={(value.checklist ?? []).join('\n')}
        error={error('checklist')}
        onChange={(event) => {
          const { value: text } = event.currentTarget;
          set({ checklist: text ? text.split('\n') : [] });
        }}
      />
    </Stack>
  );
}

/** The task as it is sent: without boxes and subtasks that nobody filled in. */
export const sendable = (task: TaskBody): TaskBody => ({
  ...task,
  checklist: (task.checklist ?? []).map((line) => line.trim()).filter(Boolean),
  subtasks: (task.subtasks ?? []).map(sendable),
});
