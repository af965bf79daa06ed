import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { inside } from '~/app/root';

const onInside = { getParentRoute: () => inside };

/** The pages of whoever looks after the workspace. */
export const adminRoutes = [
  createRoute({
    ...onInside,
    path: '/admin',
    beforeLoad: () => {
      throw redirect({ to: '/admin/members' as '/' });
    },
  }),
  createRoute({
    ...onInside,
    path: '/admin/members',
    component: lazyRouteComponent(() => import('./members/Members'), 'Members'),
  }),
  createRoute({
    ...onInside,
    path: '/admin/roles',
    component: lazyRouteComponent(() => import('./roles/Roles'), 'Roles'),
  }),
  createRoute({
    ...onInside,
    path: '/admin/groups',
    component: lazyRouteComponent(() => import('./Groups'), 'Groups'),
  }),
  createRoute({
    ...onInside,
    path: '/admin/tokens',
    component: lazyRouteComponent(() => import('./ServiceAccounts'), 'ServiceAccounts'),
  }),
  createRoute({
    ...onInside,
    path: '/admin/hooks',
    component: lazyRouteComponent(() => import('./hooks/Hooks'), 'Hooks'),
  }),
  createRoute({
    ...onInside,
    path: '/admin/secrets',
    component: lazyRouteComponent(() => import('./Secrets'), 'Secrets'),
  }),
  createRoute({
    ...onInside,
    path: '/admin/variables',
    component: lazyRouteComponent(() => import('./Variables'), 'Variables'),
  }),
  createRoute({
    ...onInside,
    path: '/admin/connections',
    component: lazyRouteComponent(() => import('./Connections'), 'Connections'),
  }),
  createRoute({
    ...onInside,
    path: '/admin/calendar',
    component: lazyRouteComponent(() => import('./calendar/WorkTime'), 'WorkTime'),
  }),
  createRoute({
    ...onInside,
    path: '/admin/operations',
    component: lazyRouteComponent(() => import('./operations/Operations'), 'Operations'),
  }),
  createRoute({ ...onInside, path: '/admin/audit', component: lazyRouteComponent(() => import('./Audit'), 'Audit') }),
];
