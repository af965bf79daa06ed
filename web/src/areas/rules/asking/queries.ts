/** Asking why a rule did nothing, and what it would have done. */
import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '~/api/client';

/** About a task by its key or id, or about one event. */
export const whyNotQuery = (rule: string, about: { task?: string; event_id?: string }) =>
  queryOptions({
    queryKey: ['rules', 'why-not', rule, about],
    queryFn: () =>
      ask(api.GET('/api/v1/rules/{id}/why-not', { params: { path: { id: rule }, query: { ...about, limit: 20 } } })),
    retry: false,
  });

export const shadowReportQuery = (rule: string) =>
  queryOptions({
    queryKey: ['rules', 'shadow-report', rule],
    queryFn: () => ask(api.GET('/api/v1/rules/{id}/shadow-report', { params: { path: { id: rule } } })),
  });

/** Tasks whose title or key has these words, for picking one. */
export const foundTasksQuery = (q: string) =>
  queryOptions({
    queryKey: ['tasks', 'found', q],
    queryFn: () =>
      ask(
        api.GET('/api/v1/tasks', { params: { query: { q: q || undefined, sort: '-updated_at', limit: 8 } as never } }),
      ),
    select: ({ items }) => items.map(({ key, title }) => ({ value: key, label: `${key} ${title}` })),
  });
