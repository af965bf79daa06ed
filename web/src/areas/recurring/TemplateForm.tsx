import { Text, TextInput } from '@mantine/core';
import { api, ask, ifMatch } from '~/api/client';
import type { TaskBody, TaskTemplate } from '~/api/schema';
import { FormModal } from '~/parts/FormModal';
import { BodyForm, sendable } from './BodyForm';
import { BodyProblems } from './BodyProblems';
import { placeholders } from './rrule';

/** Writes a template down, or changes it as it was seen. */
export function TemplateForm(props: { project: string; template?: TaskTemplate; opened: boolean; close: () => void }) {
  const { project, template, opened, close } = props;
  return (
    <FormModal
      opened={opened}
      close={close}
      size="lg"
      title={template ? template.name : 'New template'}
      initial={{ name: template?.name ?? '', task: (template?.task ?? { title: '' }) as TaskBody }}
      action="Save"
      touches="task_templates"
      run={({ name, task }) => {
        const body = { name, task: sendable(task) };
        if (!template)
          return ask(api.POST('/api/v1/projects/{id}/task-templates', { params: { path: { id: project } }, body }));
        const params = { path: { id: template.id }, header: ifMatch(template.version) };
        return ask(api.PATCH('/api/v1/task-templates/{id}', { params, body }));
      }}
    >
      {(form) => {
        const names = placeholders(form.values.task);
        return (
          <>
            <TextInput
              label="Name of the template"
              placeholder="New customer"
              required
              maxLength={200}
              data-autofocus
              {...form.getInputProps('name')}
            />
            <Text size="sm" c="dimmed">
              What stands in double braces, such as {'{{ customer }}'}, is asked for each time.
              {names.length > 0 && ` Here: ${names.join(', ')}.`}
            </Text>
            <BodyForm
              project={project}
              value={form.values.task}
              onChange={(task) => form.setFieldValue('task', task)}
              errors={form.errors}
            />
            <BodyProblems errors={form.errors} />
          </>
        );
      }}
    </FormModal>
  );
}
