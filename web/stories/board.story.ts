import { expect, join, type Page, type Person, test } from './support';
import { expectAccessible } from './support/axe';

const isPhone = (page: Page) => (page.viewportSize()?.width ?? 0) < 500;

/** A project with these tasks, by title and status. */
async function project(ada: Person, key: string, tasks: Record<string, string> = {}) {
  await ada.post('/projects', { key, name: `Project ${key}` });
  for (const [title, status] of Object.entries(tasks)) {
    await ada.post(`/projects/${key}/tasks`, { title, status });
  }
}

const card = (page: Page, key: string) => page.locator(`[data-card="${key}"]`);
const column = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const statusOf = async (ada: Person, key: string) => (await ada.get<{ status: string }>(`/tasks/${key}`)).status;

/** On a phone one column is on the screen. */
async function look(page: Page, name: string) {
  if (isPhone(page)) await page.getByRole('tab', { name: new RegExp(`^${name} \\d`) }).click();
}

const middle = async (page: Page, key: string) => {
  const box = (await card(page, key).boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height - 12 };
};

async function grab(page: Page, key: string) {
  const { x, y } = await middle(page, key);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 12, y, { steps: 3 });
}

async function hover(page: Page, name: string) {
  const box = (await column(page, name).boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + 120, { steps: 8 });
}

/** A finger: Chromium's own, since a page cannot make touches that the browser takes for real. */
async function finger(page: Page) {
  const cdp = await page.context().newCDPSession(page);
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', x?: number, y?: number) =>
    cdp.send('Input.dispatchTouchEvent', { type, touchPoints: x === undefined ? [] : [{ x, y: y! }] });
  return {
    down: (x: number, y: number) => send('touchStart', x, y),
    async move(from: { x: number; y: number }, to: { x: number; y: number }, steps = 8) {
      for (let step = 1; step <= steps; step++) {
        const part = step / steps;
        await send('touchMove', from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part);
      }
    },
    up: () => send('touchEnd'),
  };
}

test('an empty board says what it is for, and makes the first task', async ({ ada, browser }) => {
  await project(ada, 'EMPTY');
  const page = await ada.open(browser, '/projects/EMPTY');
  await expect(page.getByRole('heading', { name: 'Each card is a task' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Add the first task' }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill('Water the plants');
  await page.keyboard.press('Enter');
  await expect(card(page, 'EMPTY-1')).toContainText('Water the plants');
});

test('a card is dragged with the mouse', async ({ ada, browser }, { project: { name } }) => {
  test.skip(name === 'phone', 'phones have no mouse');
  await project(ada, 'MOUSE', { 'Paint the fence': 'todo' });
  const page = await ada.open(browser, '/projects/MOUSE');
  await grab(page, 'MOUSE-1');
  await hover(page, 'In progress');
  await page.mouse.up();
  await expect(column(page, 'In progress').locator('[data-card="MOUSE-1"]')).toBeVisible();
  await expect.poll(() => statusOf(ada, 'MOUSE-1')).toBe('in_progress');
});

test('a card is moved with the keyboard alone, and one hears where it is', async ({ ada, browser }, {
  project: { name },
}) => {
  test.skip(name === 'phone', 'phones have no keyboard');
  await project(ada, 'KEYS', { 'Paint the fence': 'todo' });
  const page = await ada.open(browser, '/projects/KEYS');
  await page.getByRole('link', { name: 'Paint the fence' }).focus();
  await page.keyboard.press('Space');
  await expect(page.getByText('Picked up KEYS-1.')).toBeAttached();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByText('KEYS-1 is over In progress.')).toBeAttached();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByText('KEYS-1 is over In review.')).toBeAttached();
  await page.keyboard.press('Space');
  await expect(page.getByText('KEYS-1 was moved to In review.')).toBeAttached();
  await expect(column(page, 'In review').locator('[data-card="KEYS-1"]')).toBeVisible();
  await expect.poll(() => statusOf(ada, 'KEYS-1')).toBe('in_review');
});

test('a card is moved by its menu, without dragging', async ({ ada, browser }) => {
  await project(ada, 'MENU', { 'Paint the fence': 'todo' });
  const page = await ada.open(browser, '/projects/MENU');
  await page.getByRole('button', { name: 'More for MENU-1' }).click();
  await expectAccessible(page);
  await page.getByRole('menuitem', { name: 'Blocked' }).click();
  await look(page, 'Blocked');
  await expect(column(page, 'Blocked').locator('[data-card="MENU-1"]')).toBeVisible();
  await expect.poll(() => statusOf(ada, 'MENU-1')).toBe('blocked');
});

test('on a phone a long press lifts a card, and it is dropped on the tab of a column', async ({ ada, browser }, {
  project: { name, use },
}) => {
  test.skip(name !== 'phone', 'fingers are on phones');
  await project(ada, 'TOUCH', { 'Paint the fence': 'todo' });
  const page = await ada.open(browser, '/projects/TOUCH', use);
  const from = await middle(page, 'TOUCH-1');
  const touch = await finger(page);
  await touch.down(from.x, from.y);
  await expect(page.getByText('Picked up TOUCH-1.')).toBeAttached();
  const tab = (await page.getByRole('tab', { name: /^In progress/ }).boundingBox())!;
  await touch.move(from, { x: tab.x + tab.width / 2, y: tab.y + tab.height / 2 });
  await expect(page.getByText('TOUCH-1 is over In progress.')).toBeAttached();
  await touch.up();
  await look(page, 'In progress');
  await expect(column(page, 'In progress').locator('[data-card="TOUCH-1"]')).toBeVisible();
  await expect.poll(() => statusOf(ada, 'TOUCH-1')).toBe('in_progress');
});

test('on a phone a swipe completes a card, and that can be undone', async ({ ada, browser }, {
  project: { name, use },
}) => {
  test.skip(name !== 'phone', 'fingers are on phones');
  await project(ada, 'SWIPE', { 'Paint the fence': 'in_progress' });
  const page = await ada.open(browser, '/projects/SWIPE', use);
  await look(page, 'In progress');
  const { y } = await middle(page, 'SWIPE-1');
  const touch = await finger(page);
  await touch.down(60, y);
  await touch.move({ x: 60, y }, { x: 260, y });
  await touch.up();
  await expect.poll(() => statusOf(ada, 'SWIPE-1')).toBe('completed');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => statusOf(ada, 'SWIPE-1')).toBe('in_progress');
  await expect(card(page, 'SWIPE-1')).toBeVisible();
});

