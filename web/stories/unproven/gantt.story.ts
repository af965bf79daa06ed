import { expect, join, type Page, type Person, test } from '../support';
import { expectAccessible } from '../support/axe';

test.describe.configure({ mode: 'serial' });

interface Item {
  id: string;
  key: string;
  start: string;
  finish: string;
}
const onPhone = (page: Page) => (page.viewportSize()?.width ?? 0) < 500;

/** A plan of three tasks after each other, one beside them, and one of a part. */
async function plan(ada: Person, key: string) {
  await ada.post('/projects', { key, name: `Plan ${key}` });
  const at = (day: string, hour = 9) => `2027-03-${day}T${String(hour).padStart(2, '0')}:00:00Z`;
  const make = (task: object) => ada.post<{ id: string; key: string }>(`/projects/${key}/tasks`, task);
  const a = await make({ title: 'Draw it', start_at: at('01'), due_at: at('02', 17) });
  const b = await make({ title: 'Build it', start_at: at('03'), due_at: at('05', 17) });
  const c = await make({ title: 'Try it' });
  const d = await make({ title: 'Write about it', start_at: at('01'), due_at: at('01', 17) });
  await ada.post(`/tasks/${b.key}/dependencies`, { predecessor: a.key });
  await ada.post(`/tasks/${c.key}/dependencies`, { predecessor: b.key });
  return { a, b, c, d };
}

async function dates(ada: Person, key: string, task: string) {
  const { items } = await ada.get<{ items: Item[] }>(`/projects/${key}/timeline`);
  const item = items.find((one) => one.key === task);
  return [item?.start.slice(0, 10), item?.finish.slice(0, 10)];
}

const bar = (page: Page, key: string) => page.getByRole('button', { name: new RegExp(`^${key} `) });

async function openChart(ada: Person, browser: Parameters<Person['open']>[0], key: string, page?: Page) {
  const opened = page ?? (await ada.open(browser, `/projects/${key}/timeline`));
  if (onPhone(opened)) await opened.getByText('Chart', { exact: true }).click();
  await expect(bar(opened, `${key}-1`)).toBeVisible();
  return opened;
}

/** Holds the middle of something and lets it go elsewhere. */
async function pull(page: Page, from: { x: number; y: number }, to: { x: number; y: number }) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
}
const middle = async (selector: ReturnType<typeof bar>) => {
  const box = await selector.boundingBox();
  if (!box) throw new Error('It is not there.');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};

test('a bar that is dragged moves its task and what waits for it, and can be put back', async ({
  ada,
  browser,
}, info) => {
  test.skip(info.project.name === 'phone', 'A finger scrolls the chart; the form is the way there.');
  await plan(ada, 'DRAG');
  const page = await openChart(ada, browser, 'DRAG');
  await page.getByText('Day', { exact: true }).click();
  const from = await middle(bar(page, 'DRAG-1'));
  await pull(page, from, { x: from.x + 44 * 2, y: from.y });
  await expect.poll(() => dates(ada, 'DRAG', 'DRAG-1')).toEqual(['2027-03-03', '2027-03-04']);
  await expect.poll(() => dates(ada, 'DRAG', 'DRAG-2')).toEqual(['2027-03-05', '2027-03-09']);
  await expect(bar(page, 'DRAG-2')).toHaveAccessibleName(/Mar 5 – 9, 2027/);
  await expect(bar(page, 'DRAG-3')).toHaveAccessibleName(/Mar 10, 2027/);

  const task = await ada.get<{ start_at: string; due_at: string }>('/tasks/DRAG-1');
  expect([task.start_at, task.due_at]).toEqual(['2027-03-03T09:00:00Z', '2027-03-04T17:00:00Z']);

  await page.getByRole('button', { name: 'Undo the last move' }).click();
  await expect.poll(() => dates(ada, 'DRAG', 'DRAG-1')).toEqual(['2027-03-01', '2027-03-02']);
  await expect(bar(page, 'DRAG-2')).toHaveAccessibleName(/Mar 3 – 5, 2027/);

  const box = await bar(page, 'DRAG-2').boundingBox();
  const end = { x: (box?.x ?? 0) + (box?.width ?? 0) - 1, y: (box?.y ?? 0) + 10 };
  await pull(page, end, { x: end.x - 44, y: end.y });
  await expect.poll(() => dates(ada, 'DRAG', 'DRAG-2')).toEqual(['2027-03-03', '2027-03-04']);
  await expect(bar(page, 'DRAG-3')).toHaveAccessibleName(/Mar 5, 2027/);
});

test('the keyboard moves and resizes a bar, over days on which nobody works', async ({ ada, browser }, info) => {
  const key = `KEY${info.project.name === 'phone' ? 'P' : 'D'}`;
  await plan(ada, key);
  const page = await openChart(ada, browser, key);
  await bar(page, `${key}-2`).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => dates(ada, key, `${key}-2`)).toEqual(['2027-03-08', '2027-03-10']);
  await page.keyboard.press('Shift+ArrowRight');
  await expect.poll(() => dates(ada, key, `${key}-2`)).toEqual(['2027-03-08', '2027-03-11']);
  await expect(bar(page, `${key}-3`)).toHaveAccessibleName(/Mar 12, 2027/);
  await page.keyboard.press('ArrowUp');
  await expect(bar(page, `${key}-1`)).toBeFocused();
});

