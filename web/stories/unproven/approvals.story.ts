import { expect, join, type Page, type Person, test } from '../support';
import { expectAccessible } from '../support/axe';

test.use({ file: 'approvals' });
test.describe.configure({ mode: 'serial' });

let mia: Person;
let approval: string;

const asking = (by: string[], message: string) => ({
  name: 'Release needs a yes',
  trigger: { on: 'task.status_changed', match: { to: 'in_review' } },
  steps: [
    {
      id: 'ok',
      approve: { by, message, timeout: '48h' },
      then: [{ id: 'go', action: 'task.comment', with: { task: '{{ task.id }}', body: 'Agreed.' } }],
      on_reject: [
        {
          id: 'no',
          action: 'task.comment',
          with: { task: '{{ task.id }}', body: 'No: {{ steps.ok.output.comment }}' },
        },
      ],
    },
  ],
});

/** A new task that comes to be reviewed, so that it is asked about. */
async function askAbout(person: Person, title: string) {
  const task = await person.post<{ key: string }>('/projects/WEB/tasks', { title });
  await person.patch(`/tasks/${task.key}`, { status: 'in_progress' });
  await person.patch(`/tasks/${task.key}`, { status: 'in_review' });
  return task.key;
}

const card = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text });

test.beforeAll(async ({ ada }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
  mia = await join(ada, 'Mia Manager', 'project_manager');
  await join(ada, 'Otto Other', 'project_manager');
  const rule = asking(['user:mia@acme.example'], 'May {{ task.key }} “{{ task.title }}” go out?');
  const { id } = await ada.post<{ id: string }>('/rules', rule);
  await ada.post(`/rules/${id}/enable`);
});

test('who is asked sees it appear and answers; who started it sees the answer in their own browser', async ({
  ada,
  browser,
}) => {
  const hers = await mia.open(browser, '/approvals');
  await expect(hers.getByText('Nothing waits for you')).toBeVisible();
  await expectAccessible(hers);
  const key = await askAbout(ada, 'The new door');
  await expect(card(hers, key)).toBeVisible();
  await expectAccessible(hers);

  await card(hers, key).getByRole('link', { name: 'Release needs a yes' }).click();
  await expect(hers).toHaveURL(/\/approvals\/appr_/);
  approval = new URL(hers.url()).pathname;
  await expect(hers.getByText('Mia Manager').first()).toBeVisible();
  await expectAccessible(hers);

  const adas = await ada.open(browser, approval);
  await expect(adas.getByRole('status').getByText('Waiting')).toBeVisible();
  await expect(adas.getByRole('button', { name: 'Approve' })).toHaveCount(0);

  await hers.getByRole('button', { name: 'Add a comment' }).click();
  await hers.getByRole('textbox', { name: 'Comment' }).fill('Looks good');
  // A double click is one answer.
  await hers.getByRole('button', { name: 'Approve' }).dblclick();
  await expect(hers.getByRole('status').getByText('Approved', { exact: true })).toBeVisible();
  await expect(adas.getByRole('status').getByText('Approved', { exact: true })).toBeVisible();
  await expect(adas.getByText('Looks good')).toBeVisible();
  const { votes } = await ada.get<{ votes: unknown[] }>(approval);
  expect(votes).toHaveLength(1);
});

test('what waits is counted in the side bar', async ({ ada, browser }, { project }) => {
  await askAbout(ada, 'Counted');
  const page = await mia.open(browser, '/');
  if (project.name === 'phone') await page.getByRole('button', { name: 'More' }).click();
  await expect(page.getByRole('img', { name: '1 waiting for you' })).toBeVisible();
});

test('it is declined from the list, and the run goes the other way', async ({ ada, browser }) => {
  const key = await askAbout(ada, 'Not yet');
  const page = await mia.open(browser, '/approvals');
  await card(page, key).getByRole('button', { name: 'Add a comment' }).click();
  await card(page, key).getByRole('textbox', { name: 'Comment' }).fill('The tests fail');
  await card(page, key).getByRole('button', { name: 'Decline' }).click();
  await expect(card(page, key)).toBeHidden();
  await expect
    .poll(async () => {
      const { items } = await ada.get<{ items: { body: string }[] }>(`/tasks/${key}/comments`);
      return items.map(({ body }) => body);
    })
    .toContain('No: The tests fail');
});

test('somebody else is asked in her place', async ({ ada, browser }) => {
  const key = await askAbout(ada, 'Passed on');
  const page = await mia.open(browser, '/approvals');
  await card(page, key).getByRole('link', { name: 'Release needs a yes' }).click();
  await page.getByRole('button', { name: 'Let somebody else answer' }).click();
  await page.getByRole('combobox', { name: 'Who' }).click();
  await page.getByRole('option', { name: 'Otto Other' }).click();
  await page.getByRole('button', { name: 'Pass it on' }).click();
  await expect(page.getByText('Otto Other may answer for Mia Manager')).toBeVisible();
});

test('what was settled meanwhile is said, not done twice', async ({ ada, browser }) => {
  const key = await askAbout(ada, 'Too slow');
  const page = await mia.open(browser, '/approvals');
  await expect(card(page, key)).toBeVisible();
  // The page hears nothing of what is settled elsewhere just now.
  await page.route('**/api/v1/approvals?*', (route) => route.abort());
  const { items } = await mia.get<{ items: { id: string; message: string }[] }>('/approvals');
  const { id } = items.find(({ message }) => message.includes(key))!;
  await mia.post(`/approvals/${id}/decide`, { decision: 'reject' });
  await card(page, key).getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('It was settled meanwhile')).toBeVisible();
});
