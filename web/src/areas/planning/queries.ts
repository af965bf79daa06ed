/** What planning reads: when tasks happen, who has how much to do, and how projects do. */
import { queryOptions } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import { Problem } from '~/api/problem';

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

export interface Range {
  from: string;
  to: string;
  interval: 'day' | 'week';
}
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** How a project does, day by day or week by week, in the reader's zone. */
export const metricsQuery = (project: string, range: Range) =>
  queryOptions({
    queryKey: ['metrics', project, range],
    queryFn: () =>
      ask(
        api.GET('/api/v1/projects/{id}/metrics', {
          params: { path: { id: project }, query: { ...range, tz: zone() } },
        }),
      ),
    placeholderData: (before) => before,
  });

export const metricsFile = (project: string, range: Range) =>
  `/api/v1/projects/${project}/metrics.csv?${new URLSearchParams({ ...range, tz: zone() })}`;

/** All projects that one may see, with how they do. */
export const portfolioQuery = queryOptions({
  queryKey: ['portfolio'],
  queryFn: () =>
    all((page) => ask(api.GET('/api/v1/portfolio', { params: { query: { ...page, tz: zone(), sort: 'name' } } }))),
});

/** What a project may cost and costs; null where nobody planned that. */
export const budgetQuery = (project: string) =>
  queryOptions({
    queryKey: ['budgets', project],
    queryFn: () =>
      ask(api.GET('/api/v1/projects/{id}/budget', { params: { path: { id: project } } })).catch((error) => {
        if (error instanceof Problem && error.status === 404) return null;
        throw error;
      }),
  });

/** How full people's days are. */
export const resourcesQuery = (from: string, to: string) =>
  queryOptions({
    queryKey: ['resources', from, to],
    queryFn: () => all((page) => ask(api.GET('/api/v1/resources', { params: { query: { ...page, from, to } } }))),
    placeholderData: (before) => before,
  });

export const absencesQuery = (from: string, to: string) =>
  queryOptions({
    queryKey: ['resources', 'absences', from, to],
    queryFn: () => all((page) => ask(api.GET('/api/v1/absences', { params: { query: { ...page, from, to } } }))),
    placeholderData: (before) => before,
  });
