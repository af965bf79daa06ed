import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
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
  createRoute({
    ...here,
    path: '/rules/$id/why-not',
    component: lazyRouteComponent(() => import('./asking/WhyNot'), 'WhyNot'),
    validateSearch: (search: { about?: string; event?: string; task?: string }) => search,
    // `task` opens a task over any page; here it is what is asked about.
    beforeLoad: ({ search: { task, about }, params: { id } }) => {
      if (!task || about) return;
      throw redirect({ to: '/rules/$id/why-not', params: { id }, search: { about: task }, replace: true });
    },
  }),
  createRoute({
    ...here,
    path: '/rules/$id/shadow-report',
    component: lazyRouteComponent(() => import('./asking/ShadowReport'), 'ShadowReport'),
  }),
];
