/** Closing a sprint: what was reached, and where what is left goes. */
import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Sprint } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { useSprints } from './useSprints';

interface Props {
  project: string;
  sprint: Sprint;
  next: Sprint[];
  done: number;
  left: number;
  close(): void;
}

const NOWHERE = 'none';

export function CloseSprint({ project, sprint, next, done, left, close }: Props) {
  const { close: closing } = useSprints(project);
  const [to, setTo] = useState<string>(next[0]?.id ?? NOWHERE);
  return (
    <Modal opened onClose={close} title={`Close ${sprint.name}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text size="sm">
          {done} {done === 1 ? 'task is' : 'tasks are'} completed, {left} {left === 1 ? 'is' : 'are'} not. A closed
          sprint is not opened again.
        </Text>
        {left > 0 && (
          <Select
            label="What is not completed goes to"
            data={[...next.map(({ id, name }) => ({ value: id, label: name })), { value: NOWHERE, label: 'No sprint' }]}
            value={to}
            onChange={(value) => value && setTo(value)}
            allowDeselect={false}
          />
        )}
        <ProblemAlert error={closing.error} />
        <Group justify="flex-end">
          <Button
            loading={closing.isPending}
            onClick={() =>
              closing.mutate(
                { sprint, moveTo: to === NOWHERE ? null : to },
                {
                  onSuccess: ({ moved }) => {
                    say(`${sprint.name} is closed. ${moved} ${moved === 1 ? 'task was' : 'tasks were'} moved on.`);
                    close();
                  },
                },
              )
            }
          >
            Close the sprint
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
