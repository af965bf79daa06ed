import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { inside } from '~/app/root';

/** What stands around every page of one project: its name and its tabs. Pages of a project hang on it. */
export const inProject = createRoute({
  getParentRoute: () => inside,
  path: '/projects/$key',
  component: lazyRouteComponent(() => import('./ProjectFrame'), 'ProjectFrame'),
});
