import { ActionIcon, Badge, Card, Group, Menu, Progress, Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconArchive, IconArchiveOff, IconDots, IconSettings } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Project, ProjectFigures } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { Face } from '~/parts/Face';
import { UndoMessage } from '~/parts/UndoMessage';
import { usePhone } from '~/parts/usePhone';
import { HealthBadge, STATUSES } from './HealthBadge';
import { figuresQuery, useArchiveProject } from './queries';

/** Projects as a table, or as cards where there is no room for one. */
export function ProjectList({ projects }: { projects: Project[] }) {
  const narrow = usePhone();
  const figures = useQuery(figuresQuery);
  if (narrow) {
    return (
      <Stack gap="sm">
        {projects.map((project) => (
          <ProjectCard key={project.id} project={project} figures={figures.data?.get(project.id)} />
        ))}
      </Stack>
    );
  }
  return (
    <Card withBorder padding={0}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Health</Table.Th>
            <Table.Th>Owner</Table.Th>
            <Table.Th>Tasks</Table.Th>
            <Table.Th>
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {projects.map((project) => (
            <Row key={project.id} project={project} figures={figures.data?.get(project.id)} />
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

interface Line {
  project: Project;
  figures?: ProjectFigures;
}

function Row({ project, figures }: Line) {
  return (
    <Table.Tr>
      <Table.Td>
        <Name project={project} />
      </Table.Td>
      <Table.Td>
        <Text size="sm">{STATUSES[project.status]}</Text>
      </Table.Td>
      <Table.Td>{project.health && <HealthBadge health={project.health} note={project.health_note} />}</Table.Td>
      <Table.Td>
        <Owner id={project.owner} />
      </Table.Td>
      <Table.Td w={210}>{figures && <Figures figures={figures} />}</Table.Td>
      <Table.Td w={48}>
        <Actions project={project} />
      </Table.Td>
    </Table.Tr>
  );
}

function ProjectCard({ project, figures }: Line) {
  return (
    <Card withBorder padding="sm">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Name project={project} />
        <Actions project={project} />
      </Group>
      <Group gap="xs" my="xs">
        <Owner id={project.owner} />
        {project.status !== 'active' && (
          <Badge variant="default" tt="none">
            {STATUSES[project.status]}
          </Badge>
        )}
        {project.health && <HealthBadge health={project.health} note={project.health_note} />}
      </Group>
      {figures && <Figures figures={figures} />}
    </Card>
  );
}

function Name({ project }: { project: Project }) {
  return (
    <div style={{ minWidth: 0 }}>
      <Text
        component={Link}
        to="/projects/$key"
        params={{ key: project.key } as never}
        size="sm"
        fw={600}
        c="var(--mantine-color-text)"
        style={{ overflowWrap: 'anywhere' }}
      >
        {project.name}
      </Text>
      <Text size="xs" c="dimmed">
        {project.key}
        {project.is_template && ' · template'}
      </Text>
    </div>
  );
}

function Owner({ id }: { id: string }) {
  const owner = usePeople().get(id);
  if (!owner) return null;
  return (
    <Group gap={6} wrap="nowrap">
      <Face name={owner.name} size={24} />
      <Text size="sm">{owner.name}</Text>
    </Group>
  );
}

function Figures({ figures: { open, overdue, progress } }: { figures: ProjectFigures }) {
  return (
    <div>
      <Progress value={progress} size="sm" aria-label="Completed" mb={4} />
      <Text size="xs" c="dimmed">
        {open} open
        {overdue > 0 && (
          <Text span size="xs" c="var(--mantine-color-error)">
            {' '}
            · {overdue} overdue
          </Text>
        )}
      </Text>
    </div>
  );
}

function Actions({ project }: { project: Project }) {
  const mayEdit = useMay('project.edit', project.key);
  const archive = useArchiveProject();
  if (!mayEdit) return null;
  const archived = project.status === 'archived';
  const put = (away: boolean) =>
    archive.mutate(
      { id: project.id, archive: away },
      {
        onSuccess: () =>
          notifications.show({
            id: `archive-${project.id}`,
            message: (
              <UndoMessage
                text={away ? `${project.name} is archived.` : `${project.name} is active again.`}
                undo={() => put(!away)}
                id={`archive-${project.id}`}
              />
            ),
            autoClose: 10_000,
          }),
      },
    );
  return (
    <Menu position="bottom-end" width={180}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`More for ${project.name}`}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconSettings size={16} aria-hidden />}
          component={Link}
          to={`/projects/${project.key}/settings` as '/'}
        >
          Settings
        </Menu.Item>
        <Menu.Item
          leftSection={archived ? <IconArchiveOff size={16} aria-hidden /> : <IconArchive size={16} aria-hidden />}
          onClick={() => put(!archived)}
        >
          {archived ? 'Take up again' : 'Archive'}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
