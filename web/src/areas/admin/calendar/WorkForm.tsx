import { ActionIcon, Button, Checkbox, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ask, ifMatch } from '~/api/client';
import type { WeekHours, WorkCalendar, WorkingTime } from '~/api/schema';
import { DAYS, dayName } from '~/areas/account/own/days';
import { Panel } from '~/parts/Panel';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useManner } from '~/parts/time';
import { say } from '~/parts/toast';

const ZONES = Intl.supportedValuesOf('timeZone');
const USUAL = { from: '09:00', to: '17:00' };

/** The week, and the days that are different. */
export function WorkForm({ calendar }: { calendar: WorkCalendar }) {
  const client = useQueryClient();
  const { locale } = useManner();
  const form = useForm({
    initialValues: {
      time_zone: calendar.time_zone ?? 'UTC',
      hours: calendar.hours as WeekHours,
      exceptions: (calendar.exceptions ?? []).map((exception, key) => ({ ...exception, key })),
    },
  });
  const save = useMutation({
    mutationFn: (body: WorkingTime) =>
      ask(api.PUT('/api/v1/calendar', { params: { header: ifMatch(calendar.version) }, body })),
    meta: { quiet: true },
    onSuccess: () => {
      say('The working time is saved.');
      void client.invalidateQueries({ queryKey: ['calendars'] });
    },
  });
  const { hours, exceptions } = form.values;
  const setDay = (day: keyof WeekHours, stretches: (typeof USUAL)[]) =>
    form.setFieldValue('hours', { ...hours, [day]: stretches });
  return (
    <form
      onSubmit={form.onSubmit((values) =>
        save.mutate({ ...values, exceptions: values.exceptions.map(({ key: _, ...exception }) => exception) }),
      )}
    >
      <Stack>
        <Panel title="The week">
          <Select
            label="Time zone"
            searchable
            allowDeselect={false}
            limit={100}
            maw={320}
            data={ZONES.includes(form.values.time_zone) ? ZONES : [form.values.time_zone, ...ZONES]}
            {...form.getInputProps('time_zone')}
          />
          {DAYS.map((day) => {
            const stretches = hours[day] ?? [];
            const name = dayName(day, locale);
            return (
              <Group key={day} gap="sm" align="center" mih={36}>
                <Checkbox
                  label={name}
                  w={130}
                  checked={stretches.length > 0}
                  onChange={({ currentTarget }) => setDay(day, currentTarget.checked ? [USUAL] : [])}
                />
                {stretches.map((stretch, at) => {
                  const set = (change: Partial<typeof USUAL>) =>
                    setDay(
                      day,
                      stretches.map((each, index) => (index === at ? { ...each, ...change } : each)),
                    );
                  return (
                    // biome-ignore lint/suspicious/noArrayIndexKey: stretches of a day have no other name than their place.
                    <Group key={at} gap={6} wrap="nowrap">
                      <TextInput
                        type="time"
                        aria-label={`${name} from`}
                        value={stretch.from}
                        onChange={({ currentTarget }) => set({ from: currentTarget.value })}
                      />
                      <Text span aria-hidden>
                        –
                      </Text>
                      <TextInput
                        type="time"
                        aria-label={`${name} to`}
                        value={stretch.to}
                        onChange={({ currentTarget }) => set({ to: currentTarget.value })}
                      />
                    </Group>
                  );
                })}
              </Group>
            );
          })}
        </Panel>
        <Panel title="Days that are different" lead="Holidays and closures: nobody works on them.">
          {exceptions.map((exception, at) => (
            <Group key={exception.key} gap="sm" align="flex-end" wrap="wrap">
              <TextInput
                label="Name"
                placeholder="Christmas"
                flex={1}
                miw={140}
                {...form.getInputProps(`exceptions.${at}.name`)}
              />
              <TextInput label="From" type="date" required {...form.getInputProps(`exceptions.${at}.from`)} />
              <TextInput
                label="To"
                type="date"
                value={exception.to ?? ''}
                onChange={({ currentTarget }) =>
                  form.setFieldValue(`exceptions.${at}.to`, currentTarget.value || undefined)
                }
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={`Remove ${exception.name || 'this day'}`}
                onClick={() => form.removeListItem('exceptions', at)}
              >
                <IconTrash size={18} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
          <Button
            variant="default"
            leftSection={<IconPlus size={16} aria-hidden />}
            style={{ alignSelf: 'flex-start' }}
            onClick={() => form.insertListItem('exceptions', { key: Date.now(), from: '', name: '' })}
          >
            Add a day
          </Button>
        </Panel>
        <ProblemAlert error={save.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
