/** Why a dependency was refused; of a circle, the tasks that would wait for each other. */
import { Alert, List, Modal, Stack, Text } from '@mantine/core';
import { IconRefreshAlert } from '@tabler/icons-react';
import { Problem } from '~/api/problem';
import type { TimelineItem } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';

/** The keys of the tasks on the way round, as the server names them. */
function wayOf(error: unknown): string[] | undefined {
  if (!(error instanceof Problem) || error.type !== 'dependency_cycle') return;
  const way = /[A-Z0-9]+-\d+(?: -> [A-Z0-9]+-\d+)+/.exec(error.message)?.[0];
  return way?.split(' -> ');
}

export function RefusalText({ error, items }: { error: unknown; items: TimelineItem[] }) {
  const way = wayOf(error);
  if (!way) return <ProblemAlert error={error} />;
  const titles = new Map(items.map(({ key, title }) => [key, title]));
  return (
    <Alert color="red" role="alert" icon={<IconRefreshAlert aria-hidden />} title="They would wait for each other">
      <Stack gap="xs">
        <Text size="sm">This dependency would close a circle. Remove one of the others first:</Text>
        <List size="sm" type="ordered" data-cycle>
          {way.map((key, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the first task of the way is also its last.
            <List.Item key={index}>
              {key} {titles.get(key)}
            </List.Item>
          ))}
        </List>
      </Stack>
    </Alert>
  );
}

export function Refusal({ error, items, close }: { error: unknown; items: TimelineItem[]; close(): void }) {
  return (
    <Modal
      opened={Boolean(error)}
      onClose={close}
      title="The dependency was not made"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <RefusalText error={error} items={items} />
    </Modal>
  );
}
