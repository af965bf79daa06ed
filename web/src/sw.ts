/// <reference lib="webworker" />
/**
 * The service worker: the app itself lies on the device, so that it opens without a network; what was read and what waits
 * to be sent are the page's business (`src/offline`). Also shows what the server pushes (docs/notifications.md).
 */
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope;

precacheAndRoute(self.__WB_MANIFEST);
cleanupOutdatedCaches();

// What the server has for itself is never answered by the app.
const denylist = [/^\/(api|hooks|ws|pages|decide|unsubscribe|healthz|readyz|metrics)(\/|$)/];
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist }));

self.addEventListener('message', (event) => {
  if (event.data?.type === 'SKIP_WAITING') void self.skipWaiting();
});

interface Pushed {
  title: string;
  body: string;
  url: string;
  tag: string;
}

self.addEventListener('push', (event) => {
  if (!event.data) return;
  const { title, body, url, tag } = event.data.json() as Pushed;
  const shown = { body, tag, data: { url }, icon: '/icons/icon-192.png', badge: '/icons/badge.png' };
  event.waitUntil(self.registration.showNotification(title, shown));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url));
});

/** Brings a page that is open already to the place, or opens one. */
async function open(url: string) {
  const pages = await self.clients.matchAll({ type: 'window' });
  const page = pages.find((client) => 'focus' in client);
  if (!page) return self.clients.openWindow(url);
  await page.focus();
  return page.navigate(url).catch(() => self.clients.openWindow(url));
}
