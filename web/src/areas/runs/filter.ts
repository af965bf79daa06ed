/** From the address of the list of runs to the filter that the server takes. */
import type { RunFilter } from '~/api/schema';
import type { RunsSearch } from './routes';
import { GROUPS } from './words';

const HOURS: Record<string, number> = { '1h': 1, '24h': 24, '7d': 7 * 24, '30d': 30 * 24 };

export const SPANS = [
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
];

/** `since` is told to the minute, so that the same address asks the same within one. */
export function filterOf({ rule, state, within, q, event, shadow }: RunsSearch): RunFilter {
  const hours = within ? HOURS[within] : undefined;
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  const filter: RunFilter = {
    rule_id: rule,
    state: state && GROUPS[state] ? GROUPS[state].states.join(',') : undefined,
    since: hours ? new Date(minute - hours * 3600_000).toISOString() : undefined,
    q: q || undefined,
    event_id: event,
    mode: shadow === undefined ? undefined : shadow ? 'shadow' : 'live',
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

/** Whether the address narrows the list down. */
export const isNarrow = (search: RunsSearch) => Object.values(search).some((value) => value !== undefined);
