import { expect, join, test } from './support';
import { expectAccessible } from './support/axe';

test.describe.configure({ mode: 'serial' });

test('a workspace without projects says what they are for, and makes the first', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/projects');
  await expect(page.getByRole('heading', { name: 'A project is where work happens' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Mobile app');
  await expect(page.getByRole('textbox', { name: 'Key' })).toHaveValue('MA');
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/projects\/MA$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Mobile app' })).toBeVisible();
});

test('what is wrong with a new project stands at the field', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/projects');
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('My apples');
  await expect(page.getByRole('textbox', { name: 'Key' })).toHaveValue('MA');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Key' })).toHaveAccessibleDescription(/MA/);
  await expect(page.getByText('another project of this workspace has the key MA')).toBeVisible();
  await page.getByRole('textbox', { name: 'Key' }).fill('apple');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/projects\/APPLE$/);
});

test('projects are found by words and by how they stand', async ({ ada, browser }) => {
  await ada.patch('/projects/MA', { health: 'at_risk', health_note: 'Two people are ill', status: 'on_hold' });
  await ada.post('/projects/MA/tasks', { title: 'Late already', due_at: '2026-01-01T00:00:00Z' });
  const page = await ada.open(browser, '/projects');
  await expect(page.getByText('At risk')).toBeVisible();
  await expect(page.getByText('1 open')).toBeVisible();
  await expect(page.getByText('1 overdue')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search projects' }).fill('apples');
  await expect(page.getByRole('link', { name: 'Mobile app' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'My apples' })).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search projects' }).fill('nothing like it');
  await expect(page.getByRole('heading', { name: 'No project fits' })).toBeVisible();
  await page.goto('/projects?status=on_hold');
  await expect(page.getByRole('link', { name: 'Mobile app' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'My apples' })).toHaveCount(0);
  await expectAccessible(page);
});

test('a project is put away, and that is undone', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/projects');
  await page.getByRole('button', { name: 'More for My apples' }).click();
  await page.getByRole('menuitem', { name: 'Archive' }).click();
  await expect(page.getByRole('link', { name: 'My apples' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('link', { name: 'My apples' })).toBeVisible();
});

test('the tabs lead to the views of a project, and who may only look makes none', async ({ ada, browser }) => {
  const vera = await join(ada, 'Vera Viewer', 'viewer');
  const page = await vera.open(browser, '/projects');
  await expect(page.getByRole('link', { name: 'My apples' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'New project' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^More for/ })).toHaveCount(0);
  await page.getByRole('link', { name: 'My apples' }).click();
  const views = page.getByRole('navigation', { name: 'Views of the project' });
  await expect(views.getByRole('link', { name: 'Board' })).toHaveAttribute('aria-current', 'page');
  await expect(views.getByRole('link', { name: 'Rules' })).toHaveAttribute('href', /\/rules\?project=APPLE/);
  await page.goto('/projects/NONE');
  await expect(page.getByRole('heading', { name: 'You cannot see this project' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Go to the projects' })).toBeVisible();
});
