/** One sprint: what it is for, how far it is, and what can be done with it. */
import { ActionIcon, Badge, Button, Card, Group, Menu, Progress, Stack, Text, Title } from '@mantine/core';
import { IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import type { Sprint } from '~/api/schema';
import { tasksQuery } from '~/areas/tasks/queries';
import { Confirm } from '~/parts/Confirm';
import { useManner } from '~/parts/time';
import { progress } from './burn';
import { CloseSprint } from './CloseSprint';
import { SprintForm } from './SprintForm';
import { useSprints } from './useSprints';

const SprintBurn = lazy(() => import('./SprintBurn').then(({ SprintBurn }) => ({ default: SprintBurn })));

const STATES = { planned: 'Planned', active: 'Active', closed: 'Closed' };
const COLOURS = { planned: 'gray', active: 'track', closed: 'teal' };

interface Props {
  project: string;
  sprint: Sprint;
  /** Those that are planned, for what is not completed. */
  next: Sprint[];
  /** Whether another one is active, so that this one cannot be started. */
  waits: boolean;
  mayEdit: boolean;
}

export function SprintCard({ project, sprint, next, waits, mayEdit }: Props) {
  const { locale } = useManner();
  const { start, remove } = useSprints(project);
  const tasks = useQuery(tasksQuery({ sprint: sprint.id }));
  const [asked, ask] = useState<'change' | 'close' | 'delete'>();
  const done = progress(tasks.data ?? []);
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const dates =
    sprint.starts_at && sprint.ends_at
      ? date.formatRange(new Date(sprint.starts_at), new Date(sprint.ends_at))
      : sprint.ends_at
        ? `until ${date.format(new Date(sprint.ends_at))}`
        : 'no dates yet';
  const active = sprint.state === 'active';
  return (
    <Card withBorder radius="md" padding="md" bg="var(--app-card)" data-sprint={sprint.name}>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Title order={3} size="h5">
              {sprint.name}
            </Title>
            <Badge variant="light" color={COLOURS[sprint.state]} c="var(--mantine-color-text)" tt="none">
              {STATES[sprint.state]}
            </Badge>
          </Group>
          <Text size="sm" c="dimmed">
            {dates}
          </Text>
        </div>
        {mayEdit && (
          <Group gap="xs" wrap="nowrap">
            {sprint.state === 'planned' && (
              <Button size="xs" disabled={waits} loading={start.isPending} onClick={() => start.mutate(sprint)}>
                Start
              </Button>
            )}
            {active && (
              <Button size="xs" variant="default" onClick={() => ask('close')}>
                Close the sprint
              </Button>
            )}
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" size={30} aria-label={`More for ${sprint.name}`}>
                  <IconDots size={16} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => ask('change')}>
                  Change
                </Menu.Item>
                {!active && (
                  <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => ask('delete')}>
                    Delete
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
          </Group>
        )}
      </Group>
      {sprint.goal && (
        <Text size="sm" mt={6} style={{ whiteSpace: 'pre-line' }}>
          {sprint.goal}
        </Text>
      )}
      <Stack gap={2} mt="sm">
        <Progress value={done.percent} color="teal.7" aria-label={`${sprint.name} is ${done.percent} % done`} />
        <Text size="xs" c="dimmed">
          {done.done} of {done.total} tasks completed{done.points > 0 && ` · ${done.points} points`}
        </Text>
      </Stack>
      {active && tasks.data && tasks.data.length > 0 && (
        <Suspense fallback={null}>
          <SprintBurn sprint={sprint} tasks={tasks.data} />
        </Suspense>
      )}
      {asked === 'change' && <SprintForm project={project} sprint={sprint} close={() => ask(undefined)} />}
      {asked === 'close' && (
        <CloseSprint
          project={project}
          sprint={sprint}
          next={next}
          done={done.done}
          left={done.total - done.done}
          close={() => ask(undefined)}
        />
      )}
      <Confirm
        opened={asked === 'delete'}
        close={() => ask(undefined)}
        title={`Delete ${sprint.name}?`}
        action="Delete"
        run={() => remove(sprint)}
      >
        Its tasks stay, and are in no sprint then.
      </Confirm>
    </Card>
  );
}
