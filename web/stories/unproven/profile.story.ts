import { createHmac } from 'node:crypto';
import { expect, join, PASSWORD, type Person, test } from '../support';
import { expectAccessible } from '../support/axe';

test.describe.configure({ mode: 'serial' });

let mia: Person;

test.beforeAll(async ({ ada }) => {
  mia = await join(ada, 'Mia Manager', 'project_manager');
});

/** The code that an app shows for a key now (RFC 6238). */
function codeOf(key: string) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...key.replace(/=+$/, '')].map((each) => letters.indexOf(each).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const number = digest.readUInt32BE((digest.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

test('one says who one is, from the menu', async ({ browser }) => {
  const page = await mia.open(browser, '/approvals');
  await page.getByRole('button', { name: 'Your menu' }).click();
  await page.getByRole('menuitem', { name: 'Your account' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Profile' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Name' }).fill('Mia Meier');
  await page.getByRole('combobox', { name: 'Time zone' }).fill('Europe/Vienna');
  await page.getByRole('option', { name: 'Europe/Vienna' }).click();
  await page.getByRole('button', { name: 'Say your own hours' }).click();
  await page.getByLabel('Friday to').fill('13:00');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Your profile is saved.')).toBeVisible();
  const me = await mia.get<{ user: { name: string }; time_zone: string; working_hours: { friday: object } }>('/me');
  expect(me.user.name).toBe('Mia Meier');
  expect(me.time_zone).toBe('Europe/Vienna');
  expect(me.working_hours.friday).toEqual({ from: '09:00', to: '13:00' });
  await mia.patch('/me', { name: 'Mia Manager', time_zone: null, working_hours: null });
});

test('a wrong password changes nothing and is said at once', async ({ browser }) => {
  const page = await mia.open(browser, '/account/security');
  await page.getByRole('button', { name: 'Change your password' }).click();
  await page.getByLabel('Password so far').fill('not the password');
  await page.getByLabel('New password').fill('another long password');
  await page.getByRole('button', { name: 'Change it' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('alert').or(dialog.locator('[aria-invalid=true]')).first()).toBeVisible();
  await expect(dialog.getByLabel('New password')).toHaveValue('another long password');
});

test('the second factor is set up with a picture and a code, and turned off', async ({ browser }) => {
  const page = await mia.open(browser, '/account/security');
  await page.getByRole('button', { name: 'Set it up' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await expect(dialog.getByRole('img', { name: /QR code/ })).toBeVisible();
  await expectAccessible(page);
  const key = (await dialog.getByRole('group', { name: 'Key' }).textContent()) ?? '';
  await dialog.getByLabel('Code that the app shows').fill(codeOf(key));
  await dialog.getByRole('button', { name: 'Turn it on' }).click();
  await expect(dialog.getByRole('group', { name: 'Recovery codes' })).toBeVisible();
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await expect(page.getByText(/recovery codes left/)).toBeVisible();

  await page.getByRole('button', { name: 'Turn it off' }).click();
  await page.getByRole('dialog').getByLabel('Your password').fill(PASSWORD);
  await page.getByRole('dialog').getByRole('button', { name: 'Turn it off' }).click();
  await expect(page.getByRole('button', { name: 'Set it up' })).toBeVisible();
});

test('sessions are listed, and another one is ended', async ({ browser }) => {
  const page = await mia.open(browser, '/account/security');
  const sessions = page.getByRole('list', { name: 'Sessions' });
  await expect(sessions.getByText('This device')).toHaveCount(1);
  await expectAccessible(page);
  const before = (await mia.get<{ items: object[] }>('/sessions')).items.length;
  await sessions
    .getByRole('button', { name: /^More for the session/ })
    .last()
    .click();
  await page.getByRole('menuitem', { name: 'End this session' }).click();
  await page.getByRole('button', { name: 'End it' }).click();
  await expect(sessions.getByRole('listitem')).toHaveCount(before - 1);
});

test('a token is made, shown once, does what it may and no more, and is deleted', async ({ browser, server }) => {
  const page = await mia.open(browser, '/account/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('What is it for?').fill('Nightly report');
  await dialog.getByRole('combobox', { name: 'What it may do' }).fill('project.view');
  await page.getByRole('option', { name: 'project.view' }).click();
  await page.keyboard.press('Escape');
  await dialog.getByRole('button', { name: 'Make the token' }).click();
  const token = (await dialog.getByRole('group', { name: 'Token' }).textContent()) ?? '';
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText(token)).toHaveCount(0);
  const call = (path: string) =>
    fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } }).then(
      ({ status }) => status,
    );
  expect(await call('/projects')).toBe(200);
  expect(await call('/members')).toBe(403);

  await page.getByRole('button', { name: 'More for Nightly report' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete the token' }).click();
  await expect(page.getByText('No tokens')).toBeVisible();
  expect(await call('/projects')).toBe(401);
});
