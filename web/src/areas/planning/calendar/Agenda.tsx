/** What is due, day by day: the calendar on a phone. */
import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconCalendarOff } from '@tabler/icons-react';
import type { Dayjs } from 'dayjs';
import { useEffect, useRef } from 'react';
import { usePeople } from '~/areas/people/queries';
import { Empty } from '~/parts/Empty';
import { Face } from '~/parts/Face';
import { useManner, useZone } from '~/parts/time';
import { Chip, type ChipTools } from './Chip';
import css from './calendar.module.css';
import { dayIn, dayKey } from './days';
import { type ByDay, Milestone, NOTHING } from './Month';

export function Agenda({ days, content, tools }: { days: Dayjs[]; content: ByDay; tools: ChipTools }) {
  const { locale } = useManner();
  const people = usePeople();
  const today = dayIn(useZone());
  const list = useRef<HTMLDivElement>(null);
  // A month begins with what is due now; what is over is above it.
  useEffect(() => {
    const next = [...(list.current?.children ?? [])].find((day) => ((day as HTMLElement).dataset.day ?? '') >= today);
    if (next && next !== list.current?.firstElementChild) next.scrollIntoView({ block: 'start' });
  }, [today]);
  const busy = days.map((day) => ({ day, key: dayKey(day) })).filter(({ key }) => content.has(key));
  if (busy.length === 0) {
    return (
      <Empty icon={IconCalendarOff} title="Nothing is due this month">
        Tasks appear on the day on which they are due. Give a task a due date, or look at another month.
      </Empty>
    );
  }
  return (
    <Stack gap="md" ref={list}>
      {busy.map(({ day, key }) => {
        const { tasks, milestones } = content.get(key) ?? NOTHING;
        return (
          <section key={key} data-day={key} style={{ scrollMarginTop: 72 }}>
            <Title order={2} size="h5" mb={6} aria-current={key === today ? 'date' : undefined}>
              {new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }).format(day.toDate())}
              {key === today && ' · today'}
            </Title>
            <Paper withBorder px="sm" bg="var(--app-card)">
              {milestones.map((milestone) => (
                <div key={milestone.id} className={css.row}>
                  <Milestone milestone={milestone} />
                </div>
              ))}
              {tasks.map((task) => (
                <Group key={task.id} className={css.row} gap="xs" wrap="nowrap">
                  <div style={{ flex: 1, minWidth: 0 }}>
                    <Chip task={task} tools={tools} />
                  </div>
                  {task.assignees.slice(0, 2).map((id) => (
                    <Face key={id} name={people.get(id)?.name ?? 'Somebody'} size={24} />
                  ))}
                  <Text size="xs" c="dimmed" visibleFrom="xs">
                    {task.key}
                  </Text>
                </Group>
              ))}
            </Paper>
          </section>
        );
      })}
    </Stack>
  );
}
