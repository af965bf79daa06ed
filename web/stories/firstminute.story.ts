import { expect, PASSWORD, test } from './support';
import { expectAccessible } from './support/axe';

test.describe.configure({ mode: 'serial' });

test('from set-up to a rule that answers, with the keyboard alone', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByLabel('Workspace')).toBeFocused();
  await page.keyboard.type('Acme');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Ada Lovelace');
  await page.keyboard.press('Tab');
  await page.keyboard.type('ada@acme.example');
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');

  await expect(page.getByRole('heading', { name: 'Your workspace is ready' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Make the demo project' })).toBeFocused();
  await expect(page.getByRole('button', { name: 'Make the demo project' })).toBeEnabled();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Move a card and watch')).toBeVisible();

  const phone = (page.viewportSize()?.width ?? 0) < 500;
  if (phone) {
    await page.getByRole('tab', { name: /^Todo/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
  }
  const announcement = page.getByRole('link', { name: 'Write the announcement' });
  if (phone) {
    await page.getByRole('button', { name: 'More for DEMO-1' }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitem', { name: 'Open' })).toBeVisible();
    for (let step = 0; step < 12; step++) {
      if (await page.getByRole('menuitem', { name: 'Completed' }).evaluate((item) => item === document.activeElement))
        break;
      await page.keyboard.press('ArrowDown');
    }
    await page.keyboard.press('Enter');
  } else {
    await announcement.focus();
    await page.keyboard.press('Space');
    await expect(page.getByText('Picked up DEMO-1.')).toBeAttached();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect(page.getByText('DEMO-1 is over Completed.')).toBeAttached();
    await page.keyboard.press('Space');
  }

  await expect(page.getByText('A rule has answered')).toBeVisible();
  const toast = page.getByRole('status').filter({ hasText: 'Celebrate what is done' });
  await expect(toast).toContainText('Commented on DEMO-1');
  await toast.getByRole('link', { name: 'See what happened' }).focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/runs\/run_/);
});

test('the guide leads on to the critical task, which its rule gives to whoever takes it up', async ({
  page,
  server,
}) => {
  await page.goto('/login');
  await page.getByLabel('E-mail').fill('ada@acme.example');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'What rules did lately' })).toContainText('Celebrate what is done');
  await expect(page.getByRole('region', { name: 'What you have to do' })).toContainText('Make pages load');
  await expectAccessible(page);
  await page.goto('/projects/DEMO?guide=true');
  await expect(page.getByText('it is critical, so another rule gives it to you')).toBeVisible();
  await page.getByRole('button', { name: 'More for DEMO-2' }).click();
  await page.getByRole('menuitem', { name: 'In progress' }).click();
  const toast = page.getByRole('status').filter({ hasText: 'Critical work finds its person' });
  await expect(toast).toContainText('Assigned DEMO-2');
  await expect(page.getByText('That is how rules work')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'End the guide' }).first().click();
  await expect(page.getByText('That is how rules work')).toHaveCount(0);
  expect(server.url).toBeTruthy();
});

test('the other way leads to an empty project', async ({ page }) => {
  await page.goto('/login');
  await page.getByLabel('E-mail').fill('ada@acme.example');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await page.goto('/welcome');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Name my project' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Garden');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/projects\/GARD$/);
  await expect(page.getByRole('heading', { name: 'Each card is a task' })).toBeVisible();
});
