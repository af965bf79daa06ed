import { Alert, Button, Group, Paper, SimpleGrid, Text } from '@mantine/core';
import { IconGitCompare } from '@tabler/icons-react';
import type { useTextEdit } from '../useTextEdit';

/** Two versions of a text, one's own and somebody else's, of which one is chosen. */
export function Both({ edit, what }: { edit: ReturnType<typeof useTextEdit>; what: string }) {
  if (!edit.clash && !edit.behind) return null;
  return (
    <Alert
      color="yellow"
      icon={<IconGitCompare aria-hidden />}
      title={`Somebody else changed the ${what} while you were writing`}
      role="alert"
      styles={{ title: { color: 'var(--mantine-color-text)' } }}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs" my="xs">
        <Version title="Theirs" text={edit.theirs} />
        <Version title="Yours" text={edit.text} />
      </SimpleGrid>
      <Group gap="xs">
        <Button size="xs" onClick={edit.keepMine} loading={edit.saving}>
          Keep mine
        </Button>
        <Button size="xs" variant="default" onClick={edit.cancel}>
          Take theirs
        </Button>
      </Group>
    </Alert>
  );
}

function Version({ title, text }: { title: string; text: string }) {
  return (
    <Paper withBorder p="xs">
      <Text size="xs" fw={600}>
        {title}
      </Text>
      <Text size="sm" mah={160} style={{ overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {text || 'Nothing'}
      </Text>
    </Paper>
  );
}
