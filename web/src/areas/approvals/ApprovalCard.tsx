import { Anchor, Group, Paper, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Approval } from '~/api/schema';
import { Markdown } from '~/parts/Markdown';
import { When } from '~/parts/When';
import { Decide } from './Decide';

/** An approval in the list, which can be answered there. */
export function ApprovalCard({ approval }: { approval: Approval }) {
  return (
    <Paper component="li" withBorder p="md" bg="var(--app-card)">
      <Group justify="space-between" gap="xs" mb={4} align="baseline">
        <Anchor component={Link} to={`/approvals/${approval.id}` as '/'} fw={600} c="var(--mantine-color-text)">
          {approval.rule_name}
        </Anchor>
        <Text size="sm" c="dimmed" component="div">
          asked <When at={approval.requested_at} />
          {approval.expires_at && (
            <>
              {' · '}closes <When at={approval.expires_at} />
            </>
          )}
        </Text>
      </Group>
      <Markdown>{approval.message}</Markdown>
      <Decide approval={approval} />
    </Paper>
  );
}
