/** Values of tasks as they are read. */
import { Badge, Group, Text } from '@mantine/core';
import type { Task } from '~/api/schema';
import { moment, useManner, useNow } from '~/parts/time';

export function Moment({ at }: { at: string | null | undefined }) {
  const manner = useManner();
  return at ? moment(at, manner) : '—';
}

export function Labels({ labels }: { labels: string[] }) {
  if (labels.length === 0) return '—';
  return (
    <Group gap={4}>
      {labels.map((label) => (
        <Badge key={label} variant="default" tt="none" fw={500}>
          {label}
        </Badge>
      ))}
    </Group>
  );
}

/** Whether the day of something that is still to be done has gone by. */
export function useOverdue(task: Pick<Task, 'due_at' | 'category'>): boolean {
  const now = useNow();
  const open = task.category === 'todo' || task.category === 'in_progress';
  return open && !!task.due_at && new Date(task.due_at).getTime() < now;
}

/** When a task is due, in few words, and loudly once that has gone by. */
export function Due({ task }: { task: Pick<Task, 'due_at' | 'category'> }) {
  const { locale, timeZone } = useManner();
  const overdue = useOverdue(task);
  if (!task.due_at) return null;
  const date = new Date(task.due_at);
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  const text = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year, timeZone }).format(date);
  return (
    <Text
      size="xs"
      component="time"
      dateTime={task.due_at}
      c={overdue ? 'var(--mantine-color-error)' : 'dimmed'}
      fw={overdue ? 600 : 400}
      style={{ whiteSpace: 'nowrap' }}
    >
      {text}
      {overdue && <span className="sr-only"> (overdue)</span>}
    </Text>
  );
}
