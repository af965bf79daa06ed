/** The changes that wait on this device, and what to do with those that cannot be sent as they are. */
import { Alert, Button, Card, Drawer, Group, Stack, Text } from '@mantine/core';
import { Conflict } from './Conflict';
import type { Change, Entry } from './change';
import { outbox } from './outbox';

export default function Outbox({ entries, close }: { entries: Entry[]; close: () => void }) {
  return (
    <Drawer opened onClose={close} position="right" title="Changes on this device" size="lg">
      <Stack>
        <Text size="sm" c="dimmed">
          They are sent, in this order, as soon as the server can be reached.
        </Text>
        {entries.map((entry) => (
          <Card key={entry.id} withBorder padding="md">
            <Text fw={600}>{title(entry.change)}</Text>
            {entry.state === 'queued' && <Text size="sm">Waits for the network.</Text>}
            {entry.state === 'conflict' && <Conflict entry={entry} />}
            {entry.state === 'refused' && <Refused entry={entry} />}
          </Card>
        ))}
      </Stack>
    </Drawer>
  );
}

function title(change: Change): string {
  switch (change.kind) {
    case 'create':
      return `New task: ${change.task.title}`;
    case 'comment':
      return `Comment on ${change.task.key}`;
    case 'patch':
      return `${change.task.key} ${change.task.title}`;
  }
}

function Refused({ entry }: { entry: Entry }) {
  const { change } = entry;
  const text = change.kind === 'comment' ? change.body : change.kind === 'create' ? change.task.title : undefined;
  return (
    <Alert color="red" title="The server did not take it" mt="xs">
      <Text size="sm">{entry.reason}</Text>
      {text && (
        <Text size="sm" mt="xs" style={{ whiteSpace: 'pre-wrap' }}>
          {text}
        </Text>
      )}
      <Group mt="sm">
        {text && (
          <Button size="xs" variant="default" onClick={() => void navigator.clipboard.writeText(text)}>
            Copy the text
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => void outbox.discard(entry)}>
          Discard
        </Button>
      </Group>
    </Alert>
  );
}
