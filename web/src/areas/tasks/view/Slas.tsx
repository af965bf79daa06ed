import { Badge, Group, Progress, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { SlaTimer, Task } from '~/api/schema';
import { length } from '~/parts/time';
import { taskSlasQuery } from '../details';
import { Section } from './Section';

/** How soon the task is promised, and how that stands. */
export function Slas({ task }: { task: Task }) {
  const { data: timers = [] } = useQuery({ ...taskSlasQuery(task.id), refetchInterval: 60_000 });
  const shown = timers.filter(({ state }) => state !== 'cancelled');
  if (shown.length === 0) return null;
  return (
    <Section title="Promised times">
      {shown.map((timer) => (
        <Timer key={`${timer.sla.id} ${timer.cycle}`} timer={timer} />
      ))}
    </Section>
  );
}

function Timer({ timer }: { timer: SlaTimer }) {
  const { sla, state, met, target, elapsed, remaining, clock } = timer;
  const late = remaining < 0 || met === false;
  const text =
    state === 'ended'
      ? met
        ? 'Kept'
        : 'Missed'
      : late
        ? `${length(-remaining * 1000)} late`
        : `${length(remaining * 1000)} left`;
  return (
    <div>
      <Group gap="xs" justify="space-between" wrap="nowrap">
        <Text size="sm" truncate>
          {sla.name}
        </Text>
        <Badge
          variant="outline"
          tt="none"
          color={late ? 'red.8' : 'gray'}
          c={late ? 'var(--mantine-color-error)' : 'var(--mantine-color-text)'}
        >
          {text}
          {state === 'paused' && ', paused'}
        </Badge>
      </Group>
      {state !== 'ended' && (
        <Progress
          size="xs"
          mt={4}
          color={late ? 'red' : undefined}
          value={Math.min(100, (elapsed / Math.max(1, target)) * 100)}
          aria-label={`${sla.name}: ${text}`}
        />
      )}
      <Text size="xs" c="dimmed">
        Within {length(target * 1000)}
        {clock === 'working' && ' of working time'}
      </Text>
    </div>
  );
}
