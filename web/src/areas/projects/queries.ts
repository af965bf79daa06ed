import { queryOptions } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';

export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/projects', { params: { query: { ...query, sort: 'name' } } }))),
});

/** `id` is the key or the id. */
export const projectQuery = (id: string) =>
  queryOptions({
    queryKey: ['projects', id],
    queryFn: () => ask(api.GET('/api/v1/projects/{id}', { params: { path: { id } } })),
  });

/** The statuses of a project's tasks, in the order of the flow of work, and the ways between them. */
export const workflowQuery = (id: string) =>
  queryOptions({
    queryKey: ['workflow', id],
    queryFn: () => ask(api.GET('/api/v1/projects/{id}/workflow', { params: { path: { id } } })),
    staleTime: 5 * 60_000,
  });
