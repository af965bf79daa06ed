import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

const here = { getParentRoute: () => inside };

/** Where a new rule begins: `on` is the kind of event that starts it, `project` where it listens. */
export interface NewRuleSearch {
  on?: string;
  project?: string;
}

export const builderRoutes = [
  createRoute({
    ...here,
    path: '/rules/new',
    component: lazyRouteComponent(() => import('./page/NewRule'), 'NewRule'),
    validateSearch: ({ on, project }: Record<string, unknown>): NewRuleSearch => ({
      on: typeof on === 'string' ? on : undefined,
      project: typeof project === 'string' ? project : undefined,
    }),
  }),
  createRoute({
    ...here,
    path: '/rules/$id',
    component: lazyRouteComponent(() => import('./page/EditRule'), 'EditRule'),
  }),
];
