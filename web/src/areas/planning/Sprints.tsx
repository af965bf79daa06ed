/** The sprints and milestones of a project. */
import { Button, Group, SimpleGrid, Skeleton, Stack, Title } from '@mantine/core';
import { IconPlus, IconRun } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Sprint } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { sprintsQuery } from '~/areas/projects/queries';
import { Empty } from '~/parts/Empty';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Milestones } from './sprints/Milestones';
import { SprintCard } from './sprints/SprintCard';
import { SprintForm } from './sprints/SprintForm';

const ORDER = { active: 0, planned: 1, closed: 2 };
/** How many closed sprints are shown until somebody asks for all. */
const FEW = 3;

export function Sprints() {
  const { key } = useParams({ strict: false }) as { key: string };
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
      <SprintList project={key} />
      <Milestones project={key} />
    </SimpleGrid>
  );
}

function SprintList({ project }: { project: string }) {
  const mayEdit = useMay('sprint.edit', project);
  const sprints = useQuery(sprintsQuery(project));
  const [planning, setPlanning] = useState(false);
  const [all, setAll] = useState(false);
  const items = sprints.data ?? [];
  const sorted = [...items].sort((a, b) => ORDER[a.state] - ORDER[b.state] || order(a, b));
  const closed = sorted.filter(({ state }) => state === 'closed');
  const shown = all ? sorted : sorted.filter((sprint) => sprint.state !== 'closed' || closed.indexOf(sprint) < FEW);
  const plan = mayEdit && (
    <Button size="xs" leftSection={<IconPlus size={16} />} onClick={() => setPlanning(true)}>
      Plan a sprint
    </Button>
  );
  return (
    <Stack gap="sm" component="section" aria-labelledby="sprints">
      <Group justify="space-between">
        <Title order={2} size="h4" id="sprints">
          Sprints
        </Title>
        {items.length > 0 && plan}
      </Group>
      {sprints.isPending && <Skeleton h={180} />}
      {sprints.isError && <ProblemAlert error={sprints.error} retry={() => void sprints.refetch()} />}
      {sprints.data && items.length === 0 && (
        <Empty icon={IconRun} title="No sprints yet" actions={plan}>
          A sprint is a stretch of time with a goal. Plan one, put tasks into it, start it, and see how they become
          fewer.
        </Empty>
      )}
      {shown.map((sprint) => (
        <SprintCard
          key={sprint.id}
          project={project}
          sprint={sprint}
          next={items.filter(({ state, id }) => state === 'planned' && id !== sprint.id)}
          waits={items.some(({ state }) => state === 'active')}
          mayEdit={mayEdit}
        />
      ))}
      {sorted.length > shown.length && (
        <Button variant="subtle" size="xs" onClick={() => setAll(true)}>
          Show all {closed.length} closed sprints
        </Button>
      )}
      {planning && (
        <SprintForm project={project} name={`Sprint ${items.length + 1}`} close={() => setPlanning(false)} />
      )}
    </Stack>
  );
}

/** Planned ones by when they begin; closed ones the newest first. */
function order(a: Sprint, b: Sprint): number {
  if (a.state === 'closed') return (b.closed_at ?? '').localeCompare(a.closed_at ?? '');
  return (a.starts_at ?? '9').localeCompare(b.starts_at ?? '9');
}
