/** Asks before one goes away from what is not saved. It stays on the device either way, unless it is discarded. */
import { Button, Group, Modal, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';

export function LeaveGuard({ dirty, onDiscard }: { dirty: boolean; onDiscard(): void }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname && next.pathname !== '/login',
    enableBeforeUnload: false,
    withResolver: true,
  });
  return (
    <Modal opened={status === 'blocked'} onClose={() => reset?.()} title="Leave without saving?" centered>
      <Text size="sm">Your changes are kept on this device, and are here again when you come back.</Text>
      <Group mt="md" justify="flex-end">
        <Button
          variant="subtle"
          color="red"
          onClick={() => {
            onDiscard();
            proceed?.();
          }}
        >
          Discard the changes
        </Button>
        <Button variant="default" onClick={() => proceed?.()}>
          Leave
        </Button>
        <Button data-autofocus onClick={() => reset?.()}>
          Stay
        </Button>
      </Group>
    </Modal>
  );
}
