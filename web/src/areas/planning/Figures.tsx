/** How a project does: what was done and how fast, what is left, what is late, and who has how much to do. */
import { Anchor, Button, Card, Group, SegmentedControl, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconChartBar, IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import dayjs from 'dayjs';
import { useMemo, useState } from 'react';
import type { LateTask, Metrics } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { workflowQuery } from '~/areas/projects/queries';
import { Empty } from '~/parts/Empty';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { length } from '~/parts/time';
import { complain } from '~/parts/toast';
import { When } from '~/parts/When';
import { Burn, Flow, LoadChart, Throughput } from './figures/Charts';
import { saveFile } from './figures/saveFile';
import { metricsFile, metricsQuery, type Range } from './queries';

export function Figures() {
  const { key } = useParams({ strict: false }) as { key: string };
  const [span, setSpan] = useState('30');
  const range = useMemo<Range>(() => {
    const days = Number(span);
    const from = dayjs().subtract(days - 1, 'day');
    return { from: from.format('YYYY-MM-DD'), to: dayjs().format('YYYY-MM-DD'), interval: days > 60 ? 'week' : 'day' };
  }, [span]);
  const metrics = useQuery(metricsQuery(key, range));
  const save = () =>
    void saveFile(metricsFile(key, range), `${key} figures.csv`).catch((error) =>
      complain(error, 'The file was not saved'),
    );
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          value={span}
          onChange={setSpan}
          data={[
            { value: '14', label: '2 weeks' },
            { value: '30', label: '30 days' },
            { value: '90', label: '90 days' },
            { value: '365', label: 'A year' },
          ]}
          aria-label="Time shown"
        />
        <Button variant="default" size="xs" leftSection={<IconDownload size={16} />} onClick={save}>
          Download CSV
        </Button>
      </Group>
      {metrics.isPending && <Loading />}
      {metrics.isError && <ProblemAlert error={metrics.error} retry={() => void metrics.refetch()} />}
      {metrics.data && <Content project={key} metrics={metrics.data} />}
    </Stack>
  );
}

function Loading() {
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} aria-busy>
      {[1, 2, 3, 4].map((each) => (
        <Skeleton key={each} h={280} radius="md" />
      ))}
    </SimpleGrid>
  );
}

function Content({ project, metrics }: { project: string; metrics: Metrics }) {
  const people = usePeople();
  const { data: workflow } = useQuery(workflowQuery(project));
  const last = metrics.points.at(-1);
  if (!last?.scope && !metrics.points.some(({ created }) => created > 0)) {
    return (
      <Empty
        icon={IconChartBar}
        title="No figures yet"
        actions={
          <Button component={Link} to={`/projects/${project}` as '/'}>
            Go to the board
          </Button>
        }
      >
        What is done, what is left and how long it takes is counted from the tasks of the project. Make the first ones.
      </Empty>
    );
  }
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
        <Fact label="Completed" value={metrics.throughput} note="in the time shown" />
        <Fact
          label="Cycle time"
          value={metrics.cycle_time.p50 == null ? '—' : took(metrics.cycle_time.p50)}
          note={
            metrics.cycle_time.p85 == null
              ? 'from begun to done'
              : `the middle one; 85 % within ${took(metrics.cycle_time.p85)}`
          }
        />
        <Fact
          label="Left"
          value={last?.remaining ?? 0}
          note={`${Math.round((last?.remaining_minutes ?? 0) / 60)} h estimated`}
        />
        <Fact
          label="Late"
          value={metrics.overdue}
          note={`${metrics.unassigned} open without a person`}
          bad={metrics.overdue > 0}
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
        <Throughput metrics={metrics} />
        <Burn metrics={metrics} />
        {workflow ? <Flow metrics={metrics} statuses={workflow.statuses} /> : <Skeleton h={280} />}
        <LoadChart metrics={metrics} nameOf={(id) => people.get(id)?.name ?? 'Somebody'} />
      </SimpleGrid>
      <Late tasks={metrics.overdue_tasks} count={metrics.overdue} />
    </>
  );
}

const took = (seconds: number) => (seconds < 60 ? 'under a minute' : length(seconds * 1000));

function Fact({ label, value, note, bad }: { label: string; value: string | number; note: string; bad?: boolean }) {
  return (
    <Card withBorder radius="md" padding="sm" bg="var(--app-card)" data-fact={label}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={26} fw={650} lh={1.2} c={bad ? 'var(--mantine-color-error)' : undefined}>
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {note}
      </Text>
    </Card>
  );
}

function Late({ tasks, count }: { tasks: LateTask[]; count: number }) {
  const [all, setAll] = useState(false);
  if (count === 0) return null;
  const shown = all ? tasks : tasks.slice(0, 8);
  return (
    <Card withBorder radius="md" padding="md" bg="var(--app-card)">
      <Title order={2} size="h5" mb="xs">
        Late tasks
      </Title>
      <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
        {shown.map(({ id, key, title, due_at }) => (
          <Group key={id} component="li" justify="space-between" wrap="nowrap" py={4}>
            <Anchor
              component={Link}
              to="."
              search={((before: object) => ({ ...before, task: key })) as never}
              size="sm"
              truncate
              c="var(--mantine-color-text)"
            >
              <Text span c="dimmed" size="sm">
                {key}
              </Text>{' '}
              {title}
            </Anchor>
            <Text size="sm" c="dimmed" style={{ flexShrink: 0 }}>
              <When at={due_at} />
            </Text>
          </Group>
        ))}
      </Stack>
      {tasks.length > shown.length && (
        <Button variant="subtle" size="xs" mt="xs" onClick={() => setAll(true)}>
          Show all {tasks.length}
        </Button>
      )}
    </Card>
  );
}
