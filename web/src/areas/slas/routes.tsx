import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

const here = { getParentRoute: () => inside };

export const slaRoutes = [
  createRoute({ ...here, path: '/rules/slas', component: lazyRouteComponent(() => import('./Slas'), 'Slas') }),
  createRoute({ ...here, path: '/rules/rotas', component: lazyRouteComponent(() => import('./Rotas'), 'Rotas') }),
];
