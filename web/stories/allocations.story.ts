import { expect, join, test } from './support';
import { expectAccessible } from './support/axe';

/** The next day on which people work, so that the first page of the workload shows it. */
function workday(): string {
  const day = new Date();
  do day.setUTCDate(day.getUTCDate() + 1);
  while (day.getUTCDay() % 6 === 0);
  return day.toISOString().slice(0, 10);
}

test('a person is planned for a project, replanned, and taken out of the plan', async ({ ada, browser }, info) => {
  const phone = info.project.name === 'phone';
  const key = phone ? 'ALLOP' : 'ALLOD';
  const name = phone ? 'Bea Phone' : 'Ben Desk';
  const ben = await join(ada, name);
  await ada.post('/projects', { key, name: `Plan ${key}` });
  await ada.post(`/projects/${key}/tasks`, { title: 'Paint the hall' });
  const date = workday();
  const allocations = async () =>
    (
      await ada.get<{ items: { percent: number | null; minutes_per_day: number | null; task: string | null }[] }>(
        `/projects/${key}/allocations`,
      )
    ).items;

  const page = await ada.open(browser, '/workload');
  await page.getByRole('button', { name: 'Plan somebody' }).click();
  const form = page.getByRole('dialog', { name: 'Plan somebody for a project' });
  await form.getByRole('combobox', { name: 'Who' }).click();
  await page.getByRole('option', { name }).click();
  await form.getByRole('combobox', { name: 'Project' }).click();
  await page.getByRole('option', { name: `Plan ${key}` }).click();
  await form.getByRole('combobox', { name: 'Task' }).fill('hall');
  await page.getByRole('option', { name: /Paint the hall/ }).click();
  await form.getByLabel('First day').fill(date);
  await form.getByLabel('Last day').fill(date);
  await form.getByLabel('Percent of the working hours').fill('150');
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Plan it' }).click();
  await expect(form).toBeHidden();
  expect(await allocations()).toMatchObject([{ percent: 150, task: expect.any(String) }]);

  const person = page.locator(`[data-person="${name}"]`);
  if (phone) {
    await expect(person).toContainText('1 day too full');
    await person.getByRole('button').click();
  } else {
    await person.locator(`[data-date="${date}"]`).click();
  }
  const drawer = page.getByRole('dialog', { name });
  await expect(drawer).toContainText('Paint the hall');
  await expect(drawer).toContainText('150 %');
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/planned-${info.project.name}.png` });
  await drawer.getByRole('button', { name: new RegExp(`More for Plan ${key}`) }).click();
  await page.getByRole('menuitem', { name: 'Change' }).click();
  const change = page.getByRole('dialog', { name: 'Change the plan' });
  await change.getByText('Hours', { exact: true }).click();
  await change.getByLabel('Hours of each working day').fill('2.5');
  await change.getByRole('button', { name: 'Save' }).click();
  await expect(change).toBeHidden();
  await expect(drawer).toContainText('2.5 h a day');
  expect(await allocations()).toMatchObject([{ percent: null, minutes_per_day: 150 }]);
  await expectAccessible(page);

  await drawer.getByRole('button', { name: new RegExp(`More for Plan ${key}`) }).click();
  await page.getByRole('menuitem', { name: 'Take out of the plan' }).click();
  await page.getByRole('button', { name: 'Take it out', exact: true }).click();
  await expect(drawer).not.toContainText('Paint the hall');
  expect(await allocations()).toEqual([]);

  // Whoever may not plan people sees the plan and changes nothing.
  const other = await ben.open(browser, '/workload');
  await expect(other.locator(`[data-person="${name}"]`)).toBeVisible();
  await expect(other.getByRole('button', { name: 'Plan somebody' })).toHaveCount(0);
});
