import AxeBuilder from '@axe-core/playwright';
import { expect, join, test } from '../support';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const MONDAY_TO_FRIDAY = [1, 2, 3, 4, 5];

/** The next day on which people work, so that the first page of the workload shows it. */
function workday(): string {
  const day = new Date();
  do day.setUTCDate(day.getUTCDate() + 1);
  while (!MONDAY_TO_FRIDAY.includes(day.getUTCDay()));
  return day.toISOString().slice(0, 10);
}

test('days that are too full are marked, told what for, and emptied by an absence', async ({ ada, browser }, info) => {
  const phone = info.project.name === 'phone';
  const key = phone ? 'LOADP' : 'LOADD';
  const name = phone ? 'Bea Phone' : 'Ben Desk';
  const ben = await join(ada, name);
  const date = workday();
  const user = ben.signedIn.user.id;
  await ada.post('/projects', { key, name: `Load ${key}` });
  await ada.post(`/projects/${key}/allocations`, { user, from: date, to: date, percent: 150 });
  const page = await ada.open(browser, '/workload');
  const person = page.locator(`[data-person="${name}"]`);

  if (phone) {
    await expect(person).toContainText('1 day too full');
    await person.getByRole('button').click();
  } else {
    const day = person.locator(`[data-date="${date}"]`);
    await expect(day).toHaveAccessibleName(/12 of 8 hours planned, 4 hours too many/);
    await day.click();
  }
  const drawer = page.getByRole('dialog', { name });
  await expect(drawer.getByRole('link', { name: `Load ${key}` })).toBeVisible();
  await expect(drawer).toContainText('150 %');

  await drawer.getByRole('button', { name: 'Add an absence' }).click();
  const form = page.getByRole('dialog', { name: 'Add an absence' });
  await form.getByLabel('Why').click();
  await page.getByRole('option', { name: 'Training' }).click();
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(form).toBeHidden();
  await expect(drawer).toContainText('Training');
  const { items } = await ada.get<{ items: { user: string; kind: string }[] }>('/absences');
  expect(items.filter((one) => one.user === user).map(({ kind }) => kind)).toEqual(['training']);

  await drawer.getByRole('button', { name: /Delete the absence/ }).click();
  await expect(drawer).not.toContainText('Training');
  await page.keyboard.press('Escape');
  await expect(drawer).toBeHidden();
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test('whoever may not manage people enters only their own absence', async ({ ada, browser }, info) => {
  const name = info.project.name === 'phone' ? 'Tia Phone' : 'Tom Desk';
  const tom = await join(ada, name);
  const page = await tom.open(browser, '/workload');
  await page.getByRole('button', { name: 'Add an absence' }).click();
  const form = page.getByRole('dialog', { name: 'Add an absence' });
  await expect(form.getByLabel('Who')).toHaveCount(0);
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(form).toBeHidden();
  const { items } = await ada.get<{ items: { user: string }[] }>('/absences');
  expect(items.map(({ user }) => user)).toContain(tom.signedIn.user.id);
});
