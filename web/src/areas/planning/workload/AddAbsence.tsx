/** Entering that somebody is away. */
import { Button, Group, Modal, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { DateInput } from '@mantine/dates';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import dayjs from 'dayjs';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { NewAbsence } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { usePhone } from '~/parts/usePhone';
import { KINDS } from './load';
import '@mantine/dates/styles.css';

interface Props {
  user?: string;
  date?: string;
  close(): void;
}

export function AddAbsence({ user, date, close }: Props) {
  const phone = usePhone();
  const client = useQueryClient();
  const { data: me } = useMe();
  const others = useMay('resource.manage');
  const people = usePeople();
  const today = dayjs().format('YYYY-MM-DD');
  const [who, setWho] = useState<string | null>(user ?? me?.user.id ?? null);
  const [from, setFrom] = useState<string | null>(date ?? today);
  const [to, setTo] = useState<string | null>(date ?? today);
  const [part, setPart] = useState<NonNullable<NewAbsence['part']>>('full');
  const [kind, setKind] = useState<NonNullable<NewAbsence['kind']>>('vacation');
  const [note, setNote] = useState('');
  const add = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      ask(
        api.POST('/api/v1/absences', { body: { user: who ?? undefined, from: from ?? today, to, part, kind, note } }),
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['resources'] });
      close();
    },
  });
  const wrong = from && to && to < from ? 'The last day is before the first.' : undefined;
  return (
    <Modal
      opened
      onClose={close}
      title="Add an absence"
      fullScreen={phone}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!wrong) add.mutate();
        }}
      >
        <Stack>
          {others && (
            <Select
              label="Who"
              searchable
              data={[...people.values()].map(({ id, name }) => ({ value: id, label: name }))}
              value={who}
              onChange={setWho}
              allowDeselect={false}
            />
          )}
          <SimpleGrid cols={2}>
            <DateInput label="First day" value={from} onChange={setFrom} valueFormat="D MMM YYYY" required />
            <DateInput label="Last day" value={to} onChange={setTo} valueFormat="D MMM YYYY" error={wrong} required />
          </SimpleGrid>
          <SimpleGrid cols={2}>
            <Select
              label="Why"
              data={Object.entries(KINDS).map(([value, label]) => ({ value, label }))}
              value={kind}
              onChange={(value) => value && setKind(value as typeof kind)}
              allowDeselect={false}
            />
            <Select
              label="Part of the day"
              data={[
                { value: 'full', label: 'All day' },
                { value: 'morning', label: 'Mornings' },
                { value: 'afternoon', label: 'Afternoons' },
              ]}
              value={part}
              onChange={(value) => value && setPart(value as typeof part)}
              allowDeselect={false}
            />
          </SimpleGrid>
          <TextInput
            label="Note"
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            maxLength={2000}
          />
          <ProblemAlert error={add.error} />
          <Group justify="flex-end">
            <Button type="submit" loading={add.isPending}>
              Add
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
