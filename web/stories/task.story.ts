import { expect, join, type Person, test } from './support';
import { expectAccessible } from './support/axe';

let bob: Person;
let vera: Person;

test.beforeAll(async ({ ada }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
  bob = await join(ada, 'Bob Stone');
  vera = await join(ada, 'Vera Viewer', 'viewer');
  await ada.post('/projects/WEB/fields', {
    key: 'severity',
    name: 'Severity',
    type: 'select',
    options: [
      { key: 'low', name: 'Low' },
      { key: 'high', name: 'High' },
    ],
  });
  await ada.post('/projects/WEB/fields', { key: 'budget', name: 'Budget', type: 'money', currency: 'EUR' });
  await ada.post('/projects/WEB/tasks', {
    title: 'Card payments fail',
    description: 'Only **Visa** cards.\n\n- [x] Seen\n- [ ] Mended',
    priority: 'high',
    type: 'bug',
    labels: ['billing'],
    assignees: [ada.signedIn.user.id],
    estimate: 240,
    due_at: '2026-11-30T16:00:00Z',
  });
  await ada.post('/projects/WEB/tasks', { title: 'Ask the bank' });
  await ada.post('/projects/WEB/tasks', { title: 'Find the cause', parent: 'WEB-1' });
});

test('a task opens over any page, is changed where it stands, and closing it leaves the page', async ({
  browser,
  ada,
}) => {
  const page = await ada.open(browser, '/projects?task=WEB-1');
  const task = page.getByRole('dialog', { name: 'Task WEB-1' });
  await expect(task.getByRole('heading', { name: 'Card payments fail' })).toBeVisible();
  await expect(task.getByText('Visa', { exact: true })).toBeVisible();

  await task.getByLabel('Status', { exact: true }).click();
  await page.getByRole('option', { name: 'In progress' }).click();
  await expect.poll(async () => (await ada.get<{ status: string }>('/tasks/WEB-1')).status).toBe('in_progress');
  await task.getByLabel('Severity', { exact: true }).click();
  await page.getByRole('option', { name: 'High' }).click();
  await task.getByLabel('Estimate', { exact: true }).fill('1d 2h');
  await task.getByLabel('Estimate', { exact: true }).press('Enter');
  await expect
    .poll(() => ada.get('/tasks/WEB-1?fields=estimate,custom'))
    .toEqual({ estimate: 600, custom: { severity: 'high' } });

  await task.getByRole('button', { name: 'Edit title' }).click();
  await task.getByRole('textbox', { name: 'Title' }).fill('Card payments fail at the till');
  await task.getByRole('textbox', { name: 'Title' }).press('Enter');
  await expect(task.getByRole('heading', { name: 'Card payments fail at the till' })).toBeVisible();
  await ada.patch('/tasks/WEB-1', { title: 'Card payments fail' });
  await expect(task.getByRole('heading', { name: 'Card payments fail', exact: true })).toBeVisible();
  await expectAccessible(page);
  await task.getByRole('button', { name: 'Close' }).click();
  await expect(task).toBeHidden();
  await expect(page).toHaveURL(/\/projects$/);
});

test('a task has a page of its own', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/tasks/WEB-1');
  await expect(page.getByRole('heading', { level: 1, name: 'Card payments fail' })).toBeVisible();
  await expect(page).toHaveTitle(/WEB-1/);
  await expect(page.getByRole('link', { name: 'Find the cause' })).toBeVisible();
  await expectAccessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
});

