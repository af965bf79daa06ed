import { expect, join, type Page, type Person, test } from './support';
import { expectAccessible } from './support/axe';

const isPhone = (page: Page) => (page.viewportSize()?.width ?? 0) < 500;
const day = (page: Page, date: string) => page.locator(`[data-day="${date}"]`);
/** A day of this month, so that the calendar opens on it. */
const date = (of: number) => `${new Date().toISOString().slice(0, 8)}${String(of).padStart(2, '0')}`;

async function project(ada: Person, key: string) {
  await ada.post('/projects', { key, name: `Calendar ${key}` });
  await ada.post(`/projects/${key}/tasks`, { title: 'Send the offer', due_at: `${date(11)}T15:30:00Z` });
  await ada.post(`/projects/${key}/milestones`, { name: 'Signed', due_at: `${date(20)}T12:00:00Z` });
}
const due = async (ada: Person, task: string) => (await ada.get<{ due_at: string }>(`/tasks/${task}`)).due_at;

test('a task is moved to another day by hand, by the keyboard and by its menu, and back', async ({
  ada,
  browser,
}, info) => {
  const key = info.project.name === 'phone' ? 'CALP' : 'CALD';
  await project(ada, key);
  const page = await ada.open(browser, `/projects/${key}/calendar`);
  const chip = page.locator('[data-chip]', { hasText: 'Send the offer' });
  await expect(day(page, date(11))).toContainText('Send the offer');
  await expect(day(page, date(20))).toContainText('Signed');

  await page.getByRole('button', { name: 'Move Send the offer to another day' }).click();
  await page.getByRole('menuitem', { name: 'A day later' }).click();
  await expect(day(page, date(12))).toContainText('Send the offer');
  await expect.poll(() => due(ada, `${key}-1`)).toBe(`${date(12)}T15:30:00Z`);

  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(day(page, date(11))).toContainText('Send the offer');

  await chip.focus();
  await page.keyboard.press('Shift+ArrowDown');
  await expect(day(page, date(18))).toContainText('Send the offer');
  await expect(chip).toBeFocused();
  await expect.poll(() => due(ada, `${key}-1`)).toBe(`${date(18)}T15:30:00Z`);

  if (!isPhone(page)) {
    const from = await chip.boundingBox();
    const to = await day(page, date(16)).boundingBox();
    await page.mouse.move((from?.x ?? 0) + 20, (from?.y ?? 0) + 10);
    await page.mouse.down();
    await page.mouse.move((to?.x ?? 0) + 40, (to?.y ?? 0) + 50, { steps: 8 });
    await page.mouse.up();
    await expect(day(page, date(16))).toContainText('Send the offer');
    await expect.poll(() => due(ada, `${key}-1`)).toBe(`${date(16)}T15:30:00Z`);
  }

  // What others do appears.
  await ada.patch(`/tasks/${key}-1`, { due_at: `${date(5)}T15:30:00Z` });
  await expect(day(page, date(5))).toContainText('Send the offer');
});

test('whoever may only look moves nothing, and the page has no barrier', async ({ ada, browser }, info) => {
  const key = info.project.name === 'phone' ? 'CALQ' : 'CALE';
  await project(ada, key);
  const name = info.project.name === 'phone' ? 'Pia' : 'Dan';
  const viewer = await join(ada, name, 'viewer');
  const page = await viewer.open(browser, `/projects/${key}/calendar`);
  const chip = page.locator('[data-chip]', { hasText: 'Send the offer' });
  await chip.focus();
  await page.keyboard.press('Shift+ArrowDown');
  await expect(page.getByRole('button', { name: /to another day/ })).toHaveCount(0);
  expect(await due(ada, `${key}-1`)).toBe(`${date(11)}T15:30:00Z`);

  const mine = await ada.open(browser, `/projects/${key}/calendar`);
  await expect(mine.getByRole('button', { name: /to another day/ })).toBeVisible();
  await expectAccessible(mine);
});
