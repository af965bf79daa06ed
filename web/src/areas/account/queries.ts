import { queryOptions, useQuery } from '@tanstack/react-query';
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

/**
 * Whether one may do something: `useMay('rule.edit')`, `useMay('task.edit', 'WEB')`. False until it is known, so that
 * nothing is offered that is refused afterwards.
 */
export function useMay(action: string, object = 'workspace'): boolean {
  const { data } = useQuery({
    queryKey: ['me', 'may', action, object],
    queryFn: () => ask(api.GET('/api/v1/access/explain', { params: { query: { action, object } } })),
    enabled: useSignedIn(),
    staleTime: 5 * 60_000,
  });
  return data?.allowed ?? false;
}
