import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compress } from './vite/compress.ts';

// `make web-dev` serves the app with hot reload and passes what is not the app's to a running server.
const server = process.env.TRACKSIDE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), compress(fileURLToPath(new URL('./dist', import.meta.url)))],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 700 },
  server: {
    proxy: {
      '/api': server,
      '/hooks': server,
      '/ws': { target: server, ws: true },
    },
  },
});
