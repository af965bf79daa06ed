import { defineConfig } from '@playwright/test';
import base from '../playwright.config';

// Figures, not tests: each says what it measured, and fails only when it could not.
export default defineConfig({
  ...base,
  testDir: '.',
  testMatch: '*.bench.ts',
  workers: 1,
  retries: 0,
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [['line']],
  projects: [{ name: 'desktop', use: { viewport: { width: 1280, height: 800 } } }],
});
