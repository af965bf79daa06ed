import { Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ask, ifMatch } from '~/api/client';
import { Problem } from '~/api/problem';
import type { Part, Project } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { Confirm } from '~/parts/Confirm';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { suggestKey } from '../key';
import { useArchiveProject } from '../queries';
import { useCopyProject } from './queries';
import { Section } from './Section';

/** Copying a project, putting it away, and deleting it. */
export function Putting({ project }: { project: Project; mayEdit: boolean }) {
  const mayCreate = useMay('project.create');
  const mayDelete = useMay('project.delete', project.key);
  return (
    <>
      {mayCreate && <Copy project={project} />}
      <Archive project={project} />
      {mayDelete && <Delete project={project} />}
    </>
  );
}

const PARTS: Record<Part, string> = {
  tasks: 'Tasks, as if nobody had begun',
  assignees: 'Who works on them',
  dependencies: 'What waits for what',
  milestones: 'Milestones',
  schedules: 'Calendar and dates of the plan',
};

function Copy({ project }: { project: Project }) {
  const navigate = useNavigate();
  const copy = useCopyProject(project.key);
  const name = `Copy of ${project.name}`.slice(0, 200);
  const form = useForm({
    initialValues: { name, key: suggestKey(name), include: Object.keys(PARTS) as Part[] },
  });
  const submit = form.onSubmit(({ name, key, include }) =>
    copy.mutate(
      { name, key, include: include.filter((part) => include.includes('tasks') || !NEEDS_TASKS.includes(part)) },
      {
        onSuccess: (made) => void navigate({ to: '/projects/$key', params: { key: made.key } }),
        onError: (error) => {
          if (error instanceof Problem) form.setErrors(error.byField());
        },
      },
    ),
  );
  const failed = copy.error instanceof Problem && copy.error.errors.length > 0 ? null : copy.error;
  return (
    <Section title="Copy" lead="Makes another project with the same workflow, types and fields.">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Group gap="sm" align="flex-start">
            <TextInput label="Name of the copy" required w={280} maxLength={200} {...form.getInputProps('name')} />
            <TextInput
              label="Key"
              required
              w={140}
              maxLength={10}
              {...form.getInputProps('key')}
              onChange={(event) => form.setFieldValue('key', event.currentTarget.value.toUpperCase())}
            />
          </Group>
          <Checkbox.Group label="With its" {...form.getInputProps('include')}>
            <Stack gap={8} mt={6}>
              {Object.entries(PARTS).map(([part, label]) => (
                <Checkbox
                  key={part}
                  value={part}
                  label={label}
                  disabled={NEEDS_TASKS.includes(part as Part) && !form.values.include.includes('tasks')}
                />
              ))}
            </Stack>
          </Checkbox.Group>
          <ProblemAlert error={failed} />
          <div>
            <Button type="submit" variant="default" loading={copy.isPending}>
              Copy project
            </Button>
          </div>
        </Stack>
      </form>
    </Section>
  );
}

const NEEDS_TASKS: Part[] = ['assignees', 'dependencies'];

function Archive({ project }: { project: Project }) {
  const archive = useArchiveProject();
  const archived = project.status === 'archived';
  return (
    <Section
      title={archived ? 'Take it up again' : 'Archive'}
      lead={
        archived
          ? 'The project is put away and only read. It can become active again as it was.'
          : 'Puts the project away: it stays readable, nothing in it changes, and lists leave it out.'
      }
    >
      <Button
        variant="default"
        loading={archive.isPending}
        onClick={() =>
          archive.mutate(
            { id: project.id, archive: !archived },
            { onSuccess: () => say(archived ? `${project.name} is active again.` : `${project.name} is archived.`) },
          )
        }
      >
        {archived ? 'Take up again' : 'Archive project'}
      </Button>
    </Section>
  );
}

function Delete({ project }: { project: Project }) {
  const [asking, dialog] = useDisclosure();
  const [typed, setTyped] = useState('');
  const navigate = useNavigate();
  const client = useQueryClient();
  const run = async () => {
    if (typed !== project.key) throw new Error(`Type ${project.key} to delete it.`);
    const params = { path: { id: project.id }, header: ifMatch(project.version) };
    await ask(api.DELETE('/api/v1/projects/{id}', { params }));
    void client.invalidateQueries({ queryKey: ['projects'] });
    say(`${project.name} is deleted.`);
    await navigate({ to: '/projects' });
  };
  return (
    <Section title="Delete" lead="Deletes the project with all of its tasks, comments and files. There is no way back.">
      <Button color="red.8" onClick={dialog.open}>
        Delete project
      </Button>
      <Confirm
        opened={asking}
        close={dialog.close}
        title={`Delete ${project.name}?`}
        action="Delete for good"
        run={run}
      >
        <Stack gap="sm">
          <Text size="sm">Everything in it is gone for everybody. To put it away instead, archive it.</Text>
          <TextInput
            label={`Type ${project.key} to go on`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        </Stack>
      </Confirm>
    </Section>
  );
}
