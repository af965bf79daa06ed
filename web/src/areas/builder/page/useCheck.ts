/** What the server finds in the rule, asked again whenever one has stopped typing for a moment. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { Rule } from '~/api/schema';

export function useCheck(rule: Rule) {
  const [settled] = useDebouncedValue(rule, 350);
  const { data, isFetching, error } = useQuery({
    queryKey: ['rule-check', settled],
    queryFn: ({ signal }) => ask(api.POST('/api/v1/rules/check', { body: settled, signal })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
  return { verdict: data, checking: isFetching || settled !== rule, error };
}
