import { Button, Group, Select, SimpleGrid, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import dayjs from 'dayjs';
import { useState } from 'react';
import { Problem } from '~/api/problem';
import type { Health, Project, ProjectStatus } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { When } from '~/parts/When';
import { HEALTHS, STATUSES } from '../HealthBadge';
import { useChangeProject } from '../queries';
import { Section } from './Section';

const dayOf = (at?: string | null) => (at ? dayjs(at).format('YYYY-MM-DD') : '');
const momentOf = (day: string, end: boolean) => {
  if (!day) return null;
  const at = dayjs(day);
  return (end ? at.endOf('day').millisecond(0) : at.startOf('day')).toISOString();
};

const valuesOf = (project: Project) => ({
  name: project.name,
  description: project.description,
  owner: project.owner,
  status: project.status,
  start: dayOf(project.start_at),
  due: dayOf(project.due_at),
  is_template: project.is_template,
  health: project.health ?? '',
  health_note: project.health_note,
});

type Values = ReturnType<typeof valuesOf>;

/** What has been changed in the form, so that what somebody else changed besides stays. */
function patchOf(now: Values, before: Values) {
  const changed = <K extends keyof Values>(field: K) => now[field] !== before[field];
  return {
    ...(changed('name') && { name: now.name }),
    ...(changed('description') && { description: now.description }),
    ...(changed('owner') && { owner: now.owner }),
    ...(changed('status') && { status: now.status }),
    ...(changed('start') && { start_at: momentOf(now.start, false) }),
    ...(changed('due') && { due_at: momentOf(now.due, true) }),
    ...(changed('is_template') && { is_template: now.is_template }),
    ...((changed('health') || changed('health_note')) && {
      health: (now.health || null) as Health | null,
      health_note: now.health ? now.health_note : undefined,
    }),
  };
}

/** What a project is called, whose it is, from when until when, and how it does. */
export function General({ project, mayEdit }: { project: Project; mayEdit: boolean }) {
  const people = usePeople();
  const change = useChangeProject();
  // The form is about the project as it was when it was opened; a change of somebody else's is told, not overwritten.
  const [seen, setSeen] = useState(project);
  const form = useForm({ initialValues: valuesOf(project) });
  const meanwhile = project.version !== seen.version;
  const takeNew = () => {
    setSeen(project);
    form.setInitialValues(valuesOf(project));
    form.setValues(valuesOf(project));
    change.reset();
  };
  const submit = form.onSubmit((values) => {
    const patch = patchOf(values, valuesOf(seen));
    if (Object.keys(patch).length === 0) return;
    change.mutate(
      { project: seen, patch },
      {
        onSuccess: (changed) => {
          setSeen(changed);
          form.setInitialValues(valuesOf(changed));
          form.reset();
          say('Saved.');
        },
        onError: (error) => {
          if (error instanceof Problem) form.setErrors(error.byField());
        },
      },
    );
  });
  const failed = change.error instanceof Problem && change.error.errors.length > 0 ? null : change.error;
  const owner = people.get(project.health_by ?? '');
  const members = [...people.values()].filter(({ state, id }) => state === 'active' || id === seen.owner);
  return (
    <form onSubmit={submit}>
      <fieldset disabled={!mayEdit} style={{ margin: 0, padding: 0, border: 0, minWidth: 0 }}>
        <Section title="About the project">
          <Stack gap="sm">
            <TextInput label="Name" required maxLength={200} {...form.getInputProps('name')} />
            <Textarea
              label="What is it about?"
              description="You can write it in Markdown."
              autosize
              minRows={3}
              maxRows={16}
              {...form.getInputProps('description')}
            />
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
              <Select
                label="Owner"
                searchable
                allowDeselect={false}
                disabled={!mayEdit}
                data={members.map(({ id, name }) => ({ value: id, label: name }))}
                {...form.getInputProps('owner')}
              />
              <Select
                label="Status"
                allowDeselect={false}
                disabled={!mayEdit}
                data={(Object.keys(STATUSES) as ProjectStatus[])
                  .filter((status) => status !== 'archived' || project.status === 'archived')
                  .map((value) => ({ value, label: STATUSES[value] }))}
                {...form.getInputProps('status')}
              />
              <TextInput label="Begins" type="date" {...form.getInputProps('start')} />
              <TextInput label="Is to be done" type="date" {...form.getInputProps('due')} />
            </SimpleGrid>
            <Switch
              label="Others can be made from it"
              description="It is offered as a template when a project is made."
              {...form.getInputProps('is_template', { type: 'checkbox' })}
            />
          </Stack>
        </Section>
        <Section
          title="Health"
          lead="How the project does, for those who look at many. Say why, so that nobody has to ask."
        >
          <Stack gap="sm">
            <Select
              label="Health"
              disabled={!mayEdit}
              data={[
                { value: '', label: 'Not said' },
                ...Object.entries(HEALTHS).map(([value, { label }]) => ({ value, label })),
              ]}
              allowDeselect={false}
              maw={240}
              {...form.getInputProps('health')}
            />
            <Textarea
              label="Why"
              autosize
              minRows={2}
              disabled={form.values.health === '' || !mayEdit}
              {...form.getInputProps('health_note')}
            />
            {project.health_at && (
              <Text size="xs" c="dimmed">
                Said by {owner?.name ?? 'somebody'} <When at={project.health_at} />
              </Text>
            )}
          </Stack>
        </Section>
      </fieldset>
      {meanwhile && (
        <Group mb="sm" role="status">
          <Text size="sm">Somebody else changed this project meanwhile.</Text>
          <Button size="compact-sm" variant="default" onClick={takeNew}>
            Show it as it is now
          </Button>
        </Group>
      )}
      <ProblemAlert error={failed} />
      {mayEdit && (
        <Button type="submit" mt="xs" loading={change.isPending} disabled={!form.isDirty()}>
          Save
        </Button>
      )}
    </form>
  );
}
