/** Time as a table for spreadsheets. */
import { Button, Group, Modal, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { saveFile } from '~/areas/planning/figures/saveFile';
import { ProblemAlert } from '~/parts/ProblemAlert';

const EVERYBODY = 'everybody';

export function ExportTime({
  from: first,
  to: last,
  manages,
  close,
}: {
  from: string;
  to: string;
  manages: boolean;
  close: () => void;
}) {
  const { data: me } = useMe();
  const people = usePeople();
  const [from, setFrom] = useState(first);
  const [to, setTo] = useState(last);
  const [who, setWho] = useState(manages ? EVERYBODY : (me?.user.id ?? ''));
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      const query = new URLSearchParams({ from, to, ...(who === EVERYBODY ? {} : { user: who }) });
      return saveFile(`/api/v1/timesheets/export?${query}`, `Time ${from} to ${to}.csv`);
    },
    onSuccess: close,
  });
  const wrong = to < from ? 'The last day is before the first.' : undefined;
  return (
    <Modal opened onClose={close} title="Download time as CSV">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!wrong) save.mutate();
        }}
      >
        <Stack>
          <SimpleGrid cols={2}>
            <TextInput
              label="First day"
              type="date"
              required
              value={from}
              onChange={(event) => setFrom(event.currentTarget.value)}
            />
            <TextInput
              label="Last day"
              type="date"
              required
              value={to}
              error={wrong}
              onChange={(event) => setTo(event.currentTarget.value)}
            />
          </SimpleGrid>
          {manages && (
            <Select
              label="Whose"
              searchable
              allowDeselect={false}
              data={[
                { value: EVERYBODY, label: 'Everybody’s' },
                ...[...people.values()].map(({ id, name }) => ({ value: id, label: name })),
              ]}
              value={who}
              onChange={(value) => value && setWho(value)}
            />
          )}
          <ProblemAlert error={save.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Download
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
