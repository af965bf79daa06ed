import { Badge, Text } from '@mantine/core';
import { IconRefresh, IconTrash } from '@tabler/icons-react';
import { api, ask } from '~/api/client';
import type { DeadJobGroup, DeadJobsDone } from '~/api/schema';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { say } from '~/parts/toast';
import { When } from '~/parts/When';
import { useSeeAgain } from './queries';

/** Jobs that were given up, by kind and reason: tried again together, or thrown away for good. */
export function DeadLetters({ groups, installation }: { groups: DeadJobGroup[]; installation: boolean }) {
  if (groups.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        There are none. Everything that began has been done.
      </Text>
    );
  }
  return (
    <Rows label="Dead letters">
      {groups.map((group) => (
        <Line key={`${group.queue}/${group.kind}/${group.reason}`} group={group} installation={installation} />
      ))}
    </Rows>
  );
}

function Line({ group, installation }: { group: DeadJobGroup; installation: boolean }) {
  const again = useSeeAgain();
  const { queue, kind, reason, count, last_at } = group;
  const body = { filter: { queue, kind, q: reason }, installation };
  const told = (what: string) => async (call: Promise<DeadJobsDone>) => {
    const { done, left } = await call;
    say(left ? `${done} ${what}; ${left} are left.` : `${done} ${what}.`);
    await again();
  };
  return (
    <Row
      title={reason}
      about={
        <>
          {kind} in {queue} · last <When at={last_at} />
        </>
      }
      beside={
        <Badge variant="default" tt="none" fw={500}>
          {count.toLocaleString()}
        </Badge>
      }
      actions={
        <RowMenu
          label={`More for ${count} of ${kind}`}
          acts={[
            {
              label: 'Try them again',
              icon: IconRefresh,
              run: () => told('are tried again')(ask(api.POST('/api/v1/dead-jobs/requeue', { body }))),
            },
            {
              label: 'Discard',
              icon: IconTrash,
              run: () => told('are discarded')(ask(api.POST('/api/v1/dead-jobs/discard', { body }))),
              ask: {
                title: `Discard ${count.toLocaleString()} dead letters?`,
                text: 'What was in them is gone for good, and runs that waited for them fail. The audit log says who did it.',
                action: 'Discard them',
              },
            },
          ]}
        />
      }
    />
  );
}
