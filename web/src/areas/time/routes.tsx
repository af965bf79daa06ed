import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

/** The pages about the time that people spend. */
export const timeRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/time',
    component: lazyRouteComponent(() => import('./Week'), 'Week'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/time/submitted',
    component: lazyRouteComponent(() => import('./Submitted'), 'Submitted'),
  }),
];
