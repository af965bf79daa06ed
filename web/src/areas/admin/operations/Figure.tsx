import { Paper, Text } from '@mantine/core';

/** A number with what it counts. */
export function Figure({ label, value }: { label: string; value: number }) {
  return (
    <Paper withBorder p="sm" bg="var(--app-card)">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={24} fw={650} style={{ fontVariantNumeric: 'tabular-nums' }}>
        {value.toLocaleString()}
      </Text>
    </Paper>
  );
}
