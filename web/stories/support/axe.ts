/** What an automatic check finds against WCAG 2.2 AA on the page as it is, in light and in dark colours. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Those that colours decide; what else is found in the light is the same in the dark. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** With `SHOTS=a/folder`, it also leaves a picture of each page that is checked, for people to look at. */
export async function expectAccessible(page: Page) {
  await shoot(page, 'light');
  await expectNothing(page, new AxeBuilder({ page }).withTags(RULES));
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await shoot(page, 'dark');
  await expectNothing(page, new AxeBuilder({ page }).withRules(OF_COLOURS), 'in the dark: ');
  await page.emulateMedia({ colorScheme: 'light' });
}

async function expectNothing(page: Page, axe: AxeBuilder, where = '') {
  // What fades in is judged as it will be.
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined))));
  // Toasts come and go by a transition that is not among those when it has not begun yet.
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.mantine-Notification-root')].every((one) => getComputedStyle(one).opacity === '1'),
  );
  const { violations } = await axe.analyze();
  expect(
    violations.map(
      ({ id, nodes }) =>
        `${where}${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(-160)} (${failureSummary?.slice(0, 300)})`).join(' | ')}`,
    ),
  ).toEqual([]);
}

let shots = 0;

async function shoot(page: Page, scheme: string) {
  if (!process.env.SHOTS) return;
  const { title, project, file } = test.info();
  const story = `${file.split('/').pop()?.split('.')[0]}-${title.replaceAll(/\W+/g, '_').slice(0, 40)}`;
  await page.screenshot({ path: `${process.env.SHOTS}/${project.name}-${story}-${scheme}-${shots++}.png` });
}
