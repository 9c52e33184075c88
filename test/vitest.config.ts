/** Two workers at most, since the tests share a machine of two cores with three databases. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const SOAK_TIMEOUT_MS = 60 * 60_000;
const soak = process.env.SOAK === '1';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: soak ? SOAK_TIMEOUT_MS : 90_000,
    hookTimeout: 90_000,
    teardownTimeout: 90_000,
  },
});
