/** What can be done from every page by keyboard: the command palette, the shortcuts and their list. */
import { useHotkeys } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { openOver, useOpenOver } from './palette';
import { PLACES } from './places';
import { beginShortcuts, type Shortcut, useShortcuts } from './shortcuts';

const Palette = lazy(() => import('./Palette'));
const ShortcutList = lazy(() => import('./ShortcutList'));

export function Keys() {
  const navigate = useNavigate();
  const open = useOpenOver();
  // The palette stays once it was opened, so that it can close gently.
  const [wanted, setWanted] = useState(false);
  useEffect(() => {
    if (open === 'palette') setWanted(true);
  }, [open]);
  useEffect(beginShortcuts, []);
  useHotkeys([['mod+K', () => openOver('palette')]], []);
  useShortcuts([
    { keys: '?', label: 'Show all shortcuts', group: 'Everywhere', run: () => openOver('shortcuts') },
    { keys: '/', label: 'Search', group: 'Everywhere', run: () => void navigate({ to: '/search' as '/' }) },
    ...PLACES.filter(({ key }) => key).map(
      ({ to, label, key }): Shortcut => ({
        keys: `g ${key}`,
        label: `Go to ${label}`,
        group: 'Go to',
        run: () => void navigate({ to: to as '/' }),
      }),
    ),
  ]);
  return (
    <Suspense>
      {wanted && <Palette />}
      {open === 'shortcuts' && <ShortcutList close={() => openOver(undefined)} />}
    </Suspense>
  );
}
