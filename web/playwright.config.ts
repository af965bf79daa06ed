import { defineConfig } from '@playwright/test';

// A shared machine can pause for longer than anything here takes; a story that fails for that is played once more.
const shared = Boolean(process.env.CI);

// Each worker has a server of its own (stories/support), so stories do not see each other's data.
export default defineConfig({
  testDir: 'stories',
  testMatch: '*.story.ts',
  fullyParallel: false,
  workers: Number(process.env.WEB_WORKERS ?? 1),
  retries: shared ? 1 : 0,
  timeout: shared ? 150_000 : 60_000,
  expect: { timeout: shared ? 30_000 : 10_000 },
  reporter: [['list']],
  use: {
    // To record a trace costs as much as the story.
    trace: shared ? 'off' : 'retain-on-failure',
    screenshot: 'only-on-failure',
    // What fades and slides is there at once, as for people who ask for that.
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'desktop', use: { viewport: { width: 1280, height: 800 } } },
    { name: 'phone', use: { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true } },
  ],
});
