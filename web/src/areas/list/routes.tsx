import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inProject } from '~/areas/projects/frame';

/** Pages of one project. */
export const listPages = [
  createRoute({
    getParentRoute: () => inProject,
    path: '/list',
    component: lazyRouteComponent(() => import('./List'), 'List'),
  }),
];
