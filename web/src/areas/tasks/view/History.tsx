import { Anchor, Button, Skeleton, Stack, Text, Timeline } from '@mantine/core';
import { IconBolt, IconUser } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Activity, Task } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { workflowQuery } from '~/areas/projects/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { moment, useManner } from '~/parts/time';
import { When } from '~/parts/When';
import { sentence, type Words } from '../activity';
import { activityQuery, ruleNamesQuery } from '../details';
import type { Rights } from '../useRights';

/** The words for what an event names. */
function useWords(project: string): Words {
  const people = usePeople();
  const manner = useManner();
  const { data: workflow } = useQuery(workflowQuery(project));
  return {
    person: (id) => people.get(id)?.name ?? 'somebody',
    status: (key) => workflow?.statuses.find((one) => one.key === key)?.name ?? key,
    moment: (at) => moment(at, manner),
  };
}

/** What happened to a task, the newest first. */
export function History({ task, rights }: { task: Task; rights: Rights }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    activityQuery(task.id),
  );
  const { data: rules = [] } = useQuery({ ...ruleNamesQuery, enabled: rights.seeRules });
  const words = useWords(task.project);
  if (error) return <ProblemAlert error={error} retry={refetch} />;
  if (!data) return <Skeleton height={80} />;
  const told = data.pages.flatMap(({ items }) =>
    items.flatMap((event) => {
      const text = sentence(event, words);
      return text ? [{ event, text }] : [];
    }),
  );
  return (
    <Stack gap="sm">
      <Timeline bulletSize={22} lineWidth={2} aria-label="Activity" role="list">
        {told.map(({ event, text }) => (
          <Timeline.Item
            key={event.id}
            role="listitem"
            bullet={event.cause ? <IconBolt size={12} aria-hidden /> : <IconUser size={12} aria-hidden />}
          >
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              <Actor event={event} rules={rules} words={words} /> {text}
            </Text>
            <Text size="xs" c="dimmed">
              <When at={event.occurred_at} />
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
      {hasNextPage && (
        <Button variant="default" size="xs" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
          Show earlier
        </Button>
      )}
    </Stack>
  );
}

/** Who did it: a rule, which leads to its run, or a person. */
function Actor({ event, rules, words }: { event: Activity; rules: { id: string; name: string }[]; words: Words }) {
  const { cause, actor } = event;
  if (cause) {
    const name = rules.find(({ id }) => id === cause.rule)?.name;
    return (
      <Anchor component={Link} to={`/runs/${cause.run}` as '/'} size="sm" fw={600} underline="always">
        {name ? `The rule “${name}”` : 'A rule'}
      </Anchor>
    );
  }
  const { type, id } = actor as { type?: string; id?: string };
  return (
    <Text span fw={600} size="sm">
      {type === 'user' && id ? words.person(id) : 'Trackside'}
    </Text>
  );
}
