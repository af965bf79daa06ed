import { Badge, Group, Stack, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';

/** A part of a task with its name, how much is in it, and what can be added. */
export function Section({
  title,
  count,
  action,
  children,
}: {
  title: string;
  count?: number;
  action?: ReactNode;
  children?: ReactNode;
}) {
  const id = useId();
  return (
    <Stack gap={6} component="section" aria-labelledby={id}>
      <Group gap="xs" wrap="nowrap" mih={30}>
        <Title order={3} size="h6" id={id}>
          {title}
        </Title>
        {count !== undefined && count > 0 && (
          <Badge size="sm" variant="default" circle={count < 10}>
            {count}
          </Badge>
        )}
        <div style={{ marginInlineStart: 'auto' }}>{action}</div>
      </Group>
      {children}
    </Stack>
  );
}
