/** The two frames of the app: for everybody, and for those who are signed in. Areas hang their pages on one of them. */
import { Notifications } from '@mantine/notifications';
import { createRootRoute, createRoute, Outlet, redirect } from '@tanstack/react-router';
import { api, ask } from '~/api/client';
import { queries } from '~/api/query';
import { session } from '~/api/session';
import { Shell } from './Shell';
import { NotFound, Trouble } from './Trouble';

/** Messages stand inside of the router, since they lead to places. */
function Root() {
  return (
    <>
      <Outlet />
      <Notifications position="bottom-right" limit={4} containerWidth={360} />
    </>
  );
}

export const root = createRootRoute({ component: Root, notFoundComponent: NotFound, errorComponent: Trouble });

const setUpQuery = { queryKey: ['set-up'], queryFn: () => ask(api.GET('/api/v1/setup')), staleTime: 60_000 };

export const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  beforeLoad: async ({ location }) => {
    if (session.here) return;
    const { set_up } = await queries.fetchQuery(setUpQuery);
    if (!set_up) throw redirect({ to: '/setup' });
    throw redirect({ to: '/login', search: { to: location.href === '/' ? undefined : location.href } });
  },
});
