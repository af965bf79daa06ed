/** Changing sprints and milestones. What is wrong is shown by the form that asked. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ask, ifMatch } from '~/api/client';
import type { Milestone, MilestonePatch, NewMilestone, NewSprint, Sprint } from '~/api/schema';

const of = ({ id, version }: { id: string; version: number }) => ({ path: { id }, header: ifMatch(version) });

export function useSprints(project: string) {
  const client = useQueryClient();
  const onSettled = () =>
    Promise.all(['sprints', 'tasks'].map((key) => client.invalidateQueries({ queryKey: [key] }))).then(() => undefined);
  return {
    save: useMutation({
      meta: { quiet: true },
      onSettled,
      mutationFn: ({ sprint, body }: { sprint?: Sprint; body: NewSprint }) =>
        sprint
          ? ask(api.PATCH('/api/v1/sprints/{id}', { params: of(sprint), body }))
          : ask(api.POST('/api/v1/projects/{id}/sprints', { params: { path: { id: project } }, body })),
    }),
    start: useMutation({
      onSettled,
      mutationFn: (sprint: Sprint) => ask(api.POST('/api/v1/sprints/{id}/start', { params: of(sprint) })),
    }),
    close: useMutation({
      meta: { quiet: true },
      onSettled,
      mutationFn: ({ sprint, moveTo }: { sprint: Sprint; moveTo: string | null }) =>
        ask(api.POST('/api/v1/sprints/{id}/close', { params: of(sprint), body: { move_to: moveTo } })),
    }),
    remove: async (sprint: Sprint) => {
      await ask(api.DELETE('/api/v1/sprints/{id}', { params: of(sprint) }));
      await onSettled();
    },
  };
}

type Known = Pick<Milestone, 'id' | 'version'>;

export function useMilestones(project: string) {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: ['milestones'] });
  return {
    make: useMutation({
      meta: { quiet: true },
      onSettled,
      mutationFn: (body: NewMilestone) =>
        ask(api.POST('/api/v1/projects/{id}/milestones', { params: { path: { id: project } }, body })),
    }),
    change: useMutation({
      onSettled,
      mutationFn: ({ milestone, patch }: { milestone: Known; patch: MilestonePatch }) =>
        ask(api.PATCH('/api/v1/milestones/{id}', { params: of(milestone), body: patch })),
    }),
    remove: async (milestone: Known) => {
      await ask(api.DELETE('/api/v1/milestones/{id}', { params: of(milestone) }));
      await onSettled();
    },
  };
}
