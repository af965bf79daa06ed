import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';
import { Home } from './Home';

const here = { getParentRoute: () => inside };

export const homeRoutes = [
  createRoute({ ...here, path: '/', component: Home }),
  createRoute({ ...here, path: '/welcome', component: lazyRouteComponent(() => import('./Welcome'), 'Welcome') }),
];