test('two people see each other, what the other is writing and what they said', async ({ browser, ada }) => {
  const one = await ada.open(browser, '/tasks/WEB-1');
  const other = await bob.open(browser, '/tasks/WEB-1');
  await expect(one.getByRole('group', { name: 'Looking at it now: Bob Stone' })).toBeVisible();
  await other.getByRole('textbox', { name: 'Write a comment' }).pressSequentially('Hello @Ad');
  await expect(one.getByText('Bob is writing …')).toBeVisible();
  await other.getByRole('option', { name: /Ada Lovelace/ }).click();
  await other.getByRole('textbox', { name: 'Write a comment' }).pressSequentially('look, <b>now</b>.');
  await other.getByRole('button', { name: 'Comment', exact: true }).click();
  const said = one.getByRole('article', { name: 'Comment of Bob Stone' });
  await expect(said).toContainText('Hello @Ada Lovelace look, <b>now</b>.');
  await expect(other.getByRole('textbox', { name: 'Write a comment' })).toHaveValue('');

  const mine = other.getByRole('article', { name: 'Comment of Bob Stone' });
  await mine.getByRole('button', { name: 'What can be done with the comment' }).click();
  await other.getByRole('menuitem', { name: 'Edit' }).click();
  await other.getByRole('textbox', { name: 'Change the comment' }).fill('Sorry, it works.');
  await other.getByRole('button', { name: 'Save' }).click();
  await expect(said).toContainText('Sorry, it works.');
  await said.getByRole('button', { name: 'What can be done with the comment' }).click();
  await one.getByRole('menuitem', { name: 'Earlier versions' }).click();
  await expect(one.getByRole('dialog')).toContainText('Hello @Ada Lovelace');
  await one.keyboard.press('Escape');

  await mine.getByRole('button', { name: 'What can be done with the comment' }).click();
  await other.getByRole('menuitem', { name: 'Delete' }).click();
  await other.getByRole('button', { name: 'Delete the comment' }).click();
  await expect(one.getByText('A comment of Bob Stone was deleted.')).toBeVisible();
});

test('what somebody else saved meanwhile is shown beside what was typed, and nothing is lost', async ({
  browser,
  ada,
}) => {
  const page = await ada.open(browser, '/tasks/WEB-2');
  await page.getByRole('button', { name: 'Add a description…' }).click();
  await page.getByRole('textbox', { name: 'Description' }).fill('Call Mrs Smith.');
  await bob.patch('/tasks/WEB-2', { description: 'Write to the bank.' });
  await expect(page.getByRole('alert')).toContainText('Somebody else changed the description');
  await expect(page.getByRole('alert')).toContainText('Write to the bank.');
  await expectAccessible(page);

  await page.reload();
  await expect(page.getByRole('textbox', { name: 'Description' })).toHaveValue('Call Mrs Smith.');
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await expect(page.getByRole('textbox', { name: 'Description' })).toBeHidden();
  await expect(page.getByText('Call Mrs Smith.')).toBeVisible();
  expect((await ada.get<{ description: string }>('/tasks/WEB-2')).description).toBe('Call Mrs Smith.');
});

test('a change that the server refuses for its version keeps what was typed', async ({ browser, ada }) => {
  const { key } = await ada.post<{ key: string }>('/projects/WEB/tasks', { title: 'Choose', description: 'Any.' });
  const page = await ada.open(browser, `/tasks/${key}`, { serviceWorkers: 'block' });
  await page.getByRole('button', { name: 'Edit description' }).click();
  // Nothing is heard from the other until one saves.
  await page.route(`**/api/v1/tasks/${key}`, (route) =>
    route.request().method() === 'GET' ? route.abort() : route.continue(),
  );
  await page.getByRole('textbox', { name: 'Description' }).fill('Call Mr Jones.');
  await bob.patch(`/tasks/${key}`, { description: 'Sell the bank.' });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Sell the bank.' })).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Description' })).toHaveValue('Call Mr Jones.');
  await page.getByRole('button', { name: 'Take theirs' }).click();
  await expect(page.getByText('Sell the bank.')).toBeVisible();
});

