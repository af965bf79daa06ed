import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { usePeople } from '~/areas/people/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { useAddOverride } from './queries';

/** A moment as the browser's field for date and time writes it, in the zone of the browser. */
const local = (date: Date) => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** Says who is on call instead, from when to when. */
export function OverrideForm({ rota, close }: { rota: string; close: () => void }) {
  const add = useAddOverride(rota);
  const people = [...usePeople().values()].filter(({ state, kind }) => state === 'active' && kind === 'person');
  const form = useForm({
    initialValues: {
      user: null as string | null,
      from: local(new Date()),
      to: local(new Date(Date.now() + 24 * 3600_000)),
    },
    validate: {
      user: (user) => (user ? null : 'Choose who.'),
      to: (to, { from }) => (to > from ? null : 'This must be later than the beginning.'),
    },
  });
  const submit = form.onSubmit(({ user, from, to }) => {
    const body = { user: user!, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    add.mutate(body, {
      onSuccess: () => {
        say('It is entered.');
        close();
      },
    });
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <Select
          label="Who"
          searchable
          data={people.map(({ id, name }) => ({ value: id, label: name }))}
          {...form.getInputProps('user')}
        />
        <TextInput label="From" type="datetime-local" {...form.getInputProps('from')} />
        <TextInput label="To" type="datetime-local" {...form.getInputProps('to')} />
        <ProblemAlert error={add.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Not now
          </Button>
          <Button type="submit" loading={add.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
