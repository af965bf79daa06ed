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

/** The kinds of work that tasks of a project can be. */
export const typesQuery = (id: string) =>
  queryOptions({
    queryKey: ['workflow', 'types', id],
    queryFn: () => ask(api.GET('/api/v1/projects/{id}/types', { params: { path: { id } } })).then(({ items }) => items),
    staleTime: 5 * 60_000,
  });

/** The custom fields that a project defines. */
export const fieldsQuery = (id: string) =>
  queryOptions({
    queryKey: ['fields', id],
    queryFn: () =>
      ask(api.GET('/api/v1/projects/{id}/fields', { params: { path: { id } } })).then(({ items }) => items),
    staleTime: 5 * 60_000,
  });

export const milestonesQuery = (id: string) =>
  queryOptions({
    queryKey: ['milestones', id],
    queryFn: () =>
      all((query) => ask(api.GET('/api/v1/projects/{id}/milestones', { params: { path: { id }, query } })), 500),
    staleTime: 5 * 60_000,
  });

export const sprintsQuery = (id: string) =>
  queryOptions({
    queryKey: ['sprints', id],
    queryFn: () =>
      all((query) => ask(api.GET('/api/v1/projects/{id}/sprints', { params: { path: { id }, query } })), 1000),
    staleTime: 5 * 60_000,
  });

/** The labels in use in a project. */
export const labelsQuery = (id: string) =>
  queryOptions({
    queryKey: ['labels', id],
    queryFn: () =>
      all((query) => ask(api.GET('/api/v1/labels', { params: { query: { ...query, project: id } } })), 1000),
    staleTime: 5 * 60_000,
  });
