/** One project that a person is planned for; whoever may plan people changes that here. */
import { Anchor, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import dayjs from 'dayjs';
import { api, ask, ifMatch } from '~/api/client';
import type { Allocation, Planned } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { taskQuery } from '~/areas/tasks/queries';
import { RowMenu } from '~/parts/RowMenu';
import { useManner } from '~/parts/time';
import { AllocationForm } from './AllocationForm';
import { hours } from './load';

export const useDates = () => {
  const { locale } = useManner();
  const short = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  return ({ from, to }: { from: string; to: string }) => short.formatRange(dayjs(from).toDate(), dayjs(to).toDate());
};

export function PlannedFor({ planned }: { planned: Planned }) {
  const dates = useDates();
  const { data: projects } = useQuery(projectsQuery);
  const { data: task } = useQuery({ ...taskQuery(planned.task ?? ''), enabled: !!planned.task });
  const project = projects?.find(({ id }) => id === planned.project);
  const much = planned.percent != null ? `${planned.percent} %` : `${hours(planned.minutes_per_day ?? 0)} h a day`;
  return (
    <Group justify="space-between" wrap="nowrap" align="flex-start">
      <div style={{ minWidth: 0 }}>
        {project ? (
          <Anchor component={Link} to={`/projects/${project.key}/timeline` as '/'} size="sm">
            {project.name}
          </Anchor>
        ) : (
          <Text size="sm">A project that you cannot see</Text>
        )}
        {task && (
          <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
            {task.key} {task.title}
          </Text>
        )}
        <Text size="xs" c="dimmed">
          {dates(planned)}
        </Text>
      </div>
      <Group gap={4} wrap="nowrap">
        <Text size="sm" fw={600} style={{ whiteSpace: 'nowrap' }}>
          {much}
        </Text>
        {planned.allocation && project && (
          <Acts id={planned.allocation} project={project.key} name={`${project.name}, ${dates(planned)}`} />
        )}
      </Group>
    </Group>
  );
}

function Acts({ id, project, name }: { id: string; project: string; name: string }) {
  const client = useQueryClient();
  const may = useMay('resource.manage', project);
  const [editing, edit] = useDisclosure();
  const query = {
    queryKey: ['resources', 'allocation', id],
    queryFn: () => ask(api.GET('/api/v1/allocations/{id}', { params: { path: { id } } })),
  };
  const { data: seen } = useQuery({ ...query, enabled: may && editing });
  if (!may) return null;
  return (
    <>
      <RowMenu
        label={`More for ${name}`}
        acts={[
          { label: 'Change', icon: IconPencil, run: edit.open },
          {
            label: 'Take out of the plan',
            icon: IconTrash,
            run: async () => {
              const { version }: Allocation = await client.fetchQuery({ ...query, staleTime: 0 });
              const params = { path: { id }, header: ifMatch(version) };
              await ask(api.DELETE('/api/v1/allocations/{id}', { params }));
              await client.invalidateQueries({ queryKey: ['resources'] });
            },
            ask: {
              title: 'Take it out of the plan?',
              text: `${name}: the days become free again. Tasks that are given to the person stay.`,
              action: 'Take it out',
            },
          },
        ]}
      />
      {editing && seen && <AllocationForm allocation={seen} close={edit.close} />}
    </>
  );
}
