import { Button, Paper, SegmentedControl, Skeleton, Stack } from '@mantine/core';
import { IconThumbUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMay } from '~/areas/account/queries';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ApprovalCard } from './ApprovalCard';
import { mineQuery, pendingQuery } from './queries';

/** What rules ask people before they go on: what waits for oneself, and what waits for anybody. */
export function Approvals() {
  const { of } = useSearch({ strict: false }) as { of?: 'everybody' };
  const navigate = useNavigate();
  const maySeeRuns = useMay('run.view');
  const mine = useQuery(mineQuery);
  const pending = useQuery({ ...pendingQuery, enabled: of === 'everybody' });
  const shown = of === 'everybody' ? pending : mine;
  return (
    <Page title="Approvals" lead="Some rules ask somebody before they go on. Your answer lets the work go on at once.">
      {maySeeRuns && (
        <SegmentedControl
          aria-label="Whose answer is waited for"
          value={of ?? 'mine'}
          onChange={(whose) =>
            void navigate({
              to: '/approvals',
              search: { of: whose === 'everybody' ? 'everybody' : undefined },
              replace: true,
            })
          }
          data={[
            { value: 'mine', label: mine.data?.length ? `For you (${mine.data.length})` : 'For you' },
            { value: 'everybody', label: 'For anybody' },
          ]}
          style={{ alignSelf: 'flex-start' }}
        />
      )}
      <ProblemAlert error={shown.error} retry={() => void shown.refetch()} />
      {shown.isPending && (
        <Paper withBorder p="md" bg="var(--app-card)" aria-busy="true" aria-label="Approvals are being loaded">
          <Skeleton height={90} />
        </Paper>
      )}
      {shown.data?.length === 0 && (
        <Empty
          icon={IconThumbUp}
          title={of === 'everybody' ? 'Nobody is asked anything' : 'Nothing waits for you'}
          actions={
            <Button
              component={Link}
              to="/rules/templates"
              search={{ q: 'approval' } as never}
              variant="default"
              mt="xs"
            >
              Rules that ask first
            </Button>
          }
        >
          When a rule needs a yes before it goes on, such as before a release, it is here, and you are told of it.
        </Empty>
      )}
      <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {shown.data?.map((approval) => (
          <ApprovalCard key={approval.id} approval={approval} />
        ))}
      </Stack>
    </Page>
  );
}