test('two people see what the other does, and that they are there', async ({ ada, browser }) => {
  await project(ada, 'LIVE', { 'Paint the fence': 'todo' });
  const bob = await join(ada, 'Bob Noyce');
  const hers = await ada.open(browser, '/projects/LIVE');
  await expect(card(hers, 'LIVE-1')).toBeVisible();
  const his = await bob.open(browser, '/projects/LIVE');
  await expect(hers.getByRole('img', { name: 'Here now: Bob Noyce' })).toBeVisible();
  await expect(his.getByRole('img', { name: 'Here now: Ada Lovelace' })).toBeVisible();

  await hers.getByRole('button', { name: 'More for LIVE-1' }).click();
  await hers.getByRole('menuitem', { name: 'In review' }).click();
  await look(his, 'In review');
  await expect(column(his, 'In review').locator('[data-card="LIVE-1"]')).toBeVisible();
  await ada.post('/projects/LIVE/tasks', { title: 'Made elsewhere', status: 'in_review' });
  await expect(card(his, 'LIVE-2')).toBeVisible();
  await ada.call('DELETE', '/tasks/LIVE-2');
  await expect(card(his, 'LIVE-2')).toHaveCount(0);

  await his.close();
  await expect(hers.getByRole('img', { name: /Here now/ })).toHaveCount(0);
});

test('a task is added at the head of a column, and with a key from anywhere', async ({ ada, browser }) => {
  await project(ada, 'ADD', { 'Paint the fence': 'todo' });
  const page = await ada.open(browser, '/projects/ADD');
  await look(page, 'Blocked');
  await page.getByRole('button', { name: 'Add a task to Blocked' }).click();
  await page.getByRole('textbox', { name: 'Title of a new task in Blocked' }).fill('Wait for paint');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Wait for brushes');
  await page.keyboard.press('Enter');
  await expect(column(page, 'Blocked').getByText('Wait for paint')).toBeVisible();
  await expect(column(page, 'Blocked').getByText('Wait for brushes')).toBeVisible();
  await page.keyboard.press('Escape');

  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('c');
  await expect(page.getByRole('textbox', { name: 'Title' })).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.type('Buy paint');
  await page.getByRole('dialog').getByRole('combobox', { name: 'Assignee' }).click();
  await page.getByRole('option', { name: /Ada Lovelace/ }).click();
  await page.getByLabel('Due').fill('2027-03-01');
  await page.getByRole('button', { name: 'Add task' }).click();
  await expect(page.getByText('ADD-4')).not.toHaveCount(0);
  const made = await ada.get<{ title: string; assignees: string[]; due_at: string }>('/tasks/ADD-4');
  expect(made).toMatchObject({ title: 'Buy paint', assignees: [ada.signedIn.user.id] });
  expect(made.due_at).toContain('2027-03-01');
});

