import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';

/** The head of a page: where it lies, what it is called, what it is for and what can be done there. */
export function Page({
  title,
  tab = title,
  lead,
  above,
  beside,
  actions,
  children,
}: {
  title: string;
  /** What the browser's tab says, where it is not the title. */
  tab?: string;
  lead?: ReactNode;
  /** The pages above this one, outermost first. */
  above?: { to: string; label: string }[];
  /** What stands behind the title, such as its state. */
  beside?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${tab} · Trackside`;
  }, [tab]);
  return (
    <Stack gap="md">
      <Stack gap={4}>
        {above && (
          <Breadcrumbs separatorMargin={6} component="nav" aria-label="Above this page">
            {above.map(({ to, label }) => (
              <Anchor key={to} component={Link} to={to as '/'} size="sm">
                {label}
              </Anchor>
            ))}
          </Breadcrumbs>
        )}
        <Group justify="space-between" align="flex-start" gap="sm">
          <Stack gap={4} style={{ minWidth: 0, flex: '1 1 240px' }}>
            <Group gap="sm">
              <Title order={1} size="h2" style={{ overflowWrap: 'anywhere' }}>
                {title}
              </Title>
              {beside}
            </Group>
            {lead && (
              <Text size="sm" c="dimmed" maw={720} component="div">
                {lead}
              </Text>
            )}
          </Stack>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </Stack>
      {children}
    </Stack>
  );
}
