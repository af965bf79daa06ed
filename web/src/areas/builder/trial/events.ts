/** Past events of the kinds that a rule listens to, the newest first. */
import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { Event } from '~/api/schema';

const PAGES = 5;
const PAGE = 200;

/** The log is read forwards, so that the newest are found by going to its end and reading the stretches before. */
async function newest(kinds: Set<string>, signal: AbortSignal): Promise<Event[]> {
  const read = (after: string, limit: number) =>
    ask(api.GET('/api/v1/events', { params: { query: { after, limit } }, signal }));
  const { next_cursor } = await read('latest', 1);
  let end = Number(next_cursor);
  const found: Event[] = [];
  for (let page = 0; page < PAGES && end > 0 && found.length < 25; page++) {
    const start = Math.max(0, end - PAGE);
    const { items } = await read(String(start), PAGE);
    found.unshift(...items.filter(({ kind, position }) => kinds.has(kind) && position <= end));
    end = start;
  }
  return found.reverse().slice(0, 50);
}

export const recentEventsQuery = (kinds: string[]) =>
  queryOptions({
    queryKey: ['rule-events', [...kinds].sort()],
    queryFn: ({ signal }) => newest(new Set(kinds), signal),
    staleTime: 15_000,
  });

type Data = Record<string, unknown>;

/** What an event is about, in short: "WEB-3 Invoices". */
export function eventLabel({ data }: Event): string {
  const task = data.task as Data | undefined;
  if (task?.key) return `${task.key} ${task.title ?? ''}`;
  for (const part of ['milestone', 'sprint', 'project', 'member', 'hook', 'rule', 'budget']) {
    const name = (data[part] as Data | undefined)?.name;
    if (name) return String(name);
  }
  return '';
}
