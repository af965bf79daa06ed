/** Reading tasks, and changing them: at once on the screen, then on the server, or later when there is no network. */
import { type QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { NewTask, Task, TaskPatch } from '~/api/schema';
import { showOnBoards } from '~/areas/board/cache';
import { Clash, overlay, patched } from '~/offline/change';
import { outbox } from '~/offline/outbox';

/** The filters that `GET /tasks` knows, as `{ project: 'WEB', assignee: 'me', sort: '-priority' }`. */
export type TaskFilter = Record<string, string | undefined>;

/** Every task that the filter finds. */
export const tasksQuery = (filter: TaskFilter) =>
  queryOptions({
    queryKey: ['tasks', 'list', filter],
    queryFn: async () => {
      const read = (page: object) =>
        ask(api.GET('/api/v1/tasks', { params: { query: { ...filter, ...page } as never } }));
      return overlay(await all(read), outbox.entries, filter.project);
    },
  });

/** `id` is the key or the id. */
export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ['tasks', 'one', id],
    queryFn: () => ask(api.GET('/api/v1/tasks/{id}', { params: { path: { id } } })),
  });

/** Puts a task as it is now wherever it is shown. What is not known of it stays as it is there. */
export function show(client: QueryClient, task: Task) {
  client.setQueriesData<Task[]>({ queryKey: ['tasks', 'list'] }, (tasks) =>
    tasks?.map((one) => (one.id === task.id ? { ...one, ...task } : one)),
  );
  for (const id of [task.id, task.key])
    client.setQueryData<Task>(['tasks', 'one', id], (one) => one && { ...one, ...task });
  showOnBoards(client, [task]);
}

/** The newest that is known of a task. */
function known(client: QueryClient, task: Task): Task {
  const one = client.getQueriesData<Task>({ queryKey: ['tasks', 'one'] });
  const lists = client.getQueriesData<Task[]>({ queryKey: ['tasks', 'list'] });
  const all = [...one.map(([, task]) => task), ...lists.flatMap(([, tasks]) => tasks ?? [])];
  return all.reduce<Task>((best, it) => (it?.id === task.id && it.version >= best.version ? it : best), task);
}

/**
 * Changes a task. What is shown changes at once, and changes back, with the reason, when the server refuses. `task` is
 * how it was seen when the change was begun.
 */
export function useChangeTask(meta?: { quiet?: boolean }) {
  const client = useQueryClient();
  return useMutation({
    meta,
    mutationKey: ['tasks', 'change'],
    mutationFn: ({ task, patch }: { task: Task; patch: TaskPatch }) => outbox.changeTask(task, patch),
    onMutate: async ({ task, patch }) => {
      await client.cancelQueries({ queryKey: ['tasks'] });
      const before = known(client, task);
      show(client, patched(before, patch));
      return before;
    },
    onError: (error, _change, before) => {
      if (error instanceof Clash) show(client, error.theirs);
      else if (before) show(client, before);
    },
    onSuccess: (task) => show(client, task),
    onSettled: () => {
      // While another change is under way, what is read would put what it shows back for a moment.
      if (client.isMutating({ mutationKey: ['tasks', 'change'] }) === 1)
        void client.invalidateQueries({ queryKey: ['tasks'] });
    },
  });
}

export function useCreateTask() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ project, task }: { project: string; task: NewTask }) => outbox.createTask(project, task),
    onSuccess: (task) => showOnBoards(client, [task]),
    onSettled: () => void client.invalidateQueries({ queryKey: ['tasks'] }),
  });
}

export function useDeleteTask() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (task: Task) => ask(api.DELETE('/api/v1/tasks/{id}', { params: { path: { id: task.id } } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ['tasks'] }),
  });
}
