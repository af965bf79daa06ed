import { expect, join, PASSWORD, type Page, type Person, test } from '../support';
import { expectAccessible } from '../support/axe';

test.describe.configure({ mode: 'serial' });

let tom: Person;

test.beforeAll(async ({ ada }) => {
  tom = await join(ada, 'Tom Team');
});

const line = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text });

test('somebody is invited, and joins with the link in a browser of their own', async ({ ada, browser, server }) => {
  const page = await ada.open(browser, '/admin');
  await expect(page.getByRole('heading', { level: 1, name: 'Members' })).toBeVisible();
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('E-mail').fill('nia@acme.example');
  await dialog.getByRole('combobox', { name: 'Role' }).click();
  await page.getByRole('option', { name: 'Project manager' }).click();
  await dialog.getByRole('button', { name: 'Invite' }).click();
  const link = (await dialog.getByRole('group', { name: 'Link' }).textContent()) ?? '';
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('list', { name: 'Invitations' })).toContainText('nia@acme.example');

  const context = await browser.newContext();
  const hers = await context.newPage();
  const { pathname, hash } = new URL(link);
  await hers.goto(server.url + pathname + hash);
  await hers.getByLabel('Your name').fill('Nia New');
  await hers.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await hers.getByRole('button', { name: 'Join' }).click();
  await expect(hers.getByRole('button', { name: 'Your menu' })).toBeVisible();

  await page.reload();
  await expect(line(page, 'Nia New')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Invitations' })).toBeHidden();
});

test('a role is changed, and somebody is deactivated and let in again', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/admin/members');
  await page.getByRole('combobox', { name: 'Role of Nia New' }).click();
  await page.getByRole('option', { name: 'Viewer' }).click();
  await expect(page.getByText('Nia New is Viewer now.')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'More for Nia New' }).click();
  await page.getByRole('menuitem', { name: 'Deactivate' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Deactivate' }).click();
  await expect(line(page, 'nia@acme.example')).toBeHidden();
  await page.getByRole('radiogroup', { name: 'Which members' }).getByText('Deactivated').click();
  await page.getByRole('button', { name: 'More for Nia New' }).click();
  await page.getByRole('menuitem', { name: 'Reactivate' }).click();
  await expect(page.getByText('Nobody fits')).toBeVisible();
});

