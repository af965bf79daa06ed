/** The plan on a phone: a card a task, with a small bar that says where in the project it lies. */
import { ActionIcon, Badge, Group, Paper, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';
import type { TimelineItem } from '~/api/schema';
import { datesOf, type Row } from './model';
import css from './phone.module.css';
import { dayRange } from './shift';
import { span, type WorkTime } from './worktime';

interface Props {
  rows: Row[];
  start: number;
  finish: number;
  work: WorkTime | undefined;
  toggle(id: string): void;
  open(item: TimelineItem): void;
}

export function PhoneList({ rows, start, finish, work, toggle, open }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({ count: rows.length, estimateSize: () => 82, overscan: 6, scrollMargin: top });
  const place = (at: number) => `${Math.max(0, Math.min(100, ((at - start) / (finish - start || 1)) * 100))}%`;
  return (
    <ul ref={list} className={css.list} style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, start: at }) => {
        const row = rows[index];
        if (!row) return null;
        const { item, depth, parts, open: shown } = row;
        const dates = datesOf(item);
        return (
          <li
            key={item.id}
            className={css.item}
            style={{ transform: `translateY(${at - top}px)`, paddingInlineStart: depth * 14 }}
          >
            <Paper withBorder p="xs" pe={parts ? 4 : 'xs'} h={76} bg="var(--app-card)">
              <Group gap={4} wrap="nowrap" align="flex-start">
                <UnstyledButton className={css.button} onClick={() => open(item)} data-task={item.key}>
                  <Group justify="space-between" wrap="nowrap" gap="xs">
                    <Text size="sm" fw={parts ? 600 : 500} truncate>
                      {item.title}
                    </Text>
                    <Note item={item} work={work} />
                  </Group>
                  <Text size="xs" c="dimmed" truncate>
                    {item.key} · {item.milestone ? 'Milestone, ' : ''}
                    {dayRange(dates)}
                  </Text>
                  <span className={css.line}>
                    <span
                      className={css.mini}
                      data-critical={item.critical || undefined}
                      data-done={item.actual_finish ? true : undefined}
                      style={{
                        insetInlineStart: `min(${place(dates.start)}, 100% - 6px)`,
                        insetInlineEnd: `calc(100% - ${place(dates.finish)})`,
                      }}
                    />
                    <span className={css.now} style={{ insetInlineStart: place(Date.now()) }} />
                  </span>
                </UnstyledButton>
                {parts > 0 && (
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    size={32}
                    onClick={() => toggle(item.id)}
                    aria-expanded={shown}
                    aria-label={`Subtasks of ${item.title}`}
                  >
                    {shown ? <IconChevronDown size={18} /> : <IconChevronRight size={18} />}
                  </ActionIcon>
                )}
              </Group>
            </Paper>
          </li>
        );
      })}
    </ul>
  );
}

function Note({ item, work }: { item: TimelineItem; work: WorkTime | undefined }) {
  const look = { variant: 'light', tt: 'none', fw: 500, size: 'sm', c: 'var(--mantine-color-text)' } as const;
  if (item.actual_finish)
    return (
      <Badge {...look} color="green" style={{ flexShrink: 0 }}>
        Done
      </Badge>
    );
  if (item.critical)
    return (
      <Badge {...look} color="red" style={{ flexShrink: 0 }}>
        Critical
      </Badge>
    );
  return (
    <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
      {work && `${span(item.total_float, work.perDay)} float`}
    </Text>
  );
}
