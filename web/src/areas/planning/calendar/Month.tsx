/** The days of a month or a week as a grid, with what is due on each. */
import { useDroppable } from '@dnd-kit/core';
import { Popover, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconDiamondFilled } from '@tabler/icons-react';
import clsx from 'clsx';
import type { Dayjs } from 'dayjs';
import type { Shown, Task } from '~/api/schema';
import { useManner, useZone } from '~/parts/time';
import { Chip, type ChipTools } from './Chip';
import css from './calendar.module.css';
import { dayIn, dayKey, type View } from './days';

export interface DayContent {
  tasks: Task[];
  milestones: Shown[];
}
export type ByDay = ReadonlyMap<string, DayContent>;
export const NOTHING: DayContent = { tasks: [], milestones: [] };

interface Props {
  view: View;
  at: Dayjs;
  days: Dayjs[];
  content: ByDay;
  tools: ChipTools;
}

/** How many tasks a day of a month shows. */
const MOST = 3;

export function Month({ view, at, days, content, tools }: Props) {
  const { locale } = useManner();
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short' });
  return (
    <div className={clsx(css.grid, view === 'week' && css.week)}>
      {days.slice(0, 7).map((day) => (
        <div key={day.day()} className={css.weekday} aria-hidden>
          {weekday.format(day.toDate())}
        </div>
      ))}
      {days.map((day) => (
        <Day
          key={dayKey(day)}
          day={day}
          other={view === 'month' && day.month() !== at.month()}
          most={view === 'month' ? MOST : Number.POSITIVE_INFINITY}
          content={content.get(dayKey(day)) ?? NOTHING}
          tools={tools}
        />
      ))}
    </div>
  );
}

interface DayProps {
  day: Dayjs;
  other: boolean;
  most: number;
  content: DayContent;
  tools: ChipTools;
}

function Day({ day, other, most, content, tools }: DayProps) {
  const key = dayKey(day);
  const { locale } = useManner();
  const { setNodeRef, isOver } = useDroppable({ id: key });
  const { tasks, milestones } = content;
  const name = new Intl.DateTimeFormat(locale, { dateStyle: 'full' }).format(day.toDate());
  const shown = tasks.length > most ? tasks.slice(0, most - 1) : tasks;
  const today = key === dayIn(useZone());
  return (
    <section
      ref={setNodeRef}
      data-day={key}
      className={clsx(css.day, other && css.other, isOver && css.over)}
      aria-label={name}
      aria-current={today ? 'date' : undefined}
    >
      <span className={clsx(css.number, today && css.today)} aria-hidden>
        {day.date() === 1
          ? new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }).format(day.toDate())
          : day.date()}
      </span>
      {(milestones.length > 0 || shown.length > 0) && (
        <ul className={css.chips}>
          {milestones.map((milestone) => (
            <li key={milestone.id}>
              <Milestone milestone={milestone} />
            </li>
          ))}
          {shown.map((task) => (
            <li key={task.id}>
              <Chip task={task} tools={tools} />
            </li>
          ))}
        </ul>
      )}
      {shown.length < tasks.length && (
        <Popover position="bottom" width={280} trapFocus withinPortal shadow="md">
          <Popover.Target>
            <UnstyledButton fz="xs" c="dimmed" px={6} h={24}>
              {tasks.length - shown.length} more
            </UnstyledButton>
          </Popover.Target>
          <Popover.Dropdown p="xs" aria-label={`Due on ${name}`}>
            <Stack gap={2}>
              <Text size="xs" c="dimmed" fw={600}>
                {name}
              </Text>
              {tasks.map((task) => (
                <Chip key={task.id} task={task} tools={tools} />
              ))}
            </Stack>
          </Popover.Dropdown>
        </Popover>
      )}
    </section>
  );
}

export function Milestone({ milestone }: { milestone: Shown }) {
  return (
    <span className={css.milestone} title={`Milestone: ${milestone.name}`}>
      <IconDiamondFilled size={12} aria-label="Milestone:" />
      <span className={css.text}>{milestone.name}</span>
    </span>
  );
}
