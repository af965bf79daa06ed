/** Tasks that are written once and made often. Keys are called as their events are. */
import { queryOptions } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';

export const taskTemplatesQuery = (project: string) =>
  queryOptions({
    queryKey: ['task_templates', project],
    queryFn: () =>
      all(
        (query) => ask(api.GET('/api/v1/projects/{id}/task-templates', { params: { path: { id: project }, query } })),
        500,
      ),
  });

export const recurrencesQuery = (project: string) =>
  queryOptions({
    queryKey: ['recurrences', project],
    queryFn: () =>
      all(
        (query) => ask(api.GET('/api/v1/projects/{id}/recurrences', { params: { path: { id: project }, query } })),
        500,
      ),
  });
