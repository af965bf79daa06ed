/** Planning a sprint, or changing one. */
import { Button, Group, Modal, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core';
import { DateInput } from '@mantine/dates';
import dayjs from 'dayjs';
import { useState } from 'react';
import type { Sprint } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { usePhone } from '~/parts/usePhone';
import { useSprints } from './useSprints';
import '@mantine/dates/styles.css';

const day = (at?: string | null) => (at ? dayjs(at).format('YYYY-MM-DD') : null);

export function SprintForm({
  project,
  sprint,
  name: suggested = '',
  close,
}: {
  project: string;
  sprint?: Sprint;
  name?: string;
  close(): void;
}) {
  const phone = usePhone();
  const { save } = useSprints(project);
  const [name, setName] = useState(sprint?.name ?? suggested);
  const [goal, setGoal] = useState(sprint?.goal ?? '');
  const [from, setFrom] = useState<string | null>(sprint ? day(sprint.starts_at) : dayjs().format('YYYY-MM-DD'));
  const [to, setTo] = useState<string | null>(
    sprint ? day(sprint.ends_at) : dayjs().add(2, 'week').format('YYYY-MM-DD'),
  );
  const wrong = from && to && to < from ? 'The sprint ends before it begins.' : undefined;
  return (
    <Modal
      opened
      onClose={close}
      title={sprint ? `Change ${sprint.name}` : 'Plan a sprint'}
      fullScreen={phone}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (wrong) return;
          const starts_at = from ? dayjs(from).hour(9).toISOString() : null;
          const ends_at = to ? dayjs(to).hour(17).toISOString() : null;
          save.mutate({ sprint, body: { name, goal, starts_at, ends_at } }, { onSuccess: close });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={200}
            required
            data-autofocus
          />
          <Textarea
            label="Goal"
            description="What the team wants to have reached at the end."
            value={goal}
            onChange={(event) => setGoal(event.currentTarget.value)}
            autosize
            minRows={2}
          />
          <SimpleGrid cols={2}>
            <DateInput label="Begins" value={from} onChange={setFrom} valueFormat="D MMM YYYY" clearable />
            <DateInput label="Ends" value={to} onChange={setTo} valueFormat="D MMM YYYY" error={wrong} clearable />
          </SimpleGrid>
          <ProblemAlert error={save.error} />
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              {sprint ? 'Save' : 'Plan'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
