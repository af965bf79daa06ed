import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';

/** What a toast says after something that can be taken back, with the button that does so. `id` is the toast's. */
export function UndoMessage({ text, undo, id }: { text: string; undo: () => void; id: string }) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm" role="status">
      <Text size="sm">{text}</Text>
      <Button
        size="compact-sm"
        variant="light"
        style={{ flexShrink: 0 }}
        onClick={() => {
          notifications.hide(id);
          undo();
        }}
      >
        Undo
      </Button>
    </Group>
  );
}
