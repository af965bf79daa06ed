import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '../support';

test('a sprint is planned, started and closed, and what is left goes on', async ({ ada, browser }, info) => {
  const key = info.project.name === 'phone' ? 'RUNP' : 'RUND';
  await ada.post('/projects', { key, name: `Sprints ${key}` });
  const page = await ada.open(browser, `/projects/${key}/sprints`);
  const card = (name: string) => page.locator(`[data-sprint="${name}"]`);
  const plan = async (name: string) => {
    await page.getByRole('button', { name: 'Plan a sprint' }).click();
    const form = page.getByRole('dialog', { name: 'Plan a sprint' });
    await expect(form.getByLabel('Name')).toHaveValue(name);
    await form.getByRole('button', { name: 'Plan', exact: true }).click();
    await expect(card(name)).toContainText('Planned');
  };
  await plan('Sprint 1');
  await plan('Sprint 2');
  const { items } = await ada.get<{ items: { id: string; name: string }[] }>(`/projects/${key}/sprints`);
  const [first, second] = items;
  for (const title of ['Done in time', 'Not done']) {
    await ada.post(`/projects/${key}/tasks`, { title, sprint: first?.id });
  }
  await card('Sprint 1').getByRole('button', { name: 'Start' }).click();
  await expect(card('Sprint 1')).toContainText('Active');
  await expect(card('Sprint 2').getByRole('button', { name: 'Start' })).toBeDisabled();

  await ada.patch(`/tasks/${key}-1`, { status: 'in_progress' });
  await ada.patch(`/tasks/${key}-1`, { status: 'completed' });
  await expect(card('Sprint 1')).toContainText('1 of 2 tasks completed');
  await expect(card('Sprint 1')).toContainText('1 task is left');

  await card('Sprint 1').getByRole('button', { name: 'Close the sprint' }).click();
  const closing = page.getByRole('dialog', { name: 'Close Sprint 1' });
  await closing.getByRole('button', { name: 'Close the sprint' }).click();
  await expect(card('Sprint 1')).toContainText('Closed');
  await expect(card('Sprint 2')).toContainText('0 of 1 tasks completed');
  const left = await ada.get<{ sprint: string }>(`/tasks/${key}-2`);
  expect(left.sprint).toBe(second?.id);

  await page.getByRole('button', { name: 'Add a milestone' }).click();
  const form = page.getByRole('dialog', { name: 'Add a milestone' });
  await form.getByLabel('Name').fill('Go live');
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('checkbox', { name: 'Go live is reached' }).check();
  await expect
    .poll(async () => (await ada.get<{ items: { status: string }[] }>(`/projects/${key}/milestones`)).items[0]?.status)
    .toBe('completed');

  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});
