import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

export const searchRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/search',
    component: lazyRouteComponent(() => import('./Search'), 'Search'),
  }),
];
