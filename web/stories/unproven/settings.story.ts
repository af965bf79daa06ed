import { expect, join, type Person, test } from '../support';
import { expectAccessible } from '../support/axe';

async function project(ada: Person, key: string) {
  await ada.post('/projects', { key, name: `Project ${key}` });
  await ada.post(`/projects/${key}/tasks`, { title: 'Paint the fence', labels: ['gardn'], status: 'blocked' });
}

test('what a project is, whose it is and how it does is changed', async ({ ada, browser }) => {
  await project(ada, 'GEN');
  const page = await ada.open(browser, '/projects/GEN/settings');
  await page.getByRole('textbox', { name: 'Name' }).fill('A better name');
  await page.getByLabel('Is to be done').fill('2027-05-01');
  await page.getByRole('combobox', { name: 'Health' }).click();
  await page.getByRole('option', { name: 'At risk' }).click();
  await page.getByRole('textbox', { name: 'Why' }).fill('Paint is late');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'A better name' })).toBeVisible();
  const now = await ada.get<{ health: string; health_note: string; due_at: string }>('/projects/GEN');
  expect(now).toMatchObject({ health: 'at_risk', health_note: 'Paint is late' });
  expect(now.due_at).toContain('2027-05-01');
});

test('the workflow gets another status and closed ways, and tasks of one that goes away move', async ({
  ada,
  browser,
}) => {
  await project(ada, 'FLOW');
  const page = await ada.open(browser, '/projects/FLOW/settings?part=workflow');
  await page.getByRole('button', { name: 'Add a status' }).click();
  await page.getByRole('textbox', { name: 'Name of status 7' }).fill('Waiting for paint');
  await page.getByRole('button', { name: 'Remove Blocked' }).click();
  await expect(page.getByText('Tasks in “Blocked” go to')).toBeVisible();
  await page.getByRole('radio', { name: 'Only the ways that are ticked' }).check();
  await page.getByRole('checkbox', { name: 'From Completed to Todo' }).uncheck();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The workflow is saved.')).toBeVisible();
  const { statuses, transitions } = await ada.get<{
    statuses: { key: string }[];
    transitions: { from: string; to: string }[];
  }>('/projects/FLOW/workflow');
  expect(statuses.map(({ key }) => key)).toContain('waiting_for_paint');
  expect(statuses.map(({ key }) => key)).not.toContain('blocked');
  expect(transitions).not.toContainEqual({ from: 'completed', to: 'todo' });
  expect((await ada.get<{ status: string }>('/tasks/FLOW-1')).status).toBe('in_progress');
});

test('types, labels and fields are made and renamed', async ({ ada, browser }) => {
  await project(ada, 'KIND');
  const page = await ada.open(browser, '/projects/KIND/settings?part=types');
  await page.getByRole('textbox', { name: 'Another type' }).fill('Incident');
  await page.getByRole('button', { name: 'Add type' }).click();
  await expect(page.getByRole('textbox', { name: 'Name of the type Incident' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Name of the label gardn' }).fill('garden');
  await page.getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByRole('textbox', { name: 'Name of the label garden' })).toBeVisible();
  await expectAccessible(page);
  await page.goto('/projects/KIND/settings?part=fields');
  await page.getByRole('button', { name: 'Add a field' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Severity');
  await page.getByRole('combobox', { name: 'What it holds' }).click();
  await page.getByRole('option', { name: 'One of several' }).click();
  await page.getByRole('combobox', { name: 'What can be chosen' }).fill('Low');
  await page.keyboard.press('Enter');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Add field' }).click();
  await expect(page.getByText('One of several: Low')).toBeVisible();
});

test('people get a role in a project', async ({ ada, browser }) => {
  await project(ada, 'TEAM');
  await join(ada, 'Gina Guest', 'guest');
  const page = await ada.open(browser, '/projects/TEAM/settings?part=members');
  await page.getByRole('combobox', { name: 'Person' }).click();
  await page.getByRole('option', { name: 'Gina Guest' }).click();
  await page.getByRole('button', { name: 'Add member' }).click();
  await expect(page.getByRole('combobox', { name: 'Role of Gina Guest' })).toBeVisible();
  await expectAccessible(page);
});

test('a table is checked, then imported, and the project goes out again', async ({ ada, browser }) => {
  await project(ada, 'TABLE');
  const page = await ada.open(browser, '/projects/TABLE/settings?part=exchange');
  const table = (text: string) => ({ name: 'tasks.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  const file = page.locator('input[type=file]');
  await file.setInputFiles(table('title,priority\nOne,impossible\n'));
  await page.getByRole('button', { name: 'Check the file' }).click();
  await expect(page.getByText(/priority/i).first()).toBeVisible();
  await file.setInputFiles(table('title,priority\nOne,high\nTwo,low\n'));
  await page.getByRole('button', { name: 'Check the file' }).click();
  await expect(page.getByText('It would bring 2 tasks.')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByText('It brought 2 tasks.')).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Tasks as a table' }).click();
  expect((await download).suggestedFilename()).toBe('TABLE.csv');
});

test('a project is copied, put away and deleted for good', async ({ ada, browser }) => {
  await project(ada, 'OLD');
  const page = await ada.open(browser, '/projects/OLD/settings?part=more');
  await page.getByRole('textbox', { name: 'Name of the copy' }).fill('Fresh start');
  await page.getByRole('textbox', { name: 'Key' }).fill('FRESH');
  await page.getByRole('button', { name: 'Copy project' }).click();
  await expect(page).toHaveURL(/\/projects\/FRESH$/);
  await page.goto('/projects/OLD/settings?part=more');
  await page.getByRole('button', { name: 'Archive project' }).click();
  await expect(page.getByText('Project OLD is archived.')).toBeVisible();
  await page.getByRole('button', { name: 'Delete project' }).click();
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await expect(page.getByText('Type OLD to delete it.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Type OLD to go on' }).fill('OLD');
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await expect(page).toHaveURL(/\/projects$/);
  await expect(page.getByRole('link', { name: 'Fresh start' })).toBeVisible();
});

test('who may only look settles nothing', async ({ ada, browser }) => {
  await project(ada, 'SEEN');
  const vera = await join(ada, 'Vera Viewer', 'viewer');
  const page = await vera.open(browser, '/projects/SEEN/settings');
  await expect(page.getByRole('textbox', { name: 'Name' })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Save' })).toHaveCount(0);
  await page.goto('/projects/SEEN/settings?part=more');
  await expect(page.getByRole('button', { name: 'Delete project' })).toHaveCount(0);
});
