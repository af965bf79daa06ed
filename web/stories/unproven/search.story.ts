import { expect, join, test } from '../support';
import { expectAccessible } from '../support/axe';

test.beforeAll(async ({ ada }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
  await ada.post('/projects', { key: 'OPS', name: 'Operations' });
  await join(ada, 'Bob Stone');
  await ada.post('/projects/WEB/tasks', { title: 'Card payments fail', description: 'Cards of <Visa> are refused.' });
  await ada.post('/projects/WEB/tasks', { title: 'Paint the shed' });
  await ada.post('/projects/OPS/tasks', { title: 'Renew the certificate' });
  await ada.post('/tasks/OPS-1/comments', { body: 'The payments host first.' });
});

test('search finds tasks and comments, marks the words and opens what was found', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/search?q=payments');
  const results = page.getByRole('list', { name: 'Results' });
  await expect(results.getByRole('listitem')).toHaveCount(2);
  await expect(page.getByText('2 results')).toBeVisible();
  await expect(results.locator('mark').first()).toHaveText('payments');
  await expectAccessible(page);
  await page.getByText('Comments', { exact: true }).click();
  await expect(results.getByRole('listitem')).toHaveCount(1);
  await expect(page).toHaveURL(/type=comment/);
  await results.getByRole('link', { name: 'Renew the certificate' }).click();
  await expect(page.getByRole('dialog', { name: 'Task OPS-1' })).toBeVisible();
  await page.getByRole('button', { name: 'Close', exact: true }).click();

  await page.getByRole('searchbox', { name: 'Words to search for' }).fill('nothing at all');
  await expect(page.getByText('Nothing was found')).toBeVisible();
  await page.getByRole('button', { name: 'Search everywhere' }).click();
  await page.getByRole('searchbox', { name: 'Words to search for' }).fill('visa');
  await expect(results.getByText('<Visa>')).toBeVisible();
});

test('the command palette goes to places and tasks by keyboard alone', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('Control+k');
  const words = page.getByRole('textbox', { name: 'Find or do anything' });
  await expect(words).toBeFocused();
  await words.fill('my work');
  await expect(page.getByRole('button', { name: /^My work/ })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/my-work$/);

  await page.keyboard.press('Control+k');
  await expect(words).toBeFocused();
  await words.fill('WEB-1');
  await expect(page.getByRole('button', { name: /Card payments fail/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Task WEB-1' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await words.fill('operations');
  await expect(page.getByRole('button', { name: /Operations/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/projects\/OPS$/);
  await page.keyboard.press('Control+k');
  await words.fill('bob');
  await expect(page.getByRole('button', { name: /Bob Stone/ })).toBeVisible();
});

test('keys lead to places, are listed, and can be turned off', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await expect(page).toHaveURL(/\/projects$/);
  await page.keyboard.press('c');
  await expect(page.getByRole('dialog', { name: 'New task' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'New task' })).toBeHidden();
  await page.keyboard.press('?');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(list.getByText('Go to My work')).toBeVisible();
  await expectAccessible(page);
  await list.getByRole('switch', { name: 'Shortcuts of single keys' }).click();
  await list.getByRole('button', { name: 'Close' }).click();
  await expect(list).toBeHidden();
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.keyboard.press('?');
  await expect(page).toHaveURL(/\/projects$/);
  await expect(list).toBeHidden();
});
