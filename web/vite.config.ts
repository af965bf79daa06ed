import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { compress } from './vite/compress.ts';
import { ruleSchema } from './vite/rule-schema.ts';

// `make web-dev` serves the app with hot reload and passes what is not the app's to a running server.
const server = process.env.TRACKSIDE_URL ?? 'http://127.0.0.1:8080';

const pwa = VitePWA({
  strategies: 'injectManifest',
  srcDir: 'src',
  filename: 'sw.ts',
  injectRegister: false,
  injectManifest: { globPatterns: ['**/*.{js,css,html,svg,png,woff2}'], maximumFileSizeToCacheInBytes: 4_000_000 },
  manifest: {
    id: '/',
    name: 'Trackside',
    short_name: 'Trackside',
    description: 'Project work that moves by itself: tasks, boards and rules.',
    start_url: '/',
    scope: '/',
    display: 'standalone',
    background_color: '#f6f7f9',
    theme_color: '#3b3fd8',
    categories: ['productivity', 'business'],
    icons: [
      { src: '/icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
      { src: '/icons/icon-192.png', sizes: '192x192', type: 'image/png' },
      { src: '/icons/icon-512.png', sizes: '512x512', type: 'image/png' },
      { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    ],
    shortcuts: [
      { name: 'My work', url: '/my-work' },
      { name: 'New task', url: '/my-work?new' },
      { name: 'Inbox', url: '/notifications' },
    ],
    share_target: { action: '/share', method: 'GET', params: { title: 'title', text: 'text', url: 'url' } },
  },
});

export default defineConfig({
  plugins: [react(), ruleSchema(), pwa, compress(fileURLToPath(new URL('./dist', import.meta.url)))],
  define: { __BUILD__: JSON.stringify(String(Date.now())) },
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    sourcemap: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // What many pages ask for comes in one piece: an icon of its own weighs less than its headers.
        advancedChunks: {
          groups: [
            { name: 'icons', test: /@tabler[\\/]icons-react/, minShareCount: 2 },
            { name: 'kit', test: /node_modules/, minShareCount: 30 },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': server,
      '/hooks': server,
      '/ws': { target: server, ws: true },
    },
  },
});
