/** Weeks of people's time. Keys begin with `times`, as those of the entries do, so that an event freshens both. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask, ifMatch } from '~/api/client';
import type { Decision, NewTimeEntry, TimeEntry, TimeEntryPatch, WeekOf } from '~/api/schema';

/** One's own week, or with `time.manage` somebody else's. */
export const weekQuery = (week: string, user?: string) =>
  queryOptions({
    queryKey: ['times', 'week', week, user ?? 'me'],
    queryFn: () => ask(api.GET('/api/v1/timesheets', { params: { query: { week, user } } })),
  });

/** The weeks that wait for somebody's answer, oldest first. */
export const submittedQuery = queryOptions({
  queryKey: ['times', 'submitted'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/timesheets/submitted', { params: { query } })), 1000),
});

/** Does something about time and reads anew whatever shows it. The place that asks for it shows what went wrong. */
function useDeed<V, T>(run: (variables: V) => Promise<T>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    meta: { quiet: true },
    onSettled: () => client.invalidateQueries({ queryKey: ['times'] }),
  });
}

export const useLog = () =>
  useDeed(({ task, entry }: { task: string; entry: NewTimeEntry }) =>
    ask(api.POST('/api/v1/tasks/{id}/time-entries', { params: { path: { id: task } }, body: entry })),
  );

/** Changes an entry as it was seen, so that nobody else's change is lost. */
export const useChangeEntry = () =>
  useDeed(({ entry, patch }: { entry: TimeEntry; patch: TimeEntryPatch }) =>
    ask(
      api.PATCH('/api/v1/time-entries/{id}', {
        params: { path: { id: entry.id }, header: ifMatch(entry.version) },
        body: patch,
      }),
    ),
  );

export const useDeleteEntry = () =>
  useDeed((entry: TimeEntry) =>
    ask(
      api.DELETE('/api/v1/time-entries/{id}', {
        params: { path: { id: entry.id }, header: ifMatch(entry.version) },
      }),
    ),
  );

export const useSubmitWeek = () => useDeed((body: WeekOf) => ask(api.POST('/api/v1/timesheets/submit', { body })));
export const useReopenWeek = () => useDeed((body: WeekOf) => ask(api.POST('/api/v1/timesheets/reopen', { body })));
export const useApproveWeek = () => useDeed((body: Decision) => ask(api.POST('/api/v1/timesheets/approve', { body })));
