import { Alert, Anchor, Badge, Grid, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { Approval } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { Dot } from '~/areas/rules/RuleStateMark';
import { taskQuery } from '~/areas/tasks/queries';
import { Face } from '~/parts/Face';
import { Markdown } from '~/parts/Markdown';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { moment, useManner } from '~/parts/time';
import { When } from '~/parts/When';
import facts from '../runs/runs.module.css';
import { Decide } from './Decide';
import { Delegate } from './Delegate';
import { approvalQuery } from './queries';
import { APPROVAL_STATES, askedWords, needWords } from './words';

const ABOVE = [{ to: '/approvals', label: 'Approvals' }];

/** One approval: what is asked, by which rule, about what; who has answered, and until when one may. */
export function ApprovalPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const approval = useQuery(approvalQuery(id));
  if (!approval.data) {
    return (
      <Page title="Approval" above={ABOVE}>
        <ProblemAlert error={approval.error} retry={() => void approval.refetch()} />
        {approval.isPending && <Skeleton height={240} aria-busy="true" aria-label="The approval is being loaded" />}
      </Page>
    );
  }
  return <Shown key={id} approval={approval.data} />;
}

function Shown({ approval }: { approval: Approval }) {
  const { label, color } = APPROVAL_STATES[approval.state];
  const pending = approval.state === 'pending';
  return (
    <Page
      title={approval.rule_name}
      tab={`Approval: ${approval.rule_name}`}
      above={ABOVE}
      beside={
        <Badge variant="default" size="lg" tt="none" fw={500} leftSection={<Dot color={color} />} role="status">
          {label}
        </Badge>
      }
    >
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack>
            <Paper withBorder p="md" bg="var(--app-card)" component="section" aria-label="What is asked">
              <Markdown>{approval.message}</Markdown>
              <Decide approval={approval} />
              {pending && approval.may_decide && (
                <Group mt="xs">
                  <Delegate approval={approval} />
                </Group>
              )}
              {pending && !approval.may_decide && approval.votes.length === 0 && (
                <Text size="sm" c="dimmed" mt="sm">
                  Others are asked; you can follow here what they answer.
                </Text>
              )}
              {!pending && <Settled approval={approval} />}
            </Paper>
            <Votes approval={approval} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Facts approval={approval} />
        </Grid.Col>
      </Grid>
    </Page>
  );
}

const SETTLED: Record<string, string> = {
  approved: 'It was approved, and the rule goes on.',
  rejected: 'It was declined.',
  timed_out: 'Nobody answered in time.',
  withdrawn: 'The run that asked has ended; nobody has to answer any more.',
};

function Settled({ approval }: { approval: Approval }) {
  return (
    <Alert color={APPROVAL_STATES[approval.state].color} mt="sm" py="xs">
      <Text size="sm" component="div">
        {SETTLED[approval.state]} <When at={approval.decided_at} none="" />
      </Text>
    </Alert>
  );
}

function Votes({ approval }: { approval: Approval }) {
  const people = usePeople();
  if (approval.votes.length === 0) return null;
  const name = (id: string) => people.get(id)?.name ?? 'Somebody who left';
  return (
    <Paper withBorder p="md" bg="var(--app-card)" component="section" aria-label="Answers">
      <Title order={2} size="h5" mb="sm">
        Answers
      </Title>
      <Stack gap="sm">
        {approval.votes.map((vote) => {
          const Icon = vote.decision === 'approve' ? IconCheck : IconX;
          return (
            <Group key={vote.user} gap="sm" wrap="nowrap" align="flex-start">
              <Face name={name(vote.decided_by)} />
              <div>
                <Text size="sm" component="div">
                  <b>{name(vote.decided_by)}</b>
                  {vote.user !== vote.decided_by && ` in place of ${name(vote.user)}`}{' '}
                  <Icon size={14} aria-hidden style={{ verticalAlign: 'middle' }} />{' '}
                  {vote.decision === 'approve' ? 'approved' : 'declined'} <When at={vote.decided_at} />
                </Text>
                {vote.comment && (
                  <Text size="sm" c="dimmed" style={{ whiteSpace: 'pre-wrap' }}>
                    {vote.comment}
                  </Text>
                )}
              </div>
            </Group>
          );
        })}
      </Stack>
    </Paper>
  );
}

function Facts({ approval }: { approval: Approval }) {
  const manner = useManner();
  const people = usePeople();
  const maySeeGroups = useMay('access.view');
  const maySeeRuns = useMay('run.view');
  const groups = useQuery({
    queryKey: ['groups', 'for-approvals'],
    queryFn: () => all((query) => ask(api.GET('/api/v1/groups', { params: { query } }))),
    select: (items) => new Map(items.map(({ id, name }) => [id, name])),
    enabled: maySeeGroups && approval.by.some((by) => by.startsWith('group:')),
  });
  const task = useQuery({ ...taskQuery(approval.task ?? ''), enabled: !!approval.task, retry: false });
  return (
    <Paper withBorder p="md" bg="var(--app-card)" component="section" aria-label="About this approval">
      <dl className={facts.facts}>
        <dt>Who is asked</dt>
        <dd>{approval.by.map((by) => askedWords(by, people, groups.data ?? new Map())).join(', ')}</dd>
        <dt>What settles it</dt>
        <dd>{needWords(approval)}</dd>
        {task.data && (
          <>
            <dt>Task</dt>
            <dd>
              <Anchor component={Link} to={`/tasks/${task.data.key}` as '/'} size="sm">
                {task.data.key} {task.data.title}
              </Anchor>
            </dd>
          </>
        )}
        <dt>Asked</dt>
        <dd>{moment(approval.requested_at, manner)}</dd>
        {approval.expires_at && (
          <>
            <dt>Closes</dt>
            <dd>
              {moment(approval.expires_at, manner)}
              {approval.state === 'pending' && (
                <>
                  {' '}
                  (<When at={approval.expires_at} />)
                </>
              )}
            </dd>
          </>
        )}
        {approval.delegations.map(({ user, delegate }) => (
          <div key={user} style={{ display: 'contents' }}>
            <dt>Passed on</dt>
            <dd>
              {people.get(delegate)?.name} may answer for {people.get(user)?.name}
            </dd>
          </div>
        ))}
        {maySeeRuns && (
          <>
            <dt>Run</dt>
            <dd>
              <Anchor component={Link} to={`/runs/${approval.run}` as '/'} size="sm">
                What the rule has done so far
              </Anchor>
            </dd>
          </>
        )}
      </dl>
    </Paper>
  );
}
