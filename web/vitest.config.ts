import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { ruleSchema } from './vite/rule-schema.ts';

export default defineConfig({
  plugins: [ruleSchema()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  test: { include: ['src/**/*.test.ts'] },
});
