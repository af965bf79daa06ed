/** What an automatic check finds against WCAG 2.2 AA on the page as it is. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export async function expectAccessible(page: Page) {
  // What fades in is judged as it will be.
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined))));
  // Toasts come and go by a transition that is not among those when it has not begun yet.
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.mantine-Notification-root')].every((one) => getComputedStyle(one).opacity === '1'),
  );
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  expect(
    violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(-160)} (${failureSummary?.slice(0, 300)})`).join(' | ')}`,
    ),
  ).toEqual([]);
}
