/** When the clock starts a rule, with the next times that come of it. */
import { Accordion, SegmentedControl, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { Trigger } from '~/api/schema';
import { useBuilder, useProblemsAt } from '../model/builder';
import { FieldProblems } from './FieldProblems';
import { PeriodField } from './PeriodField';
import { useProjectOptions } from './pickers';

const BLANK: Record<string, Partial<Trigger>> = {
  cron: { cron: '0 9 * * MON-FRI' },
  every: { every: '1h' },
  once: { once: '' },
  rrule: { rrule: 'FREQ=MONTHLY;BYDAY=-1FR' },
};

const EXAMPLES = [
  { value: '0 9 * * MON-FRI', label: 'Every working day at 9:00' },
  { value: '0 9 * * *', label: 'Every day at 9:00' },
  { value: '0 9 * * MON', label: 'Every Monday at 9:00' },
  { value: '0 * * * *', label: 'Every hour' },
  { value: '0 9 1 * *', label: 'On the first of the month at 9:00' },
  { value: '0 17 LW * *', label: 'On the last working day of the month at 17:00' },
];

export const zones = () => Intl.supportedValuesOf('timeZone');

export function ScheduleForm({ trigger }: { trigger: Trigger }) {
  const { set, change, readOnly } = useBuilder();
  const how = trigger.every
    ? 'every'
    : trigger.once !== undefined && trigger.once !== null
      ? 'once'
      : trigger.rrule
        ? 'rrule'
        : 'cron';
  const say = (key: keyof Trigger, value: unknown) =>
    set(['trigger', key], value === '' || value === null ? undefined : value);
  const problems = [
    ...useProblemsAt('/trigger/cron'),
    ...useProblemsAt('/trigger/every'),
    ...useProblemsAt('/trigger/once'),
    ...useProblemsAt('/trigger/rrule'),
    ...useProblemsAt('/trigger/start'),
  ];
  const projects = useProjectOptions();
  const turn = (next: string) =>
    change((old) => {
      const { cron, every, once, rrule, ...rest } = old.trigger;
      return { ...old, trigger: { ...rest, ...BLANK[next] } };
    });
  return (
    <>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="Kind of schedule"
        readOnly={readOnly}
        value={how}
        onChange={turn}
        data={[
          { value: 'cron', label: 'Times' },
          { value: 'every', label: 'Interval' },
          { value: 'once', label: 'Once' },
          { value: 'rrule', label: 'Recurrence' },
        ]}
      />
      {how === 'cron' && (
        <>
          <Select
            label="Usual times"
            placeholder="Choose one, or write it below"
            readOnly={readOnly}
            data={EXAMPLES}
            value={EXAMPLES.some((one) => one.value === trigger.cron) ? trigger.cron : null}
            onChange={(next) => next && say('cron', next)}
          />
          <TextInput
            label="As a cron line"
            description="Minute, hour, day of the month, month, day of the week."
            ff="monospace"
            readOnly={readOnly}
            value={trigger.cron ?? ''}
            onChange={(event) => set(['trigger', 'cron'], event.currentTarget.value)}
          />
        </>
      )}
      {how === 'every' && (
        <PeriodField label="Every" value={trigger.every} onChange={(next) => set(['trigger', 'every'], next ?? '1h')} />
      )}
      {how === 'once' && (
        <TextInput
          type="datetime-local"
          label="When"
          readOnly={readOnly}
          value={localOf(trigger.once)}
          onChange={(event) => {
            const { value } = event.currentTarget;
            set(['trigger', 'once'], value ? new Date(value).toISOString() : '');
          }}
        />
      )}
      {how === 'rrule' && (
        <TextInput
          label="As a recurrence rule"
          description="RFC 5545: FREQ=WEEKLY;BYDAY=MO"
          readOnly={readOnly}
          value={trigger.rrule ?? ''}
          onChange={(event) => set(['trigger', 'rrule'], event.currentTarget.value)}
        />
      )}
      <FieldProblems problems={problems} />
      {how !== 'once' && how !== 'every' && (
        <Select
          label="On the clock of"
          description="UTC when left out."
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'Clear the zone' }}
          limit={80}
          readOnly={readOnly}
          data={zones()}
          value={trigger.tz ?? null}
          onChange={(next) => say('tz', next)}
        />
      )}
      <NextTimes trigger={trigger} />
      <Accordion variant="contained" chevronPosition="left">
        <Accordion.Item value="more">
          <Accordion.Control>Days off, overlaps, missed times</Accordion.Control>
          <Accordion.Panel>
            <Stack gap="sm">
              <Select
                label="Not on days on which nobody works in"
                clearable
                clearButtonProps={{ 'aria-label': 'Clear the calendar' }}
                readOnly={readOnly}
                data={[{ value: 'workspace', label: 'The workspace' }, ...projects]}
                value={trigger.exclude ?? null}
                onChange={(next) => say('exclude', next)}
              />
              <Select
                label="If the last run still goes"
                readOnly={readOnly}
                allowDeselect={false}
                data={[
                  { value: 'allow', label: 'Run beside it' },
                  { value: 'skip', label: 'Skip this time' },
                  { value: 'queue', label: 'Wait until it is over' },
                ]}
                value={trigger.overlap ?? 'allow'}
                onChange={(next) => say('overlap', next === 'allow' ? undefined : next)}
              />
              <Select
                label="Times that were missed"
                readOnly={readOnly}
                placeholder="The latest one runs"
                clearable
                clearButtonProps={{ 'aria-label': 'Clear the choice' }}
                data={[
                  { value: 'none', label: 'Are gone' },
                  { value: 'last', label: 'The latest one runs' },
                  { value: 'all', label: 'Each runs, up to a hundred' },
                ]}
                value={trigger.catch_up ?? null}
                onChange={(next) => say('catch_up', next)}
              />
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </>
  );
}

function localOf(moment: string | null | undefined): string {
  const date = new Date(moment ?? '');
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The next times at which the rule would run. */
function NextTimes({ trigger }: { trigger: Trigger }) {
  const { cron, every, once, rrule, start, tz, gap, fold, exclude } = trigger;
  const [asked] = useDebouncedValue(
    { cron, every, once: once || undefined, rrule, start, tz, gap, fold, exclude },
    350,
  );
  const { data, error, isPending } = useQuery({
    queryKey: ['schedule-preview', asked],
    queryFn: ({ signal }) => ask(api.POST('/api/v1/schedules/preview', { body: { ...asked, count: 5 }, signal })),
    placeholderData: keepPreviousData,
    enabled: Boolean(asked.cron || asked.every || asked.once || asked.rrule),
    retry: false,
  });
  if (error)
    return (
      <Text size="sm" c="var(--mantine-color-error)">
        {error.message}
      </Text>
    );
  if (isPending && !data) return <Skeleton h={20} />;
  if (!data) return null;
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
  return (
    <div>
      <Text size="sm" fw={500}>
        {data.times.length > 0 ? 'It runs next' : 'It never runs'}
      </Text>
      <ul style={{ margin: 0, paddingInlineStart: 18 }}>
        {data.times.map((time) => (
          <li key={time}>
            <Text size="sm" c="dimmed">
              {format.format(new Date(time))}
            </Text>
          </li>
        ))}
      </ul>
    </div>
  );
}
