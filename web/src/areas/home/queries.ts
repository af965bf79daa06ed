import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '~/api/client';

/** One's own open tasks, those first that are due first. */
export const myTasksQuery = queryOptions({
  queryKey: ['tasks', 'home'],
  queryFn: () =>
    ask(
      api.GET('/api/v1/tasks', {
        params: {
          query: { assignee: 'me', category: 'todo,in_progress', sort: 'due_at', limit: 15, total: true } as never,
        },
      }),
    ),
});

/** What waits for one's own decision. */
export const myApprovalsQuery = queryOptions({
  queryKey: ['approvals', 'home'],
  queryFn: async () => (await ask(api.GET('/api/v1/approvals', { params: { query: { limit: 5 } } }))).items,
});

/** The last runs of rules. No event tells that a run has begun, so it is asked now and then. */
export const lastRunsQuery = queryOptions({
  queryKey: ['runs', 'home'],
  queryFn: async () =>
    (await ask(api.GET('/api/v1/runs', { params: { query: { limit: 6, mode: 'live' } as never } }))).items,
  refetchInterval: 15_000,
});
