/** A tariff that cannot hold is refused, and the refusal names the place. */
import { describe, expect, test } from 'vitest';
import { parseTariff, versionOn } from '../../billing/tariff.ts';
import { Problem } from '../../sql/problem.ts';
import { flat, jiangsu } from './jiangsu.ts';

type Draft = typeof jiangsu;
type Band = { from: string; to: string; rank: number };

function refusal(change: (tariff: Draft) => void): string {
  const draft = structuredClone(jiangsu);
  change(draft);
  try {
    parseTariff(draft);
  } catch (error) {
    if (error instanceof Problem) return `${error.code}: ${error.detail}`;
    throw error;
  }
  return 'accepted';
}
const bandsOf = (tariff: Draft, season: number): Band[] =>
  tariff.calendar.seasons[season]?.days[0]?.bands ?? [];
const set = (target: object | undefined, values: object) => Object.assign(target ?? {}, values);

describe('a tariff is refused with its place', () => {
  test.each<[string, (t: Draft) => void, string]>([
    [
      'a hole',
      (t) => set(bandsOf(t, 0)[0], { to: '21:30' }),
      'season “summer”, every day, 21:30 to 22:00: no band, a hole',
    ],
    [
      'an overlap',
      (t) => set(bandsOf(t, 3)[3], { to: '03:00' }),
      'season “spring”, every day, 02:00 to 03:00: 2 bands overlap',
    ],
    [
      'an unaligned boundary',
      (t) => set(bandsOf(t, 0)[4], { to: '00:07' }),
      'season “summer”, every day, 00:07: a period begins and ends on a quarter of an hour',
    ],
    [
      'no such time',
      (t) => set(bandsOf(t, 0)[4], { to: '25:00' }),
      'season “summer”, everyday, to',
    ],
    [
      'an empty band',
      (t) => set(bandsOf(t, 0)[4], { to: '00:00' }),
      'season “summer”, every day, 00:00 to 00:00: an empty band',
    ],
    ['no such rank', (t) => set(bandsOf(t, 0)[4], { rank: 6 }), 'season “summer”, everyday, rank'],
    [
      'a year with a hole',
      (t) => set(t.calendar.seasons[2], { to: '02-28' }),
      'no season holds on 02-29: a hole',
    ],
    [
      'seasons that overlap',
      (t) => set(t.calendar.seasons[1], { from: '08-31' }),
      '“summer” and “autumn” overlap on 08-31',
    ],
    [
      'a day that no year has',
      (t) => set(t.calendar.seasons[1], { to: '11-31' }),
      'season “autumn”: 11-31 is no day of a year',
    ],
    [
      'weekdays alone',
      (t) => set(t.calendar.seasons[0]?.days[0], { type: 'weekday' }),
      'season “summer”: weekends have no bands',
    ],
    [
      'a missing price',
      (t) => set(t.components[0], { prices: { '2': '1', '4': '1' } }),
      'component “energy” has no price for flat, which season “summer” from 06:00 uses',
    ],
    [
      'a negative price',
      (t) => set(t.components[0]?.prices, { '2': '-0.5' }),
      'component “energy”, 2: a price is not negative',
    ],
    [
      'too many decimals',
      (t) => set(t.components[1], { price: '0.123456789' }),
      'component “service-fee”, price: a price has at most 8 decimals',
    ],
    ['a price in words', (t) => set(t.components[1], { price: '1e3' }), 'a plain decimal'],
    ['no price', (t) => set(t.components[1], { price: undefined }), 'needs either one price or'],
    [
      'a component twice',
      (t) => set(t.components[1], { code: 'energy' }),
      'component “energy” is there twice',
    ],
    ['a tax rate in percent', (t) => set(t.components[0], { taxRate: '13' }), 'between 0 and 1'],
    ['an unknown key', (t) => set(t, { steps: [] }), 'steps'],
    [
      'prices without a calendar',
      (t) => set(t, { calendar: undefined }),
      'component “energy” has prices per period, but there is no calendar',
    ],
  ])('%s', (_, change, message) => {
    const told = refusal(change);
    expect(told).toMatch(/^invalid-tariff: /);
    expect(told).toContain(message);
  });

  test.each([null, [], 'tariff', 7, { components: 'x' }, { components: [] }])(
    'garbage is refused: %j',
    (garbage) => {
      expect(() => parseTariff(garbage)).toThrow(Problem);
    },
  );
});

test('Jiangsu and a flat price hold', () => {
  expect(parseTariff(jiangsu).components).toHaveLength(3);
  expect(parseTariff(flat('3.85')).calendar).toBeUndefined();
});

test('the version in force is the newest that is effective on the day', () => {
  const versions = [
    { id: 'b', effectiveFrom: '2026-02-01' },
    { id: 'a', effectiveFrom: '2026-01-01' },
  ];
  expect(versionOn(versions, '2025-12-31')).toBeUndefined();
  expect(versionOn(versions, '2026-01-31')?.id).toBe('a');
  expect(versionOn(versions, '2026-02-01')?.id).toBe('b');
});
