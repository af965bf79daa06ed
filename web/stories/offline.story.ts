/** Airplane mode in the middle of work: reading goes on, changes wait on the device, and each is sent once. */
import { expect, join, type Page, type Person, test } from './support';
import { expectAccessible } from './support/axe';

const card = (page: Page, key: string) => page.locator(`[data-card="${key}"]`);
const statusOf = async (ada: Person, key: string) => (await ada.get<{ status: string }>(`/tasks/${key}`)).status;

/** The board of a new project, kept on the device: by the service worker, and by what was read. */
async function board(ada: Person, browser: Parameters<Person['open']>[0], key: string): Promise<Page> {
  await ada.post('/projects', { key, name: `Project ${key}` });
  await ada.post(`/projects/${key}/tasks`, { title: 'Paint the fence' });
  const page = await ada.open(browser, `/projects/${key}`);
  await expect(card(page, `${key}-1`)).toBeVisible();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await expect(card(page, `${key}-1`)).toBeVisible();
  await page.waitForFunction(
    (key) =>
      new Promise((done) => {
        const open = indexedDB.open('trackside-read');
        open.onsuccess = () => {
          const all = open.result.transaction('queries').objectStore('queries').getAll();
          all.onsuccess = () => done(JSON.stringify(all.result).includes(`${key}-1`));
        };
      }),
    key,
  );
  return page;
}

async function move(page: Page, key: string, status: string) {
  await page.getByRole('button', { name: `More for ${key}` }).click();
  await page.getByRole('menuitem', { name: status }).click();
}

test('what is changed without a network waits on the device, outlives a reload, and is sent when it is back', async ({
  ada,
  browser,
}) => {
  const page = await board(ada, browser, 'AIR');
  await page.context().setOffline(true);
  await move(page, 'AIR-1', 'Blocked');
  await expect(page.getByRole('button', { name: '1 change waits' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: '1 change waits' })).toBeVisible();
  await expectAccessible(page);
  // Meanwhile somebody changes something else of the same task.
  await ada.patch('/tasks/AIR-1', { title: 'Paint the gate' });
  expect(await statusOf(ada, 'AIR-1')).toBe('todo');
  await page.context().setOffline(false);
  await expect.poll(() => statusOf(ada, 'AIR-1')).toBe('blocked');
  await expect(page.getByRole('button', { name: '1 change waits' })).toBeHidden();
  expect((await ada.get<{ title: string }>('/tasks/AIR-1')).title).toBe('Paint the gate');
  const { items } = await ada.get<{ items: { kind: string }[] }>('/tasks/AIR-1/activity');
  expect(items.filter(({ kind }) => kind === 'task.status_changed')).toHaveLength(1);
});

test('where two people changed the same, the person sees both versions and chooses', async ({ ada, browser }) => {
  const bob = await join(ada, 'Bob Babbage');
  const page = await board(ada, browser, 'BOTH');
  await page.context().setOffline(true);
  await move(page, 'BOTH-1', 'Blocked');
  await expect(page.getByRole('button', { name: '1 change waits' })).toBeVisible();
  await bob.patch('/tasks/BOTH-1', { status: 'in_progress' });
  await page.context().setOffline(false);
  const drawer = page.getByRole('dialog', { name: 'Changes on this device' });
  await expect(drawer.getByText('Somebody else changed the same')).toBeVisible();
  await expect(drawer.getByRole('row', { name: /status blocked in_progress/ })).toBeVisible();
  await expectAccessible(page);
  expect(await statusOf(ada, 'BOTH-1')).toBe('in_progress');
  await drawer.getByRole('button', { name: 'Keep mine' }).click();
  await expect.poll(() => statusOf(ada, 'BOTH-1')).toBe('blocked');
  await expect(drawer).toBeHidden();
});
