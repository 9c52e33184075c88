/** A tariff that cannot hold is refused, and the refusal names the place. */
import { describe, expect, test } from 'vitest';
import { checkTariff, parseTariff, versionOn } from '../../billing/tariff.ts';
import { type Fault, Problem } from '../../sql/problem.ts';
import { enFaults } from '../../web/app/language/en-faults.ts';
import { zhFaults } from '../../web/app/language/zh-faults.ts';
import { flat, jiangsu } from './jiangsu.ts';

type Draft = typeof jiangsu;
type Band = { from: string; to: string; rank: number };

function refusal(change: (tariff: Draft) => void): string {
  const draft = structuredClone(jiangsu);
  change(draft);
  try {
    parseTariff(draft);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expectSaid(error.more.faults ?? []);
    return `${error.code}: ${error.detail}`;
  }
  return 'accepted';
}
/** A page can say each fault in both languages: it has words for the code, and the code gives what they name. */
function expectSaid(faults: readonly Fault[]): void {
  expect(faults).not.toEqual([]);
  for (const { code = '', parameters = {} } of faults) {
    for (const words of [enFaults.fault, zhFaults.fault]) {
      const sentence = Object.entries(words).find(([key]) => key === code)?.[1];
      expect(sentence, code).toBeDefined();
      const named = [...(sentence ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
      expect(Object.keys(parameters), code).toEqual(expect.arrayContaining(named));
    }
  }
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
    ['an unknown key', (t) => set(t, { tiers: [] }), 'tiers'],
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

/** A tariff of every kind of component. */
const full = {
  components: [
    {
      kind: 'usage',
      code: 'energy',
      name: 'Energy',
      prices: { '2': '0.9566', '3': '0.64', '4': '0.3828' },
      stepAdders: ['0', '0.05', '0.3'],
    },
    { kind: 'fixed', code: 'fee', name: 'Fee', per: 'month', amount: '30', scope: 'account' },
    { kind: 'demand', code: 'demand', name: 'Demand', price: '40' },
    {
      kind: 'allowance',
      code: 'free',
      name: 'Free',
      quantity: 10_000,
      price: '0.5283',
      proRata: 'days',
    },
    {
      kind: 'minimum',
      code: 'least',
      name: 'Minimum',
      amount: '50',
      scope: 'point',
      of: ['energy', 'fee'],
    },
  ],
  calendar: jiangsu.calendar,
  steps: {
    period: 'year',
    scope: 'account',
    limits: [2_760_000, 4_800_000],
    proRata: 'months',
    order: 'tou-then-steps',
  },
  noticeDays: 30,
};

describe('a full tariff', () => {
  test('holds', () => {
    expect(checkTariff(full).faults).toEqual([]);
  });

  test.each<[string, (t: typeof full) => void, string, string]>([
    [
      'a step below the one before it',
      (t) => set(t.steps, { limits: [4_800_000, 2_760_000] }),
      '/steps/limits/1',
      'does not lie above',
    ],
    [
      'a month with a beginning of the year',
      (t) => set(t.steps, { period: 'month', yearStart: '04-01' }),
      '/steps/yearStart',
      'steps of a month have no beginning of a year',
    ],
    [
      'steps that nothing uses',
      (t) => set(t.components[0], { stepAdders: undefined }),
      '/steps',
      'no component has a price per step',
    ],
    [
      'one adder too few',
      (t) => set(t.components[0], { stepAdders: ['0', '0.05'] }),
      '/components/0/stepAdders',
      'has 2 prices for 3 steps',
    ],
    [
      'no steps',
      (t) => set(t, { steps: undefined }),
      '/components/0/stepAdders',
      'but there are no steps',
    ],
    [
      'the other order',
      (t) => set(t.steps, { order: 'steps-then-tou' }),
      '/components/0/stepAdders',
      'which is the order tou-then-steps',
    ],
    [
      'a credit larger than a price',
      (t) => set(t.components[0], { stepAdders: ['-0.4', '0', '0'] }),
      '/components/0/stepAdders/0',
      'comes to a negative price',
    ],
    [
      'a product with too many decimals',
      (t) =>
        set(t.components[0], {
          prices: undefined,
          stepAdders: undefined,
          stepPrices: ['0.52831', '0.6', '0.8'],
          periodFactors: { '2': '1.8', '3': '1', '4': '0.3517' },
        }),
      '/components/0/periodFactors/4',
      'has 9 decimals as it is charged: at most 8',
    ],
    [
      'no factor for a period',
      (t) =>
        set(t.components[0], {
          prices: undefined,
          stepAdders: undefined,
          stepPrices: ['0.5', '0.6', '0.8'],
          periodFactors: { '2': '1.8', '3': '1' },
        }),
      '/components/0/periodFactors/4',
      'has no factor for valley',
    ],
    [
      'an index times a long price',
      (t) =>
        set(t.components[0], {
          prices: { '2': '0.95661', '3': '0.64', '4': '0.3828' },
          follows: { index: 'purchase', as: 'factor' },
        }),
      '/components/0/prices/2',
      'has 5 decimals multiplied by an index: at most 4',
    ],
    [
      'a minimum of what is not there',
      (t) => set(t.components[4], { of: ['energy', 'levy'] }),
      '/components/4/of/1',
      'counts “levy”, which is no component',
    ],
    [
      'bands of event days that nothing names',
      (t) =>
        set(t.calendar.seasons[0], {
          days: [
            { type: 'everyday', bands: [{ from: '00:00', to: '24:00', rank: 3 }] },
            { type: 'event', bands: [{ from: '00:00', to: '24:00', rank: 2 }] },
          ],
        }),
      '/calendar/seasons/0/days',
      'event days have bands, but no list names them',
    ],
    [
      'a month that is none',
      (t) => set(t.steps, { yearStart: '13-01' }),
      '/steps/yearStart',
      'a year begins on the first of a month',
    ],
    [
      'a fee in words',
      (t) => set(t.components[1], { amount: 'thirty' }),
      '/components/1/amount',
      'a plain decimal',
    ],
  ])('with %s is refused in its place', (_, change, at, message) => {
    const draft = structuredClone(full);
    change(draft);
    const { faults } = checkTariff(draft);
    expectSaid(faults);
    expect(faults.map((f) => f.at)).toContain(at);
    expect(faults.find((f) => f.at === at)?.message).toContain(message);
  });

  test('charges no demand for water', () => {
    expect(checkTariff(full, 'water').faults).toEqual([
      {
        at: '/components/2',
        message: 'component “demand” charges demand, which water has none of',
        code: 'demand-of-water',
        parameters: { component: 'demand' },
      },
    ]);
  });
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
