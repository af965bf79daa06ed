import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

const here = { getParentRoute: () => inside };

export const approvalRoutes = [
  createRoute({
    ...here,
    path: '/approvals',
    component: lazyRouteComponent(() => import('./Approvals'), 'Approvals'),
    validateSearch: (search: { of?: 'everybody' }) => search,
  }),
  createRoute({
    ...here,
    path: '/approvals/$id',
    component: lazyRouteComponent(() => import('./ApprovalPage'), 'ApprovalPage'),
  }),
];
