/** Making, changing and ending dependencies. */
import { useMutation } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { Dependency } from '~/api/schema';
import type { DependencyType } from './model';

export interface NewLink {
  task: string;
  predecessor: string;
  type: DependencyType;
  lag?: number;
}

const post = ({ task, ...body }: NewLink) =>
  ask(api.POST('/api/v1/tasks/{id}/dependencies', { params: { path: { id: task } }, body }));

const end = ({ task, predecessor, type }: Dependency) =>
  ask(
    api.DELETE('/api/v1/tasks/{id}/dependencies/{predecessor}', {
      params: { path: { id: task, predecessor }, query: { type } },
    }),
  );

export function useDependencies(refresh: () => Promise<void>) {
  const options = { meta: { quiet: true }, onSettled: refresh };
  return {
    add: useMutation({ ...options, mutationFn: post }),
    remove: useMutation({ ...options, mutationFn: end }),
    change: useMutation({
      ...options,
      mutationFn: async ({ link, type, lag }: { link: Dependency; type: DependencyType; lag: number }) => {
        if (link.type === type && link.lag === lag) return;
        await end(link);
        try {
          await post({ task: link.task, predecessor: link.predecessor, type, lag });
        } catch (error) {
          // What was there comes back when the new one is refused.
          await post(link);
          throw error;
        }
      },
    }),
  };
}
export type Dependencies = ReturnType<typeof useDependencies>;
