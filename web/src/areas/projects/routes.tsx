import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';
import { inProject } from './frame';

export const projectsRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/projects',
    component: lazyRouteComponent(() => import('./Projects'), 'Projects'),
  }),
];

/** The pages of one project that are this area's. */
export const projectPages = [
  createRoute({
    getParentRoute: () => inProject,
    path: '/',
    component: lazyRouteComponent(() => import('~/areas/board/Board'), 'Board'),
  }),
  createRoute({
    getParentRoute: () => inProject,
    path: '/settings',
    component: lazyRouteComponent(() => import('./settings/Settings'), 'Settings'),
  }),
];
