import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { Problem } from '~/api/problem';
import type { Approval, ApprovalDecision } from '~/api/schema';
import { useMe } from '~/areas/account/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { useDecide } from './queries';

/** The question with its two answers, or what one has answered already. */
export function Decide({ approval }: { approval: Approval }) {
  const { data: me } = useMe();
  const [comment, setComment] = useState('');
  const [saying, setSaying] = useState(false);
  const decide = useDecide(approval.id);
  const own = approval.votes.find(({ decided_by }) => decided_by === me?.user.id);
  // A second click comes before the button is drawn as busy; it is the same answer, and is not sent again.
  const answer = (decision: ApprovalDecision) => {
    if (decide.isPending || decide.isSuccess) return;
    decide.mutate(
      { decision, comment: comment.trim() || undefined },
      { onSuccess: () => say(decision === 'approve' ? 'You approved.' : 'You declined.') },
    );
  };
  if (approval.state !== 'pending') return null;
  if (own) {
    return (
      <Text size="sm" mt="sm">
        You {own.decision === 'approve' ? 'approved' : 'declined'}. Others are still to answer.
      </Text>
    );
  }
  if (!approval.may_decide) return null;
  const settled = decide.error instanceof Problem && decide.error.status === 409;
  return (
    <Stack gap="sm" mt="sm">
      {saying && (
        <Textarea
          label="Comment"
          description="Whoever waits for your answer reads it."
          autosize
          minRows={2}
          maxLength={2000}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
          data-autofocus
        />
      )}
      {settled ? (
        <Alert color="orange" title="It was settled meanwhile" role="alert" py="xs">
          <Text size="sm">{decide.error?.message}</Text>
        </Alert>
      ) : (
        <ProblemAlert error={decide.error} />
      )}
      <Group gap="xs">
        <Button
          leftSection={<IconCheck size={16} aria-hidden />}
          loading={decide.isPending && decide.variables?.decision === 'approve'}
          disabled={decide.isPending && decide.variables?.decision !== 'approve'}
          onClick={() => answer('approve')}
        >
          Approve
        </Button>
        <Button
          variant="default"
          leftSection={<IconX size={16} aria-hidden />}
          loading={decide.isPending && decide.variables?.decision === 'reject'}
          disabled={decide.isPending && decide.variables?.decision !== 'reject'}
          onClick={() => answer('reject')}
        >
          Decline
        </Button>
        {!saying && (
          <Button variant="subtle" onClick={() => setSaying(true)}>
            Add a comment
          </Button>
        )}
      </Group>
    </Stack>
  );
}
