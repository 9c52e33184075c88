/** What a simulated consumer has used: the O(1) register against a sum taken minute by minute. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clockOf, dayStart, localDay, planOf } from '../../ingest/simulator/calendar.ts';
import {
  addQuantities,
  type Consumer,
  meanDay,
  quantityAt,
  rateAt,
} from '../../ingest/simulator/load.ts';
import { curvesOf, type Profile } from '../../ingest/simulator/profile.ts';
import { CYCLE_MINUTES, loadReadings, parseReadings } from '../../ingest/simulator/readings.ts';
import { chance } from '../../ingest/simulator/seed.ts';

const readings = loadReadings();
const curves = curvesOf(readings);
const profiles = Object.keys(curves) as Profile[];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SINCE = Date.parse('2025-01-01T00:00:00+08:00');
const runs = { seed: 20261123, numRuns: 150 };

function consumerOf(overrides: Partial<Consumer> = {}): Consumer {
  const usual = { curve: curves['day-shift'], turnMinutes: 0, peak: 20_000, since: SINCE };
  return { ...usual, outages: [], ...overrides };
}

const anyProfile = fc.constantFrom(...profiles);
const anyInstant = fc.integer({
  min: SINCE,
  max: Date.parse('2028-01-01T00:00:00Z'),
});
const anyTurn = fc.integer({ min: 0, max: CYCLE_MINUTES - 1 });

/** By rank, as a plain array: [total, spike, peak, flat, valley, deep valley]. */
function quantitiesOf(consumer: Consumer, at: number): number[] {
  const into = new Float64Array(6);
  addQuantities(consumer, at, into);
  return [...into];
}

describe('readings', () => {
  test('the shipped slice gives 56 whole days with mean power and voltage of 1', () => {
    const mean = (values: Float32Array) =>
      values.reduce((sum, value) => sum + value, 0) / CYCLE_MINUTES;
    expect(readings.relativePower).toHaveLength(CYCLE_MINUTES);
    expect(mean(readings.relativePower)).toBeCloseTo(1, 4);
    expect(mean(readings.relativeVoltage)).toBeCloseTo(1, 4);
    expect(readings.factor.every((factor) => factor > 0 && factor <= 1)).toBe(true);
  });

  test('a slice that is too short or holds nonsense is refused', () => {
    expect(() => parseReadings('minute,active_power_kw\n2008-01-05 00:00,1,0,230,4\n')).toThrow(
      /56/,
    );
  });
});

