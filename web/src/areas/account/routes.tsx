import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { session } from '~/api/session';
import { root } from '~/app/root';
import { SignIn } from './SignIn';

const onRoot = { getParentRoute: () => root };

export const accountRoutes = [
  createRoute({
    ...onRoot,
    path: '/login',
    component: SignIn,
    validateSearch: (search: { to?: string; ended?: boolean }) => search,
    beforeLoad: () => {
      if (session.here) throw redirect({ to: '/' });
    },
  }),
  createRoute({ ...onRoot, path: '/setup', component: lazyRouteComponent(() => import('./SetUp'), 'SetUp') }),
  createRoute({ ...onRoot, path: '/forgot', component: lazyRouteComponent(() => import('./Forgot'), 'Forgot') }),
  createRoute({
    ...onRoot,
    path: '/reset-password',
    component: lazyRouteComponent(() => import('./ResetPassword'), 'ResetPassword'),
  }),
  createRoute({
    ...onRoot,
    path: '/invitation',
    component: lazyRouteComponent(() => import('./Invitation'), 'Invitation'),
  }),
  createRoute({
    ...onRoot,
    path: '/verify-email',
    component: lazyRouteComponent(() => import('./VerifyEmail'), 'VerifyEmail'),
  }),
  createRoute({ ...onRoot, path: '/sign-in', component: lazyRouteComponent(() => import('./Ticket'), 'Ticket') }),
];
