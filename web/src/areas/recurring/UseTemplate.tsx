import { Alert, Select, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import dayjs from 'dayjs';
import { api, ask } from '~/api/client';
import type { TaskTemplate } from '~/api/schema';
import { sprintsQuery } from '~/areas/projects/queries';
import { TaskPicker } from '~/areas/tasks/fields/TaskPicker';
import { TaskLink } from '~/areas/tasks/TaskLink';
import { FormModal } from '~/parts/FormModal';

/** Makes the tasks of a template. */
export function UseTemplate(props: { project: string; template: TaskTemplate; opened: boolean; close: () => void }) {
  const { project, template, opened, close } = props;
  const { data: sprints = [] } = useQuery({ ...sprintsQuery(project), enabled: opened });
  const open = sprints.filter(({ state }) => state !== 'closed');
  return (
    <FormModal
      opened={opened}
      close={close}
      title={`Make “${template.name}”`}
      initial={{
        variables: Object.fromEntries(template.variables.map((name) => [name, ''])) as Record<string, string>,
        start: dayjs().format('YYYY-MM-DD'),
        parent: null as { id: string; key: string; title: string } | null,
        sprint: null as string | null,
      }}
      action="Make the tasks"
      touches="board"
      run={({ variables, start, parent, sprint }) =>
        ask(
          api.POST('/api/v1/task-templates/{id}/apply', {
            params: { path: { id: template.id } },
            body: {
              variables,
              parent: parent?.id,
              sprint,
              start: start === dayjs().format('YYYY-MM-DD') ? undefined : dayjs(`${start}T09:00`).toISOString(),
            },
          }),
        )
      }
      after={({ task, keys }) => (
        <Alert
          color="green"
          role="status"
          title={keys.length === 1 ? 'The task is made' : `${keys.length} tasks are made`}
        >
          <TaskLink task={task.key} size="sm" onClick={close}>
            {task.key} {task.title}
          </TaskLink>
        </Alert>
      )}
    >
      {(form) => (
        <>
          {template.variables.map((name, at) => (
            <TextInput
              key={name}
              label={name.replaceAll('_', ' ')}
              required
              data-autofocus={at === 0 || undefined}
              {...form.getInputProps(`variables.${name}`)}
            />
          ))}
          {template.variables.length === 0 && (
            <Text size="sm">“{template.task.title}” is made, with everything that belongs to it.</Text>
          )}
          <TextInput
            label="Dates count from"
            type="date"
            required
            withAsterisk={false}
            {...form.getInputProps('start')}
          />
          <TaskPicker
            label="Part of the task"
            placeholder="None: a task of its own"
            project={project}
            clearable
            value={form.values.parent ?? undefined}
            onPick={(parent) => form.setFieldValue('parent', parent)}
          />
          {open.length > 0 && (
            <Select
              label="In the sprint"
              placeholder="None"
              clearable
              clearButtonProps={{ 'aria-label': 'Clear the sprint' }}
              data={open.map(({ id, name }) => ({ value: id, label: name }))}
              {...form.getInputProps('sprint')}
            />
          )}
        </>
      )}
    </FormModal>
  );
}
