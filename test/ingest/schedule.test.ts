/** Due instants: aligned, staggered by the meter alone, never in the past. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextDueMs, slotsBetween, staggerMs } from '../../ingest/schedule.ts';

const cadences = fc.record({
  seconds: fc.constantFrom(1, 10, 30, 60, 300, 900, 3600),
  meterId: fc.bigInt({ min: 1n, max: 2n ** 62n }).map(String),
});
const instants = fc.integer({ min: 1.5e12, max: 2.5e12 });
const settings = { seed: 20261123, numRuns: 500 };

test('the next reading is after now, within one interval, and on the aligned grid', () => {
  fc.assert(
    fc.property(cadences, instants, fc.integer({ min: 1, max: 8 }), (cadence, now, every) => {
      const due = nextDueMs(cadence, now, every);
      const period = cadence.seconds * 1000 * every;
      expect(due).toBeGreaterThan(now);
      expect(due - now).toBeLessThanOrEqual(period);
      expect((due - staggerMs(cadence)) % period).toBe(0);
    }),
    settings,
  );
});

test('a chain of readings visits every slot once', () => {
  fc.assert(
    fc.property(cadences, instants, (cadence, now) => {
      const first = nextDueMs(cadence, now);
      const second = nextDueMs(cadence, first);
      expect(second - first).toBe(cadence.seconds * 1000);
      expect(slotsBetween(cadence, first, second)).toBe(0);
      expect(slotsBetween(cadence, first, second + 3 * cadence.seconds * 1000)).toBe(3);
    }),
    settings,
  );
});

test('staggers stay within a minute of the boundary, however long the interval', () => {
  fc.assert(
    fc.property(cadences, (cadence) => {
      expect(staggerMs(cadence)).toBeLessThan(Math.min(cadence.seconds, 60) * 750);
    }),
    settings,
  );
});

test('a hundred meters are spread over the minute, not heaped', () => {
  const staggers = Array.from({ length: 200 }, (_, i) =>
    staggerMs({ seconds: 60, meterId: String(1000 + i) }),
  );
  const tenths = Array.from(
    { length: 10 },
    (_, t) => staggers.filter((s) => Math.floor(s / 4500) === t).length,
  );
  expect(Math.max(...tenths)).toBeLessThan(40);
  expect(Math.min(...tenths)).toBeGreaterThan(5);
});