test('a line from bar to bar makes a dependency; a circle is refused, and its way is shown', async ({
  ada,
  browser,
}, info) => {
  test.skip(info.project.name === 'phone', 'The form is the way there.');
  await plan(ada, 'LINK');
  const page = await openChart(ada, browser, 'LINK');
  await page.getByText('Day', { exact: true }).click();
  const draw = async (from: string, to: string) => {
    await bar(page, from).hover();
    const dot = await middle(bar(page, from).locator('[data-link=finish]'));
    const box = await bar(page, to).boundingBox();
    await pull(page, dot, { x: (box?.x ?? 0) + 4, y: (box?.y ?? 0) + 10 });
  };
  await draw('LINK-1', 'LINK-4');
  await expect(bar(page, 'LINK-4')).toHaveAccessibleName(/Mar 3, 2027/);
  const made = await ada.get<{ items: { type: string }[] }>('/tasks/LINK-4/dependencies');
  expect(made.items.map(({ type }) => type)).toEqual(['FS']);

  await draw('LINK-3', 'LINK-1');
  const refusal = page.getByRole('dialog');
  await expect(refusal.getByText('They would wait for each other')).toBeVisible();
  await expect(refusal.getByRole('listitem')).toHaveText([
    /LINK-1 Draw it/,
    /LINK-2 Build it/,
    /LINK-3 Try it/,
    /LINK-1 Draw it/,
  ]);
  await refusal.getByRole('button', { name: 'Close' }).click();

  // How long lies between is said on the line itself.
  const on = await page
    .locator('[data-dependency="LINK-1 LINK-4"] path')
    .first()
    .evaluate((line) => {
      const path = line as unknown as SVGPathElement;
      const { x, y } = path.getPointAtLength(path.getTotalLength() / 2);
      const at = new DOMPoint(x, y).matrixTransform(path.getScreenCTM() ?? undefined);
      return { x: at.x, y: at.y };
    });
  await page.mouse.click(on.x, on.y);
  const form = page.getByRole('dialog', { name: 'Dependency' });
  await form.getByLabel('Days between').fill('2');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(bar(page, 'LINK-4')).toHaveAccessibleName(/Mar 5, 2027/);
});

test('the form sets dates and what waits for what, on every width', async ({ ada, browser }, info) => {
  const key = `FORM${info.project.name === 'phone' ? 'P' : 'D'}`;
  await plan(ada, key);
  const page = await ada.open(browser, `/projects/${key}/timeline`);
  if (onPhone(page)) await page.locator(`[data-task=${key}-4]`).click();
  else await bar(page, `${key}-4`).press('Enter');
  const form = page.getByRole('dialog');
  await form.getByLabel('Working days').fill('3');
  await form.getByRole('button', { name: 'Save dates' }).click();
  await expect.poll(() => dates(ada, key, `${key}-4`)).toEqual(['2027-03-01', '2027-03-03']);
  await expect(form).toBeHidden();

  if (onPhone(page)) await page.locator(`[data-task=${key}-1]`).click();
  else await bar(page, `${key}-1`).press('Enter');
  await form.getByLabel('Task', { exact: true }).click();
  await page.getByRole('option', { name: /Try it/ }).click();
  await form.getByRole('button', { name: 'Add' }).click();
  await expect(form.getByText('They would wait for each other')).toBeVisible();
});

test('the critical path is marked, also without colours, and what others do appears', async ({
  ada,
  browser,
}, info) => {
  const key = `CRIT${info.project.name === 'phone' ? 'P' : 'D'}`;
  await plan(ada, key);
  const page = await openChart(ada, browser, key);
  await expect(bar(page, `${key}-2`)).toHaveAccessibleName(/on the critical path/);
  await expect(bar(page, `${key}-4`)).not.toHaveAccessibleName(/critical/);
  await page.getByRole('button', { name: 'Critical path', exact: true }).click();
  await expect(bar(page, `${key}-2`)).not.toHaveAccessibleName(/critical/);
  await page.getByRole('button', { name: 'Critical path', exact: true }).click();

  await page.getByRole('button', { name: 'Baseline' }).click();
  await page.getByRole('menuitem', { name: /Keep the plan/ }).click();
  await page.getByLabel('Name').fill('As agreed');
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await expect(page.locator(`[data-baseline=${key}-1]`)).toBeAttached();

  await ada.patch(`/tasks/${key}-4`, {
    title: 'Tell everybody',
    start_at: '2027-03-09T09:00:00Z',
    due_at: '2027-03-09T17:00:00Z',
  });
  await expect(bar(page, `${key}-4`)).toHaveAccessibleName(/Tell everybody, Mar 9, 2027, on the critical path/);

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'More for the timeline' }).click();
  await page.getByRole('menuitem', { name: 'Save as PNG' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe(`${key} timeline.png`);
  const { readFile } = await import('node:fs/promises');
  const bytes = await readFile(await file.path());
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  expect(bytes.length).toBeGreaterThan(10_000);
});

test('whoever may only look moves nothing, and the page has no barrier', async ({ ada, browser }, info) => {
  const key = `LOOK${info.project.name === 'phone' ? 'P' : 'D'}`;
  await plan(ada, key);
  const eve = await join(ada, info.project.name === 'phone' ? 'Eve Phone' : 'Viv Desk', 'viewer');
  const page = await openChart(ada, browser, key, await eve.open(browser, `/projects/${key}/timeline`));
  await expect(bar(page, `${key}-1`).locator('[data-grip], [data-link]')).toHaveCount(0);
  await bar(page, `${key}-1`).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog').getByLabel('Start', { exact: true })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Save dates' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  expect(await dates(ada, key, `${key}-1`)).toEqual(['2027-03-01', '2027-03-02']);

  const mine = await openChart(ada, browser, key);
  await expect(mine.locator('[data-link]').first()).toBeAttached();
  await expectAccessible(mine);
});
