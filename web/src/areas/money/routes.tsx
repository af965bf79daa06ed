import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';
import { inProject } from '~/areas/projects/frame';

export const moneyPages = [
  createRoute({
    getParentRoute: () => inProject,
    path: '/budget',
    component: lazyRouteComponent(() => import('./BudgetPage'), 'BudgetPage'),
  }),
];

export const moneyRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/admin/rates',
    component: lazyRouteComponent(() => import('./Rates'), 'Rates'),
  }),
];
