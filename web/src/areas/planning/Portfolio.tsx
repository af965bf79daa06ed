/** All projects at a glance: how they do, how far they are, what is late and what they cost. */
import { Anchor, Button, Card, Group, Progress, Skeleton, Stack, Table, Text } from '@mantine/core';
import { IconBriefcase, IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ProjectFigures } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { HealthBadge, STATUSES } from '~/areas/projects/HealthBadge';
import { Empty } from '~/parts/Empty';
import { Face } from '~/parts/Face';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useManner } from '~/parts/time';
import { complain } from '~/parts/toast';
import { usePhone } from '~/parts/usePhone';
import { saveFile } from './figures/saveFile';
import { budgetQuery, portfolioQuery } from './queries';

export function Portfolio() {
  const portfolio = useQuery(portfolioQuery);
  const phone = usePhone();
  const projects = portfolio.data ?? [];
  const save = () =>
    void saveFile('/api/v1/portfolio.csv?limit=200', 'portfolio.csv').catch((error) =>
      complain(error, 'The file was not saved'),
    );
  return (
    <Page
      title="Portfolio"
      lead="Every project, how it does and how far it is."
      actions={
        <Button variant="default" leftSection={<IconDownload size={16} />} onClick={save} disabled={!projects.length}>
          Download CSV
        </Button>
      }
    >
      {portfolio.isPending && <Skeleton h={320} />}
      {portfolio.isError && <ProblemAlert error={portfolio.error} retry={() => void portfolio.refetch()} />}
      {portfolio.data && projects.length === 0 && (
        <Empty
          icon={IconBriefcase}
          title="No projects yet"
          actions={
            <Button component={Link} to={'/projects' as '/'}>
              Go to the projects
            </Button>
          }
        >
          Here you see how all projects do, side by side. Make the first one.
        </Empty>
      )}
      {projects.length > 0 && (phone ? <Cards projects={projects} /> : <Rows projects={projects} />)}
    </Page>
  );
}

const useDate = () => {
  const { locale, timeZone } = useManner();
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone });
  return (at?: string | null) => (at ? date.format(new Date(at)) : '—');
};

function Rows({ projects }: { projects: ProjectFigures[] }) {
  const people = usePeople();
  const date = useDate();
  return (
    <Card withBorder padding={0} radius="md" bg="var(--app-card)">
      <Table.ScrollContainer minWidth={860}>
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Project</Table.Th>
              <Table.Th>Health</Table.Th>
              <Table.Th w={190}>Progress</Table.Th>
              <Table.Th>Late</Table.Th>
              <Table.Th>Done in 30 days</Table.Th>
              <Table.Th>Next milestone</Table.Th>
              <Table.Th>Due</Table.Th>
              <Table.Th>Budget</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {projects.map((project) => (
              <Table.Tr key={project.id}>
                <Table.Td>
                  <Group gap="xs" wrap="nowrap">
                    <Face name={people.get(project.owner)?.name ?? 'Somebody'} size={24} />
                    <Name project={project} />
                  </Group>
                </Table.Td>
                <Table.Td>{health(project)}</Table.Td>
                <Table.Td>
                  <Done project={project} />
                </Table.Td>
                <Table.Td>
                  <LateCount count={project.overdue} />
                </Table.Td>
                <Table.Td>{project.throughput}</Table.Td>
                <Table.Td>{date(project.next_milestone_at)}</Table.Td>
                <Table.Td>{date(project.due_at)}</Table.Td>
                <Table.Td>
                  <Money project={project.key} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

function Cards({ projects }: { projects: ProjectFigures[] }) {
  const date = useDate();
  return (
    <Stack gap="sm">
      {projects.map((project) => (
        <Card key={project.id} withBorder padding="sm" radius="md" bg="var(--app-card)">
          <Group justify="space-between" wrap="nowrap" mb={6}>
            <Name project={project} />
            {health(project)}
          </Group>
          <Done project={project} />
          <Group gap="md" mt={8} fz="sm">
            <LateCount count={project.overdue} words />
            {project.due_at && (
              <Text size="sm" c="dimmed">
                Due {date(project.due_at)}
              </Text>
            )}
            <Money project={project.key} none="" />
          </Group>
        </Card>
      ))}
    </Stack>
  );
}

function Name({ project }: { project: ProjectFigures }) {
  return (
    <div style={{ minWidth: 0 }}>
      <Anchor
        component={Link}
        to={`/projects/${project.key}/figures` as '/'}
        fw={600}
        size="sm"
        c="var(--mantine-color-text)"
      >
        {project.name}
      </Anchor>
      <Text size="xs" c="dimmed">
        {project.key} · {STATUSES[project.status]}
      </Text>
    </div>
  );
}

const health = ({ health }: ProjectFigures) =>
  health ? (
    <HealthBadge health={health} />
  ) : (
    <Text size="sm" c="dimmed" span style={{ whiteSpace: 'nowrap' }}>
      Not said
    </Text>
  );

function Done({ project }: { project: ProjectFigures }) {
  return (
    <Stack gap={2}>
      <Progress value={project.progress} aria-label={`${project.name} is ${project.progress} % done`} color="teal.7" />
      <Text size="xs" c="dimmed">
        {project.progress} % · {project.completed} of {project.total - project.cancelled}
      </Text>
    </Stack>
  );
}

function LateCount({ count, words }: { count: number; words?: boolean }) {
  return (
    <Text size="sm" span fw={count ? 600 : 400} c={count ? 'var(--mantine-color-error)' : 'dimmed'}>
      {count}
      {words && ' late'}
    </Text>
  );
}

function Money({ project, none = '—' }: { project: string; none?: string }) {
  const { locale } = useManner();
  const may = useMay('budget.view', project);
  const { data: budget } = useQuery({ ...budgetQuery(project), enabled: may });
  if (!budget) {
    return (
      <Text size="sm" c="dimmed" span>
        {none}
      </Text>
    );
  }
  const money = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: budget.currency,
    maximumFractionDigits: 0,
  });
  const used = Number(budget.used_percent ?? 0);
  return (
    <div style={{ minWidth: 120 }}>
      <Progress
        value={Math.min(100, used)}
        color={used > 100 ? 'red.7' : used > 80 ? 'yellow.7' : 'teal.7'}
        aria-label={`${Math.round(used)} % of the budget is used`}
      />
      <Text size="xs" c="dimmed">
        {Math.round(used)} % of {money.format(Number(budget.planned))}
      </Text>
    </div>
  );
}
