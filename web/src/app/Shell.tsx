/** The frame around every page of somebody who is signed in. */
import { AppShell, Burger, Group, ScrollArea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet, useLocation, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { session } from '~/api/session';
import { useSignedIn } from '~/areas/account/queries';
import { TaskOverPage } from '~/areas/tasks/TaskOverPage';
import { Live } from '~/live/live';
import { Logo } from '~/parts/Logo';
import { Keys } from './Keys';
import { Places } from './Places';
import { ThumbBar } from './ThumbBar';
import { Tools } from './Tools';

export function Shell() {
  const [open, menu] = useDisclosure();
  const place = useLocation();
  useLeaveWhenSignedOut();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes whenever one has gone somewhere.
  useEffect(menu.close, [place.pathname]);
  return (
    <Live>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !open } }}
        footer={{ height: { base: 60, sm: 0 } }}
        padding={{ base: 'sm', sm: 'lg' }}
      >
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="xs" wrap="nowrap">
              <Burger
                opened={open}
                onClick={menu.toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label="Menu"
                aria-expanded={open}
              />
              <Logo size={24} />
            </Group>
            <Tools />
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="sm" component="nav" aria-label="Places">
          <AppShell.Section grow component={ScrollArea}>
            <Places />
          </AppShell.Section>
        </AppShell.Navbar>
        <AppShell.Main id="main" tabIndex={-1}>
          <Outlet />
        </AppShell.Main>
        <AppShell.Footer hiddenFrom="sm">
          <ThumbBar openMenu={menu.open} />
        </AppShell.Footer>
      </AppShell>
      <TaskOverPage />
      <Keys />
    </Live>
  );
}

/** Leads to the sign-in page when the session ends, and back to where one was afterwards. */
function useLeaveWhenSignedOut() {
  const signedIn = useSignedIn();
  const router = useRouter();
  useEffect(() => {
    if (signedIn) return;
    const { href } = router.state.location;
    void router.navigate({ to: '/login', search: { to: href, ended: !session.leftByChoice || undefined } });
  }, [signedIn, router]);
}
