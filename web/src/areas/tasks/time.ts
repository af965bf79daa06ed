/** Time spent on tasks. Keys begin with `times`, as events of time do. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { NewTimeEntry } from '~/api/schema';

/** One's own timer, wherever it runs. */
export const timerQuery = queryOptions({
  queryKey: ['times', 'timer'],
  queryFn: () => ask(api.GET('/api/v1/timer')).then(({ timer }) => timer ?? null),
});

export const taskTimeQuery = (id: string) =>
  queryOptions({
    queryKey: ['times', 'task', id],
    queryFn: () => ask(api.GET('/api/v1/tasks/{id}/time', { params: { path: { id } } })),
  });

export const timeEntriesQuery = (id: string) =>
  queryOptions({
    queryKey: ['times', 'entries', id],
    queryFn: () =>
      all((query) => ask(api.GET('/api/v1/tasks/{id}/time-entries', { params: { path: { id }, query } })), 1000),
  });

/** Starts and stops one's timer, and writes time down. */
export function useTime() {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: ['times'] });
  const start = useMutation({
    mutationFn: (id: string) => ask(api.POST('/api/v1/tasks/{id}/timer/start', { params: { path: { id } }, body: {} })),
    onSettled,
  });
  const stop = useMutation({
    mutationFn: (id: string) => ask(api.POST('/api/v1/tasks/{id}/timer/stop', { params: { path: { id } }, body: {} })),
    onSettled,
  });
  const log = useMutation({
    meta: { quiet: true },
    mutationFn: ({ id, entry }: { id: string; entry: NewTimeEntry }) =>
      ask(api.POST('/api/v1/tasks/{id}/time-entries', { params: { path: { id } }, body: entry })),
    onSettled,
  });
  const remove = useMutation({
    mutationFn: (id: string) => ask(api.DELETE('/api/v1/time-entries/{id}', { params: { path: { id } } })),
    onSettled,
  });
  return { start, stop, log, remove };
}
