/** Build of the browser app: `npx vite build web/app` writes web/app/dist, which the server serves at `/`. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const api = process.env.API_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  root: import.meta.dirname,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 700,
    // Fonts and icons stay files, so that the policy needs no data: sources.
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': { target: api, changeOrigin: false } } },
});