test('columns that the workflow closes are shown as such while a card is dragged', async ({ ada, browser }, {
  project: { name },
}) => {
  test.skip(name === 'phone', 'phones have no mouse');
  await project(ada, 'WAYS', { 'Paint the fence': 'todo' });
  const statuses = [
    { key: 'todo', name: 'To do', category: 'todo' },
    { key: 'doing', name: 'Doing', category: 'in_progress' },
    { key: 'done', name: 'Done', category: 'done' },
  ];
  const transitions = [
    { from: 'todo', to: 'doing' },
    { from: 'doing', to: 'done' },
  ];
  await ada.put('/projects/WAYS/workflow', { statuses, transitions, initial: 'todo' });
  const page = await ada.open(browser, '/projects/WAYS');
  await grab(page, 'WAYS-1');
  await expect(column(page, 'Done').getByText('WAYS-1 cannot go here.')).toBeVisible();
  await expect(column(page, 'Doing').getByText('cannot go here')).toHaveCount(0);
  await hover(page, 'Done');
  await page.mouse.up();
  await expect(column(page, 'To do').locator('[data-card="WAYS-1"]')).toBeVisible();
  expect(await statusOf(ada, 'WAYS-1')).toBe('todo');
  await page.getByRole('button', { name: 'More for WAYS-1' }).click();
  await expect(page.getByRole('menuitem', { name: 'Done' })).toBeDisabled();
});

test('a move that the server refuses goes back, and says why', async ({ ada, browser }) => {
  await project(ada, 'BACK', { 'Paint the fence': 'todo' });
  const page = await ada.open(browser, '/');
  // This page hears of nothing, so it does not know that the way is closed.
  await page.routeWebSocket(/\/ws$/, () => {});
  await page.goto('/projects/BACK');
  await expect(card(page, 'BACK-1')).toBeVisible();
  const workflow = await ada.get<{ statuses: unknown[] }>('/projects/BACK/workflow');
  await ada.put('/projects/BACK/workflow', { ...workflow, transitions: [{ from: 'todo', to: 'in_review' }] });
  await page.getByRole('button', { name: 'More for BACK-1' }).click();
  await page.getByRole('menuitem', { name: 'Blocked' }).click();
  await expect(page.getByRole('alert')).toContainText('in_review');
  await look(page, 'Todo');
  await expect(column(page, 'Todo').locator('[data-card="BACK-1"]')).toBeVisible();
});

test('what is looked for stands in the address', async ({ ada, browser }) => {
  await project(ada, 'FIND', { 'Paint the fence': 'todo', 'Mow the lawn': 'todo' });
  await ada.patch('/tasks/FIND-2', { labels: ['garden'], priority: 'high' });
  const page = await ada.open(browser, '/projects/FIND');
  await page.getByRole('searchbox', { name: 'Find cards' }).fill('lawn');
  await expect(card(page, 'FIND-1')).toHaveCount(0);
  await expect(card(page, 'FIND-2')).toBeVisible();
  await expect(page).toHaveURL(/q=lawn/);
  await page.goto('/projects/FIND?label=garden&priority=high');
  await expect(card(page, 'FIND-2')).toBeVisible();
  await expect(card(page, 'FIND-1')).toHaveCount(0);
});

test('who may only look is offered nothing else', async ({ ada, browser }) => {
  await project(ada, 'LOOK', { 'Paint the fence': 'todo' });
  const vera = await join(ada, 'Vera Viewer', 'viewer');
  const page = await vera.open(browser, '/projects/LOOK');
  await expect(card(page, 'LOOK-1')).toBeVisible();
  await expect(card(page, 'LOOK-1')).not.toHaveAttribute('data-movable');
  await expect(page.getByRole('button', { name: /Add a task/ })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'New task' })).toHaveCount(0);
  await page.getByRole('button', { name: 'More for LOOK-1' }).click();
  await expect(page.getByRole('menuitem', { name: 'Open' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Blocked' })).toHaveCount(0);
});

test('a board of thousands shows the few that are on the screen, and is accessible', async ({ ada, browser }) => {
  await project(ada, 'MANY');
  for (let batch = 0; batch < 2; batch++) {
    const operations = Array.from({ length: 600 }, (_, at) => ({
      op: 'create',
      project: 'MANY',
      task: { title: `Task ${batch}-${at}`, labels: ['text'], priority: 'high', due_at: '2026-01-01T00:00:00Z' },
    }));
    await ada.post('/tasks/batch', { operations });
  }
  const page = await ada.open(browser, '/projects/MANY');
  await expect(
    isPhone(page) ? page.getByRole('tab', { name: 'Todo 1200' }) : column(page, 'Todo').getByText('1200 tasks'),
  ).toBeVisible();
  expect(await page.locator('[data-card]').count()).toBeLessThan(60);
  await expectAccessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
});
