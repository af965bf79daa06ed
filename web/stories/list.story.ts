import { expect, join, test } from './support';
import { expectAccessible } from './support/axe';

const isPhone = () => test.info().project.name === 'phone';

test.beforeAll(async ({ ada }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
  const titles = ['Alpha', 'Beta', 'Gamma'];
  for (const title of titles)
    await ada.post('/projects/WEB/tasks', { title, priority: 'low', labels: title === 'Beta' ? ['billing'] : [] });
  const operations = Array.from({ length: 300 }, (_, at) => ({
    op: 'create',
    project: 'OLD',
    task: { title: `Task ${at + 1}` },
  }));
  await ada.post('/projects', { key: 'OLD', name: 'Old things' });
  await ada.post('/tasks/batch', { operations });
});

test('a list is sorted and filtered by its address', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/projects/WEB/list?label=billing');
  await expect(page.getByText('Beta', { exact: true })).toBeVisible();
  await expect(page.getByText('Alpha', { exact: true })).toBeHidden();
  await page.goto('/projects/WEB/list?order=title');
  await expect(page.getByText('3 tasks')).toBeVisible();
  await expectAccessible(page);
  if (!isPhone()) {
    const first = page.getByRole('row').nth(1);
    await expect(first).toContainText('Alpha');
    await page.getByRole('button', { name: 'Sort by Title' }).click();
    await expect(first).toContainText('Gamma');
    await expect(page).toHaveURL(/order=-title/);
  }
  await page.getByRole('searchbox', { name: 'Find tasks' }).fill('gam');
  await expect(page.getByText('1 task', { exact: true })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
});

test('only the rows that are seen are drawn', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/projects/OLD/list');
  await expect(page.getByText('300 tasks')).toBeVisible();
  const drawn = isPhone() ? page.getByRole('list', { name: 'Tasks' }).getByRole('listitem') : page.getByRole('row');
  expect(await drawn.count()).toBeLessThan(80);
});

test('cells are gone to by arrows and changed where they stand', async ({ browser, ada }) => {
  test.skip(isPhone(), 'There are cards on a phone.');
  const page = await ada.open(browser, '/projects/WEB/list?order=title');
  await page.getByRole('gridcell').filter({ hasText: 'Alpha' }).click();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: /^Title of/ })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('gridcell').filter({ hasText: 'Alpha' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: /^Title of/ }).fill('Beta two');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await ada.get<{ title: string }>('/tasks/WEB-2')).title).toBe('Beta two');
  await expect(page.getByRole('gridcell').filter({ hasText: 'Beta two' })).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: 'Critical' }).click();
  await expect.poll(async () => (await ada.get<{ priority: string }>('/tasks/WEB-2')).priority).toBe('critical');
  await ada.patch('/tasks/WEB-2', { title: 'Beta', priority: 'low' });
});

test('many are changed together, after it was said what it comes to, and it is undone', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/projects/WEB/list?order=title');
  if (isPhone()) await page.getByRole('button', { name: 'Choose', exact: true }).click();
  await page.getByRole('checkbox', { name: 'Choose WEB-1' }).check();
  await page.getByRole('checkbox', { name: 'Choose WEB-3' }).check();
  await expect(page.getByText('2 chosen')).toBeVisible();
  await page.getByRole('button', { name: 'Change them' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change 2 tasks' });
  await dialog.getByRole('combobox', { name: 'Field' }).click();
  await page.getByRole('option', { name: 'Priority' }).click();
  await dialog.getByRole('combobox', { name: 'New value' }).click();
  await page.getByRole('option', { name: 'High' }).click();
  await expect(dialog.getByText('2 of 2 tasks would change.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Change 2', exact: true }).click();
  await expect(page.getByText('2 tasks were changed.')).toBeVisible();
  expect((await ada.get<{ priority: string }>('/tasks/WEB-1')).priority).toBe('high');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('2 tasks are as they were.')).toBeVisible();
  expect((await ada.get<{ priority: string }>('/tasks/WEB-1')).priority).toBe('low');
});

test('a view keeps what is looked for under a name', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/projects/WEB/list?label=billing');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Save as a view…' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Money');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.goto('/projects/WEB/list');
  await expect(page.getByText('3 tasks')).toBeVisible();
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Money' }).click();
  await expect(page.getByText('1 task', { exact: true })).toBeVisible();
  await expect(page).toHaveURL(/label=billing/);
});

test('the tasks are exported as CSV', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/projects/WEB/list');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as CSV' }).click();
  expect((await download).suggestedFilename()).toBe('WEB.csv');
});

test('somebody who may only look changes nothing', async ({ browser, ada }) => {
  const vera = await join(ada, 'Vera Viewer', 'viewer');
  const page = await vera.open(browser, '/projects/WEB/list?order=title');
  await expect(page.getByText('3 tasks')).toBeVisible();
  await expect(page.getByRole('checkbox')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Choose', exact: true })).toBeHidden();
});
