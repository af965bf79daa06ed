/** Being told in this browser also when no page is open: the browser's side of Web Push. */
import { api, ask } from '~/api/client';

const KEY = 'trackside.push';

export const canPush = () => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

/** The id of this browser among those in which one is told, if it is one. */
export const ownPush = () => localStorage.getItem(KEY) ?? undefined;

function bytes(base64url: string) {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Asks the browser for its consent and its address, and tells the server. */
export async function beginPush() {
  if ((await Notification.requestPermission()) !== 'granted') {
    throw new Error(
      'The browser does not let Trackside notify you. Allow it in the settings of this site, and try again.',
    );
  }
  const worker = await navigator.serviceWorker.ready;
  const { public_key } = await ask(api.GET('/api/v1/push-key'));
  const subscription = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(public_key),
  });
  const { endpoint, keys, expirationTime } = subscription.toJSON();
  const answer = await ask(
    api.POST('/api/v1/push-subscriptions', {
      body: { endpoint: endpoint ?? '', keys: keys as { p256dh: string; auth: string }, expirationTime },
    }),
  );
  localStorage.setItem(KEY, answer.id);
}

/** Is told in one browser no more; in this one, the browser forgets its address too. */
export async function endPush(id: string) {
  await ask(api.DELETE('/api/v1/push-subscriptions/{id}', { params: { path: { id } } }));
  if (id !== ownPush()) return;
  localStorage.removeItem(KEY);
  const worker = await navigator.serviceWorker.ready;
  await (await worker.pushManager.getSubscription())?.unsubscribe();
}
