/** A person's week: what they worked on, how long, and whether it is approved. */
import { ActionIcon, Button, Group, Select, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconDownload, IconInbox, IconPlus } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Task, Timesheet } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { useActivePeople } from '~/areas/people/queries';
import { taskQuery } from '~/areas/tasks/queries';
import { Loaded } from '~/parts/Loaded';
import { Page } from '~/parts/Page';
import { useManner, useZone } from '~/parts/time';
import { usePhone } from '~/parts/usePhone';
import { DayTime } from './DayTime';
import { ExportTime } from './ExportTime';
import { rowsOf } from './lines';
import { submittedQuery, weekQuery } from './queries';
import { isLocked, StateBadge, Submit, WeekState } from './State';
import { TimerBar } from './TimerBar';
import { WeekDays } from './WeekDays';
import { WeekGrid } from './WeekGrid';
import { dayWords, isWeek, laterWeek, mondayOf, sundayOf, today, weekOf } from './week';

export function Week() {
  const search = useSearch({ strict: false }) as { week?: string; user?: string };
  const { data: me } = useMe();
  const timeZone = useZone();
  const manages = useMay('time.manage');
  const week = isWeek(search.week) ? search.week : weekOf(today(timeZone));
  const user = search.user && search.user !== me?.user.id ? search.user : undefined;
  const sheet = useQuery(weekQuery(week, user));
  const mayLog = useMay('time.log');
  const [exporting, setExporting] = useState(false);
  const editable = user ? manages : mayLog;
  return (
    <Page
      title={user ? 'Week' : 'My week'}
      beside={sheet.data && <StateBadge state={sheet.data.state} />}
      lead="How long was worked on what. A week that is complete is submitted, and then somebody approves it."
      actions={
        <>
          {manages && <Waiting />}
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => setExporting(true)}
          >
            Download CSV
          </Button>
        </>
      }
    >
      {!user && mayLog && <TimerBar />}
      <Head week={week} user={user} manages={manages} now={weekOf(today(timeZone))} />
      <Loaded query={sheet} height={280}>
        {(data) => <Sheet key={week + user} sheet={data} own={!user} manages={manages} editable={editable} />}
      </Loaded>
      {exporting && (
        <ExportTime from={mondayOf(week)} to={sundayOf(week)} manages={manages} close={() => setExporting(false)} />
      )}
    </Page>
  );
}

/** How many weeks wait for an answer. */
function Waiting() {
  const { data: weeks = [] } = useQuery(submittedQuery);
  return (
    <Button
      component={Link}
      to="/time/submitted"
      variant={weeks.length > 0 ? 'light' : 'default'}
      leftSection={<IconInbox size={16} aria-hidden />}
    >
      Submitted{weeks.length > 0 && ` (${weeks.length})`}
    </Button>
  );
}

function Head(props: { week: string; user?: string; manages: boolean; now: string }) {
  const { week, user, manages, now } = props;
  const navigate = useNavigate();
  const { data: me } = useMe();
  const people = useActivePeople();
  const phone = usePhone();
  const { locale } = useManner();
  const days = dayWords(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const go = (to: { week?: string; user?: string }) =>
    void navigate({ to: '/time' as '/', search: { week, user, ...to } as never });
  return (
    <Group justify="space-between" gap="xs">
      <Group gap="xs">
        <ActionIcon
          variant="default"
          size={30}
          onClick={() => go({ week: laterWeek(week, -1) })}
          aria-label="Week before"
        >
          <IconChevronLeft size={16} className="flip" aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size={30}
          onClick={() => go({ week: laterWeek(week, 1) })}
          aria-label="Week after"
        >
          <IconChevronRight size={16} className="flip" aria-hidden />
        </ActionIcon>
        <Button variant="default" size="xs" disabled={week === now} onClick={() => go({ week: undefined })}>
          This week
        </Button>
        <Text fw={600} size={phone ? 'sm' : 'md'} aria-live="polite">
          {days.range(mondayOf(week), sundayOf(week))}
        </Text>
      </Group>
      {manages && (
        <Select
          aria-label="Whose week"
          size="xs"
          w={phone ? '100%' : 220}
          searchable
          allowDeselect={false}
          data={people.map(({ id, name }) => ({ value: id, label: id === me?.user.id ? `${name} (you)` : name }))}
          value={user ?? me?.user.id ?? null}
          onChange={(id) => id && go({ user: id === me?.user.id ? undefined : id })}
        />
      )}
    </Group>
  );
}

interface SheetProps {
  sheet: Timesheet;
  own: boolean;
  manages: boolean;
  editable: boolean;
}

function Sheet({ sheet, own, manages, editable }: SheetProps) {
  const phone = usePhone();
  const [opened, setOpened] = useState<{ day: string; task?: Pick<Task, 'id' | 'key' | 'title'> }>();
  const rows = rowsOf(sheet, []);
  const titles = useTitles(rows.flatMap(({ id }) => id ?? []));
  const may = editable && !isLocked(sheet);
  const now = today(sheet.time_zone);
  const day = sheet.days.some(({ date }) => date === now) ? now : sheet.from;
  const View = phone ? WeekDays : WeekGrid;
  const open = (day: string, row?: (typeof rows)[number]) =>
    setOpened({ day, task: row?.id ? { id: row.id, key: row.key, title: titles.get(row.id) ?? '' } : undefined });
  return (
    <>
      <WeekState sheet={sheet} own={own} manages={manages} />
      <View sheet={sheet} rows={rows} titles={titles} editable={may} open={open} now={now} />
      {may && (
        <Group justify="space-between">
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpened({ day })}>
            Add time
          </Button>
          {(own || manages) && sheet.minutes > 0 && <Submit sheet={sheet} />}
        </Group>
      )}
      {opened && <DayTime sheet={sheet} {...opened} mayLog={editable} close={() => setOpened(undefined)} />}
    </>
  );
}

/** What the tasks are called, by id, as far as one may see them. */
function useTitles(ids: string[]): Map<string, string> {
  const answers = useQueries({ queries: ids.map((id) => ({ ...taskQuery(id), staleTime: 5 * 60_000 })) });
  return new Map(ids.flatMap((id, at) => (answers[at]?.data ? [[id, answers[at].data.title] as const] : [])));
}