describe('registers', () => {
  test('the register in constant time equals the sum minute by minute', () => {
    fc.assert(
      fc.property(anyProfile, anyTurn, anyInstant, (profile, turnMinutes, from) => {
        const consumer = consumerOf({ curve: curves[profile], turnMinutes });
        const start = Math.ceil(from / MINUTE) * MINUTE;
        let summed = 0;
        for (let minute = 0; minute < 200; minute++)
          summed += rateAt(consumer, start + minute * MINUTE) / 60;
        const counted = quantityAt(consumer, start + 200 * MINUTE) - quantityAt(consumer, start);
        expect(counted).toBeCloseTo(summed, 4);
      }),
      runs,
    );
  });

  test('a register never falls, at any two instants, through any outages', () => {
    fc.assert(
      fc.property(
        anyProfile,
        anyInstant,
        fc.integer({ min: 0, max: 10 * HOUR }),
        fc.array(fc.integer({ min: 1, max: 20 * HOUR }), { maxLength: 6 }),
        (profile, at, later, cuts) => {
          let cursor = at - 30 * HOUR;
          const outages = cuts.map((length, index) => {
            cursor += length;
            const from = cursor;
            cursor += length;
            return { from, to: index === cuts.length - 1 ? null : cursor };
          });
          const consumer = consumerOf({ curve: curves[profile], outages });
          const before = quantitiesOf(consumer, at);
          const after = quantitiesOf(consumer, at + later);
          before.forEach((quantity, rank) => {
            expect(after[rank]).toBeGreaterThanOrEqual(quantity);
          });
        },
      ),
      runs,
    );
  });

  test('the ranks add up to the total', () => {
    fc.assert(
      fc.property(anyProfile, anyTurn, anyInstant, (profile, turnMinutes, at) => {
        const consumer = consumerOf({ curve: curves[profile], turnMinutes });
        const [total = 0, ...ranks] = quantitiesOf(consumer, at);
        expect(ranks.reduce((sum, wh) => sum + wh, 0)).toBeCloseTo(total, 3);
      }),
      runs,
    );
  });

  test('energy of a slot of the day plan goes to its rank alone', () => {
    const consumer = consumerOf();
    const day = localDay(Date.parse('2026-11-18T04:00:00Z'));
    planOf(day).forEach(({ fromMinute, rank }) => {
      const from = dayStart(day) + fromMinute * MINUTE;
      const before = quantitiesOf(consumer, from);
      const after = quantitiesOf(consumer, from + HOUR);
      const used = quantityAt(consumer, from + HOUR) - quantityAt(consumer, from);
      before.forEach((quantity, index) => {
        const expected = index === 0 || index === rank ? used : 0;
        expect((after[index] ?? 0) - quantity).toBeCloseTo(expected, 4);
      });
    });
  });

  test('an outage is missing from the register to the last bit, and nothing else is', () => {
    const from = Date.parse('2026-11-18T09:00:00+08:00');
    const to = from + 3 * HOUR;
    const whole = consumerOf();
    const cut = consumerOf({ outages: [{ from, to }] });
    expect(quantityAt(cut, to)).toBe(quantityAt(cut, from));
    expect(rateAt(cut, from + HOUR)).toBe(0);
    const lost = quantityAt(whole, to) - quantityAt(whole, from);
    expect(quantityAt(cut, to + 9 * HOUR)).toBeCloseTo(quantityAt(whole, to + 9 * HOUR) - lost, 4);
  });

  test('an outage that begins later changes no rank before it', () => {
    const from = Date.parse('2026-11-18T09:00:00+08:00');
    const consumer = consumerOf();
    const before = quantitiesOf(consumer, from);
    consumer.outages.push({ from, to: null });
    expect(quantitiesOf(consumer, from)).toEqual(before);
    expect(quantitiesOf(consumer, from + 100 * HOUR)).toEqual(before);
  });

  test('the mean day is what eight weeks count, divided by 56', () => {
    for (const profile of profiles) {
      const consumer = consumerOf({ curve: curves[profile] });
      const used = quantityAt(consumer, SINCE + 56 * 24 * HOUR);
      expect(used / 56).toBeCloseTo(meanDay(consumer), 4);
    }
  });

  test('a consumer that is not there yet has used nothing', () => {
    expect(quantitiesOf(consumerOf(), SINCE - HOUR)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(quantityAt(consumerOf(), SINCE)).toBe(0);
  });
});

describe('profiles', () => {
  const powerAt = (profile: Profile, time: string) =>
    quantityAt(consumerOf({ curve: curves[profile] }), Date.parse(time) + HOUR) -
    quantityAt(consumerOf({ curve: curves[profile] }), Date.parse(time));

  test.each<[Profile, more: string, less: string, why: string]>([
    ['day-shift', '2026-11-18T10:00+08:00', '2026-11-18T12:00+08:00', 'lunch dips'],
    ['day-shift', '2026-11-18T12:00+08:00', '2026-11-18T03:00+08:00', 'nights rest'],
    ['day-shift', '2026-11-18T10:00+08:00', '2026-11-22T10:00+08:00', 'Sundays rest'],
    ['two-shift', '2026-11-18T19:00+08:00', '2026-11-18T23:00+08:00', 'two shifts end at 22'],
    ['office', '2026-11-18T15:00+08:00', '2026-11-21T15:00+08:00', 'Saturdays are quiet'],
    ['continuous', '2026-11-18T03:00+08:00', '2026-11-22T03:00+08:00', 'Sundays slow down'],
    ['compressor', '2026-11-18T15:00+08:00', '2026-11-18T03:00+08:00', 'a base load by night'],
  ])('%s: more at %s than at %s (%s)', (profile, more, less) => {
    expect(powerAt(profile, more)).toBeGreaterThan(powerAt(profile, less));
  });
});

describe('calendar', () => {
  test.each([
    ['2026-02-28', 1],
    ['2026-03-01', 2],
    ['2026-05-31', 2],
    ['2026-06-01', 1],
    ['2026-09-01', 2],
    ['2026-11-30', 2],
    ['2026-12-01', 1],
    ['2027-01-01', 1],
  ])('on %s day plan %i is in force', (date, plan) => {
    const first = planOf(localDay(Date.parse(`${date}T00:00:00+08:00`)))[0];
    expect(first?.rank).toBe(plan === 1 ? 4 : 3);
  });

  test('the clock of the meter shows local time', () => {
    expect(clockOf(Date.parse('2026-11-22T16:05:09Z'))).toEqual({
      year: 26,
      month: 11,
      day: 23,
      weekday: 1,
      hour: 0,
      minute: 5,
      second: 9,
    });
  });
});

test('chance depends on its words alone, and is spread evenly', () => {
  const drawn = Array.from({ length: 4_000 }, (_, index) => chance('spread', index));
  expect(chance('spread', 7)).toBe(drawn[7]);
  expect(chance('a', 'bc')).not.toBe(chance('ab', 'c'));
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
});
