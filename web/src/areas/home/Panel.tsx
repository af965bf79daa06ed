import { Anchor, Card, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ProblemAlert } from '~/parts/ProblemAlert';

interface Props {
  title: string;
  /** Where there is more of it. */
  more?: { to: string; label: string };
  asked: { isPending: boolean; isError: boolean; error: unknown; refetch: () => unknown; data: unknown };
  /** What stands there when there is nothing. */
  empty?: ReactNode;
  children: ReactNode;
}

/** One part of the home page: loading, empty, broken or there. */
export function Panel({ title, more, asked, empty, children }: Props) {
  return (
    <Card withBorder component="section" aria-label={title} padding="md">
      <Group justify="space-between" mb="sm" wrap="nowrap">
        <Title order={2} size="h5">
          {title}
        </Title>
        {more && (
          <Anchor component={Link} to={more.to as '/'} size="sm">
            {more.label}
          </Anchor>
        )}
      </Group>
      {asked.isPending && (
        <Stack gap="xs">
          <Skeleton h={28} />
          <Skeleton h={28} />
          <Skeleton h={28} />
        </Stack>
      )}
      {asked.isError && !asked.data && <ProblemAlert error={asked.error} retry={() => void asked.refetch()} />}
      {Boolean(asked.data) &&
        (empty ? (
          <Text size="sm" c="dimmed" component="div">
            {empty}
          </Text>
        ) : (
          children
        ))}
    </Card>
  );
}
