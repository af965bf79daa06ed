import type { Browser } from '@playwright/test';
import { expect, join, type Person, test } from '../support';
import { expectAccessible } from '../support/axe';

test.use({ file: 'rules' });
test.describe.configure({ mode: 'serial' });

const RULE = {
  name: 'Say hello to urgent work',
  description: 'Urgent work gets a comment.',
  trigger: { on: 'task.created' },
  condition: 'task.priority == "critical"',
  steps: [{ id: 'hi', action: 'task.comment', with: { task: '{{ task.id }}', body: 'Urgent!' } }],
};

const BY_HAND = {
  name: 'Report a bug',
  trigger: { on: 'manual', form: { title: { type: 'string', required: true, label: 'What is broken' } } },
  steps: [{ id: 'make', action: 'task.create', with: { project: 'WEB', title: '{{ inputs.title }}' } }],
};

const open = (person: Person, browser: Browser, at = '/rules') => person.open(browser, at);

test('an empty workspace is shown the way to the first rule', async ({ ada, browser }) => {
  await ada.post('/projects', { key: 'WEB', name: 'Website' });
  const page = await open(ada, browser);
  await expect(page.getByText('Nothing is automatic yet')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Start from a template' }).click();
  await expect(page).toHaveURL(/\/rules\/templates/);
});

test('a rule is switched on, to watching and off, and found by its words and its state', async ({ ada, browser }) => {
  await ada.post('/rules', RULE);
  await ada.post('/rules', { ...BY_HAND, name: 'Report a bug' });
  const page = await open(ada, browser);
  await page.getByRole('button', { name: `${RULE.name}: Draft. Change` }).click();
  await page.getByRole('menuitem', { name: /Switch on/ }).click();
  await expect(page.getByRole('button', { name: `${RULE.name}: On. Change` })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: `${RULE.name}: On. Change` }).click();
  await page.getByRole('menuitem', { name: /Only watch/ }).click();
  await expect(page.getByRole('button', { name: `${RULE.name}: Watching. Change` })).toBeVisible();
  await page.getByRole('textbox', { name: 'Find a rule' }).fill('hello');
  await expect(page.getByRole('link', { name: BY_HAND.name })).toBeHidden();
  await expect(page).toHaveURL(/q=hello/);
  await page.getByRole('textbox', { name: 'Find a rule' }).fill('nothing like it');
  await expect(page.getByText('No rule fits')).toBeVisible();
});

test('what somebody else switches is seen without a reload', async ({ ada, browser }) => {
  const page = await open(ada, browser);
  await expect(page.getByRole('button', { name: `${RULE.name}: Watching. Change` })).toBeVisible();
  const { items } = await ada.get<{ items: { id: string }[] }>('/rules?q=hello');
  await ada.post(`/rules/${items[0]!.id}/enable`);
  await expect(page.getByRole('button', { name: `${RULE.name}: On. Change` })).toBeVisible();
});

test('a rule is run by hand with what its form asks, and its run is shown', async ({ ada, browser }) => {
  const { items } = await ada.get<{ items: { id: string }[] }>('/rules?q=Report');
  await ada.post(`/rules/${items[0]!.id}/enable`);
  const page = await open(ada, browser);
  await page.getByRole('button', { name: `More about ${BY_HAND.name}` }).click();
  await page.getByRole('menuitem', { name: /Run now/ }).click();
  await page.getByLabel('What is broken').fill('The login');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Run now' }).click();
  await expect(page).toHaveURL(/\/runs\/run_/);
  await expect(page.getByRole('status').getByText('Succeeded')).toBeVisible();
  await expect(page.getByText('The login').first()).toBeVisible();
});

test('a rule is duplicated, and deleted after being asked', async ({ ada, browser }) => {
  const page = await open(ada, browser);
  await page.getByRole('button', { name: `More about ${RULE.name}` }).click();
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  await expect(page).toHaveURL(/\/rules\/rule_/);
  await page.goto('/rules');
  const copy = `Copy of ${RULE.name}`;
  await expect(page.getByRole('button', { name: `${copy}: Draft. Change` })).toBeVisible();
  await page.getByRole('button', { name: `More about ${copy}` }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete rule' }).click();
  await expect(page.getByRole('link', { name: copy })).toBeHidden();
});

test('who may only look is offered no switch', async ({ ada, browser }) => {
  const max = await join(ada, 'Max Viewer', 'viewer');
  const page = await open(max, browser);
  await expect(page.getByRole('link', { name: RULE.name })).toBeVisible();
  await expect(page.getByRole('button', { name: /Change$/ })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'New rule' })).toHaveCount(0);
});
