import { expect, join, test } from '../support';
import { expectAccessible } from '../support/axe';

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

test.beforeAll(async ({ ada }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
  const assignees = [ada.signedIn.user.id];
  await ada.post('/projects/WEB/tasks', { title: 'Pay the bill', assignees, due_at: inDays(-2), priority: 'critical' });
  await ada.post('/projects/WEB/tasks', { title: 'Plan the year', assignees, due_at: inDays(40) });
  await ada.post('/projects/WEB/tasks', { title: 'Tidy up', assignees });
  await ada.post('/projects/WEB/tasks', { title: 'Not mine' });
});

test('my work is what is mine, by when it is due; it is completed and put off, and both are taken back', async ({
  browser,
  ada,
}) => {
  const page = await ada.open(browser, '/my-work');
  await expect(page.getByRole('region', { name: 'Overdue' })).toContainText('Pay the bill');
  await expect(page.getByRole('region', { name: 'Later' })).toContainText('Plan the year');
  await expect(page.getByRole('region', { name: 'No date' })).toContainText('Tidy up');
  await expect(page.getByText('Not mine')).toBeHidden();
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Put WEB-1 off' }).click();
  await page.getByRole('menuitem', { name: 'In a month' }).click();
  await expect(page.getByRole('region', { name: 'Later' })).toContainText('Pay the bill');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('region', { name: 'Overdue' })).toContainText('Pay the bill');

  await page.getByRole('button', { name: 'Complete WEB-3' }).click();
  await expect(page.getByText('WEB-3 is done.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'No date' })).toBeHidden();
  expect((await ada.get<{ category: string }>('/tasks/WEB-3')).category).toBe('done');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('region', { name: 'No date' })).toContainText('Tidy up');
});

test('a task of one’s own is added in a line, and a running timer is shown', async ({ browser, ada }) => {
  await ada.post('/tasks/WEB-2/timer/start');
  const page = await ada.open(browser, '/my-work');
  await expect(page.getByRole('region', { name: 'Running timer' })).toContainText('WEB-2');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Running timer' })).toBeHidden();
  await page.getByRole('textbox', { name: 'A new task of yours' }).fill('Water the plants');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'No date' })).toContainText('Water the plants');
});

test('j and k go through my work, x completes', async ({ browser, ada }) => {
  await ada.post('/projects/WEB/tasks', {
    title: 'Quite old',
    assignees: [ada.signedIn.user.id],
    due_at: inDays(-20),
  });
  const page = await ada.open(browser, '/my-work');
  await expect(page.getByText('Quite old')).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await expect(page.getByText('Quite old')).toBeHidden();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: /Task WEB-/ })).toBeVisible();
});

test('a finger completes a task by pushing it aside', async ({ browser, ada }, info) => {
  test.skip(info.project.name !== 'phone', 'There is no finger on a desk.');
  const swiped = await ada.post<{ key: string }>('/projects/WEB/tasks', {
    title: 'Push me',
    assignees: [ada.signedIn.user.id],
  });
  const page = await ada.open(browser, '/my-work', { hasTouch: true, isMobile: true });
  const line = page.getByText('Push me');
  await expect(line).toBeVisible();
  const box = (await line.boundingBox())!;
  const touch = async (type: string, x: number) =>
    line.dispatchEvent(type, {
      touches: type === 'touchend' ? [] : [{ identifier: 0, clientX: x, clientY: box.y + 4 }],
      bubbles: true,
    });
  await touch('touchstart', box.x + 5);
  await touch('touchmove', box.x + 60);
  await touch('touchmove', box.x + 130);
  await touch('touchend', box.x + 130);
  await expect(page.getByText(`${swiped.key} is done.`)).toBeVisible();
});

test('somebody who may only look has nothing to complete', async ({ browser, ada }) => {
  const vera = await join(ada, 'Vera Viewer', 'viewer');
  await ada.post('/projects/WEB/tasks', { title: 'For Vera', assignees: [vera.signedIn.user.id] });
  const page = await vera.open(browser, '/my-work');
  await expect(page.getByText('For Vera')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Complete/ })).toBeHidden();
  await expect(page.getByRole('textbox', { name: 'A new task of yours' })).toBeHidden();
});
