/**
 * A table of tasks in which every cell is gone to by the arrows and changed by Enter. Only the rows that are seen are
 * drawn, however many there are.
 */
import { Box, Checkbox, Text, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { Task, TaskPatch } from '~/api/schema';
import { TaskLink, useOpenTask } from '~/areas/tasks/TaskLink';
import type { Column, Shelf } from './columns';
import { Editor } from './editors';
import classes from './list.module.css';
import type { Choosing } from './useChoosing';

interface Props {
  tasks: Task[];
  columns: Column[];
  shelf: Shelf;
  order: string;
  sort: (order: string) => void;
  choosing: Choosing;
  /** Left out where one may not change tasks. */
  save?: (task: Task, patch: TaskPatch) => void;
}

const ROW = 42;
const KEY_WIDTH = 130;

interface Spot {
  row: number;
  column: number;
}

export function Table({ tasks, columns, shelf, order, sort, choosing, save }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
    getItemKey: (at) => tasks[at]!.id,
    // The head lies over the first row.
    scrollPaddingStart: ROW,
  });
  const [spot, setSpot] = useState<Spot>({ row: 0, column: 0 });
  const [editing, setEditing] = useState(false);
  const moved = useRef(false);
  const openTask = useOpenTask();
  const at: Spot = {
    row: Math.min(spot.row, Math.max(0, tasks.length - 1)),
    column: Math.min(spot.column, columns.length),
  };

  // The focus follows the cell, once it is drawn.
  // biome-ignore lint/correctness/useExhaustiveDependencies: also when the rows that are drawn change.
  useEffect(() => {
    if (!moved.current || editing) return;
    const cell = box.current?.querySelector<HTMLElement>(`[data-spot="${at.row}:${at.column}"]`);
    if (!cell) return;
    moved.current = false;
    cell.focus();
  }, [at.row, at.column, editing, rows.range?.startIndex, rows.range?.endIndex]);

  const go = (row: number, column: number) => {
    const next = {
      row: Math.max(0, Math.min(row, tasks.length - 1)),
      column: Math.max(0, Math.min(column, columns.length)),
    };
    moved.current = true;
    setSpot(next);
    rows.scrollToIndex(next.row);
  };
  const stop = () => {
    moved.current = true;
    setEditing(false);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = at;
    if (editing) {
      if (event.key === 'Escape') stop();
      if (event.key === 'Enter' && columns[column - 1]?.key !== 'labels') setTimeout(stop);
      return;
    }
    const steps: Record<string, Spot> = {
      ArrowDown: { row: row + 1, column },
      ArrowUp: { row: row - 1, column },
      ArrowRight: { row, column: column + 1 },
      ArrowLeft: { row, column: column - 1 },
      j: { row: row + 1, column },
      k: { row: row - 1, column },
      PageDown: { row: row + 15, column },
      PageUp: { row: row - 15, column },
      Home: { row, column: 0 },
      End: { row, column: columns.length },
    };
    const step = steps[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step) go(step.row, step.column);
    else if (event.key === 'x') choosing.toggle(tasks[row]!.id, event.shiftKey);
    else if (event.key === 'o') void openTask(tasks[row]!.key);
    else if ((event.key === 'Enter' || event.key === 'F2' || event.key === 'e') && column === 0)
      void openTask(tasks[row]!.key);
    else if (
      (event.key === 'Enter' || event.key === 'F2' || event.key === 'e') &&
      save &&
      columns[column - 1]?.editable
    )
      setEditing(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const template = `${KEY_WIDTH}px ${columns
    .map(({ width }, index) => (index === 0 ? `minmax(${width}px, 1fr)` : `${width}px`))
    .join(' ')}`;
  const width = KEY_WIDTH + columns.reduce((sum, column) => sum + column.width, 0);

  return (
    <Box ref={box} className={classes.box}>
      <Box
        role="grid"
        aria-label="Tasks"
        aria-rowcount={tasks.length + 1}
        aria-colcount={columns.length + 1}
        onKeyDown={onKeyDown}
        style={{ minWidth: width }}
        tabIndex={-1}
      >
        <Box
          role="row"
          aria-rowindex={1}
          className={`${classes.row} ${classes.head}`}
          style={{ gridTemplateColumns: template, height: ROW }}
        >
          <Box role="columnheader" aria-colindex={1} className={`${classes.cell} ${classes.first}`}>
            {save && (
              <Checkbox
                size="xs"
                aria-label="Choose all"
                checked={choosing.ids.size > 0 && choosing.ids.size === tasks.length}
                indeterminate={choosing.ids.size > 0 && choosing.ids.size < tasks.length}
                onChange={() => (choosing.ids.size > 0 ? choosing.clear() : choosing.all())}
              />
            )}
            <SortButton column={{ label: 'Key', sort: 'key' }} order={order} sort={sort} />
          </Box>
          {columns.map((column, index) => (
            <Box
              key={column.key}
              role="columnheader"
              aria-colindex={index + 2}
              aria-sort={order === column.sort ? 'ascending' : order === `-${column.sort}` ? 'descending' : undefined}
              className={classes.cell}
            >
              <SortButton column={column} order={order} sort={sort} />
            </Box>
          ))}
        </Box>
        <Box style={{ height: rows.getTotalSize(), position: 'relative' }} role="rowgroup">
          {rows.getVirtualItems().map(({ index, start }) => {
            const task = tasks[index]!;
            return (
              <Box
                key={task.id}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={choosing.ids.has(task.id)}
                data-current={at.row === index || undefined}
                data-chosen={choosing.ids.has(task.id) || undefined}
                className={classes.row}
                style={{
                  gridTemplateColumns: template,
                  height: ROW,
                  position: 'absolute',
                  insetInline: 0,
                  top: 0,
                  transform: `translateY(${start}px)`,
                }}
              >
                <Box
                  role="gridcell"
                  aria-colindex={1}
                  data-spot={`${index}:0`}
                  tabIndex={at.row === index && at.column === 0 ? 0 : -1}
                  className={`${classes.cell} ${classes.first}`}
                  onFocus={() => setSpot({ row: index, column: 0 })}
                >
                  {save && (
                    <Checkbox
                      size="xs"
                      tabIndex={-1}
                      aria-label={`Choose ${task.key}`}
                      checked={choosing.ids.has(task.id)}
                      onChange={(event) =>
                        choosing.toggle(task.id, (event.nativeEvent as unknown as MouseEvent).shiftKey)
                      }
                    />
                  )}
                  <TaskLink task={task.key} size="xs" tabIndex={-1}>
                    {task.key}
                  </TaskLink>
                </Box>
                {columns.map((column, place) => (
                  <Cell
                    key={column.key}
                    task={task}
                    column={column}
                    shelf={shelf}
                    spot={`${index}:${place + 1}`}
                    index={place + 2}
                    current={at.row === index && at.column === place + 1}
                    editing={editing && at.row === index && at.column === place + 1}
                    focus={() => setSpot({ row: index, column: place + 1 })}
                    begin={save && column.editable ? () => setEditing(true) : undefined}
                    save={(patch) => save?.(task, patch)}
                    done={stop}
                  />
                ))}
              </Box>
            );
          })}
        </Box>
      </Box>
    </Box>
  );
}

interface CellProps {
  task: Task;
  column: Column;
  shelf: Shelf;
  spot: string;
  index: number;
  current: boolean;
  editing: boolean;
  focus: () => void;
  begin?: () => void;
  save: (patch: TaskPatch) => void;
  done: () => void;
}

function Cell({ task, column, shelf, spot, index, current, editing, focus, begin, save, done }: CellProps) {
  const shown = column.show(task, shelf);
  return (
    <Box
      role="gridcell"
      aria-colindex={index}
      aria-readonly={!begin}
      data-spot={spot}
      data-editing={editing || undefined}
      data-editable={begin ? true : undefined}
      tabIndex={current && !editing ? 0 : -1}
      className={classes.cell}
      onFocus={(event) => event.target === event.currentTarget && focus()}
      onDoubleClick={() => {
        focus();
        begin?.();
      }}
      onBlur={(event) => {
        if (
          editing &&
          event.relatedTarget &&
          !event.currentTarget.contains(event.relatedTarget) &&
          !isOver(event.relatedTarget)
        )
          done();
      }}
    >
      {editing ? (
        <Editor task={task} column={column} shelf={shelf} save={save} done={done} />
      ) : column.key === 'title' ? (
        <Text size="sm" truncate title={task.title}>
          {task.title}
        </Text>
      ) : (
        shown
      )}
    </Box>
  );
}

/** Whether something lies over the page, as the choices of a field do. */
const isOver = (target: EventTarget) => target instanceof Element && !!target.closest('[data-portal]');

function SortButton({
  column,
  order,
  sort,
}: {
  column: Pick<Column, 'label' | 'sort'>;
  order: string;
  sort: (order: string) => void;
}) {
  const { label, sort: by } = column;
  const text = (
    <Text size="xs" fw={600} truncate>
      {label}
    </Text>
  );
  if (!by) return text;
  const up = order === by;
  const down = order === `-${by}`;
  return (
    <UnstyledButton
      onClick={() => sort(up ? `-${by}` : by)}
      aria-label={`Sort by ${label}`}
      mih={28}
      style={{ display: 'flex', alignItems: 'center', gap: 4, minWidth: 0 }}
    >
      {text}
      {up && <IconArrowUp size={14} aria-hidden />}
      {down && <IconArrowDown size={14} aria-hidden />}
    </UnstyledButton>
  );
}
