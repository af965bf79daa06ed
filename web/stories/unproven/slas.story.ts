import { expect, join, test } from '../support';
import { expectAccessible } from '../support/axe';

test.use({ file: 'slas' });
test.describe.configure({ mode: 'serial' });

test('a policy is made, shown with how it was kept, and deleted after being asked', async ({ ada, browser }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
  const page = await ada.open(browser, '/rules/slas');
  await page.getByRole('button', { name: 'Make the first policy' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Bugs are fixed');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Say how long for one priority at least.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Critical' }).fill('4');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/To be done within: critical 4h/)).toBeVisible();
  await expect(page.getByText('Nothing has ended in the last 30 days.')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete policy' }).click();
  await expect(page.getByText('Nothing is promised yet')).toBeVisible();
});

test('a rota says who is on call, and who stands in', async ({ ada, browser }) => {
  await join(ada, 'Otto Other');
  const page = await ada.open(browser, '/rules/rotas');
  await page.getByRole('button', { name: 'Make the first rota' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Support');
  await page.getByRole('combobox', { name: 'Who takes turns' }).click();
  await page.getByRole('option', { name: 'Ada Lovelace' }).click();
  await page.keyboard.press('Escape');
  await page.getByLabel('First hand-over').fill('2026-01-05T09:00');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Ada Lovelace is on call' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Somebody stands in' }).click();
  await page.getByRole('combobox', { name: 'Who' }).click();
  await page.getByRole('option', { name: 'Otto Other' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('list', { name: 'Who stands in' })).toContainText('Otto Other');
});
