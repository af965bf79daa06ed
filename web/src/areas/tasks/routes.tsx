import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

const here = { getParentRoute: () => inside };

export const taskRoutes = [
  createRoute({ ...here, path: '/tasks/$id', component: lazyRouteComponent(() => import('./TaskPage'), 'TaskPage') }),
];
