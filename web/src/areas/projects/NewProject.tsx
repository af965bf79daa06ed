import { Button, Group, Modal, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Problem } from '~/api/problem';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { suggestKey } from './key';
import { projectsQuery, useCreateProject } from './queries';

/** Asks for what a new project needs, and leads to its board. */
export function NewProject({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="New project">
      <Form close={close} />
    </Modal>
  );
}

function Form({ close }: { close: () => void }) {
  const navigate = useNavigate();
  const create = useCreateProject();
  const projects = useQuery(projectsQuery);
  const templates = projects.data?.filter(({ is_template }) => is_template) ?? [];
  const form = useForm({ initialValues: { name: '', key: '', description: '', template: null as string | null } });
  const submit = form.onSubmit(({ name, key, description, template }) =>
    create.mutate(
      { name, key, description: description || undefined, template: template ?? undefined },
      {
        onSuccess: (project) => {
          close();
          void navigate({ to: '/projects/$key', params: { key: project.key } });
        },
        onError: (error) => {
          if (error instanceof Problem) form.setErrors(error.byField());
        },
      },
    ),
  );
  const failed = create.error instanceof Problem && create.error.errors.length > 0 ? null : create.error;
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          placeholder="Website relaunch"
          required
          data-autofocus
          {...form.getInputProps('name')}
          onChange={({ currentTarget: { value } }) => {
            // A key that the person wrote stays theirs.
            const suggested = form.values.key === suggestKey(form.values.name);
            form.setFieldValue('name', value);
            if (suggested) form.setFieldValue('key', suggestKey(value));
          }}
        />
        <TextInput
          label="Key"
          description="Begins the number of each task, as in WEB-1. It cannot be changed later."
          required
          maxLength={10}
          {...form.getInputProps('key')}
          onChange={({ currentTarget: { value } }) => form.setFieldValue('key', value.toUpperCase())}
        />
        <Textarea label="What is it about?" autosize minRows={2} maxRows={8} {...form.getInputProps('description')} />
        {templates.length > 0 && (
          <Select
            label="Start from"
            placeholder="An empty project"
            clearable
            data={templates.map(({ id, name }) => ({ value: id, label: name }))}
            {...form.getInputProps('template')}
          />
        )}
        <ProblemAlert error={failed} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create project
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
