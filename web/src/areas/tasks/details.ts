/** Reading what hangs on a task. Keys begin with `tasks`, so that every event of a task freshens them. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';

const on = (id: string) => ({ params: { path: { id } } });

export const commentsQuery = (id: string) =>
  queryOptions({
    queryKey: ['tasks', 'comments', id],
    queryFn: () =>
      all((query) => ask(api.GET('/api/v1/tasks/{id}/comments', { params: { path: { id }, query } })), 1000),
  });

export const commentHistoryQuery = (id: string) =>
  queryOptions({
    queryKey: ['tasks', 'comment-history', id],
    queryFn: () => ask(api.GET('/api/v1/comments/{id}/history', on(id))),
  });

/** What happened to a task, the newest first. */
export const activityQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['activity', id],
    queryFn: ({ pageParam: cursor }) =>
      ask(api.GET('/api/v1/tasks/{id}/activity', { params: { path: { id }, query: { cursor, limit: 40 } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const linksQuery = (id: string) =>
  queryOptions({
    queryKey: ['tasks', 'links', id],
    queryFn: () => ask(api.GET('/api/v1/tasks/{id}/links', on(id))).then(({ items }) => items),
  });

export const dependenciesQuery = (id: string) =>
  queryOptions({
    queryKey: ['tasks', 'dependencies', id],
    queryFn: () => ask(api.GET('/api/v1/tasks/{id}/dependencies', on(id))).then(({ items }) => items),
  });

export const attachmentsQuery = (id: string) =>
  queryOptions({
    queryKey: ['tasks', 'attachments', id],
    queryFn: () =>
      all((query) => ask(api.GET('/api/v1/tasks/{id}/attachments', { params: { path: { id }, query } })), 1000),
  });

export const buttonsQuery = (id: string) =>
  queryOptions({
    queryKey: ['rules', 'buttons', id],
    queryFn: () => ask(api.GET('/api/v1/tasks/{id}/buttons', on(id))).then(({ items }) => items),
  });

/** The timers of the task under SLA policies. */
export const taskSlasQuery = (id: string) =>
  queryOptions({
    queryKey: ['slas', 'task', id],
    queryFn: () => ask(api.GET('/api/v1/tasks/{id}/slas', on(id))).then(({ items }) => items),
  });

/** Why a field is what it is; without a field, why the task was changed last. */
export const whyQuery = (id: string, field?: string) =>
  queryOptions({
    queryKey: ['tasks', 'why', id, field],
    queryFn: () => ask(api.GET('/api/v1/tasks/{id}/why', { params: { path: { id }, query: { field } } })),
  });

/** Why a rule did nothing about the last events of a task. */
export const whyNotQuery = (rule: string, task: string) =>
  queryOptions({
    queryKey: ['rules', 'why-not', rule, task],
    queryFn: () => ask(api.GET('/api/v1/rules/{id}/why-not', { params: { path: { id: rule }, query: { task } } })),
  });

export const ruleNamesQuery = queryOptions({
  queryKey: ['rules', 'in-short'],
  queryFn: () =>
    all((query) =>
      ask(api.GET('/api/v1/rules', { params: { query: { ...query, sort: 'name', fields: 'id,name,state' } } })),
    ),
  staleTime: 5 * 60_000,
});
