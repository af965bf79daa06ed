/** What projects may cost and cost. Keys begin with `budgets`, as events of money do. */
import { queryOptions } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask, ifMatch } from '~/api/client';
import type { Cost, Rate } from '~/api/schema';

export const costsQuery = (project: string) =>
  queryOptions({
    queryKey: ['budgets', 'costs', project],
    queryFn: () =>
      all((query) => ask(api.GET('/api/v1/projects/{id}/costs', { params: { path: { id: project }, query } }))),
  });

/** What an hour costs: everywhere, or in one project. */
export const ratesQuery = (project?: string) =>
  queryOptions({
    queryKey: ['budgets', 'rates', project ?? 'all'],
    queryFn: () => all((query) => ask(api.GET('/api/v1/rates', { params: { query: { ...query, project } } }))),
  });

export const deleteCost = ({ id, version }: Cost) =>
  ask(api.DELETE('/api/v1/costs/{id}', { params: { path: { id }, header: ifMatch(version) } }));

export const deleteRate = ({ id, version }: Rate) =>
  ask(api.DELETE('/api/v1/rates/{id}', { params: { path: { id }, header: ifMatch(version) } }));
