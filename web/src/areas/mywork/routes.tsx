import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

export const myWorkRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/my-work',
    component: lazyRouteComponent(() => import('./MyWork'), 'MyWork'),
  }),
];
