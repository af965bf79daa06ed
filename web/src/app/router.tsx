/** Every page, area by area. An area's pages are loaded when they are opened. */
import { createRouter } from '@tanstack/react-router';
import { ownPages } from '~/areas/account/own/routes';
import { accountRoutes } from '~/areas/account/routes';
import { adminRoutes } from '~/areas/admin/routes';
import { approvalRoutes } from '~/areas/approvals/routes';
import { builderRoutes } from '~/areas/builder/routes';
import { homeRoutes } from '~/areas/home/routes';
import { inboxRoutes } from '~/areas/inbox/routes';
import { listPages } from '~/areas/list/routes';
import { moneyPages, moneyRoutes } from '~/areas/money/routes';
import { myWorkRoutes } from '~/areas/mywork/routes';
import { planningPages, planningRoutes } from '~/areas/planning/routes';
import { inProject } from '~/areas/projects/frame';
import { projectPages, projectsRoutes } from '~/areas/projects/routes';
import { ruleRoutes } from '~/areas/rules/routes';
import { runRoutes } from '~/areas/runs/routes';
import { searchRoutes } from '~/areas/search/routes';
import { slaRoutes } from '~/areas/slas/routes';
import { taskRoutes } from '~/areas/tasks/routes';
import { timeRoutes } from '~/areas/time/routes';
import { inside, root } from './root';
import { NotFound, Trouble } from './Trouble';

export const router = createRouter({
  routeTree: root.addChildren([
    ...accountRoutes,
    inside.addChildren([
      ...homeRoutes,
      ...projectsRoutes,
      ...approvalRoutes,
      ...planningRoutes,
      ...ruleRoutes,
      ...builderRoutes,
      ...runRoutes,
      ...inboxRoutes,
      ...ownPages,
      ...adminRoutes,
      ...slaRoutes,
      ...timeRoutes,
      ...moneyRoutes,
      inProject.addChildren([...projectPages, ...listPages, ...planningPages, ...moneyPages]),
      ...taskRoutes,
      ...searchRoutes,
      ...myWorkRoutes,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: Trouble,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
