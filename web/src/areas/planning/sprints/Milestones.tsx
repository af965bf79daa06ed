/** The milestones of a project: when each is to be reached, and how far its tasks are. */
import {
  ActionIcon,
  Button,
  Card,
  Checkbox,
  Group,
  Modal,
  Progress,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { DateInput } from '@mantine/dates';
import { IconFlag, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import dayjs from 'dayjs';
import { useState } from 'react';
import type { Shown } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { milestonesQuery } from '~/areas/projects/queries';
import { Confirm } from '~/parts/Confirm';
import { Empty } from '~/parts/Empty';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useManner } from '~/parts/time';
import { useMilestones } from './useSprints';
import '@mantine/dates/styles.css';

export function Milestones({ project }: { project: string }) {
  const mayEdit = useMay('milestone.edit', project);
  const milestones = useQuery({ ...milestonesQuery(project), staleTime: 0 });
  const [adding, setAdding] = useState(false);
  const add = mayEdit && (
    <Button size="xs" variant="default" leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>
      Add a milestone
    </Button>
  );
  const sorted = [...(milestones.data ?? [])].sort((a, b) => (a.due_at ?? '9').localeCompare(b.due_at ?? '9'));
  return (
    <Stack gap="sm" component="section" aria-labelledby="milestones">
      <Group justify="space-between">
        <Title order={2} size="h4" id="milestones">
          Milestones
        </Title>
        {sorted.length > 0 && add}
      </Group>
      {milestones.isError && <ProblemAlert error={milestones.error} retry={() => void milestones.refetch()} />}
      {milestones.data && sorted.length === 0 && (
        <Empty icon={IconFlag} title="No milestones yet" actions={add}>
          A milestone is a date at which something has to be reached. Tasks that belong to it say how far it is.
        </Empty>
      )}
      {sorted.map((milestone) => (
        <MilestoneCard key={milestone.id} project={project} milestone={milestone} mayEdit={mayEdit} />
      ))}
      {adding && <MilestoneForm project={project} close={() => setAdding(false)} />}
    </Stack>
  );
}

function MilestoneCard({ project, milestone, mayEdit }: { project: string; milestone: Shown; mayEdit: boolean }) {
  const { locale } = useManner();
  const { change, remove } = useMilestones(project);
  const [leaving, setLeaving] = useState(false);
  const { name, due_at, status, progress } = milestone;
  const total = progress.total - progress.cancelled;
  const percent = total ? Math.round((progress.completed / total) * 100) : 0;
  const reached = status === 'completed';
  const late = !reached && due_at && dayjs(due_at).isBefore(dayjs());
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  return (
    <Card withBorder radius="md" padding="sm" bg="var(--app-card)" data-milestone={name}>
      <Group justify="space-between" wrap="nowrap">
        <Checkbox
          label={name}
          aria-label={`${name} is reached`}
          checked={reached}
          disabled={!mayEdit || change.isPending}
          onChange={(event) =>
            change.mutate({ milestone, patch: { status: event.currentTarget.checked ? 'completed' : 'open' } })
          }
          styles={{ label: { fontWeight: 600 } }}
        />
        <Group gap="xs" wrap="nowrap">
          <Text size="sm" c={late ? 'var(--mantine-color-error)' : 'dimmed'} style={{ whiteSpace: 'nowrap' }}>
            {due_at ? date.format(new Date(due_at)) : 'no date'}
            {late && ' · late'}
          </Text>
          {mayEdit && (
            <ActionIcon variant="subtle" color="gray" onClick={() => setLeaving(true)} aria-label={`Delete ${name}`}>
              <IconTrash size={16} />
            </ActionIcon>
          )}
        </Group>
      </Group>
      <Progress mt={8} value={percent} color="teal.7" aria-label={`${name} is ${percent} % done`} />
      <Text size="xs" c="dimmed">
        {total ? `${progress.completed} of ${total} tasks completed` : 'No tasks belong to it'}
      </Text>
      <Confirm
        opened={leaving}
        close={() => setLeaving(false)}
        title={`Delete ${name}?`}
        action="Delete"
        run={() => remove(milestone)}
      >
        Its tasks stay, and belong to no milestone then.
      </Confirm>
    </Card>
  );
}

function MilestoneForm({ project, close }: { project: string; close(): void }) {
  const { make } = useMilestones(project);
  const [name, setName] = useState('');
  const [due, setDue] = useState<string | null>(null);
  return (
    <Modal opened onClose={close} title="Add a milestone" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate({ name, due_at: due ? dayjs(due).hour(17).toISOString() : null }, { onSuccess: close });
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
          <DateInput label="Due" value={due} onChange={setDue} valueFormat="D MMM YYYY" clearable />
          <ProblemAlert error={make.error} />
          <Group justify="flex-end">
            <Button type="submit" loading={make.isPending}>
              Add
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
