import { Text } from '@mantine/core';

/** What an approval asks, as it was written. */
export function Message({ text }: { text: string }) {
  return (
    <Text size="sm" component="div" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} dir="auto">
      {text}
    </Text>
  );
}
