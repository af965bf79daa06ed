/** What the app costs whoever opens it: bytes, scores of Lighthouse, frames, and how soon others see a change. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import lighthouse from 'lighthouse';
import desktop from 'lighthouse/core/config/desktop-config.js';
import { expect, join, PASSWORD, setUp, test } from '../stories/support';
import { freePort, start } from '../stories/support/server';
import { bigProject, frames, many, say, spread } from './measure';

/** Bytes that came over the wire until nothing more was asked for. */
async function firstLoad(context: BrowserContext, address: string, ready: (page: Page) => Promise<void>) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  let bytes = 0;
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  const began = Date.now();
  await page.goto(address);
  await ready(page);
  const took = Date.now() - began;
  // What the service worker keeps for later is not asked for by the page.
  const load = `${(bytes / 1000).toFixed(0)} kB, there after ${took} ms`;
  await page.close();
  return load;
}

test('first load', async ({ ada, browser, server }) => {
  await ada.post('/projects', { key: 'FIRST', name: 'First' });
  await ada.post('/projects/FIRST/tasks', { title: 'Paint the fence' });
  const options = { baseURL: server.url, serviceWorkers: 'block' as const };
  const stranger = await browser.newContext(options);
  say(
    'first load, sign-in (aim: under 250 kB)',
    await firstLoad(stranger, '/', (page) => expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()),
  );
  const opened = await ada.open(browser, '/account', options);
  await opened.close();
  const board = await ada.open(browser, 'about:blank', options);
  say(
    'first load, board (aim: under 250 kB)',
    await firstLoad(board.context(), '/projects/FIRST', (page) =>
      expect(page.locator('[data-card="FIRST-1"]')).toBeVisible(),
    ),
  );
});

test('what another browser sees', async ({ ada, browser }) => {
  await ada.post('/projects', { key: 'LIVE', name: 'Live' });
  await ada.post('/projects/LIVE/tasks', { title: 'Paint the fence', status: 'todo' });
  const bea = await join(ada, 'Bea');
  await ada.put('/projects/LIVE/members/bea@acme.example', { role: 'member' }).catch(() => undefined);
  const watcher = bea;
  const [mine, theirs] = await Promise.all([
    ada.open(browser, '/projects/LIVE'),
    watcher.open(browser, '/projects/LIVE'),
  ]);
  await expect(mine.locator('[data-card="LIVE-1"]')).toBeVisible();
  await expect(theirs.locator('[data-card="LIVE-1"]')).toBeVisible();
  await mine.waitForLoadState('networkidle');
  const delays: number[] = [];
  for (let round = 0; round < 30; round++) {
    const [there, word] = round % 2 ? ['To do', 'ArrowLeft'] : ['In progress', 'ArrowRight'];
    const seen = theirs.evaluate(
      (name) =>
        new Promise<number>((done) => {
          const look = () => {
            const column = [...document.querySelectorAll('section,[role=region]')].find(
              (one) =>
                one.getAttribute('aria-label') === name || one.querySelector('h2,h3')?.textContent?.trim() === name,
            );
            if (!column?.querySelector('[data-card="LIVE-1"]')) return false;
            watch.disconnect();
            done(Date.now());
            return true;
          };
          const watch = new MutationObserver(look);
          watch.observe(document.body, { childList: true, subtree: true, attributes: true });
          look();
        }),
      there,
    );
    await mine.getByRole('link', { name: 'Paint the fence' }).focus();
    await mine.keyboard.press('Space');
    await mine.keyboard.press(word);
    await mine.evaluate(() =>
      window.addEventListener(
        'keydown',
        () => {
          (window as unknown as { dropped: number }).dropped = Date.now();
        },
        { capture: true, once: true },
      ),
    );
    await mine.keyboard.press('Space');
    const dropped = () => mine.evaluate(() => (window as unknown as { dropped: number }).dropped);
    delays.push((await seen) - (await dropped()));
    await expect(mine.getByRole('region', { name: there, exact: true }).locator('[data-card="LIVE-1"]')).toBeVisible();
  }
  say('a card dropped in one browser is in its column in another (aim: 200 ms)', spread(delays));
});

