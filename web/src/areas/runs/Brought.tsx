import { Anchor, Stack, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Event } from '~/api/schema';
import { kindWords } from '../rules/words';
import { aboutOf, eventQuery } from './queries';
import classes from './runs.module.css';

/** What a step brought about: each event with what was there before and after. */
export function Brought({ ids }: { ids: string[] }) {
  const events = useQueries({ queries: ids.slice(0, 20).map((id) => eventQuery(id)) })
    .map(({ data }) => data)
    .filter((event) => event !== undefined);
  if (events.length === 0) return null;
  return (
    <section aria-label="What it changed">
      <Text size="sm" fw={600} mb={4}>
        What it changed
      </Text>
      <ul className={classes.list}>
        {events.map((event) => (
          <li key={event.id}>
            <Change event={event} />
          </li>
        ))}
      </ul>
      {ids.length > 20 && <Text size="xs">and {ids.length - 20} more</Text>}
    </section>
  );
}

const shown = (value: unknown): string => {
  if (value === null || value === undefined || value === '') return 'nothing';
  return typeof value === 'object' ? JSON.stringify(value) : String(value).replaceAll('_', ' ');
};

function Change({ event }: { event: Event }) {
  const { task } = aboutOf(event);
  return (
    <Stack gap={0} mb={4}>
      <Text size="sm">
        {kindWords(event.kind)}
        {task?.key && (
          <>
            {' · '}
            <Anchor component={Link} to={`/tasks/${task.key}` as '/'} size="sm" underline="always">
              {task.key}
            </Anchor>
          </>
        )}
      </Text>
      {changesOf(event).map(([field, from, to]) => (
        <Text key={field} size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {field.replaceAll('_', ' ')}: {shown(from)} → {shown(to)}
        </Text>
      ))}
    </Stack>
  );
}

interface FromTo {
  from?: unknown;
  to?: unknown;
}

/** Which fields an event says have changed: the one that it is about, or each that it names. */
function changesOf({ kind, data }: Event): [string, unknown, unknown][] {
  const { change } = data as { change?: FromTo & Record<string, FromTo | unknown> };
  if (!change || typeof change !== 'object') return [];
  if ('from' in change && 'to' in change) {
    return [[kind.replace(/^.*\.|_changed$/g, ''), change.from, change.to]];
  }
  return Object.entries(change)
    .filter((entry): entry is [string, FromTo] => typeof entry[1] === 'object' && entry[1] !== null && 'to' in entry[1])
    .map(([field, { from, to }]) => [field, from, to]);
}
