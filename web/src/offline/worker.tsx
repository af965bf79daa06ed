/** Puts the service worker in, and says when a newer version of the app is there. */
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { Workbox } from 'workbox-window';

export function installWorker() {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  const workbox = new Workbox('/sw.js');
  workbox.addEventListener('waiting', () => {
    const renew = () => {
      workbox.addEventListener('controlling', () => window.location.reload());
      workbox.messageSkipWaiting();
    };
    notifications.show({
      id: 'new-version',
      autoClose: false,
      title: 'A new version is ready',
      message: (
        <Group justify="space-between">
          <Text size="sm">What you typed is kept.</Text>
          <Button size="xs" onClick={renew}>
            Load it
          </Button>
        </Group>
      ),
    });
  });
  void workbox.register();
  // A page that is open for days hears of new versions, too.
  setInterval(() => void workbox.update().catch(() => undefined), 3600_000);
}