test('a board of 5,000 tasks', async ({ ada, browser }) => {
  await bigProject(ada, 'BIG', 5000);
  const began = Date.now();
  const page = await ada.open(browser, '/projects/BIG');
  await expect(page.locator('[data-card]').first()).toBeVisible();
  say('board of 5,000 tasks, from nothing to its first cards', `${Date.now() - began} ms`);
  await page.waitForLoadState('networkidle');
  const box = (await page.getByRole('region', { name: 'In progress', exact: true }).boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + 300);
  const scrolled = await frames(page, async () => {
    for (let turn = 0; turn < 120; turn++) {
      await page.mouse.wheel(0, turn % 60 < 40 ? 240 : -240);
      await page.waitForTimeout(16);
    }
  });
  say('scrolling it, between frames (aim: 60 a second)', spread(scrolled));
  const card = page.getByRole('region', { name: 'To do', exact: true }).locator('[data-card]').nth(1);
  const from = (await card.boundingBox())!;
  await page.mouse.move(from.x + 80, from.y + from.height - 12);
  await page.mouse.down();
  const dragged = await frames(page, async () => {
    for (let step = 0; step < 120; step++) {
      await page.mouse.move(from.x + 90 + step * 5, from.y + 40 + (step % 30));
      await page.waitForTimeout(16);
    }
  });
  say('dragging a card over it, between frames', spread(dragged));
  const dropped = await frames(page, async () => {
    await page.mouse.up();
    await page.waitForTimeout(800);
  });
  say('dropping it there, the longest frame', `${Math.round(Math.max(...dropped))} ms`);
});

test('a timeline of 2,000 tasks', async ({ ada, browser }) => {
  const day = (n: number, hour: number) => new Date(Date.UTC(2027, 0, 4 + Math.floor(n / 12), hour)).toISOString();
  await bigProject(ada, 'PLAN', 2000, (n) => ({ start_at: day(n, 9), due_at: day(n + 24, 17) }));
  await many(600, (n) => ada.post(`/tasks/PLAN-${3 * n + 2}/dependencies`, { predecessor: `PLAN-${3 * n + 1}` }));
  const began = Date.now();
  const page = await ada.open(browser, '/projects/PLAN/timeline');
  const bars = page.getByRole('button', { name: /^PLAN-\d+ / });
  await expect(bars.first()).toBeVisible();
  say('timeline of 2,000 tasks, from nothing to its first bars', `${Date.now() - began} ms`);
  await page.waitForLoadState('networkidle');
  const box = (await bars.first().boundingBox())!;
  await page.mouse.move(box.x + 10, box.y + 200);
  for (const [way, dx, dy] of [
    ['downwards', 0, 120],
    ['sideways', 120, 0],
  ] as const) {
    const times = await frames(page, async () => {
      for (let turn = 0; turn < 120; turn++) {
        await page.mouse.wheel(turn % 60 < 40 ? dx : -dx, turn % 60 < 40 ? dy : -dy);
        await page.waitForTimeout(16);
      }
    });
    say(`scrolling it ${way}, between frames`, spread(times));
  }
});

test('Lighthouse', async () => {
  const server = await start();
  const ada = await setUp(server);
  await ada.post('/projects', { key: 'LIGHT', name: 'Light' });
  await many(20, (n) =>
    ada.post('/projects/LIGHT/tasks', { title: `Task ${n}`, status: n % 2 ? 'todo' : 'in_progress' }),
  );
  const rule = await ada.post<{ id: string }>('/rules', {
    name: 'Thank who closes',
    trigger: { on: 'manual' },
    steps: [{ id: 'thanks', action: 'task.comment', with: { task: 'LIGHT-1', body: 'Thank you' } }],
  });
  const port = await freePort();
  const folder = await mkdtemp(path(tmpdir(), 'trackside-light-'));
  const { launchOptions } = test.info().project.use;
  const context = await chromium.launchPersistentContext(folder, {
    ...launchOptions,
    args: [...(launchOptions?.args ?? []), `--remote-debugging-port=${port}`],
    baseURL: server.url,
  });
  const measure = async (name: string, address: string) => {
    for (const [kind, config] of [
      ['desktop', desktop],
      ['phone', undefined],
    ] as const) {
      const result = await lighthouse(
        new URL(address, server.url).href,
        {
          port,
          logLevel: 'error',
          disableStorageReset: true,
          onlyCategories: ['performance', 'accessibility', 'best-practices'],
        },
        config,
      );
      const { categories, audits } = result!.lhr;
      const score = (id: string) => Math.round((categories[id]?.score ?? 0) * 100);
      say(
        `Lighthouse, ${name}, ${kind} (aim: 95, 100, 95)`,
        `performance ${score('performance')}, accessibility ${score('accessibility')}, best practices ${score('best-practices')}`,
      );
      for (const audit of Object.values(audits)) {
        if (audit.score !== null && audit.score < 0.9 && audit.scoreDisplayMode !== 'informative') {
          process.stdout.write(`    ${audit.id} ${audit.score} ${audit.displayValue ?? ''}\n`);
        }
      }
    }
  };
  try {
    await measure('sign-in', '/');
    const page = await context.newPage();
    await page.goto('/');
    await page.getByLabel('E-mail').fill(ada.email);
    await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('button', { name: 'Sign in' })).toBeHidden();
    await page.close();
    await measure('board', '/projects/LIGHT');
    await measure('builder', `/rules/${rule.id}`);
  } finally {
    await context.close();
    await server.end();
    await rm(folder, { recursive: true, force: true });
  }
});
