/** A task on the day on which it is due: opened, dragged to another day, or moved by keyboard or menu. */
import { useDraggable } from '@dnd-kit/core';
import { ActionIcon, Menu } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconDots } from '@tabler/icons-react';
import dayjs from 'dayjs';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import type { Task } from '~/api/schema';
import { useZone } from '~/parts/time';
import css from './calendar.module.css';
import { dayIn, dayKey } from './days';

import { MoveTo } from './MoveTo';

export interface ChipTools {
  mayEdit: boolean;
  open(task: Task): void;
  /** Undefined takes the date off. */
  move(task: Task, day: string | undefined, keepFocus?: boolean): void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function Chip({ task, tools, children }: { task: Task; tools: ChipTools; children?: ReactNode }) {
  const { mayEdit } = tools;
  const zone = useZone();
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: task.id, data: { task }, disabled: !mayEdit });
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step || !event.shiftKey || !mayEdit || !task.due_at) return;
    event.preventDefault();
    const rtl = getComputedStyle(event.currentTarget).direction === 'rtl' && Math.abs(step) === 1 ? -1 : 1;
    tools.move(task, dayKey(dayjs(dayIn(zone, task.due_at)).add(step * rtl, 'day')), true);
  };
  return (
    <div ref={setNodeRef} {...look(task)} data-moved={isDragging || undefined} className={css.chip}>
      <button
        type="button"
        className={css.open}
        data-chip={task.id}
        onClick={() => tools.open(task)}
        onKeyDown={onKeyDown}
        aria-keyshortcuts={mayEdit ? 'Shift+ArrowLeft Shift+ArrowRight Shift+ArrowUp Shift+ArrowDown' : undefined}
        title={`${task.key} ${task.title}`}
        {...(listeners as object)}
      >
        <Mark task={task} />
        <span className={css.text}>{task.title}</span>
        {children}
      </button>
      {mayEdit && <ChipMenu task={task} tools={tools} />}
    </div>
  );
}

const isDone = ({ category }: Task) => category === 'done' || category === 'cancelled';
const isLate = (task: Task) => !isDone(task) && Boolean(task.due_at) && dayjs(task.due_at).isBefore(dayjs());

export const look = (task: Task) => ({
  'data-done': isDone(task) || undefined,
  'data-late': isLate(task) || undefined,
});

/** What its colour says, for whoever cannot see colours. */
export function Mark({ task }: { task: Task }) {
  if (isDone(task)) return <IconCheck size={14} aria-label="Done:" color="var(--plan-good-edge)" />;
  if (isLate(task)) return <IconAlertTriangle size={14} aria-label="Late:" color="var(--plan-hot-edge)" />;
  return null;
}

function ChipMenu({ task, tools }: { task: Task; tools: ChipTools }) {
  const [choosing, setChoosing] = useState(false);
  const zone = useZone();
  const day = dayjs(dayIn(zone, task.due_at ?? undefined));
  return (
    <>
      <Menu position="bottom-end" width={210}>
        <Menu.Target>
          <ActionIcon
            className={css.menu}
            variant="subtle"
            color="gray"
            size={24}
            aria-label={`Move ${task.title} to another day`}
          >
            <IconDots size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => tools.move(task, dayIn(zone))}>Due today</Menu.Item>
          <Menu.Item onClick={() => tools.move(task, dayKey(day.add(1, 'day')))}>A day later</Menu.Item>
          <Menu.Item onClick={() => tools.move(task, dayKey(day.add(7, 'day')))}>A week later</Menu.Item>
          <Menu.Item onClick={() => setChoosing(true)}>Choose a day…</Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => tools.move(task, undefined)}>Take the date off</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {choosing && <MoveTo task={task} move={(to) => tools.move(task, to)} close={() => setChoosing(false)} />}
    </>
  );
}
