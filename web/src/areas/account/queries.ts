import { queryOptions, useQueries, useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { api, ask } from '~/api/client';
import { session } from '~/api/session';

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => ask(api.GET('/api/v1/me')),
  staleTime: 5 * 60_000,
});

export function useSignedIn() {
  return useSyncExternalStore(session.onChange, () => session.here);
}

/** Who is signed in, and where. */
export function useMe() {
  return useQuery({ ...meQuery, enabled: useSignedIn() });
}

const mayQuery = (action: string, object: string) =>
  queryOptions({
    queryKey: ['me', 'may', action, object],
    queryFn: () => ask(api.GET('/api/v1/access/explain', { params: { query: { action, object } } })),
    staleTime: 5 * 60_000,
  });

/**
 * Whether one may do something: `useMay('rule.edit')`, `useMay('task.edit', 'WEB')`. False until it is known, so that
 * nothing is offered that is refused afterwards.
 */
export function useMay(action: string, object = 'workspace'): boolean {
  const { data } = useQuery({ ...mayQuery(action, object), enabled: useSignedIn() });
  return data?.allowed ?? false;
}

/** Which of several things one may do in the workspace. */
export function useMayEach(actions: string[]): Set<string> {
  const enabled = useSignedIn();
  const answers = useQueries({ queries: actions.map((action) => ({ ...mayQuery(action, 'workspace'), enabled })) });
  return new Set(actions.filter((_, at) => answers[at]?.data?.allowed));
}
