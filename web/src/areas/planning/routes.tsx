import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inProject } from '~/areas/projects/frame';

const ofProject = { getParentRoute: () => inProject };

/** The pages of one project that plan it. */
export const planningPages = [
  createRoute({
    ...ofProject,
    path: '/timeline',
    component: lazyRouteComponent(() => import('./Timeline'), 'Timeline'),
  }),
  createRoute({
    ...ofProject,
    path: '/calendar',
    component: lazyRouteComponent(() => import('./Calendar'), 'Calendar'),
  }),
];
