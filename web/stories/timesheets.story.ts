import { expect, join, type Person, test } from './support';
import { expectAccessible } from './support/axe';

test.describe.configure({ mode: 'serial' });

/** The Monday of the week before this one, so that every day of it is over. */
function lastMonday(): string {
  const day = new Date(Date.now() - 7 * 86_400_000);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}

/** The week of a Monday, as the address names it. */
function weekOf(monday: string): string {
  const thursday = new Date(Date.parse(monday) + 3 * 86_400_000);
  const count = Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000 / 7) + 1;
  return `${thursday.getUTCFullYear()}-W${String(count).padStart(2, '0')}`;
}

const MONDAY = lastMonday();
const WEEK = weekOf(MONDAY);
const sheet = (person: Person) => person.get<{ state: string; minutes: number }>(`/timesheets?week=${WEEK}`);

test('a week is written down, mended, submitted, handed back and approved', async ({ ada, browser }, info) => {
  const phone = info.project.name === 'phone';
  const key = phone ? 'TIMEP' : 'TIMED';
  await ada.post('/projects', { key, name: `Time ${key}` });
  await ada.post(`/projects/${key}/tasks`, { title: 'Draw the floor plan' });
  const name = phone ? 'Pia Phone' : 'Dan Desk';
  const person = await join(ada, name);
  await person.post(`/tasks/${key}-1/time-entries`, {
    started_at: `${MONDAY}T09:00:00Z`,
    minutes: 90,
    note: 'Measured',
  });
  await person.patch('/me', { time_zone: 'UTC' });

  // Another hour is added to the day, and the first entry is mended.
  const page = await person.open(browser, `/time?week=${WEEK}`);
  const day = page.getByRole('button', { name: phone ? /Draw the floor plan/ : /: 1h 30m$/ });
  await expect(day).toBeVisible();
  await expectAccessible(page);
  await day.click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('Measured')).toBeVisible();
  await expect(dialog.getByLabel('From')).toHaveValue('10:30');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Edit 1h 30m' }).click();
  await dialog.getByLabel('How long').fill('2h');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('09:00–11:00')).toBeVisible();
  await dialog.getByLabel('How long').fill('45m');
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect.poll(async () => (await sheet(person)).minutes).toBe(165);

  // Time is added to a task that is not in the week yet, and taken away again.
  await ada.post(`/projects/${key}/tasks`, { title: 'Order the lamps' });
  await page.getByRole('button', { name: 'Add time', exact: true }).click();
  await dialog.getByRole('combobox', { name: 'Task' }).fill('lamps');
  await page.getByRole('option', { name: /Order the lamps/ }).click();
  await dialog.getByLabel('How long').fill('15');
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect.poll(async () => (await sheet(person)).minutes).toBe(180);
  await page.getByRole('button', { name: phone ? /Order the lamps/ : /-2, .*: 15m$/ }).click();
  await dialog.getByRole('button', { name: 'Delete 15m' }).click();
  await expect.poll(async () => (await sheet(person)).minutes).toBe(165);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Submit the week' }).click();
  await expect(page.getByText('Waits for approval')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add time', exact: true })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Approve' })).toHaveCount(0);
  await expectAccessible(page);

  // Whoever manages time hands it back, and approves it when it comes again.
  const manager = await ada.open(browser, '/time/submitted');
  await expect(manager.getByRole('link', { name: new RegExp(name) })).toBeVisible();
  await expectAccessible(manager);
  await manager.getByRole('button', { name: `Hand the week of ${name} back` }).click();
  await manager.getByLabel('What is to be corrected?').fill('Tuesday is missing');
  await manager.getByRole('button', { name: 'Hand it back' }).click();
  await expect(manager.getByRole('heading', { name: 'No week waits for you' })).toBeVisible();
  await expect(page.getByText('“Tuesday is missing”')).toBeVisible();
  await page.getByRole('button', { name: 'Submit the week' }).click();

  await manager.getByRole('link', { name: new RegExp(name) }).click();
  await expect(manager.getByRole('heading', { level: 1, name: 'Week' })).toBeVisible();
  await manager.getByRole('button', { name: 'Approve' }).click();
  await expect(manager.getByText(/approved it/)).toBeVisible();
  await expect(page.getByText(/Ada Lovelace approved it/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Take it back' })).toHaveCount(0);
  await manager.getByRole('button', { name: 'Open it again' }).click();
  await expect(page.getByRole('button', { name: 'Submit the week' })).toBeVisible();
  if (process.env.SHOTS) {
    await page.screenshot({ path: `${process.env.SHOTS}/week-${info.project.name}.png`, fullPage: true });
  }

  // The table of everybody's time.
  await manager.getByRole('button', { name: 'Download CSV' }).click();
  const saved = manager.waitForEvent('download');
  await manager.getByRole('button', { name: 'Download', exact: true }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toContain(MONDAY);
});

test('the timer is started and stopped from the week, and who may only look finds no such place', async ({
  ada,
  browser,
}, info) => {
  const phone = info.project.name === 'phone';
  const key = phone ? 'TICKP' : 'TICKD';
  await ada.post('/projects', { key, name: `Timer ${key}` });
  await ada.post(`/projects/${key}/tasks`, { title: `Call the ${key} office` });
  const page = await ada.open(browser, '/time');
  await expect(
    page
      .getByText('Nothing is written down')
      .or(page.getByRole('button', { name: 'Add time' }))
      .first(),
  ).toBeVisible();
  await page.getByRole('combobox', { name: 'Task to be timed' }).fill(key);
  await page.getByRole('option', { name: new RegExp(`Call the ${key} office`) }).click();
  await page.getByRole('button', { name: 'Start the timer' }).click();
  await expect(page.getByText(/running/)).toBeVisible();
  await page.getByRole('button', { name: 'Stop the timer' }).click();
  await expect(page.getByRole('button', { name: 'Start the timer' })).toBeVisible();

  const vera = await join(ada, phone ? 'Vera Viewer' : 'Will Viewer', 'viewer');
  const looking = await vera.open(browser, '/');
  if (phone) await looking.getByRole('button', { name: 'More' }).click();
  await expect(looking.getByRole('link', { name: 'Projects' }).first()).toBeVisible();
  await expect(looking.getByRole('link', { name: 'Time', exact: true })).toHaveCount(0);
});
