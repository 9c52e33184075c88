/**
 * Two workers for two cores: three take as long, since browsers and databases keep both busy, and each test
 * waits longer. The longest begin first, so that none runs on alone. What has answers to give within a
 * fraction of a second comes after the rest.
 */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const SOAK_TIMEOUT_MS = 60 * 60_000;
const soak = process.env.SOAK === '1';

const timed = [
  'test/ingest/collect.test.ts',
  'test/ingest/modbus.test.ts',
  'test/ingest/bus.test.ts',
];
/** What takes longest, from the longest on; the others follow by their size. */
const longest = [
  'living-park',
  'journey',
  'mistakes-journey',
  'operator-day',
  'crash',
  'collect-crash',
  'intervals-build',
  'start',
  'main',
  'session',
  'tariff-journey',
  'empty-system',
  'fixtures',
  'access',
  'chain',
  'energy',
  'intervals-properties',
  'daily-mistakes',
];

const ofLongest = longest.map((name) => `test/**/${name}.test.ts`);

/**
 * Files that run one after the other in a worker that stays: what they import is loaded once, a second of the processor
 * each. Metrics count what a process has done, so their test has one of its own.
 */
const together = {
  include: ['billing', 'sql', 'analytics', 'web'].map((room) => `test/${room}/**/*.test.ts`),
  exclude: ['test/web/metrics.test.ts', ...ofLongest],
};

/** The longest first; then those with a worker each, so that those who share one follow each other. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification) => {
      const found = longest.indexOf(basename(moduleId, '.test.ts'));
      if (found >= 0) return found;
      return project.name === 'together' ? longest.length + 1 : longest.length;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

const all = {
  pool: 'forks',
  testTimeout: soak ? SOAK_TIMEOUT_MS : 180_000,
  hookTimeout: 180_000,
  // A browser on a busy machine answers later than vitest's one second.
  expect: { poll: { timeout: 60_000 } },
  maxWorkers: 2,
} as const;

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    globalSetup: ['test/global-setup.ts'],
    // Ending the databases and removing their folders.
    teardownTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...all,
          name: 'rooms',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...timed, ...together.include],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...all,
          name: 'own',
          include: [...together.exclude],
          exclude: ['test/{ingest,journey,start,web-app}/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...all,
          ...together,
          name: 'together',
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...all, name: 'timed', include: timed, sequence: { groupOrder: 1 } } },
    ],
  },
});
