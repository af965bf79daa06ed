import { Card, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** One thing that can be settled, with what it is for. */
export function Section({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <Card withBorder padding="md" mb="md" component="section" aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {lead && (
        <Text size="sm" c="dimmed" mt={2}>
          {lead}
        </Text>
      )}
      <div style={{ marginTop: 12 }}>{children}</div>
    </Card>
  );
}
