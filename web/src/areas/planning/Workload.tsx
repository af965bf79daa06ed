/** Who is planned for how much, day by day, and who is away. */
import { ActionIcon, Button, Group, SegmentedControl, Skeleton, Text } from '@mantine/core';
import { IconBeach, IconChevronLeft, IconChevronRight, IconPlus, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import dayjs from 'dayjs';
import { useState } from 'react';
import { useMay } from '~/areas/account/queries';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useManner } from '~/parts/time';
import { usePhone } from '~/parts/usePhone';
import { absencesQuery, resourcesQuery } from './queries';
import { AddAbsence } from './workload/AddAbsence';
import { AllocationForm } from './workload/AllocationForm';
import { Grid } from './workload/Grid';
import { days, sum } from './workload/load';
import { PersonCards } from './workload/PersonCards';
import { PersonDrawer } from './workload/PersonDrawer';
import './colours.css';

export function Workload() {
  const phone = usePhone();
  const { locale } = useManner();
  const mayAdd = useMay('absence.edit');
  const [from, setFrom] = useState(dayjs().format('YYYY-MM-DD'));
  const [span, setSpan] = useState('14');
  const [opened, setOpened] = useState<{ user: string; date?: string }>();
  const mayPlan = useMay('resource.manage');
  const [planning, setPlanning] = useState<{ user?: string; date?: string }>();
  const [adding, setAdding] = useState<{ user?: string; date?: string }>();
  const dates = days(from, Number(span));
  const to = dates.at(-1) ?? from;
  const resources = useQuery(resourcesQuery(from, to));
  const { data: absences = [] } = useQuery(absencesQuery(from, to));
  const people = resources.data ?? [];
  const person = people.find(({ user }) => user === opened?.user);
  const short = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const tooFull = people.filter((one) => sum(one).daysOver > 0).length;
  const go = (by: number) =>
    setFrom(
      dayjs(from)
        .add(by * Number(span), 'day')
        .format('YYYY-MM-DD'),
    );
  return (
    <Page
      title="Workload"
      lead="How many hours of each day people are planned for. Days with more than there is time are marked."
      actions={
        <>
          {mayAdd && (
            <Button
              variant={mayPlan ? 'default' : 'filled'}
              leftSection={<IconBeach size={18} aria-hidden />}
              onClick={() => setAdding({})}
            >
              Add an absence
            </Button>
          )}
          {mayPlan && (
            <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setPlanning({})}>
              Plan somebody
            </Button>
          )}
        </>
      }
    >
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <ActionIcon variant="default" size={30} onClick={() => go(-1)} aria-label="Earlier">
            <IconChevronLeft size={16} className="flip" />
          </ActionIcon>
          <ActionIcon variant="default" size={30} onClick={() => go(1)} aria-label="Later">
            <IconChevronRight size={16} className="flip" />
          </ActionIcon>
          <Button variant="default" size="xs" onClick={() => setFrom(dayjs().format('YYYY-MM-DD'))}>
            Today
          </Button>
          <Text fw={600} aria-live="polite" size={phone ? 'sm' : 'md'}>
            {short.formatRange(dayjs(from).toDate(), dayjs(to).toDate())}
          </Text>
        </Group>
        <Group gap="sm">
          <Text size="sm" c="dimmed" data-over={tooFull}>
            {tooFull === 0 ? 'Nobody is planned too much' : `${tooFull} planned too much`}
          </Text>
          <SegmentedControl
            size="xs"
            value={span}
            onChange={setSpan}
            data={[
              { value: '14', label: '2 weeks' },
              { value: '28', label: '4 weeks' },
            ]}
            aria-label="Time shown"
          />
        </Group>
      </Group>
      {resources.isPending && <Skeleton h={320} />}
      {resources.isError && <ProblemAlert error={resources.error} retry={() => void resources.refetch()} />}
      {resources.data && people.length === 0 && (
        <Empty
          icon={IconUsers}
          title="Nobody to plan yet"
          actions={
            <Button component={Link} to={'/admin/members' as '/'}>
              Go to the members
            </Button>
          }
        >
          Here you see who has how much to do on which day. Invite the people that you work with.
        </Empty>
      )}
      {people.length > 0 &&
        (phone ? (
          <PersonCards people={people} absences={absences} open={(user, date) => setOpened({ user, date })} />
        ) : (
          <Grid people={people} absences={absences} dates={dates} open={(user, date) => setOpened({ user, date })} />
        ))}
      {person && (
        <PersonDrawer
          person={person}
          date={opened?.date}
          absences={absences}
          addAbsence={(user, date) => setAdding({ user, date })}
          plan={(user, date) => setPlanning({ user, date })}
          close={() => setOpened(undefined)}
        />
      )}
      {planning && <AllocationForm {...planning} close={() => setPlanning(undefined)} />}
      {adding && <AddAbsence {...adding} close={() => setAdding(undefined)} />}
    </Page>
  );
}
