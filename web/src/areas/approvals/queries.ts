/** Reading approvals, answering them, and passing them on. */
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { ApprovalDecision } from '~/api/schema';

/** What waits for one's own answer. */
export const mineQuery = queryOptions({
  queryKey: ['approvals', 'mine'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/approvals', { params: { query } }))),
});

/** How many approvals wait for one's own answer. */
export function useWaitingApprovals(): number {
  return useQuery({ ...mineQuery, select: (items) => items.filter(({ may_decide }) => may_decide).length }).data ?? 0;
}

export const approvalQuery = (id: string) =>
  queryOptions({
    queryKey: ['approvals', 'one', id],
    queryFn: () => ask(api.GET('/api/v1/approvals/{id}', { params: { path: { id } } })),
  });

/**
 * What waits for anybody: the approvals of the runs that wait. The list of approvals has only one's own, so they are
 * found by way of the runs.
 */
export const pendingQuery = queryOptions({
  queryKey: ['approvals', 'pending'],
  queryFn: async () => {
    const query = { state: 'waiting', mode: 'live' as const };
    const runs = await all((page) => ask(api.GET('/api/v1/runs', { params: { query: { ...query, ...page } } })), 1000);
    const asking = runs.filter(({ waiting }) => waiting?.for === 'approval' || waiting?.for === 'branches');
    const asked = await Promise.all(
      asking.map(({ id }) => ask(api.GET('/api/v1/approvals', { params: { query: { run_id: id, limit: 200 } } }))),
    );
    return asked.flatMap(({ items }) => items).filter(({ state }) => state === 'pending');
  },
});

/** Answers an approval. The same answer twice counts once. */
export function useDecide(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (vote: { decision: ApprovalDecision; comment?: string }) =>
      ask(api.POST('/api/v1/approvals/{id}/decide', { params: { path: { id } }, body: vote })),
    meta: { quiet: true },
    onSuccess: (approval) => client.setQueryData(['approvals', 'one', id], approval),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['approvals'] });
      void client.invalidateQueries({ queryKey: ['runs'] });
    },
  });
}

/** Lets somebody else answer in one's place. */
export function useDelegate(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (to: string) =>
      ask(api.POST('/api/v1/approvals/{id}/delegate', { params: { path: { id } }, body: { to } })),
    meta: { quiet: true },
    onSettled: () => void client.invalidateQueries({ queryKey: ['approvals'] }),
  });
}
