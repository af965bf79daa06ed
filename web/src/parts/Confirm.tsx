import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ProblemAlert } from './ProblemAlert';

/** Asks before something is done that cannot be taken back, does it, and says on the spot when it failed. */
export function Confirm({
  opened,
  close,
  title,
  children,
  action,
  danger = true,
  run,
}: {
  opened: boolean;
  close: () => void;
  title: string;
  children: ReactNode;
  /** What the button says: a verb. */
  action: string;
  danger?: boolean;
  run: () => Promise<unknown>;
}) {
  const doing = useMutation({ mutationFn: run, meta: { quiet: true }, onSuccess: close });
  return (
    <Modal opened={opened} onClose={close} title={title} centered>
      <Stack>
        <Text size="sm" component="div">
          {children}
        </Text>
        <ProblemAlert error={doing.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close} data-autofocus>
            Keep as it is
          </Button>
          <Button color={danger ? 'red.8' : undefined} loading={doing.isPending} onClick={() => doing.mutate()}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
