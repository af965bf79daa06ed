/** What is different between two versions, place by place. */
import { Code, Group, Stack, Text } from '@mantine/core';
import { valueText } from '../code/text';
import { type Path, pointerOf } from '../model/path';
import { sentenceCase, spaced } from '../words/kinds';

export interface Change {
  path: Path;
  before?: unknown;
  after?: unknown;
}

const PLACES: Record<string, string> = {
  with: '',
  steps: '',
  then: 'then',
  else: 'otherwise',
  on: 'event',
  if: 'condition',
  on_failure: 'on failure',
};

/** "Step tell › message" for `/steps/tell/with/message`. */
export function placeWords(path: Path): string {
  const words = path.flatMap((part, index) => {
    if (['steps', 'then', 'else', 'do', 'on_reject', 'on_timeout', 'on_error'].includes(String(path[index - 1])))
      return [`step “${part}”`];
    const said = PLACES[part] ?? spaced(String(part));
    return said ? [said] : [];
  });
  return sentenceCase(words.join(' › ')) || 'The rule';
}

export function Differences({ changes }: { changes: Change[] }) {
  if (changes.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing.
      </Text>
    );
  return (
    <Stack gap="sm" component="ul" style={{ listStyle: 'none', margin: 0, padding: 0 }}>
      {changes.map((change) => (
        <li key={pointerOf(change.path)}>
          <Text size="sm" fw={600}>
            {placeWords(change.path)}
          </Text>
          <Group gap={6} align="stretch" wrap="wrap">
            <Value label="before" value={change.before} tone="red" />
            <Value label="after" value={change.after} tone="teal" />
          </Group>
        </li>
      ))}
    </Stack>
  );
}

function Value({ label, value, tone }: { label: string; value: unknown; tone: string }) {
  const none = value === undefined || value === null;
  return (
    <Code
      block
      c="var(--mantine-color-text)"
      bg={none ? 'transparent' : `color-mix(in srgb, var(--mantine-color-${tone}-6) 14%, transparent)`}
      style={{ flex: 1, minWidth: 120, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', maxHeight: 160 }}
    >
      <span className="sr-only">{label}: </span>
      {none ? 'nothing' : valueText(value)}
    </Code>
  );
}
