import { Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCheck, IconClockCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { TimesheetRef } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { duration } from '~/areas/tasks/fields/duration';
import { Empty } from '~/parts/Empty';
import { Face } from '~/parts/Face';
import { Loaded } from '~/parts/Loaded';
import { Page } from '~/parts/Page';
import { Row, Rows } from '~/parts/Rows';
import { useManner } from '~/parts/time';
import { complain, say } from '~/parts/toast';
import { When } from '~/parts/When';
import { HandBack } from './HandBack';
import { submittedQuery, useApproveWeek } from './queries';
import { dayWords, mondayOf, sundayOf } from './week';

/** The weeks that people have submitted, for whoever approves them. */
export function Submitted() {
  const submitted = useQuery(submittedQuery);
  return (
    <Page
      title="Submitted weeks"
      above={[{ to: '/time', label: 'Time' }]}
      lead="Look at a week before you approve it. One that is handed back comes again when its person has mended it."
    >
      <Loaded query={submitted}>
        {(weeks) =>
          weeks.length === 0 ? (
            <Empty icon={IconClockCheck} title="No week waits for you">
              Everybody submits their week when it is complete. It stands here until somebody has approved it or handed
              it back.
            </Empty>
          ) : (
            <Rows label="Submitted weeks">
              {weeks.map((week) => (
                <Line key={week.user + week.week} sheet={week} />
              ))}
            </Rows>
          )
        }
      </Loaded>
    </Page>
  );
}

function Line({ sheet: { user, week, minutes, billable_minutes, submitted_at } }: { sheet: TimesheetRef }) {
  const people = usePeople();
  const { locale } = useManner();
  const approve = useApproveWeek();
  const [handing, hand] = useDisclosure();
  const name = people.get(user)?.name ?? 'Somebody';
  const days = dayWords(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const range = days.range(mondayOf(week), sundayOf(week));
  return (
    <Row
      before={<Face name={name} />}
      title={
        <Link className="plain" to={'/time' as '/'} search={{ week, user } as never}>
          {name}
          <Text span size="sm" fw={400}>
            {' '}
            · {range}
          </Text>
        </Link>
      }
      about={
        <>
          {duration(minutes)}
          {billable_minutes < minutes && `, ${duration(billable_minutes)} of it billable`} · submitted{' '}
          <When at={submitted_at} />
        </>
      }
      beside={
        <Group gap="xs">
          <Button component={Link} to="/time" search={{ week, user } as never} size="xs" variant="default">
            Look at it
          </Button>
          <Button size="xs" variant="default" onClick={hand.open} aria-label={`Hand the week of ${name} back`}>
            Hand back
          </Button>
          <Button
            size="xs"
            leftSection={<IconCheck size={14} aria-hidden />}
            loading={approve.isPending}
            aria-label={`Approve the week of ${name}`}
            onClick={() =>
              approve.mutate(
                { user, week },
                { onSuccess: () => say(`${name}’s week is approved`), onError: (error) => complain(error) },
              )
            }
          >
            Approve
          </Button>
          <HandBack opened={handing} close={hand.close} user={user} week={week} />
        </Group>
      }
    />
  );
}
