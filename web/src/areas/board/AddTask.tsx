import { Button, Group, Modal, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import dayjs from 'dayjs';
import { Problem } from '~/api/problem';
import { useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { projectsQuery, workflowQuery } from '~/areas/projects/queries';
import { useCreateTask } from '~/areas/tasks/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { addTask, type Preset, useAddTask } from './addTask';

const LAST = 'trackside.last-project';

/** The form for a new task, which opens over whatever page is there. */
export function AddTask() {
  const preset = useAddTask();
  return (
    <Modal
      opened={preset !== undefined}
      onClose={addTask.close}
      title="New task"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {preset && <Form preset={preset} />}
    </Modal>
  );
}

function Form({ preset }: { preset: Preset }) {
  const { data: me } = useMe();
  const people = usePeople();
  const projects = useQuery(projectsQuery);
  const create = useCreateTask();
  const form = useForm({
    initialValues: {
      title: preset.title ?? '',
      project: preset.project ?? localStorage.getItem(LAST) ?? null,
      status: preset.status ?? null,
      assignee: preset.assignee ?? null,
      due: preset.due ?? '',
    },
  });
  const open = projects.data ?? [];
  // Whoever types fast is done before the projects are there, and knows which one it is for.
  const wanted = form.values.project;
  const project = wanted && (!projects.data || open.some(({ key }) => key === wanted)) ? wanted : open[0]?.key;
  const workflow = useQuery({ ...workflowQuery(project ?? ''), enabled: project !== undefined });
  const statuses = workflow.data?.statuses ?? [];
  const status = statuses.some(({ key }) => key === form.values.status) ? form.values.status : workflow.data?.initial;
  const everyone = [...people.values()].filter(({ state }) => state === 'active');
  const submit = form.onSubmit(({ title, assignee, due }) => {
    if (!project) return;
    const task = {
      title: title.trim(),
      status: status ?? undefined,
      assignees: assignee ? [assignee] : undefined,
      // A day's work may be done until the day is over.
      due_at: due ? dayjs(due).endOf('day').millisecond(0).toISOString() : undefined,
    };
    create.mutate(
      { project, task },
      {
        onSuccess: (made) => {
          localStorage.setItem(LAST, project);
          addTask.close();
          notifications.show({
            role: 'status',
            message: (
              <>
                <Link to="." search={((old: object) => ({ ...old, task: made.key })) as never}>
                  {made.key}
                </Link>{' '}
                is in {open.find(({ key }) => key === project)?.name ?? project}.
              </>
            ),
          });
        },
        onError: (error) => {
          if (error instanceof Problem) form.setErrors(error.byField());
        },
      },
    );
  });
  const failed = create.error instanceof Problem && create.error.errors.length > 0 ? null : create.error;
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Title" required data-autofocus maxLength={500} {...form.getInputProps('title')} />
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <Select
            label="Project"
            required
            searchable
            allowDeselect={false}
            data={open.map(({ key, name }) => ({ value: key, label: name }))}
            value={project ?? null}
            onChange={(value) => form.setFieldValue('project', value)}
          />
          <Select
            label="Status"
            allowDeselect={false}
            data={statuses.map(({ key, name }) => ({ value: key, label: name }))}
            value={status ?? null}
            onChange={(value) => form.setFieldValue('status', value)}
          />
          <Select
            label="Assignee"
            placeholder="Nobody yet"
            clearable
            searchable
            data={everyone.map(({ id, name }) => ({ value: id, label: id === me?.user.id ? `${name} (me)` : name }))}
            {...form.getInputProps('assignee')}
          />
          <TextInput label="Due" type="date" {...form.getInputProps('due')} />
        </SimpleGrid>
        <ProblemAlert error={failed} />
        <Group justify="flex-end">
          <Button variant="default" onClick={addTask.close}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending} disabled={!project}>
            Add task
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
