import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { RuleState, RuleTemplateCategory } from '~/api/schema';
import { inside } from '~/app/root';

const here = { getParentRoute: () => inside };

/** What the address of the list of rules says. */
export interface RulesSearch {
  q?: string;
  state?: RuleState;
  project?: string;
}

/** What the address of the gallery says. */
export interface TemplatesSearch {
  q?: string;
  category?: RuleTemplateCategory;
  /** The template that is open. */
  use?: string;
}

export const ruleRoutes = [
  createRoute({
    ...here,
    path: '/rules',
    component: lazyRouteComponent(() => import('./Rules'), 'Rules'),
    validateSearch: (search: RulesSearch) => search,
  }),
  createRoute({
    ...here,
    path: '/rules/templates',
    component: lazyRouteComponent(() => import('./templates/Gallery'), 'Gallery'),
    validateSearch: (search: TemplatesSearch) => search,
  }),
  createRoute({
    ...here,
    path: '/rules/$id/health',
    component: lazyRouteComponent(() => import('./Health'), 'Health'),
  }),
];
