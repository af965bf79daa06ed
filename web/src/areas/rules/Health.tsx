import {
  Alert,
  Anchor,
  Badge,
  Grid,
  Group,
  Paper,
  SegmentedControl,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { RuleHealth, RuleInfo, RuleLastRun, RuleSpan } from '~/api/schema';
import { useNames } from '~/areas/builder/queries';
import { usePeople } from '~/areas/people/queries';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { length as span } from '~/parts/time';
import { When } from '~/parts/When';
import { errorWords } from '../runs/words';
import { healthQuery, ruleQuery } from './queries';
import { RuleMenu } from './RuleMenu';
import { StateSwitch } from './StateSwitch';
import { kindWords, sentence, startWords } from './words';

type Span = 'hour' | 'day' | 'month';

const SPANS = [
  { value: 'hour', label: 'Last hour' },
  { value: 'day', label: 'Last 24 hours' },
  { value: 'month', label: 'Last 30 days' },
];

/** How a rule does: how often it ran and with what success, what it costs, and what it overlaps with. */
export function Health() {
  const { id } = useParams({ strict: false }) as { id: string };
  const rule = useQuery(ruleQuery(id));
  const names = useNames();
  const health = useQuery({ ...healthQuery(id), refetchInterval: 15_000 });
  const error = rule.error ?? health.error;
  return (
    <Page
      title={rule.data ? `How “${rule.data.name}” does` : 'How the rule does'}
      above={[
        { to: '/rules', label: 'Rules' },
        { to: `/rules/${id}`, label: rule.data?.name ?? 'Rule' },
      ]}
      lead={rule.data && startWords(rule.data.rule, names)}
      actions={
        rule.data && (
          <>
            <StateSwitch rule={rule.data} />
            <RuleMenu rule={rule.data} />
          </>
        )
      }
    >
      {!(rule.data && health.data) && (
        <ProblemAlert error={error} retry={() => void Promise.all([rule.refetch(), health.refetch()])} />
      )}
      {rule.data && health.data ? (
        <Figures rule={rule.data} health={health.data} />
      ) : (
        !error && <Skeleton height={320} aria-busy="true" aria-label="Figures are being loaded" />
      )}
    </Page>
  );
}

function Figures({ rule, health }: { rule: RuleInfo; health: RuleHealth }) {
  const [of, setOf] = useState<Span>('day');
  const shown = health[of];
  return (
    <Stack>
      {health.paused_because && (
        <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} title="Paused">
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {sentence(health.paused_because)}
          </Text>
          <Text size="sm" mt={4}>
            Mend what went wrong, repeat the failed runs, then switch it on again.
          </Text>
        </Alert>
      )}
      {health.unused && (
        <Alert color="gray" icon={<IconAlertTriangle aria-hidden />} py="xs">
          It has been on for more than 30 days and nothing has started it. Is it still wanted?
        </Alert>
      )}
      <SegmentedControl
        aria-label="How far back"
        data={SPANS}
        value={of}
        onChange={(value) => setOf(value as Span)}
        style={{ alignSelf: 'flex-start' }}
      />
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        <Figure label="Runs" value={shown.fired} to={`/runs`} search={{ rule: rule.id }} />
        <Figure label="Failed" value={shown.failed} bad to="/runs" search={{ rule: rule.id, state: 'failed' }} />
        <Figure label="Skipped" value={shown.skipped} to="/runs" search={{ rule: rule.id, state: 'dropped' }} />
        <Figure label="Under way now" value={health.under_way} to="/runs" search={{ rule: rule.id, state: 'active' }} />
      </SimpleGrid>
      <Grid gap="sm">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Judged span={shown} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Cost span={shown} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Last rule={rule} health={health} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Overlaps health={health} />
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

interface FigureProps {
  label: string;
  value: number;
  bad?: boolean;
  to: string;
  search: object;
}

function Figure({ label, value, bad, to, search }: FigureProps) {
  return (
    <Paper
      withBorder
      p="md"
      bg="var(--app-card)"
      component={Link}
      to={to as '/'}
      search={search as never}
      className="plain"
    >
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={26} fw={650} c={bad && value > 0 ? 'var(--mantine-color-error)' : 'var(--mantine-color-text)'}>
        {value.toLocaleString()}
      </Text>
    </Paper>
  );
}

function Card({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Paper withBorder p="md" bg="var(--app-card)" component="section" aria-label={title} h="100%">
      <Title order={2} size="h5" mb="xs">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

function Rows({ rows }: { rows: [string, React.ReactNode][] }) {
  return (
    <Stack gap={6} component="dl" m={0}>
      {rows.map(([label, value]) => (
        <Group key={label} justify="space-between" wrap="nowrap" gap="sm">
          <Text size="sm" c="dimmed" component="dt">
            {label}
          </Text>
          <Text size="sm" component="dd" m={0} ta="end">
            {value}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}

const figure = (value: number) => value.toLocaleString();

function Judged({ span: { judgements: judged, reasons } }: { span: RuleSpan }) {
  const rows: [string, React.ReactNode][] = [
    ['Events looked at', figure(judged.judged)],
    ['Not what it waits for, or elsewhere', figure(judged.unmatched)],
    ['The condition did not hold', figure(judged.condition)],
    ['Caused by another rule', figure(judged.caused_by_rules)],
    ['Not for its owner’s eyes', figure(judged.unseen)],
  ];
  return (
    <Card title="What it looked at">
      <Rows rows={rows.filter(([, value], at) => at === 0 || value !== '0')} />
      {Object.keys(reasons).length > 0 && (
        <>
          <Title order={3} size="h6" mt="md" mb="xs">
            Why runs did not succeed
          </Title>
          <Rows rows={Object.entries(reasons).map(([code, count]) => [errorWords(code), figure(count)])} />
        </>
      )}
      <Text size="xs" c="dimmed" mt="sm">
        Counted once a minute.
      </Text>
    </Card>
  );
}

function Cost({ span: { cost } }: { span: RuleSpan }) {
  return (
    <Card title="What it costs">
      <Rows
        rows={[
          ['Time for looking at events', span(cost.judging_us / 1000)],
          ['The longest look', span(cost.longest_judging_us / 1000)],
          ['Time for doing its steps', span(cost.running_ms)],
          ['The longest stretch', span(cost.longest_running_ms)],
          ['Calls of other services', figure(cost.calls)],
          ['Notifications', figure(cost.notifications)],
        ]}
      />
    </Card>
  );
}

function Last({ rule, health }: { rule: RuleInfo; health: RuleHealth }) {
  const owner = usePeople().get(rule.owner);
  const run = (last: RuleLastRun | null | undefined) =>
    last ? (
      <Anchor component={Link} to={`/runs/${last.run}` as '/'} size="sm">
        <When at={last.at} />
      </Anchor>
    ) : (
      'Never'
    );
  return (
    <Card title="The last time">
      <Rows
        rows={[
          ['Last run', run(health.last_fired)],
          ['Last failure', run(health.last_failed)],
          ['Acts with the rights of', owner?.name ?? 'Somebody who left'],
          ['Version', `${rule.version}`],
        ]}
      />
      {health.last_failed?.error && (
        <Text size="xs" c="var(--mantine-color-error)" mt="xs" lineClamp={3}>
          {health.last_failed.error.message || errorWords(health.last_failed.error.code)}
        </Text>
      )}
    </Card>
  );
}

function Overlaps({ health }: { health: RuleHealth }) {
  return (
    <Card title="Rules that may start on the same event">
      {health.overlaps.length === 0 && (
        <Text size="sm" c="dimmed">
          There are none that are on.
        </Text>
      )}
      <Stack gap={6}>
        {health.overlaps.map((other) => (
          <Group key={other.rule ?? other.name} justify="space-between" gap="xs">
            {other.rule ? (
              <Anchor component={Link} to={`/rules/${other.rule}` as '/'} size="sm">
                {other.name}
              </Anchor>
            ) : (
              <Text size="sm">{other.name}</Text>
            )}
            <Badge variant="default" tt="none" fw={500}>
              {kindWords(other.witness.kind)}
            </Badge>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
