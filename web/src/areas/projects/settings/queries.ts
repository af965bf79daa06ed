/** Reading and changing what is settled about a project. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { CopyProject, FieldPatch, ImportBody, NewField, NewWorkflow } from '~/api/schema';

/** Who has a role on the project of their own. */
export const projectMembersQuery = (id: string) =>
  queryOptions({
    queryKey: ['members', 'project', id],
    queryFn: async () => (await ask(api.GET('/api/v1/projects/{id}/members', { params: { path: { id } } }))).items,
  });

/** The roles that can be given. */
export const rolesQuery = queryOptions({
  queryKey: ['roles', 'all'],
  queryFn: async () => (await ask(api.GET('/api/v1/roles'))).items,
  staleTime: 5 * 60_000,
});

/** Does something about a project and reads anew what it concerns. The place that asks for it shows what went wrong. */
function useDeed<V, T>(run: (variables: V) => Promise<T>, keys: string[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    meta: { quiet: true },
    onSuccess: () => {
      for (const key of keys) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

export const useSaveWorkflow = (id: string) =>
  useDeed(
    (body: NewWorkflow) => ask(api.PUT('/api/v1/projects/{id}/workflow', { params: { path: { id } }, body })),
    ['workflow', 'board', 'tasks'],
  );

export const useAddType = (id: string) =>
  useDeed(
    (body: { key: string; name: string }) =>
      ask(api.POST('/api/v1/projects/{id}/types', { params: { path: { id } }, body })),
    ['workflow'],
  );

export const useRenameType = (id: string) =>
  useDeed(
    ({ key, name }: { key: string; name: string }) =>
      ask(api.PATCH('/api/v1/projects/{id}/types/{type}', { params: { path: { id, type: key } }, body: { name } })),
    ['workflow'],
  );

export const useDeleteType = (id: string) =>
  useDeed(
    ({ key, replacement }: { key: string; replacement?: string }) =>
      ask(
        api.DELETE('/api/v1/projects/{id}/types/{type}', {
          params: { path: { id, type: key }, query: { replacement } as never },
        }),
      ),
    ['workflow', 'board', 'tasks'],
  );

/** Gives a label another name, or takes it off all tasks with null. */
export const useRenameLabel = (id: string) =>
  useDeed(
    (body: { from: string; to: string | null }) =>
      ask(api.POST('/api/v1/projects/{id}/labels/rename', { params: { path: { id } }, body })),
    ['labels', 'board', 'tasks'],
  );

export const useAddField = (id: string) =>
  useDeed(
    (body: NewField) => ask(api.POST('/api/v1/projects/{id}/fields', { params: { path: { id } }, body })),
    ['fields'],
  );

export const useChangeField = (id: string) =>
  useDeed(
    ({ key, patch }: { key: string; patch: FieldPatch }) =>
      ask(api.PATCH('/api/v1/projects/{id}/fields/{field}', { params: { path: { id, field: key } }, body: patch })),
    ['fields', 'tasks'],
  );

export const useDeleteField = (id: string) =>
  useDeed(
    (key: string) => ask(api.DELETE('/api/v1/projects/{id}/fields/{field}', { params: { path: { id, field: key } } })),
    ['fields', 'tasks'],
  );

export const useSetMember = (id: string) =>
  useDeed(
    ({ user, role }: { user: string; role: string }) =>
      ask(api.PUT('/api/v1/projects/{id}/members/{user}', { params: { path: { id, user } }, body: { role } })),
    ['members'],
  );

export const useRemoveMember = (id: string) =>
  useDeed(
    (user: string) => ask(api.DELETE('/api/v1/projects/{id}/members/{user}', { params: { path: { id, user } } })),
    ['members'],
  );

/** Brings tasks in, or only says what would come of it. */
export const useImport = (id: string) =>
  useDeed(
    (body: ImportBody) => ask(api.POST('/api/v1/projects/{id}/import', { params: { path: { id } }, body })),
    ['board', 'tasks', 'projects'],
  );

export const useCopyProject = (id: string) =>
  useDeed(
    (body: CopyProject) => ask(api.POST('/api/v1/projects/{id}/copy', { params: { path: { id } }, body })),
    ['projects'],
  );
