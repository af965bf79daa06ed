/** What planning reads: when tasks happen, who has how much to do, and how projects do. */
import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '~/api/client';

/** `project` is the key; with `baseline`, each task tells how far it is from it. */
export const timelineQuery = (project: string, baseline?: string) =>
  queryOptions({
    queryKey: ['timeline', project, baseline ?? null],
    queryFn: () =>
      ask(api.GET('/api/v1/projects/{id}/timeline', { params: { path: { id: project }, query: { baseline } } })),
    placeholderData: (before) => before,
  });

export const workTimeQuery = (project: string) =>
  queryOptions({
    queryKey: ['calendars', project],
    queryFn: () => ask(api.GET('/api/v1/projects/{id}/calendar', { params: { path: { id: project } } })),
    staleTime: 5 * 60_000,
  });

export const baselinesQuery = (project: string) =>
  queryOptions({
    queryKey: ['baselines', project],
    queryFn: () => ask(api.GET('/api/v1/projects/{id}/baselines', { params: { path: { id: project } } })),
  });

export const scheduleQuery = (task: string) =>
  queryOptions({
    queryKey: ['timeline', 'schedule', task],
    queryFn: () => ask(api.GET('/api/v1/tasks/{id}/schedule', { params: { path: { id: task } } })),
  });
