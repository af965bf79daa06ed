/** Planning a person for a project, or a task of it: from when until when, and how much of each day. */
import { Group, NumberInput, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import dayjs from 'dayjs';
import { api, ask, ifMatch } from '~/api/client';
import type { Allocation } from '~/api/schema';
import { useActivePeople } from '~/areas/people/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { TaskPicker } from '~/areas/tasks/fields/TaskPicker';
import { FormModal } from '~/parts/FormModal';

interface Props {
  /** The one to be changed, as it was seen. */
  allocation?: Allocation;
  user?: string;
  date?: string;
  close: () => void;
}

export function AllocationForm({ allocation, user, date, close }: Props) {
  const people = useActivePeople();
  const { data: projects = [] } = useQuery(projectsQuery);
  const first = date ?? dayjs().format('YYYY-MM-DD');
  const running = projects.filter(({ status }) => status !== 'archived' && status !== 'completed');
  return (
    <FormModal
      opened
      close={close}
      title={allocation ? 'Change the plan' : 'Plan somebody for a project'}
      initial={{
        user: (allocation?.user ?? user ?? null) as string | null,
        project: (allocation?.project ?? null) as string | null,
        task: null as { id: string; key: string; title: string } | null,
        from: allocation?.from ?? first,
        to: allocation?.to ?? dayjs(first).add(13, 'day').format('YYYY-MM-DD'),
        unit: allocation?.minutes_per_day ? 'hours' : 'percent',
        percent: (allocation?.percent ?? 50) as number | string,
        hours: ((allocation?.minutes_per_day ?? 240) / 60) as number | string,
        note: allocation?.note ?? '',
      }}
      action={allocation ? 'Save' : 'Plan it'}
      touches="resources"
      run={({ user: who, project, task, from, to, note, ...much }) => {
        const inHours = much.unit === 'hours';
        const amount = {
          percent: inHours ? null : Number(much.percent),
          minutes_per_day: inHours ? Math.round(Number(much.hours) * 60) : null,
        };
        if (allocation) {
          const params = { path: { id: allocation.id }, header: ifMatch(allocation.version) };
          return ask(api.PATCH('/api/v1/allocations/{id}', { params, body: { from, to, note, ...amount } }));
        }
        const body = { user: who ?? '', task: task?.id, from, to, note, ...amount };
        return ask(api.POST('/api/v1/projects/{id}/allocations', { params: { path: { id: project ?? '' } }, body }));
      }}
    >
      {(form) => (
        <>
          {!allocation && (
            <>
              <Select
                label="Who"
                required
                searchable
                allowDeselect={false}
                data={people.map(({ id, name }) => ({ value: id, label: name }))}
                {...form.getInputProps('user')}
              />
              <Select
                label="Project"
                required
                searchable
                allowDeselect={false}
                data-autofocus
                data={running.map(({ id, name }) => ({ value: id, label: name }))}
                {...form.getInputProps('project')}
                onChange={(id) => {
                  form.setFieldValue('project', id);
                  form.setFieldValue('task', null);
                }}
              />
              {form.values.project && (
                <TaskPicker
                  key={form.values.project}
                  label="Task"
                  placeholder="The project as a whole"
                  project={form.values.project}
                  clearable
                  value={form.values.task ?? undefined}
                  onPick={(task) => form.setFieldValue('task', task)}
                />
              )}
            </>
          )}
          <Group grow align="flex-start">
            <TextInput label="First day" type="date" required withAsterisk={false} {...form.getInputProps('from')} />
            <TextInput
              label="Last day"
              type="date"
              required
              withAsterisk={false}
              min={form.values.from}
              {...form.getInputProps('to')}
            />
          </Group>
          <Stack gap={4}>
            <Text size="sm" fw={500} id="how-much">
              How much of each working day
            </Text>
            <Group gap="xs" wrap="nowrap">
              <SegmentedControl
                aria-labelledby="how-much"
                data={[
                  { value: 'percent', label: 'Percent' },
                  { value: 'hours', label: 'Hours' },
                ]}
                {...form.getInputProps('unit')}
              />
              {form.values.unit === 'percent' ? (
                <NumberInput
                  aria-label="Percent of the working hours"
                  suffix=" %"
                  min={1}
                  max={1000}
                  step={10}
                  allowDecimal={false}
                  flex={1}
                  {...form.getInputProps('percent')}
                />
              ) : (
                <NumberInput
                  aria-label="Hours of each working day"
                  suffix=" h"
                  min={0.1}
                  max={24}
                  step={0.5}
                  decimalScale={2}
                  flex={1}
                  {...form.getInputProps('hours')}
                  error={form.errors.minutes_per_day}
                />
              )}
            </Group>
          </Stack>
          <TextInput label="Note" maxLength={2000} {...form.getInputProps('note')} />
        </>
      )}
    </FormModal>
  );
}
