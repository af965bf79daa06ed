import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

const here = { getParentRoute: () => inside };

export const homeRoutes = [
  createRoute({ ...here, path: '/', component: lazyRouteComponent(() => import('./Home'), 'Home') }),
  createRoute({ ...here, path: '/welcome', component: lazyRouteComponent(() => import('./Welcome'), 'Welcome') }),
];
