import { Anchor, Badge, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconCheck, IconHelpCircle, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { WhyNotEvent } from '~/api/schema';
import { RunMark } from '~/areas/runs/StateMark';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { When } from '~/parts/When';
import { ruleQuery } from '../queries';
import { kindWords, STATE_WORDS, sentence } from '../words';
import { ConditionParts } from './ConditionParts';
import { PickTask } from './PickTask';
import { whyNotQuery } from './queries';
import { fieldWords, hindranceWords, valueWords } from './words';

/** Why a rule did nothing about a task: which part of it said no, with what was there at that moment. */
export function WhyNot() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { about: task, event } = useSearch({ strict: false }) as { about?: string; event?: string };
  const navigate = useNavigate();
  const rule = useQuery(ruleQuery(id));
  const asked = Boolean(task || event);
  const why = useQuery({ ...whyNotQuery(id, event ? { event_id: event } : { task }), enabled: asked });
  const pick = (key: string | undefined) =>
    void navigate({
      to: '/rules/$id/why-not',
      params: { id } as never,
      search: { about: key } as never,
      replace: true,
    });
  const name = rule.data?.name ?? 'the rule';
  return (
    <Page
      title={`Why did “${name}” not run?`}
      tab="Why did it not run?"
      above={[
        { to: '/rules', label: 'Rules' },
        { to: `/rules/${id}`, label: rule.data?.name ?? 'Rule' },
      ]}
      lead="Pick the task that you expected it to do something about."
    >
      <PickTask value={task} onPick={pick} />
      <ProblemAlert error={rule.error ?? why.error} retry={() => void why.refetch()} />
      {asked && why.isPending && <Skeleton height={200} aria-busy="true" aria-label="It is being looked up" />}
      {why.data && (
        <section aria-live="polite" aria-label="The answer">
          {why.data.events.length === 0 ? (
            <Empty icon={IconHelpCircle} title="What it waits for has not happened">
              It waits for “{kindWords(why.data.listens_to)}”, and nothing of that kind has happened
              {task ? ` to ${why.data.task ?? task}` : ''}.
            </Empty>
          ) : (
            <Stack gap="sm" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
              {why.data.events.map((one, at) => (
                <Answer key={one.event.id ?? at} one={one} rule={id} />
              ))}
            </Stack>
          )}
          {why.data.events.length > 0 && (
            <Text size="xs" c="dimmed" mt="sm">
              Limits such as “at most so often” are not weighed here: where they held a run back, the run itself says
              so.
            </Text>
          )}
        </section>
      )}
    </Page>
  );
}

function Answer({ one, rule }: { one: WhyNotEvent; rule: string }) {
  const fired = one.outcome === 'fired';
  const Icon = fired ? IconCheck : IconX;
  return (
    <Paper component="li" withBorder p="md" bg="var(--app-card)">
      <Group justify="space-between" gap="xs" mb={6}>
        <Group gap="xs">
          <Icon size={18} aria-hidden color={`var(--mantine-color-${fired ? 'green' : 'orange'}-6)`} />
          <Title order={2} size="h5">
            {headline(one)}
          </Title>
        </Group>
        <Text size="sm" c="dimmed" component="div">
          {kindWords(one.event.kind)} <When at={one.event.occurred_at} />
        </Text>
      </Group>
      <Reason one={one} />
      {one.condition && one.condition.length > 0 && <ConditionParts parts={one.condition} />}
      <Group gap="sm" mt="sm">
        {one.run && (
          <Anchor component={Link} to={`/runs/${one.run.id}` as '/'} size="sm">
            <Group gap="xs">
              <RunMark state={one.run.state} />
              See the run
            </Group>
          </Anchor>
        )}
        {one.rule_version && (
          <Text size="xs" c="dimmed">
            Judged by version {one.rule_version}
            {one.rule_state && one.rule_state !== 'enabled' && `, when it was: ${STATE_WORDS[one.rule_state].label}`}
          </Text>
        )}
        {!fired && one.because?.what === 'condition' && (
          <Anchor component={Link} to={`/rules/${rule}` as '/'} size="sm">
            Change the condition
          </Anchor>
        )}
      </Group>
    </Paper>
  );
}

function headline({ outcome, rule_state, because }: WhyNotEvent): string {
  switch (outcome) {
    case 'fired':
      return 'It did run';
    case 'rule_off':
      return rule_state === 'draft' ? 'It was still a draft' : 'It was switched off';
    case 'rule_later':
      return 'The rule did not exist yet';
    case 'pending':
      return 'It is being looked at just now';
    case 'not_fired':
      return hindranceWords(because?.what);
    default:
      return 'It cannot be told any more';
  }
}

/** In words, with what was wanted and what was found where that says it best. */
function Reason({ one }: { one: WhyNotEvent }) {
  const { because } = one;
  if (because?.what === 'match' && because.at) {
    return (
      <Group gap={6}>
        <Text size="sm">{fieldWords(because.at)} was</Text>
        <Badge variant="default" tt="none" fw={500}>
          {valueWords(because.found)}
        </Badge>
        <Text size="sm">and the rule wants</Text>
        <Badge variant="default" tt="none" fw={500}>
          {valueWords(because.wanted)}
        </Badge>
      </Group>
    );
  }
  if (because?.what === 'condition') return null;
  if (because?.what === 'cause') {
    return (
      <Text size="sm">
        Another rule caused this. A rule answers to other rules only where its limits say so, so that rules do not set
        each other off without end.
      </Text>
    );
  }
  return (
    <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
      {sentence(one.detail)}
    </Text>
  );
}
