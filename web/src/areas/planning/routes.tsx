import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';
import { inProject } from '~/areas/projects/frame';

const ofProject = { getParentRoute: () => inProject };

/** The pages of one project that plan it, and say how it does. */
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
  createRoute({
    ...ofProject,
    path: '/figures',
    component: lazyRouteComponent(() => import('./Figures'), 'Figures'),
  }),
  createRoute({
    ...ofProject,
    path: '/sprints',
    component: lazyRouteComponent(() => import('./Sprints'), 'Sprints'),
  }),
];

const ofAll = { getParentRoute: () => inside };

/** The pages about all projects and people. */
export const planningRoutes = [
  createRoute({
    ...ofAll,
    path: '/portfolio',
    component: lazyRouteComponent(() => import('./Portfolio'), 'Portfolio'),
  }),
  createRoute({
    ...ofAll,
    path: '/workload',
    component: lazyRouteComponent(() => import('./Workload'), 'Workload'),
  }),
];
