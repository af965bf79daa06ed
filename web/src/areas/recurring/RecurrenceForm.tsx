import { Divider, Group, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import dayjs from 'dayjs';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';
import { api, ask, ifMatch } from '~/api/client';
import type { Recurrence, TaskBody } from '~/api/schema';
import { zones } from '~/areas/builder/forms/ScheduleForm';
import { FormModal } from '~/parts/FormModal';
import { useZone } from '~/parts/time';
import { BodyForm, sendable } from './BodyForm';
import { BodyProblems } from './BodyProblems';
import { NextTimes } from './NextTimes';
import { taskTemplatesQuery } from './queries';
import { RepeatField } from './RepeatField';
import { placeholders } from './rrule';

dayjs.extend(utc);
dayjs.extend(timezone);

/** What the server itself fills in. */
const GIVEN = ['date', 'number'];

/** When it begins, on the clock of its zone, as a field of a form has it. */
const wall = (at: string, tz: string) =>
  /(Z|[+-]\d{2}:?\d{2})$/.test(at) ? dayjs(at).tz(tz).format('YYYY-MM-DDTHH:mm') : at.slice(0, 16);

/** Sets a recurring task up, or changes one as it was seen. */
export function RecurrenceForm(props: {
  project: string;
  recurrence?: Recurrence;
  opened: boolean;
  close: () => void;
}) {
  const { project, recurrence, opened, close } = props;
  const timeZone = useZone();
  const { data: templates = [] } = useQuery({ ...taskTemplatesQuery(project), enabled: opened });
  const asked = (values: { makes: string; template: string | null; task: TaskBody }) => {
    const chosen = templates.find(({ id }) => id === values.template);
    const names = values.makes === 'template' ? (chosen?.variables ?? []) : placeholders(values.task);
    return names.filter((name) => !GIVEN.includes(name));
  };
  return (
    <FormModal
      opened={opened}
      close={close}
      size="lg"
      title={recurrence ? recurrence.name : 'New recurring task'}
      initial={{
        name: recurrence?.name ?? '',
        makes: recurrence?.template ? 'template' : 'task',
        template: (recurrence?.template ?? null) as string | null,
        task: (recurrence?.task ?? { title: '' }) as TaskBody,
        variables: (recurrence?.variables ?? {}) as Record<string, string>,
        rrule: recurrence?.rrule ?? 'FREQ=WEEKLY',
        dtstart: recurrence
          ? wall(recurrence.dtstart, recurrence.tz)
          : dayjs().tz(timeZone).add(1, 'day').hour(9).format('YYYY-MM-DDTHH:00'),
        tz: recurrence?.tz ?? timeZone,
      }}
      action="Save"
      touches="recurrences"
      run={(values) => {
        const { name, makes, template, task, rrule, dtstart, tz } = values;
        const variables = Object.fromEntries(asked(values).map((one) => [one, values.variables[one] ?? '']));
        const made = makes === 'template' ? { template } : { task: sendable(task) };
        const body = { name, ...made, variables, rrule, dtstart: `${dtstart}:00`, tz };
        if (!recurrence)
          return ask(api.POST('/api/v1/projects/{id}/recurrences', { params: { path: { id: project } }, body }));
        const params = { path: { id: recurrence.id }, header: ifMatch(recurrence.version) };
        return ask(api.PATCH('/api/v1/recurrences/{id}', { params, body }));
      }}
    >
      {(form) => (
        <>
          <TextInput
            label="Name"
            placeholder="Weekly report"
            required
            maxLength={200}
            data-autofocus
            {...form.getInputProps('name')}
          />
          <Group grow align="flex-start" preventGrowOverflow={false}>
            <TextInput
              label="Begins"
              type="datetime-local"
              required
              withAsterisk={false}
              {...form.getInputProps('dtstart')}
            />
            <Select
              label="On the clock of"
              searchable
              allowDeselect={false}
              limit={80}
              data={zones()}
              {...form.getInputProps('tz')}
            />
          </Group>
          <RepeatField {...form.getInputProps('rrule')} />
          <NextTimes rrule={form.values.rrule} dtstart={`${form.values.dtstart}:00`} tz={form.values.tz} />
          <Divider label="What is made each time" labelPosition="left" />
          {templates.length > 0 && (
            <SegmentedControl
              aria-label="What is made"
              data={[
                { value: 'task', label: 'A task' },
                { value: 'template', label: 'A template' },
              ]}
              {...form.getInputProps('makes')}
            />
          )}
          {form.values.makes === 'template' ? (
            <Select
              label="Template"
              required
              searchable
              allowDeselect={false}
              data={templates.map(({ id, name }) => ({ value: id, label: name }))}
              {...form.getInputProps('template')}
            />
          ) : (
            <BodyForm
              project={project}
              value={form.values.task}
              onChange={(task) => form.setFieldValue('task', task)}
              errors={form.errors}
            />
          )}
          {asked(form.values).map((name) => (
            <TextInput
              key={name}
              label={name.replaceAll('_', ' ')}
              description={`What stands for {{ ${name} }} each time.`}
              required
              value={form.values.variables[name] ?? ''}
              error={form.errors[`variables.${name}`]}
              onChange={(event) => form.setFieldValue(`variables.${name}`, event.currentTarget.value)}
            />
          ))}
          <BodyProblems errors={form.errors} />
        </>
      )}
    </FormModal>
  );
}
