/** When the tasks of a project are due: by months, by weeks, or as a list of days. */
import { DndContext, DragOverlay, MouseSensor, TouchSensor, useSensor, useSensors } from '@dnd-kit/core';
import { ActionIcon, Button, Group, SegmentedControl, Skeleton, Stack, Title } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import dayjs, { type Dayjs } from 'dayjs';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Shown, Task } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { milestonesQuery } from '~/areas/projects/queries';
import { tasksQuery, useChangeTask } from '~/areas/tasks/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useManner, useZone } from '~/parts/time';
import { UndoMessage } from '~/parts/UndoMessage';
import { usePhone } from '~/parts/usePhone';
import { Agenda } from './calendar/Agenda';
import type { ChipTools } from './calendar/Chip';
import css from './calendar/calendar.module.css';
import { beginning, dayIn, daysOf, dueOn, firstWeekday, type View } from './calendar/days';
import { type ByDay, type DayContent, Month } from './calendar/Month';
import './colours.css';

export function Calendar() {
  const { key } = useParams({ strict: false }) as { key: string };
  const phone = usePhone();
  const { locale } = useManner();
  const zone = useZone();
  const [at, setAt] = useState(() => dayjs(dayIn(zone)));
  const [chosen, setView] = useLocalStorage<View>({ key: 'trackside.calendar.view', defaultValue: 'month' });
  const view = phone ? 'agenda' : chosen;
  const days = useMemo(() => daysOf(view, at, firstWeekday(locale)), [view, at, locale]);
  const [first, last] = [days[0] ?? at, days.at(-1) ?? at];
  const tasks = useQuery({
    ...tasksQuery({
      project: key,
      'due_at.gte': beginning(first, zone),
      'due_at.lt': beginning(last.add(1, 'day'), zone),
      sort: 'due_at',
    }),
    placeholderData: keepPreviousData,
  });
  const milestones = useQuery(milestonesQuery(key));
  const content = useMemo(
    () => byDay(tasks.data ?? [], milestones.data ?? [], zone),
    [tasks.data, milestones.data, zone],
  );
  const { tools, told } = useTools(key, tasks.data);
  const name = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric' });
  const title = view === 'week' ? name.formatRange(first.toDate(), last.toDate()) : name.format(at.toDate());
  const go = (by: number) => setAt(view === 'week' ? at.add(by, 'week') : at.add(by, 'month'));
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <ActionIcon variant="default" size={30} onClick={() => go(-1)} aria-label="Earlier">
            <IconChevronLeft size={16} className="flip" />
          </ActionIcon>
          <ActionIcon variant="default" size={30} onClick={() => go(1)} aria-label="Later">
            <IconChevronRight size={16} className="flip" />
          </ActionIcon>
          <Button variant="default" size="xs" onClick={() => setAt(dayjs(dayIn(zone)))}>
            Today
          </Button>
          <Title order={2} size="h4" aria-live="polite">
            {title}
          </Title>
        </Group>
        {!phone && (
          <SegmentedControl
            size="xs"
            value={view}
            onChange={(value) => setView(value as View)}
            data={[
              { value: 'month', label: 'Month' },
              { value: 'week', label: 'Week' },
              { value: 'agenda', label: 'Agenda' },
            ]}
            aria-label="How the calendar is shown"
          />
        )}
      </Group>
      {tasks.isPending && <Skeleton h={480} />}
      {tasks.isError && <ProblemAlert error={tasks.error} retry={() => void tasks.refetch()} />}
      {tasks.data && (
        <Dragging tools={tools}>
          {view === 'agenda' ? (
            <Agenda days={days} content={content} tools={tools} />
          ) : (
            <Month view={view} at={at} days={days} content={content} tools={tools} />
          )}
        </Dragging>
      )}
      <output className="sr-only" aria-live="polite">
        {told}
      </output>
    </Stack>
  );
}

function Dragging({ tools, children }: { tools: ChipTools; children: React.ReactNode }) {
  const [dragged, setDragged] = useState<Task>();
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 5 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 250, tolerance: 8 } }),
  );
  return (
    <DndContext
      sensors={sensors}
      onDragStart={({ active }) => setDragged(active.data.current?.task)}
      onDragCancel={() => setDragged(undefined)}
      onDragEnd={({ over }) => {
        if (dragged && over) tools.move(dragged, String(over.id));
        setDragged(undefined);
      }}
    >
      {children}
      <DragOverlay dropAnimation={null}>
        {dragged && (
          <div className={`${css.chip} ${css.dragged}`}>
            <span className={css.open}>
              <span className={css.text}>{dragged.title}</span>
            </span>
          </div>
        )}
      </DragOverlay>
    </DndContext>
  );
}

function byDay(tasks: Task[], milestones: Shown[], zone: string): ByDay {
  const days = new Map<string, DayContent>();
  const on = (at: string) => {
    const key = dayIn(zone, at);
    const found = days.get(key) ?? { tasks: [], milestones: [] };
    days.set(key, found);
    return found;
  };
  for (const task of tasks) if (task.due_at) on(task.due_at).tasks.push(task);
  for (const milestone of milestones) if (milestone.due_at) on(milestone.due_at).milestones.push(milestone);
  return days;
}

/** Moving tasks, with what is said about it and the way back. */
function useTools(project: string, tasks: Task[] | undefined) {
  const { locale } = useManner();
  const zone = useZone();
  const mayEdit = useMay('task.edit', project);
  const navigate = useNavigate();
  const change = useChangeTask();
  const [told, tell] = useState('');
  const focus = useRef<string>(undefined);
  // A task that was moved by the keyboard keeps the focus on its new day.
  // biome-ignore lint/correctness/useExhaustiveDependencies: where it stands changes with the tasks.
  useEffect(() => {
    if (!focus.current || (document.activeElement && document.activeElement !== document.body)) return;
    document.querySelector<HTMLElement>(`[data-chip="${focus.current}"]`)?.focus();
  }, [tasks]);
  const say = (day: Dayjs) => new Intl.DateTimeFormat(locale, { dateStyle: 'full' }).format(day.toDate());
  const tools: ChipTools = {
    mayEdit,
    open: (task) => void navigate({ to: '.', search: (before: object) => ({ ...before, task: task.key }) as never }),
    move: (task, day, keepFocus) => {
      const patch = day ? dueOn(task, day, zone) : { due_at: null };
      if (!patch) return;
      focus.current = keepFocus ? task.id : undefined;
      const text = day ? `${task.title}: due ${say(dayjs(day))}` : `${task.title}: no due date`;
      tell(text);
      change.mutate(
        { task, patch },
        {
          onSuccess: (changed) => {
            const id = `moved ${task.id}`;
            const undo = () =>
              change.mutate({ task: changed, patch: { due_at: task.due_at ?? null, start_at: task.start_at ?? null } });
            notifications.hide(id);
            notifications.show({ id, message: <UndoMessage id={id} text={text} undo={undo} />, autoClose: 6_000 });
          },
        },
      );
    },
  };
  return { tools, told };
}
