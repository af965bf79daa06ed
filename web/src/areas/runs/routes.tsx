import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';
import type { Group } from './words';

const here = { getParentRoute: () => inside };

/** What the address of the list of runs says. */
export interface RunsSearch {
  rule?: string;
  state?: Group;
  /** How far back: `1h`, `24h`, `7d`, `30d`. */
  within?: string;
  /** Words of the error. */
  q?: string;
  event?: string;
  shadow?: boolean;
}

export const runRoutes = [
  createRoute({
    ...here,
    path: '/runs',
    component: lazyRouteComponent(() => import('./Runs'), 'Runs'),
    validateSearch: (search: RunsSearch) => search,
  }),
  createRoute({
    ...here,
    path: '/runs/$id',
    component: lazyRouteComponent(() => import('./RunPage'), 'RunPage'),
    validateSearch: (search: { step?: string }) => search,
  }),
];
