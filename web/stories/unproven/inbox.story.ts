import { expect, join, type Page, type Person, test } from '../support';
import { expectAccessible } from '../support/axe';

test.describe.configure({ mode: 'serial' });

let mia: Person;

/** Gives Mia a task, of which she is told. */
async function assign(ada: Person, title: string) {
  return ada.post<{ key: string }>('/projects/WEB/tasks', { title, assignees: [mia.signedIn.user.id] });
}

const line = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text });

/** What counts the unread ones where one sees it: at the side on a desk, at the bottom on a phone. */
const badge = (page: Page, count: number) =>
  page
    .getByRole('img', { name: `${count} unread` })
    .filter({ visible: true })
    .last();

test.beforeAll(async ({ ada }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
  mia = await join(ada, 'Mia Manager', 'project_manager');
});

test('an empty inbox says what will be there', async ({ browser }) => {
  const page = await mia.open(browser, '/notifications');
  await expect(page.getByText('You have read everything')).toBeVisible();
  await expectAccessible(page);
});

test('the count follows in every browser, and a message opens its task and is read', async ({ ada, browser }) => {
  const page = await mia.open(browser, '/notifications');
  const other = await mia.open(browser, '/approvals');
  await expect(page.getByText('You have read everything')).toBeVisible();
  await expect(other.getByRole('heading', { name: 'Approvals' })).toBeVisible();
  const { key } = await assign(ada, 'Paint the door');
  await expect(line(page, 'Paint the door')).toBeVisible();
  await expect(badge(page, 1)).toBeVisible();
  await expect(badge(other, 1)).toBeVisible();
  await expectAccessible(page);

  await line(page, 'Paint the door').getByRole('link').click();
  await expect(page).toHaveURL(/[?&]task=/);
  await expect(badge(other, 1)).toBeHidden();
  const { unread } = await mia.get<{ unread: number }>('/notifications/unread');
  expect(unread).toBe(0);
  expect(key).toMatch(/^WEB-/);
});

test('what happens after a page was read and before it listens is not missed', async ({ ada, browser }) => {
  const page = await mia.open(browser, '/approvals');
  let listen: (() => void) | undefined;
  await page.routeWebSocket('**/ws', (socket) => {
    const server = socket.connectToServer();
    const said: (string | Buffer)[] = [];
    socket.onMessage((message) => said.push(message));
    listen = () => {
      socket.onMessage((message) => server.send(message));
      for (const message of said) server.send(message);
    };
  });
  await page.goto('/notifications');
  await expect(page.getByRole('list', { name: 'Read messages' })).toContainText('Paint the door');
  await expect.poll(() => listen).toBeDefined();
  await assign(ada, 'Hang the lamp');
  await expect.poll(async () => (await mia.get<{ unread: number }>('/notifications/unread')).unread).toBe(1);
  listen?.();
  await expect(line(page, 'Hang the lamp')).toBeVisible();
  await mia.post('/notifications/read', { all: true });
});

test('unread ones stand first, kinds are filtered, and all are marked as read', async ({ ada, browser }) => {
  await assign(ada, 'Oil the hinges');
  await assign(ada, 'Ring the bell');
  const page = await mia.open(browser, '/notifications');
  const unread = page.getByRole('list', { name: 'Unread messages' });
  await expect(unread.getByRole('listitem')).toHaveCount(2);
  await expect(page.getByRole('list', { name: 'Read messages' })).toContainText('Paint the door');

  await page.getByRole('combobox', { name: 'Kind of message' }).click();
  await page.getByRole('option', { name: 'Comments' }).click();
  await expect(page.getByText('Nothing of this kind')).toBeVisible();
  await page.getByRole('button', { name: 'Of every kind' }).click();
  await expect(unread).toBeVisible();

  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(unread).toBeHidden();
  await expect.poll(async () => (await mia.get<{ unread: number }>('/notifications/unread')).unread).toBe(0);
});

test('a message is put off, and shown again', async ({ ada, browser }) => {
  await assign(ada, 'Sweep the yard');
  const page = await mia.open(browser, '/notifications');
  await line(page, 'Sweep the yard')
    .getByRole('button', { name: /^Put off/ })
    .click();
  await page.getByRole('menuitem', { name: 'Tomorrow morning' }).click();
  await expect(line(page, 'Sweep the yard')).toBeHidden();
  await page.getByRole('radiogroup', { name: 'Which messages' }).getByText('Put off').click();
  await expect(line(page, 'Sweep the yard')).toBeVisible();
  await expectAccessible(page);
  await line(page, 'Sweep the yard')
    .getByRole('button', { name: /^Show now/ })
    .click();
  await expect(page.getByText('Nothing is put off')).toBeVisible();
});

test('what one is told of, and when, is chosen and kept', async ({ browser }) => {
  const page = await mia.open(browser, '/account/notifications');
  await page.getByRole('switch', { name: 'Overdue: Push' }).click();
  await page.getByRole('combobox', { name: 'Comments by e-mail' }).click();
  await page.getByRole('option', { name: 'Weekly' }).click();
  await page.getByRole('switch', { name: 'Quiet hours every night' }).click();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await expectAccessible(page);
  await expect
    .poll(async () => {
      const { choices, quiet_hours } = await mia.get<{ choices: object[]; quiet_hours: object }>(
        '/notification-preferences',
      );
      return { choices, quiet_hours };
    })
    .toMatchObject({
      choices: [
        { channel: 'push', kind: 'overdue', when: 'off' },
        { channel: 'email', kind: 'comment', when: 'weekly' },
      ],
      quiet_hours: { from: '22:00', to: '07:00' },
    });
  await page.reload();
  await expect(page.getByRole('switch', { name: 'Overdue: Push' })).not.toBeChecked();
  // Left as it was for the stories at another width.
  await mia.put('/notification-preferences', {});
});

test('a browser is told also when no page is open, until it is removed', async ({ browser }) => {
  const page = await mia.open(browser, '/account/notifications');
  // Browsers under test have no push service of their own; the server is the real one.
  await page.addInitScript(() => {
    const subscription = {
      toJSON: () => ({
        endpoint: 'https://fcm.googleapis.com/fcm/send/story',
        keys: {
          p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
          auth: 'BTBZMqHH6r4Tts7J_aSIgg',
        },
        expirationTime: null,
      }),
    };
    Object.defineProperty(Notification, 'requestPermission', { value: async () => 'granted' });
    Object.defineProperty(navigator.serviceWorker, 'ready', {
      get: async () => ({
        pushManager: { subscribe: async () => subscription, getSubscription: async () => undefined },
      }),
    });
  });
  await page.reload();
  await page.getByRole('button', { name: 'Push to this browser' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'This browser' })).toContainText('fcm.googleapis.com');
  await page.getByRole('button', { name: /^More for the browser/ }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await expect(page.getByRole('button', { name: 'Push to this browser' })).toBeVisible();
  const { items } = await mia.get<{ items: object[] }>('/push-subscriptions');
  expect(items).toHaveLength(0);
});
