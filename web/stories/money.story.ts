import { expect, join, test } from './support';
import { expectAccessible } from './support/axe';

test('a budget is planned, costs are entered, mended and deleted, and hours get a price', async ({
  ada,
  browser,
}, info) => {
  const phone = info.project.name === 'phone';
  const key = phone ? 'CASHP' : 'CASHD';
  await ada.post('/projects', { key, name: `Money ${key}` });
  await ada.post(`/projects/${key}/tasks`, { title: 'Build the shelf' });
  await ada.post(`/tasks/${key}-1/time-entries`, { minutes: 120 });

  const page = await ada.open(browser, `/projects/${key}/budget`);
  await expect(page.getByRole('heading', { name: 'Nobody has planned a budget' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Plan the budget' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('What the project may cost').fill('1,000.00');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Plan it' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('heading', { name: /0\s?% of €1,000.00 used/ })).toBeVisible();

  // The time that nobody has priced is said, and gets a price.
  await expect(page.getByText('2h cost nothing yet')).toBeVisible();
  await page.getByRole('button', { name: 'New rate' }).click();
  await dialog.getByLabel('An hour costs').fill('85');
  await dialog.getByRole('button', { name: 'Add the rate' }).click();
  await expect(page.getByRole('list', { name: 'Rates' })).toContainText('€85.00 an hour');
  await expect(page.locator('[data-sum="Time"]')).toContainText('€170.00');
  await expect(page.getByText('2h cost nothing yet')).toHaveCount(0);

  await page.getByRole('button', { name: 'Add a cost' }).click();
  await dialog.getByLabel('Amount').fill('250');
  await dialog.getByLabel('What it is for').fill('Licences');
  await dialog.getByText('Promised, not paid yet').click();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog).toBeHidden();
  const costs = page.getByRole('list', { name: 'Costs' });
  await expect(costs).toContainText('€250.00');
  await expect(page.locator('[data-sum="Promised"]')).toContainText('€250.00');
  await expect(page.locator('[data-sum="Left"]')).toContainText('€580.00');

  await page.getByRole('button', { name: 'More for Licences, €250.00' }).click();
  await page.getByRole('menuitem', { name: 'Change' }).click();
  await dialog.getByLabel('Amount').fill('900,50');
  await dialog.getByText('Paid', { exact: true }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.locator('[data-sum="Paid"]')).toContainText('€900.50');
  await expect(page.getByText('Over the budget')).toBeVisible();
  await expect(page.getByText(/Reached: 50 %/)).toBeVisible();
  await expectAccessible(page);
  if (process.env.SHOTS) {
    await page.screenshot({ path: `${process.env.SHOTS}/budget-${info.project.name}.png`, fullPage: true });
  }
  await page.getByRole('button', { name: 'More for Licences, €900.50' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete the cost' }).click();
  await expect(page.getByRole('heading', { name: 'No costs yet' })).toBeVisible();
  expect((await ada.get<{ actual: string }>(`/projects/${key}/budget`)).actual).toBe('170.00');
});

test('rates that count everywhere stand in the administration, and money is hidden from whom it is none of', async ({
  ada,
  browser,
}, info) => {
  const phone = info.project.name === 'phone';
  const key = phone ? 'RATEP' : 'RATED';
  await ada.post('/projects', { key, name: `Rates ${key}` });
  const page = await ada.open(browser, '/admin/rates');
  await page.getByRole('button', { name: 'New rate' }).click();
  const dialog = page.getByRole('dialog');
  const amount = phone ? '61.25' : '60.5';
  await dialog.getByLabel('An hour costs').fill(amount);
  await dialog.getByLabel('First day').fill(phone ? '2025-01-01' : '2024-01-01');
  await dialog.getByLabel('Last day').fill(phone ? '2025-12-31' : '2024-12-31');
  await dialog.getByRole('button', { name: 'Add the rate' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText(phone ? '€61.25 an hour' : '€60.50 an hour')).toBeVisible();
  await expectAccessible(page);
  await page
    .getByRole('button', { name: new RegExp(`More for the rate of Everybody, €${phone ? '61.25' : '60.50'}`) })
    .click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete the rate' }).click();
  await expect(page.getByText(phone ? '€61.25 an hour' : '€60.50 an hour')).toHaveCount(0);

  const tom = await join(ada, phone ? 'Tia Phone' : 'Tom Desk');
  const other = await tom.open(browser, `/projects/${key}`);
  const views = other.getByRole('navigation', { name: 'Views of the project' });
  await expect(views.getByRole('link', { name: 'Sprints' })).toBeVisible();
  await expect(views.getByRole('link', { name: 'Budget' })).toHaveCount(0);
});
