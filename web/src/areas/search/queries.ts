import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';
import { api, ask } from '~/api/client';

export interface SearchFor {
  q: string;
  type?: string;
  project?: string;
}

/** What has all the words, the best first, with counts of what was found of each kind and in each project. */
export const searchQuery = ({ q, type, project }: SearchFor) =>
  infiniteQueryOptions({
    queryKey: ['search', 'page', q, type, project],
    queryFn: ({ pageParam: cursor }) =>
      ask(api.GET('/api/v1/search', { params: { query: { q, type, project, cursor, limit: 30, total: !cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    enabled: q.trim().length > 0,
    placeholderData: keepPreviousData,
    // Anything may have come to be found meanwhile.
    staleTime: 5_000,
  });
