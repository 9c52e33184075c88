/**
 * Two workers at most, since the tests share a machine of two cores with three databases. What starts a
 * whole system, drives a browser or watches a schedule comes after the rest and one file at a time.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const SOAK_TIMEOUT_MS = 60 * 60_000;
const soak = process.env.SOAK === '1';

const alone = [
  'test/journey/**/*.test.ts',
  'test/web-app/*journey.test.ts',
  'test/ingest/collect*.test.ts',
  'test/ingest/modbus.test.ts',
  'test/ingest/bus.test.ts',
];
const all = {
  pool: 'forks',
  testTimeout: soak ? SOAK_TIMEOUT_MS : 90_000,
  hookTimeout: 90_000,
  // A browser on a busy machine answers later than vitest's one second.
  expect: { poll: { timeout: 20_000 } },
  teardownTimeout: 30_000,
} as const;

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    globalSetup: ['test/global-setup.ts'],
    projects: [
      {
        test: {
          ...all,
          name: 'rooms',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { ...all, name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
