/** What whoever looks after Trackside sees of it. It changes by itself and tells nobody, so it is asked for anew. */
import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { api, ask } from '~/api/client';

export const operationsQuery = queryOptions({
  queryKey: ['operations'],
  queryFn: () => ask(api.GET('/api/v1/operations')),
  refetchInterval: 5000,
});

/** Shows how things stand after one has done something. */
export function useSeeAgain() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['operations'] });
}
