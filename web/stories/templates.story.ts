import { expect, join, test } from './support';
import { expectAccessible } from './support/axe';

test.use({ file: 'templates' });
test.describe.configure({ mode: 'serial' });

test.beforeAll(async ({ ada }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
});

test('three clicks make a rule of a template; it fires on a change of a task, and its run appears by itself', async ({
  ada,
  browser,
}) => {
  const page = await ada.open(browser, '/rules/templates');
  await expect(page.getByRole('button', { name: /Escalate blocked work/ })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: /Triage new tasks/ }).click();
  const form = page.getByRole('dialog');
  await expect(form.getByText('What it will do')).toBeVisible();
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Enable', exact: true }).click();
  await expect(page).toHaveURL(/\/rules$/);
  await expect(page.getByRole('button', { name: /Triage new tasks: On/ })).toBeVisible();

  await page.goto('/runs');
  await expect(page.getByText('No rule has run yet')).toBeVisible();
  await expectAccessible(page);
  await ada.post('/projects/WEB/tasks', { title: 'Broken login' });
  const run = page.getByRole('link', { name: 'Triage new tasks' });
  await expect(run).toBeVisible();
  await expect(page.getByRole('main').getByText('Succeeded').last()).toBeVisible();
  await run.click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Triage new tasks');
  await expect(page.getByRole('link', { name: /WEB-1 Broken login/ })).toBeVisible();
});

test('what is wrong is said at the question it belongs to, and nothing is made of it', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/rules/templates?use=critical-watchers');
  const form = page.getByRole('dialog');
  await form.getByRole('button', { name: 'Enable', exact: true }).click();
  await expect(form.getByRole('combobox', { name: 'Who watches' })).toHaveAttribute('aria-invalid', 'true');
  await form.getByRole('combobox', { name: 'Who watches' }).click();
  await page.getByRole('option', { name: 'Ada Lovelace' }).click();
  await page.keyboard.press('Escape');
  await form.getByRole('button', { name: 'Other ways to save it' }).click();
  await page.getByRole('menuitem', { name: /Only watch first/ }).click();
  await expect(page.getByRole('button', { name: /: Watching/ })).toBeVisible();
});

test('the gallery is searched, and its address says for what', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/rules/templates');
  await page.getByRole('textbox', { name: 'Find a template' }).fill('overdue');
  await expect(page.getByRole('button', { name: /overdue/i }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: /Escalate blocked work/ })).toBeHidden();
  await expect(page).toHaveURL(/q=overdue/);
  await page.reload();
  await expect(page.getByRole('button', { name: /Escalate blocked work/ })).toBeHidden();
  await page.getByRole('textbox', { name: 'Find a template' }).fill('nothing has these words');
  await expect(page.getByText('No template fits')).toBeVisible();
});

test('who may not make rules is not offered to', async ({ ada, browser }) => {
  const max = await join(ada, 'Max Viewer', 'viewer');
  const page = await max.open(browser, '/rules/templates?use=blocked-escalation');
  await expect(page.getByRole('dialog').getByText('You may look at rules, but not make them.')).toBeVisible();
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Enable' })).toHaveCount(0);
});
