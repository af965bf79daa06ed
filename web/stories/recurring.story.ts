import { expect, join, test } from './support';
import { expectAccessible } from './support/axe';

test('a template is written, mended, used and deleted', async ({ ada, browser }, info) => {
  const phone = info.project.name === 'phone';
  const key = phone ? 'TMPLP' : 'TMPLD';
  await ada.post('/projects', { key, name: `Templates ${key}` });
  const page = await ada.open(browser, `/projects/${key}/settings?part=templates`);
  await expect(page.getByRole('heading', { name: 'No template yet' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'New template' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name of the template').fill('New customer');
  await dialog.getByLabel('Title of the task').fill('Set up {{ customer }}');
  await dialog.getByLabel('Checklist').fill('Contract signed\nInvoice address known');
  await dialog.getByRole('button', { name: 'Add a subtask' }).click();
  await dialog.getByLabel('Title of the subtask').fill('Make an account for {{ customer }}');
  await expect(dialog.getByText('Here: customer.')).toBeVisible();
  await expectAccessible(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/template-${info.project.name}.png` });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('list', { name: 'Task templates' })).toContainText('2 tasks · asks for customer');

  await page.getByRole('button', { name: 'More for New customer' }).click();
  await page.getByRole('menuitem', { name: 'Change' }).click();
  await dialog.getByLabel('Name of the template').fill('Another customer');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();

  await page.getByRole('button', { name: 'Use Another customer' }).click();
  await dialog.getByLabel('customer').fill('Acme');
  await dialog.getByRole('button', { name: 'Make the tasks' }).click();
  await expect(dialog.getByText('2 tasks are made')).toBeVisible();
  await expect(dialog.getByRole('link', { name: `${key}-1 Set up Acme` })).toBeVisible();
  await dialog.getByRole('button', { name: 'Done' }).click();
  expect(await ada.get<{ description: string }>(`/tasks/${key}-1`)).toMatchObject({
    description: expect.stringContaining('Invoice address known'),
  });

  await page.getByRole('button', { name: 'More for Another customer' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete the template' }).click();
  await expect(page.getByRole('heading', { name: 'No template yet' })).toBeVisible();
});

test('a task comes again: with its next times shown, paused, resumed, and only looked at by a viewer', async ({
  ada,
  browser,
}, info) => {
  const phone = info.project.name === 'phone';
  const key = phone ? 'AGAINP' : 'AGAIND';
  await ada.post('/projects', { key, name: `Again ${key}` });
  const page = await ada.open(browser, `/projects/${key}/settings?part=recurring`);
  await page.getByRole('button', { name: 'New recurring task' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Weekly report');
  await dialog.getByLabel('Begins', { exact: true }).fill('2027-01-04T09:30');
  await dialog.getByText('Mon', { exact: true }).click();
  await dialog.getByText('Thu', { exact: true }).click();
  await dialog.getByRole('textbox', { name: 'Every' }).fill('2');
  const times = dialog.getByRole('region', { name: 'Next times' });
  await expect(times.getByRole('listitem')).toHaveCount(5);
  await expect(times).toContainText('Thursday, January 7, 2027');
  await expect(times).toContainText('Monday, January 18, 2027');
  await dialog.getByLabel('Title of the task').fill('Report of {{ date }} for {{ whom }}');
  await dialog.getByLabel('whom').fill('the board');
  await expectAccessible(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/recurring-${info.project.name}.png` });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  const list = page.getByRole('list', { name: 'Recurring tasks' });
  await expect(list).toContainText('Every 2 weeks on Monday and Thursday');
  const { items } = await ada.get<{ items: object[] }>(`/projects/${key}/recurrences`);
  expect(items).toMatchObject([{ rrule: 'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH', variables: { whom: 'the board' } }]);

  await page.getByRole('button', { name: 'More for Weekly report' }).click();
  await page.getByRole('menuitem', { name: 'Pause' }).click();
  await expect(list).toContainText('Paused');
  await page.getByRole('button', { name: 'More for Weekly report' }).click();
  await page.getByRole('menuitem', { name: 'Change' }).click();
  await expect(dialog.getByLabel('Title of the task')).toHaveValue('Report of {{ date }} for {{ whom }}');
  await dialog.getByRole('button', { name: 'Write it as a rule' }).click();
  await dialog.getByRole('textbox', { name: 'Rule', exact: true }).fill('FREQ=NEVER');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('textbox', { name: 'Rule', exact: true })).toHaveAttribute('aria-invalid', 'true');
  await dialog.getByRole('textbox', { name: 'Rule', exact: true }).fill('FREQ=MONTHLY;BYDAY=-1FR');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(list).toContainText('Every month on the last Friday');
  await page.getByRole('button', { name: 'More for Weekly report' }).click();
  await page.getByRole('menuitem', { name: 'Resume' }).click();
  await expect(list).toContainText('next');
  await expectAccessible(page);

  const vera = await join(ada, phone ? 'Vera Viewer' : 'Will Viewer', 'viewer');
  const looking = await vera.open(browser, `/projects/${key}/settings?part=recurring`);
  await expect(looking.getByRole('list', { name: 'Recurring tasks' })).toContainText('Weekly report');
  await expect(looking.getByRole('button', { name: 'New recurring task' })).toHaveCount(0);
  await expect(looking.getByRole('button', { name: /^More for/ })).toHaveCount(0);
});
