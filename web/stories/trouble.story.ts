/** What may go wrong under somebody's hands: each time they are told what to do, and nothing they typed is lost. */
import { expect, PASSWORD, type Page, type Person, setUp, test } from './support';
import { start } from './support/server';

const box = (page: Page) => page.getByRole('textbox', { name: 'Write a comment' });
const comment = (page: Page) => page.getByRole('button', { name: 'Comment', exact: true }).click();
const said = (page: Page, text: string) => page.getByRole('article').filter({ hasText: text });

async function task(ada: Person, browser: Parameters<Person['open']>[0], key: string): Promise<Page> {
  await ada.post('/projects', { key, name: `Project ${key}` });
  await ada.post(`/projects/${key}/tasks`, { title: 'Paint the fence' });
  const page = await ada.open(browser, `/tasks/${key}-1`);
  await expect(box(page)).toBeVisible();
  return page;
}

/** Takes away the session that the page has, as its owner may from another device. */
async function endSession(page: Page, ada: Person) {
  const mine = await page.evaluate(() => {
    const { access } = JSON.parse(localStorage.getItem('trackside.session') ?? '{}');
    return JSON.parse(atob(access.split('.')[1])).sid as string;
  });
  await ada.call('DELETE', `/sessions/${mine}`);
}

test('a session that ends leads to the sign-in and back, with what was typed', async ({ ada, browser }) => {
  const page = await task(ada, browser, 'ENDED');
  await box(page).fill('Two coats, please');
  await endSession(page, ada);
  await comment(page);
  await expect(page.getByText('Your session has ended. What you typed is kept on this device.')).toBeVisible();
  await page.getByLabel('E-mail').fill(ada.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(box(page)).toHaveValue('Two coats, please');
  await comment(page);
  await expect(said(page, 'Two coats, please')).toBeVisible();
  await expect(box(page)).toHaveValue('');
});

test('a server that restarts is said to be away, and gets what was written meanwhile, once', async ({ browser }) => {
  const server = await start();
  try {
    const ada = await setUp(server);
    const page = await task(ada, browser, 'AWAY');
    await box(page).fill('Two coats, please');
    await server.kill('SIGKILL');
    await expect(page.getByText('Reconnecting…')).toBeVisible();
    await comment(page);
    await expect(page.getByRole('button', { name: /^1 change waits/ })).toBeVisible();
    await server.again();
    await expect(page.getByText('Reconnecting…')).toBeHidden();
    await expect(page.getByRole('button', { name: /^1 change waits/ })).toBeHidden();
    await expect(said(page, 'Two coats, please')).toHaveCount(1);
    await ada.patch('/tasks/AWAY-1', { title: 'Paint the gate' });
    await expect(page.getByText('Paint the gate').first()).toBeVisible();
  } finally {
    await server.end();
  }
});

test('whoever asks too much is told so, and keeps what they typed', async ({ browser }) => {
  // What is used up comes back so slowly that nothing finds room by chance.
  const server = await start(['--rate-limit', '300/h']);
  try {
    const ada = await setUp(server);
    const page = await task(ada, browser, 'MUCH');
    await box(page).fill('Two coats, please');
    await page.evaluate(async () => {
      const { access } = JSON.parse(localStorage.getItem('trackside.session') ?? '{}');
      const ask = () => fetch('/api/v1/me', { headers: { authorization: `Bearer ${access}` } });
      for (let left = 320; left > 0; left--) if ((await ask()).status === 429) return;
      throw new Error('nothing was refused');
    });
    await comment(page);
    await expect(page.getByText(/^Too many requests; the next may come in/).first()).toBeVisible();
    await expect(box(page)).toHaveValue('Two coats, please');
  } finally {
    await server.end();
  }
});

test('a fault of the server is said to be one, and the same text can be sent again', async ({ ada, browser }) => {
  const page = await task(ada, browser, 'FAULT');
  // No way is known to make the real server fail like this.
  const fault = { type: '/problems/internal', status: 500, detail: 'Something went wrong here.', request_id: 'req_7' };
  await page.route('**/api/v1/tasks/*/comments', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(fault) })
      : route.fallback(),
  );
  await box(page).fill('Two coats, please');
  await comment(page);
  await expect(page.getByText('Something went wrong here.').first()).toBeVisible();
  await expect(box(page)).toHaveValue('Two coats, please');
  await page.unroute('**/api/v1/tasks/*/comments');
  await comment(page);
  await expect(said(page, 'Two coats, please')).toHaveCount(1);
});

test('a socket that is lost is said to be, and what others did meanwhile appears', async ({ ada, browser }) => {
  const page = await task(ada, browser, 'SOCKET');
  const open = new Set<{ close(): Promise<void> }>();
  let away = false;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    if (away) return void socket.close();
    socket.connectToServer();
    open.add(socket);
  });
  await page.reload();
  await expect(box(page)).toBeVisible();
  await expect.poll(() => open.size).toBeGreaterThan(0);
  away = true;
  for (const socket of open) await socket.close();
  await expect(page.getByText('Reconnecting…')).toBeVisible();
  await ada.patch('/tasks/SOCKET-1', { title: 'Paint the gate' });
  away = false;
  await expect(page.getByText('Reconnecting…')).toBeHidden();
  await expect(page.getByText('Paint the gate').first()).toBeVisible();
});