test('a role of one’s own is made; default ones are only shown', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/admin/roles');
  await page.getByRole('button', { name: 'New role' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Auditor');
  await dialog.getByRole('combobox', { name: 'And may' }).fill('audit.view');
  await page.getByRole('option', { name: 'audit.view' }).click();
  await page.keyboard.press('Escape');
  await dialog.getByRole('button', { name: 'Make the role' }).click();
  await expect(page.getByRole('list', { name: 'Own roles' })).toContainText('Auditor');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'More for Viewer' }).click();
  await expect(page.getByRole('menuitem', { name: 'Show permissions' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Delete' })).toHaveCount(0);
});

test('people are put together in a group', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/admin/groups');
  await page.getByRole('button', { name: 'New group' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Releasers');
  await dialog.getByRole('combobox', { name: 'Who is in it' }).fill('Tom');
  await page.getByRole('option', { name: 'Tom Team' }).click();
  await page.keyboard.press('Escape');
  await dialog.getByRole('button', { name: 'Make the group' }).click();
  await expect(line(page, 'Releasers')).toContainText('Tom Team');
  await expectAccessible(page);
});

test('a program gets an account and a token that works', async ({ ada, browser, server }) => {
  const page = await ada.open(browser, '/admin/tokens');
  await page.getByRole('button', { name: 'New service account' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Build server');
  await page.getByRole('dialog').getByRole('button', { name: 'Make it' }).click();
  await page.getByRole('button', { name: 'More for Build server' }).click();
  await expectAccessible(page);
  await page.getByRole('menuitem', { name: 'Tokens' }).click();
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByLabel('What is it for?').fill('Deploys');
  await page.getByRole('button', { name: 'Make the token' }).click();
  const token = (await page.getByRole('group', { name: 'Token' }).textContent()) ?? '';
  const answer = await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  expect((await answer.json()).user.name).toBe('Build server');
});

test('a webhook is made, posted to and given a new secret', async ({ ada, browser, server }) => {
  const page = await ada.open(browser, '/admin/hooks');
  await page.getByRole('button', { name: 'New webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Forms');
  await dialog.getByRole('combobox', { name: 'How its posts are proved' }).click();
  await page.getByRole('option', { name: 'A token' }).click();
  await dialog.getByRole('button', { name: 'Make the webhook' }).click();
  const address = (await dialog.getByRole('group', { name: 'Address' }).textContent()) ?? '';
  const secret = (await dialog.getByRole('group', { name: 'Secret' }).textContent()) ?? '';
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText(secret)).toHaveCount(0);
  const post = () =>
    fetch(server.url + new URL(address).pathname, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: '{"form":"contact"}',
    }).then(({ status }) => status);
  expect(await post()).toBeLessThan(300);

  await page.getByRole('button', { name: 'More for Forms' }).click();
  await page.getByRole('menuitem', { name: 'New secret' }).click();
  await dialog.getByRole('button', { name: 'Give it a new secret' }).click();
  await expect(dialog.getByRole('group', { name: 'Secret' })).not.toHaveText(secret);
  expect(await post()).toBe(401);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'More for Forms' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete the webhook' }).click();
  await expect(page.getByText('No webhooks yet')).toBeVisible();
});

test('a secret is set and never shown', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/admin/secrets');
  const seen: string[] = [];
  page.on('response', async (answer) => {
    if (answer.url().includes('/secrets')) seen.push(await answer.text().catch(() => ''));
  });
  await page.getByRole('button', { name: 'New secret' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('DEPLOY_TOKEN');
  await dialog.getByLabel('Value').fill('dpl_8c1f0e2a77');
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(line(page, 'DEPLOY_TOKEN')).toContainText('by Ada Lovelace');
  await expectAccessible(page);
  await page.reload();
  await expect(line(page, 'DEPLOY_TOKEN')).toBeVisible();
  await expect(page.getByText('dpl_8c1f0e2a77')).toHaveCount(0);
  expect(seen.join()).not.toContain('dpl_8c1f0e2a77');
});

test('a variable is set and changed', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/admin/variables');
  await page.getByRole('button', { name: 'New variable' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('LOUD');
  await dialog.getByRole('textbox', { name: 'Value' }).fill('["high"]');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(line(page, 'LOUD')).toContainText('["high"]');
  await expectAccessible(page);
  const { value } = await ada.get<{ value: string[] }>('/variables/LOUD');
  expect(value).toEqual(['high']);
});

test('a queue is paused and resumed', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/admin/operations');
  const state = page.getByRole('status', { name: /^deliveries:/ });
  await expect(state).toHaveText('At work');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'More for deliveries' }).click();
  await page.getByRole('menuitem', { name: 'Pause', exact: true }).click();
  await page.getByRole('button', { name: 'Pause the queue' }).click();
  await expect(state).toHaveText(/^Paused/);
  expect((await ada.get<{ paused: boolean }>('/queues/deliveries')).paused).toBe(true);
  await page.getByRole('button', { name: 'More for deliveries' }).click();
  await page.getByRole('menuitem', { name: 'Resume' }).click();
  await expect(state).toHaveText('At work');
});

test('the audit log tells what was done, and is exported', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/admin/audit');
  await page.getByLabel('What').fill('secret.*');
  await expect(line(page, 'secret.set').first()).toContainText('Ada Lovelace');
  await expect(line(page, 'hook.')).toHaveCount(0);
  await expectAccessible(page);
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  expect((await saved).suggestedFilename()).toBe('audit.ndjson');
});

test('connections and working time have their pages', async ({ ada, browser }) => {
  const page = await ada.open(browser, '/admin/connections');
  await expect(page.getByText('No connections yet')).toBeVisible();
  await expectAccessible(page);
  await page.goto('/admin/calendar');
  await expect(page.getByRole('checkbox', { name: 'Monday' })).toBeVisible();
  await expectAccessible(page);
});

test('who looks after nothing is offered no administration', async ({ browser }, { project }) => {
  const page = await tom.open(browser, '/approvals');
  if (project.name === 'phone') await page.getByRole('button', { name: 'More' }).click();
  const places = page.getByRole('navigation', { name: 'Places' });
  await expect(places.getByRole('link', { name: 'Rules' })).toBeVisible();
  await expect(places.getByRole('link', { name: 'Administration' })).toHaveCount(0);
});
