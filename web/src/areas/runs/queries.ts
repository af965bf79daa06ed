/** Reading runs, repeating and cancelling them. No event tells that a run moves, so what is under way is asked for. */
import { infiniteQueryOptions, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, raw } from '~/api/client';
import type { Again, Event, Run, RunFilter, RunState, RunSummary } from '~/api/schema';
import { isOver } from './words';

const PAGE = 50;

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ['runs', 'list', filter],
    queryFn: ({ pageParam }) =>
      ask(api.GET('/api/v1/runs', { params: { query: { ...filter, limit: PAGE, cursor: pageParam } as never } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: ({ state }) => {
      const moving = state.data?.pages[0]?.items.some((run) => !isOver(run.state) && run.state !== 'waiting');
      return moving ? 1500 : 15_000;
    },
  });

/** How soon a run that is under way is looked at again: at once while it works, seldom while it waits. */
const pace = (state?: RunState) => {
  if (!state || isOver(state)) return false;
  return state === 'waiting' ? 3000 : 700;
};

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['runs', 'one', id],
    queryFn: () => ask(api.GET('/api/v1/runs/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => pace(state.data?.state),
  });

/** An event of the log, which never changes. */
export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: ['events', 'one', id],
    queryFn: () => ask(api.GET('/api/v1/events/{id}', { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

interface Named {
  id: string;
  key?: string;
  title?: string;
  name?: string;
}

/** The task and the project that an event is about, as it says them. */
export function aboutOf(event: Event | undefined): { task?: Named; project?: Named } {
  return (event?.data ?? {}) as { task?: Named; project?: Named };
}

/** The event that started a run, where it has one that one may see. */
export function useEventOf(run: { event?: string | null } | undefined): Event | undefined {
  const id = run?.event;
  return useQuery({ ...eventQuery(id ?? ''), enabled: !!id }).data;
}

/** A rule as it was in the version that a run is pinned to. */
export const ruleVersionQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ['rules', 'version', id, version],
    queryFn: () => ask(api.GET('/api/v1/rules/{id}/versions/{version}', { params: { path: { id, version } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export function rerun(id: string, again: Again = {}): Promise<RunSummary> {
  const params = { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID() } };
  return ask(api.POST('/api/v1/runs/{id}/rerun', { params, body: again }));
}

export function cancel(id: string): Promise<RunSummary> {
  return ask(api.POST('/api/v1/runs/{id}/cancel', { params: { path: { id } } }));
}

/** Repeats a run, whole or from a step on. */
export function useRerun() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...again }: Again & { id: string }) => rerun(id, again),
    onSettled: () => void client.invalidateQueries({ queryKey: ['runs'] }),
  });
}

export type Deed = 'rerun' | 'cancel';

/** Repeats or cancels every run that the filter finds, or counts them. */
export function forEach(deed: Deed, filter: RunFilter, dry_run: boolean) {
  const body = { filter, dry_run };
  return deed === 'rerun'
    ? ask(api.POST('/api/v1/runs/rerun', { body }))
    : ask(api.POST('/api/v1/runs/cancel', { body }));
}

/** Saves what the filter finds as a file. */
export async function saveRuns(filter: RunFilter, format: 'csv' | 'ndjson') {
  const given = Object.entries({ ...filter, format, steps: format === 'ndjson' ? 'true' : undefined });
  const query = new URLSearchParams(given.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  const answer = await raw(`/api/v1/runs/export?${query}`);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `runs.${format}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** How long a run has taken, or is taking, in milliseconds. */
export function took({ created_at, finished_at }: Pick<Run, 'created_at' | 'finished_at'>, now: number): number {
  return (finished_at ? new Date(finished_at).getTime() : now) - new Date(created_at).getTime();
}
