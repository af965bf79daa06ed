/** Reading projects, and changing them. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask, ifMatch } from '~/api/client';
import type { NewProject, Project, ProjectFigures, ProjectPatch, ProjectStatus } from '~/api/schema';

export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/projects', { params: { query: { ...query, sort: 'name' } } }))),
});

export interface ProjectFilter {
  q?: string;
  status?: ProjectStatus;
}

/** Projects that a person looks for; those put away only when they are asked for. */
export const foundProjectsQuery = ({ q, status }: ProjectFilter) =>
  queryOptions({
    queryKey: ['projects', 'found', q ?? '', status ?? ''],
    queryFn: () =>
      all((page) =>
        ask(api.GET('/api/v1/projects', { params: { query: { ...page, q: q || undefined, status, sort: 'name' } } })),
      ),
    placeholderData: keepPreviousData,
  });

const byId = (figures: ProjectFigures[]) => new Map(figures.map((project) => [project.id, project]));

/** How many tasks are open, overdue and done in each project, by its id. */
export const figuresQuery = queryOptions({
  queryKey: ['projects', 'figures'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/portfolio', { params: { query } }))),
  select: byId,
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

/** Shows a project as the server has just said it is. */
function useShow() {
  const client = useQueryClient();
  return (project: Project) => {
    for (const id of [project.id, project.key]) client.setQueryData(projectQuery(id).queryKey, project);
    void client.invalidateQueries({ queryKey: projectsQuery.queryKey });
  };
}

/** Makes a project. The form shows what is wrong with it. */
export function useCreateProject() {
  return useMutation({
    mutationFn: (body: NewProject) => ask(api.POST('/api/v1/projects', { body })),
    onSuccess: useShow(),
    meta: { quiet: true },
  });
}

/** Changes a project as it was seen, so that nobody else's change is lost. The form shows what is wrong. */
export function useChangeProject() {
  return useMutation({
    mutationFn: ({ project, patch }: { project: Project; patch: ProjectPatch }) =>
      ask(
        api.PATCH('/api/v1/projects/{id}', {
          params: { path: { id: project.id }, header: ifMatch(project.version) },
          body: patch,
        }),
      ),
    onSuccess: useShow(),
    meta: { quiet: true },
  });
}

/** Puts a project away, or takes it up again. */
export function useArchiveProject() {
  return useMutation({
    mutationFn: ({ id, archive }: { id: string; archive: boolean }) =>
      ask(
        api.POST(archive ? '/api/v1/projects/{id}/archive' : '/api/v1/projects/{id}/unarchive', {
          params: { path: { id } },
        }),
      ),
    onSuccess: useShow(),
  });
}
