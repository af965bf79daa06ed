import { Anchor, Badge, Group, Paper, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ShadowReport as Report, ShadowCompared, ShadowRun } from '~/api/schema';
import { useActions } from '~/areas/builder/queries';
import { RunMark } from '~/areas/runs/StateMark';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { When } from '~/parts/When';
import { ruleQuery } from '../queries';
import { Dot } from '../RuleStateMark';
import { StateSwitch } from '../StateSwitch';
import { kindWords } from '../words';
import { shadowReportQuery } from './queries';
import { valueWords } from './words';

/** What a rule that only watches would have done, held against what happened. */
export function ShadowReport() {
  const { id } = useParams({ strict: false }) as { id: string };
  const rule = useQuery(ruleQuery(id));
  const report = useQuery({ ...shadowReportQuery(id), refetchInterval: 15_000 });
  return (
    <Page
      title={`What “${rule.data?.name ?? 'the rule'}” saw while watching`}
      tab="What it saw while watching"
      above={[
        { to: '/rules', label: 'Rules' },
        { to: `/rules/${id}`, label: rule.data?.name ?? 'Rule' },
      ]}
      lead="A rule that only watches changes nothing. Here is what it would have done, and whether people then did the same."
      actions={rule.data && <StateSwitch rule={rule.data} />}
    >
      <ProblemAlert error={rule.error ?? report.error} retry={() => void report.refetch()} />
      {report.isPending && <Skeleton height={240} aria-busy="true" aria-label="The report is being loaded" />}
      {report.data?.fired === 0 && (
        <Empty icon={IconEye} title="It has seen nothing yet">
          Set the rule to “Only watch”. As soon as what it waits for happens, what it would have done stands here.
        </Empty>
      )}
      {report.data && report.data.fired > 0 && <Found report={report.data} />}
    </Page>
  );
}

const VERDICTS = {
  agrees: { label: 'The same happened', color: 'green' },
  differs: { label: 'Something else happened', color: 'orange' },
  open: { label: 'Nothing since', color: 'gray' },
} as const;

function Found({ report }: { report: Report }) {
  const actions = useActions();
  const agreement = report.agreement as Record<string, number>;
  return (
    <Stack>
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        <Figure label="Would have run" value={report.fired} />
        {(['agrees', 'differs', 'open'] as const).map((verdict) => (
          <Figure
            key={verdict}
            label={VERDICTS[verdict].label}
            value={agreement[verdict] ?? 0}
            color={VERDICTS[verdict].color}
          />
        ))}
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {Object.entries(report.actions as Record<string, number>)
          .map(([action, count]) => `${count} × ${(actions.get(action)?.summary ?? action).replace(/[.;].*$/, '')}`)
          .join(' · ')}
      </Text>
      <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {report.runs.map((run) => (
          <Seen key={run.id} run={run} />
        ))}
      </Stack>
    </Stack>
  );
}

function Figure({ label, value, color }: { label: string; value: number; color?: string }) {
  return (
    <Paper withBorder p="md" bg="var(--app-card)">
      <Group gap={6} wrap="nowrap">
        {color && <Dot color={color} />}
        <Text size="sm" c="dimmed">
          {label}
        </Text>
      </Group>
      <Text fz={26} fw={650}>
        {value.toLocaleString()}
      </Text>
    </Paper>
  );
}

function Seen({ run }: { run: ShadowRun }) {
  const actions = useActions();
  const does = run.steps.filter(({ state }) => state === 'recorded');
  return (
    <Paper component="li" withBorder p="md" bg="var(--app-card)">
      <Group justify="space-between" gap="xs">
        <Anchor component={Link} to={`/runs/${run.id}` as '/'} size="sm" fw={600} c="var(--mantine-color-text)">
          {run.event ? kindWords(run.event.kind) : 'Started by hand'}
        </Anchor>
        <Group gap="sm">
          {run.state !== 'succeeded' && <RunMark state={run.state} />}
          <Text size="sm" c="dimmed" component="div">
            <When at={run.created_at} />
          </Text>
        </Group>
      </Group>
      {run.compared.length > 0 ? (
        <Stack gap={4} mt={6}>
          {run.compared.map((change) => (
            <Compared key={`${change.task}${change.field}`} change={change} />
          ))}
        </Stack>
      ) : (
        does.map(({ path, kind, does: words }) => (
          <Text key={path} size="sm" c="dimmed" mt={4}>
            {words ?? actions.get(kind)?.summary ?? kind}
          </Text>
        ))
      )}
    </Paper>
  );
}

const TURNS = { set: 'would become', add: 'would get', remove: 'would lose' } as const;

function Compared({ change }: { change: ShadowCompared }) {
  const { label, color } = VERDICTS[change.verdict];
  return (
    <Group justify="space-between" gap="xs">
      <Text size="sm">
        {change.field.replace(/^custom\./, '').replaceAll('_', ' ')} {TURNS[change.turn]} <b>{valueWords(change.to)}</b>
        {change.from !== undefined && change.from !== null && `, was ${valueWords(change.from)}`}
        {change.verdict === 'differs' && `; it became ${valueWords(change.became)}`}
      </Text>
      <Badge variant="default" tt="none" fw={500} leftSection={<Dot color={color} />}>
        {label}
      </Badge>
    </Group>
  );
}
