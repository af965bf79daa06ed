import { Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ProblemAlert } from './ProblemAlert';

/** What was asked for, once it is there; until then its shape, or why it did not come with a way to try again. */
export function Loaded<T>({
  query,
  height = 160,
  children,
}: {
  query: UseQueryResult<T>;
  height?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ProblemAlert error={query.error} retry={() => void query.refetch()} />;
  return <Skeleton height={height} role="status" aria-busy="true" aria-label="This is being loaded" />;
}
