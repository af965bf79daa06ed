/** What the app has read from the server, kept fresh, and how it tries again. */
import { MutationCache, QueryClient } from '@tanstack/react-query';
import { complain } from '~/parts/toast';
import { Problem } from './problem';

const patience = (tries: number, error: Error) =>
  (error instanceof Problem ? error.retryAfter : undefined) ??
  Math.min(1000 * 2 ** tries, 15_000) * (0.5 + Math.random() / 2);

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // Kept for a day, so that what was read lately is there without a network.
      gcTime: 24 * 3600_000,
      retry: (tries, error) => tries < 4 && (!(error instanceof Problem) || error.passing),
      retryDelay: patience,
      networkMode: 'offlineFirst',
    },
    mutations: { networkMode: 'always' },
  },
  mutationCache: new MutationCache({
    // Whoever shows the problem itself says so with `meta: { quiet: true }`.
    onError: (error, _variables, _context, mutation) => {
      if (!mutation.meta?.quiet) complain(error);
    },
  }),
});
