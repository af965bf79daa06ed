import { Box, Checkbox, Group, Text } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { Task } from '~/api/schema';
import { Faces } from '~/areas/tasks/fields/People';
import { PriorityIcon, StatusName } from '~/areas/tasks/look';
import { TaskLink } from '~/areas/tasks/TaskLink';
import { Due, Labels } from '~/areas/tasks/view/values';
import type { Shelf } from './columns';
import classes from './list.module.css';
import type { Choosing } from './useChoosing';

/** What the table is on a desk, on a phone. */
export function Cards({
  tasks,
  shelf,
  choosing,
  choose,
}: {
  tasks: Task[];
  shelf: Shelf;
  choosing: Choosing;
  /** Whether cards are being chosen. */
  choose: boolean;
}) {
  const list = useRef<HTMLDivElement>(null);
  const rows = useWindowVirtualizer({
    count: tasks.length,
    estimateSize: () => 96,
    overscan: 8,
    gap: 8,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (at) => tasks[at]!.id,
  });
  return (
    <Box ref={list} role="list" aria-label="Tasks" style={{ height: rows.getTotalSize(), position: 'relative' }}>
      {rows.getVirtualItems().map(({ index, start }) => {
        const task = tasks[index]!;
        const status = shelf.statuses.find(({ key }) => key === task.status)?.name ?? task.status;
        return (
          <Box
            key={task.id}
            ref={rows.measureElement}
            data-index={index}
            role="listitem"
            className={classes.card}
            style={{
              position: 'absolute',
              insetInline: 0,
              top: 0,
              transform: `translateY(${start - rows.options.scrollMargin}px)`,
            }}
          >
            <Group gap="xs" wrap="nowrap" align="flex-start">
              {choose && (
                <Checkbox
                  aria-label={`Choose ${task.key}`}
                  checked={choosing.ids.has(task.id)}
                  onChange={() => choosing.toggle(task.id)}
                />
              )}
              <Box style={{ flex: 1, minWidth: 0 }}>
                <TaskLink task={task.key} c="var(--mantine-color-text)" size="sm" fw={500}>
                  <Text span size="sm" lineClamp={2}>
                    {task.title}
                  </Text>
                </TaskLink>
                <Group gap="xs" mt={6} justify="space-between" wrap="nowrap">
                  <Group gap="xs" wrap="nowrap" style={{ minWidth: 0 }}>
                    <PriorityIcon priority={task.priority} />
                    <Text size="xs" c="dimmed">
                      {task.key}
                    </Text>
                    <StatusName category={task.category} name={status} />
                    <Due task={task} />
                  </Group>
                  <Faces ids={task.assignees} size={24} />
                </Group>
                {task.labels.length > 0 && (
                  <Box style={{ marginTop: 6 }}>
                    <Labels labels={task.labels} />
                  </Box>
                )}
              </Box>
            </Group>
          </Box>
        );
      })}
    </Box>
  );
}
