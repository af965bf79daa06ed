import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

const onInside = { getParentRoute: () => inside };

/** One's own pages: who one is, how one signs in, what programs may do in one's name, how one is told of things. */
export const ownPages = [
  createRoute({ ...onInside, path: '/account', component: lazyRouteComponent(() => import('./Profile'), 'Profile') }),
  createRoute({
    ...onInside,
    path: '/account/security',
    component: lazyRouteComponent(() => import('./Security'), 'Security'),
  }),
  createRoute({
    ...onInside,
    path: '/account/tokens',
    component: lazyRouteComponent(() => import('./OwnTokens'), 'OwnTokens'),
  }),
  createRoute({
    ...onInside,
    path: '/account/notifications',
    component: lazyRouteComponent(() => import('./Preferences'), 'Preferences'),
  }),
];
