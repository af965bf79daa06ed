/** How a week stands, and what whoever looks at it can do about that. */
import { Alert, Badge, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowBackUp, IconCheck, IconLock, IconSend } from '@tabler/icons-react';
import type { Timesheet, TimesheetState } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { When } from '~/parts/When';
import { HandBack } from './HandBack';
import { useApproveWeek, useReopenWeek, useSubmitWeek } from './queries';

const LOOK: Record<TimesheetState, { label: string; color: string }> = {
  open: { label: 'Open', color: 'gray' },
  submitted: { label: 'Submitted', color: 'blue' },
  approved: { label: 'Approved', color: 'green' },
  rejected: { label: 'Handed back', color: 'red' },
};

/** Says what is not usual: a week that is open needs no word. */
export function StateBadge({ state }: { state: TimesheetState }) {
  if (state === 'open') return null;
  return (
    <Badge variant="light" color={LOOK[state].color} c="var(--mantine-color-text)" tt="none" fw={600}>
      {LOOK[state].label}
    </Badge>
  );
}

/** Whether nothing in the week can be changed. */
export const isLocked = ({ state }: Timesheet) => state === 'submitted' || state === 'approved';

export function WeekState({ sheet, own, manages }: { sheet: Timesheet; own: boolean; manages: boolean }) {
  const people = usePeople();
  const decider = people.get(sheet.decided_by ?? '')?.name ?? 'Somebody';
  switch (sheet.state) {
    case 'submitted':
      return (
        <Alert color="blue" icon={<IconLock aria-hidden />} title="Waits for approval" styles={dark}>
          <Text size="sm">
            It was submitted <When at={sheet.submitted_at} />. Nothing in it changes until it is taken or handed back.
          </Text>
          <Group gap="xs" mt="xs">
            {manages && <Decide sheet={sheet} />}
            {(own || manages) && <Reopen sheet={sheet} label={own ? 'Take it back' : 'Open it again'} />}
          </Group>
        </Alert>
      );
    case 'approved':
      return (
        <Alert color="green" icon={<IconCheck aria-hidden />} title="Approved" styles={dark}>
          <Text size="sm">
            {decider} approved it <When at={sheet.decided_at} />, and nothing in it changes any more.
            {!manages && ' Ask them to open it again if something is wrong.'}
          </Text>
          {manages && (
            <Group gap="xs" mt="xs">
              <Reopen sheet={sheet} label="Open it again" />
            </Group>
          )}
        </Alert>
      );
    case 'rejected':
      return (
        <Alert color="red" icon={<IconArrowBackUp aria-hidden />} title={`${decider} handed it back`} styles={dark}>
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            “{sheet.reason}”
          </Text>
          {own && (
            <Text size="sm" mt={4}>
              Mend it, and submit it again.
            </Text>
          )}
        </Alert>
      );
    default:
      return null;
  }
}

const dark = { title: { color: 'var(--mantine-color-text)' } };

function Decide({ sheet }: { sheet: Timesheet }) {
  const approve = useApproveWeek();
  const [handing, hand] = useDisclosure();
  const { user, week } = sheet;
  return (
    <>
      <Button
        size="xs"
        leftSection={<IconCheck size={14} aria-hidden />}
        loading={approve.isPending}
        onClick={() => approve.mutate({ user, week }, { onSuccess: () => say('The week is approved') })}
      >
        Approve
      </Button>
      <Button size="xs" variant="default" onClick={hand.open}>
        Hand back
      </Button>
      <ProblemAlert error={approve.error} />
      <HandBack opened={handing} close={hand.close} user={user} week={week} />
    </>
  );
}

function Reopen({ sheet, label }: { sheet: Timesheet; label: string }) {
  const reopen = useReopenWeek();
  const { user, week } = sheet;
  return (
    <>
      <Button size="xs" variant="default" loading={reopen.isPending} onClick={() => reopen.mutate({ user, week })}>
        {label}
      </Button>
      <ProblemAlert error={reopen.error} />
    </>
  );
}

/** Hands one's week in. */
export function Submit({ sheet }: { sheet: Timesheet }) {
  const submit = useSubmitWeek();
  const { user, week } = sheet;
  return (
    <>
      <Group justify="flex-end">
        <Button
          leftSection={<IconSend size={16} aria-hidden />}
          loading={submit.isPending}
          onClick={() => submit.mutate({ user, week }, { onSuccess: () => say('The week is submitted') })}
        >
          Submit the week
        </Button>
      </Group>
      <ProblemAlert error={submit.error} />
    </>
  );
}
