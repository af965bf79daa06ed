import AxeBuilder from '@axe-core/playwright';
import { expect, type Person, test } from '../support';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Five tasks: two done, one late, one cancelled, one to do. */
async function project(ada: Person, key: string) {
  await ada.post('/projects', { key, name: `Figures ${key}` });
  const me = ada.signedIn.user.id;
  const make = (title: string, more = {}) => ada.post(`/projects/${key}/tasks`, { title, estimate: 120, ...more });
  await make('One');
  await make('Two');
  await make('Late one', { due_at: '2026-01-05T16:00:00Z', assignees: [me] });
  await make('Four');
  await make('Five');
  for (const done of [1, 2]) {
    await ada.patch(`/tasks/${key}-${done}`, { status: 'in_progress' });
    await ada.patch(`/tasks/${key}-${done}`, { status: 'completed' });
  }
  await ada.patch(`/tasks/${key}-4`, { status: 'cancelled' });
}

test('the figures of a project are true, also as tables, and follow what happens', async ({ ada, browser }, info) => {
  const key = info.project.name === 'phone' ? 'FIGP' : 'FIGD';
  await project(ada, key);
  const page = await ada.open(browser, `/projects/${key}/figures`);
  const fact = (name: string) => page.locator(`[data-fact="${name}"]`);
  await expect(fact('Completed')).toContainText('2');
  await expect(fact('Left')).toContainText('2');
  await expect(fact('Left')).toContainText('4 h estimated');
  await expect(fact('Late')).toContainText('1');
  await expect(page.getByText('2 completed, 5 made')).toBeVisible();
  await expect(page.getByText('Late one')).toBeVisible();
  await expect(page.locator('svg.recharts-surface').first()).toBeVisible();

  // The last row of the table behind the chart is today.
  await page.getByRole('button', { name: 'Throughput as a table' }).click();
  const today = page.getByRole('table', { name: 'Throughput' }).getByRole('row').last();
  await expect(today.getByRole('cell')).toHaveText(['2', '5']);

  await ada.patch(`/tasks/${key}-5`, { status: 'in_progress' });
  await ada.patch(`/tasks/${key}-5`, { status: 'completed' });
  await expect(fact('Completed')).toContainText('3');
  await expect(fact('Left')).toContainText('2 h estimated');

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download CSV' }).click();
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(await (await download).path(), 'utf8');
  expect(text.split('\r\n')[0]).toContain('completed');

  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test('the portfolio shows how projects do and what they cost', async ({ ada, browser }, info) => {
  const key = info.project.name === 'phone' ? 'PORP' : 'PORD';
  await project(ada, key);
  await ada.patch(`/projects/${key}`, { health: 'at_risk' });
  await ada.put(`/projects/${key}/budget`, { currency: 'EUR', planned: '1000.00' });
  await ada.post(`/projects/${key}/costs`, { amount: '250.00', date: '2026-11-02', note: 'Hosting' });
  const page = await ada.open(browser, '/portfolio');
  const shown = info.project.name === 'phone' ? page.locator('.mantine-Card-root') : page.getByRole('row');
  const mine = shown.filter({ hasText: `Figures ${key}` });
  await expect(mine).toContainText('At risk');
  await expect(mine).toContainText('50 % · 2 of 4');
  await expect(mine).toContainText('25 % of €1,000');
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});
