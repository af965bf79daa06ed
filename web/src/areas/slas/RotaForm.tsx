import { Button, Group, MultiSelect, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Problem } from '~/api/problem';
import type { Rota } from '~/api/schema';
import { useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { Duration } from '~/areas/rules/templates/Duration';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { useSaveRota } from './queries';

/** Makes a rota or changes it. */
export function RotaForm({ rota, close }: { rota?: Rota; close: () => void }) {
  const { data: me } = useMe();
  const save = useSaveRota(rota);
  const people = [...usePeople().values()].filter(({ state, kind }) => state === 'active' && kind === 'person');
  const form = useForm({
    initialValues: {
      name: rota?.name ?? '',
      people: rota?.people ?? [],
      start: rota?.rotation.start.slice(0, 16) ?? `${new Date().toISOString().slice(0, 10)}T09:00`,
      tz: rota?.rotation.tz ?? me?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      every: rota ? rota.rotation.every : '1w',
    },
    validate: {
      name: (name) => (name.trim() ? null : 'Give it a name.'),
      people: (those) => (those.length > 0 ? null : 'Choose who takes turns.'),
    },
  });
  const submit = form.onSubmit(({ name, people: those, start, tz, every }) => {
    // A start that was not touched stays as it was, also where it says more than the field shows.
    const kept = rota && start === rota.rotation.start.slice(0, 16);
    const rotation = { start: kept ? rota.rotation.start : `${start}:00`, tz };
    const turns = every ? { every } : { rrule: rota?.rotation.rrule };
    save.mutate(
      { name: name.trim(), people: those, rotation: { ...rotation, ...turns } },
      {
        onSuccess: () => {
          say(`“${name}” is saved`);
          close();
        },
        onError: (error) => {
          if (error instanceof Problem) form.setErrors(error.byField());
        },
      },
    );
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Name" placeholder="Support" required {...form.getInputProps('name')} />
        <MultiSelect
          label="Who takes turns"
          description="In this order."
          required
          searchable
          data={people.map(({ id, name }) => ({ value: id, label: name }))}
          {...form.getInputProps('people')}
        />
        <Duration
          label="They hand over every"
          value={form.values.every ?? undefined}
          onChange={(every) => form.setFieldValue('every', every)}
        />
        <TextInput label="First hand-over" type="datetime-local" required {...form.getInputProps('start')} />
        <Select
          label="Time zone"
          searchable
          allowDeselect={false}
          data={Intl.supportedValuesOf('timeZone')}
          {...form.getInputProps('tz')}
        />
        {!(save.error instanceof Problem && save.error.errors.length > 0) && <ProblemAlert error={save.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Not now
          </Button>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