test('somebody who may only look is offered nothing to change', async ({ browser }) => {
  const page = await vera.open(browser, '/tasks/WEB-1');
  await expect(page.getByRole('heading', { level: 1, name: 'Card payments fail' })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Fields' })).toContainText('High');
  await expect(page.getByRole('button', { name: 'Edit title' })).toBeHidden();
  await expect(page.getByLabel('Status', { exact: true })).toBeHidden();
  await expect(page.getByRole('textbox', { name: 'Write a comment' })).toBeHidden();
  await expect(page.getByRole('button', { name: 'Watch' })).toBeVisible();
});

test('files are put on a task and got from it', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/tasks/WEB-1', { serviceWorkers: 'block' });
  const chosen = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add a file' }).click();
  await (await chosen).setFiles({ name: 'payments.log', mimeType: 'text/plain', buffer: Buffer.from('refused\n') });
  await expect(page.getByText('payments.log', { exact: true })).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download payments.log' }).click();
  expect((await download).suggestedFilename()).toBe('payments.log');

  await page.route('**/attachments?name=*', () => undefined);
  const again = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add a file' }).click();
  await (await again).setFiles({ name: 'big.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('x') });
  await page.getByRole('button', { name: 'Cancel big.bin' }).click();
  await expect(page.getByText('big.bin', { exact: true })).toBeHidden();
  await page.getByRole('button', { name: 'Delete payments.log' }).click();
  await page.getByRole('button', { name: 'Delete the file' }).click();
  await expect(page.getByText('payments.log', { exact: true })).toBeHidden();
});

test('time is taken and written down', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/tasks/WEB-1');
  await page.getByRole('button', { name: 'Start timer' }).click();
  await expect(page.getByText('0m running')).toBeVisible();
  await page.getByRole('button', { name: 'Stop timer' }).click();
  await page.getByRole('button', { name: 'Log time' }).click();
  await page.getByLabel('How long').fill('1h 30m');
  await page.getByLabel('What was done').fill('Looked at it');
  await page.getByRole('button', { name: 'Log it' }).click();
  await expect(page.getByText(/^1h 3[01]m spent of/)).toBeVisible();
  await page.getByRole('button', { name: 'Show entries' }).click();
  await expect(page.getByText('Looked at it')).toBeVisible();
});

test('tasks are tied to each other, and watched', async ({ browser, ada }) => {
  const page = await ada.open(browser, '/tasks/WEB-1');
  await page.getByRole('button', { name: 'Add a subtask' }).click();
  await page.getByLabel('Title of the subtask').fill('Tell the customers');
  await page.getByLabel('Title of the subtask').press('Enter');
  await expect(page.getByRole('link', { name: 'Tell the customers', exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Link a task' }).click();
  await page.getByRole('combobox', { name: 'The other task' }).fill('bank');
  await page.getByRole('option', { name: /Ask the bank/ }).click();
  await expect(page.getByRole('link', { name: 'WEB-2 Ask the bank' })).toBeVisible();
  await page.getByRole('button', { name: 'Remove the link to WEB-2' }).click();
  await expect(page.getByRole('link', { name: 'WEB-2 Ask the bank' })).toBeHidden();
  await page.getByRole('button', { name: 'Watch', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Stop watching' })).toBeVisible();
  await expect
    .poll(async () => (await ada.get<{ watchers: string[] }>('/tasks/WEB-1')).watchers)
    .toContain(ada.signedIn.user.id);
});

test('a button runs a rule, and it can be told why the task is as it is', async ({ browser, ada }) => {
  const { id } = await ada.post<{ id: string }>('/rules', {
    name: 'Escalate',
    trigger: {
      on: 'manual',
      subject: 'task',
      label: 'Escalate',
      form: { reason: { type: 'string', label: 'Reason', required: true } },
    },
    steps: [{ id: 'raise', action: 'task.update', with: { task: '{{ task.id }}', priority: 'critical' } }],
  });
  await ada.post(`/rules/${id}/enable`);
  const page = await ada.open(browser, '/tasks/WEB-1');
  await page.getByRole('button', { name: 'Escalate' }).click();
  await page.getByLabel('Reason').fill('The bank called');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('combobox', { name: 'Priority' })).toHaveValue('Critical');

  await page.getByRole('button', { name: 'More about this task' }).click();
  await page.getByRole('menuitem', { name: 'Why is it as it is?' }).click();
  await page.getByRole('combobox', { name: 'Field' }).click();
  await page.getByRole('option', { name: 'Priority' }).click();
  await expect(page.getByRole('dialog')).toContainText('to critical');
  await expect(page.getByRole('dialog')).toContainText('Escalate');
  await expectAccessible(page);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'More about this task' }).click();
  await page.getByRole('menuitem', { name: 'Why did a rule not run?' }).click();
  await page.getByRole('dialog').getByPlaceholder('Choose a rule').click();
  await page.getByRole('option', { name: 'Escalate' }).click();
  await expect(page.getByRole('dialog').getByText('It is started by hand, not by events.')).toBeVisible();
  await page.keyboard.press('Escape');

  await page.getByText('Activity', { exact: true }).click();
  await expect(page.getByRole('list', { name: 'Activity' })).toContainText('The rule “Escalate”');
  await expectAccessible(page);
});

test('a task is deleted after one was asked', async ({ browser, ada }) => {
  const { key } = await ada.post<{ key: string }>('/projects/WEB/tasks', { title: 'Not wanted' });
  const page = await ada.open(browser, `/projects?task=${key}`);
  await page.getByRole('button', { name: 'More about this task' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete the task' }).click();
  await expect(page).toHaveURL(/\/projects$/);
  await expect(ada.get(`/tasks/${key}`)).rejects.toThrow('404');
});
