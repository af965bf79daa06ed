import { expect, join, type Page, test } from '../support';
import { expectAccessible } from '../support/axe';

test.use({ file: 'runs' });
test.describe.configure({ mode: 'serial' });

const FAILING = {
  name: 'Mirror to billing',
  trigger: { on: 'task.created' },
  condition: 'task.priority == "critical"',
  steps: [
    { id: 'say', action: 'task.comment', with: { task: '{{ task.id }}', body: 'Told billing' } },
    { id: 'look', script: 'if vars.billing == () { throw "billing is away" } vars.billing' },
    { id: 'end', action: 'task.comment', with: { task: '{{ task.id }}', body: 'Billing knows' } },
  ],
};

const WAITING = {
  name: 'Ask again in two days',
  trigger: { on: 'task.created' },
  condition: 'task.priority == "low"',
  steps: [
    { id: 'pause', wait: { for: '2d' } },
    { id: 'say', action: 'task.comment', with: { task: '{{ task.id }}', body: 'Still here?' } },
  ],
};

const steps = (page: Page) => page.getByRole('list', { name: 'Steps' });

/** On a desk a run is drawn; on a phone it is a list from the start. */
async function asList(page: Page) {
  if (page.viewportSize()!.width > 768) await page.getByText('List', { exact: true }).click();
}

test.beforeAll(async ({ ada }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
  for (const rule of [FAILING, WAITING]) {
    const { id } = await ada.post<{ id: string }>('/rules', rule);
    await ada.post(`/rules/${id}/enable`);
  }
});

test('a failed run shows the step, and goes on from there once it is mended', async ({ ada, browser }, { project }) => {
  await ada.post('/projects/WEB/tasks', { title: 'Invoice', priority: 'critical' });
  const page = await ada.open(browser, '/runs?state=failed');
  await page.getByRole('link', { name: FAILING.name }).click();
  await expect(page.getByText('A step failed')).toBeVisible();
  if (project.name === 'desktop') {
    // Where it failed is drawn, and so is what it never came to; the drawing is loaded when it is wanted.
    await expect(page.getByText(/^Failed · /)).toBeVisible({ timeout: 30_000 });
    await expect(page.getByText('“Billing knows”')).toBeVisible();
  }
  await page.getByRole('button', { name: 'Show the step' }).click();
  await expect(page.getByRole('region', { name: 'Step look' }).getByText(/column .*billing is away/)).toBeVisible();
  await expectAccessible(page);

  await ada.put('/variables/billing', { value: 'there' });
  await page.getByRole('button', { name: 'Re-run from here' }).click();
  await expect(page.getByRole('status').getByText('Succeeded')).toBeVisible();
  await asList(page);
  await expect(steps(page).getByRole('listitem')).toHaveCount(3);
  await expect(page.getByRole('link', { name: 'an earlier run' })).toBeVisible();
  const { items } = await ada.get<{ items: { body: string }[] }>('/tasks/WEB-1/comments');
  // What was done before was not done again.
  expect(items.map(({ body }) => body)).toEqual(['Told billing', 'Billing knows']);
});

test('a step says what it was given, what came of it and what it changed', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/runs?state=succeeded');
  await page.getByRole('link', { name: FAILING.name }).first().click();
  await asList(page);
  await steps(page).getByRole('button').last().click();
  const step = page.getByRole('region', { name: 'Step end' });
  await expect(step.getByText('Billing knows').first()).toBeVisible();
  await expect(step.getByText('What it changed')).toBeVisible();
  await expect(step.getByRole('link', { name: 'WEB-1' })).toBeVisible();
  await expectAccessible(page);
});

test('a run that waits says for what and till when, and is cancelled', async ({ ada, browser }) => {
  await ada.post('/projects/WEB/tasks', { title: 'Some day', priority: 'low' });
  const page = await ada.open(browser, '/runs?state=active');
  await page.getByRole('link', { name: WAITING.name }).click();
  await expect(page.getByText(/Waits for a time, at/)).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await expect(page.getByRole('status').getByText('Cancelled').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Re-run' })).toBeVisible();
});

test('several runs are marked and repeated at once', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/runs?state=dropped');
  await page.getByRole('checkbox', { name: /Mark the run of Ask again/ }).check();
  await expectAccessible(page);
  await page.getByRole('region', { name: 'Marked runs' }).getByRole('button', { name: 'Re-run' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Re-run' }).click();
  await page.goto('/runs?state=active');
  await expect(page.getByText('repeated')).toBeVisible();
});

test('runs are found by the words of their error, and the address keeps the search', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/runs');
  await page.getByRole('textbox', { name: 'Words of the error' }).fill('billing is away');
  await expect(page).toHaveURL(/q=billing/);
  await expect(page.getByRole('link', { name: FAILING.name })).toHaveCount(1);
  await page.getByRole('textbox', { name: 'Words of the error' }).fill('no such words');
  await expect(page.getByText('No run fits')).toBeVisible();
});

test('why a rule did not run is said in words', async ({ ada, browser }) => {
  await ada.post('/projects/WEB/tasks', { title: 'Nothing special', priority: 'medium' });
  const { items } = await ada.get<{ items: { id: string }[] }>('/rules?q=Mirror');
  const page = await ada.open(browser, `/rules/${items[0]!.id}/why-not`);
  await page.getByRole('combobox', { name: 'Task' }).fill('Nothing special');
  await page.getByRole('option', { name: /Nothing special/ }).click();
  await expect(page.getByRole('heading', { name: 'The condition did not hold' })).toBeVisible();
  await expect(page.getByText('The task’s priority was medium')).toBeVisible();
  await expectAccessible(page);
});

test('a rule that only watches tells what it would have done', async ({ ada, browser }) => {
  const { id } = await ada.post<{ id: string }>('/rules', {
    name: 'Everything is urgent',
    trigger: { on: 'task.created' },
    steps: [{ id: 'up', action: 'task.update', with: { task: '{{ task.id }}', priority: 'high' } }],
  });
  await ada.post(`/rules/${id}/shadow`);
  const page = await ada.open(browser, `/rules/${id}/shadow-report`);
  await expect(page.getByText('It has seen nothing yet')).toBeVisible();
  const { key } = await ada.post<{ key: string }>('/projects/WEB/tasks', { title: 'Watched', priority: 'low' });
  await ada.patch(`/tasks/${key}`, { priority: 'high' });
  await page.goto(`/runs?rule=${id}`);
  await expect(page.getByText('only watched')).toBeVisible();
  await page.goto(`/rules/${id}/shadow-report`);
  await expect(page.getByText(/priority would become/)).toBeVisible();
  await expectAccessible(page);
});

test('the figures of a rule lead to its runs', async ({ ada, browser }) => {
  const { items } = await ada.get<{ items: { id: string }[] }>('/rules?q=Mirror');
  const page = await ada.open(browser, `/rules/${items[0]!.id}/health`);
  await expect(page.getByRole('link', { name: /^Failed/ })).toContainText('1');
  await expectAccessible(page);
  await page.getByRole('link', { name: /^Failed/ }).click();
  await expect(page).toHaveURL(/state=failed/);
  await expect(page.getByRole('link', { name: FAILING.name })).toBeVisible();
});

test('who may only look repeats and cancels nothing', async ({ ada, browser }) => {
  const max = await join(ada, 'Max Viewer', 'viewer');
  const page = await max.open(browser, '/runs');
  await page.getByRole('link', { name: FAILING.name }).first().click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(FAILING.name);
  await expect(page.getByRole('button', { name: /Re-run|Cancel/ })).toHaveCount(0);
});
