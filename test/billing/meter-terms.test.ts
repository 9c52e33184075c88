/** What of a tariff a prepaid meter can hold: prices and tables, or the reason why not. */
import { describe, expect, test } from 'vitest';
import { type MeterObstacle, meterTermsOf } from '../../billing/meter-terms.ts';
import { definitionSchema } from '../../billing/tariff.ts';
import { argumentsOf } from '../../sql/commands.ts';
import { flat, jiangsu } from './jiangsu.ts';

const termsOf = (definition: unknown, zone = 'Asia/Shanghai') =>
  meterTermsOf(definitionSchema.parse(definition), zone);
const energy = { kind: 'usage', code: 'energy', name: 'Energy' };
const band = (from: string, to: string, rank: number) => ({ from, to, rank });
const season = (from: string, to: string, ...bands: ReturnType<typeof band>[]) => ({
  ...{ name: from, from, to },
  days: [{ type: 'everyday', bands }],
});
const prices = { '2': '0.9566', '3': '0.64', '4': '0.3828' };
const withSeasons = (...seasons: unknown[]) => ({
  components: [{ ...energy, prices }],
  calendar: { seasons },
});
const plan = (...bounds: string[]) =>
  bounds.map((from, i) => band(from, bounds[i + 1] ?? '24:00', 2 + (i % 3)));

describe('what fits', () => {
  test('one price is a day without periods, the same at every rank', () => {
    expect(termsOf(flat('0.7')).terms).toEqual({
      prices: { spike: '0.7', peak: '0.7', flat: '0.7', valley: '0.7' },
      table: {
        dayPlans: [[{ fromMinute: 0, rank: 3 }]],
        seasons: [{ month: 1, day: 1, plan: 1 }],
      },
    });
  });

  test('Jiangsu’s hours just fit: four seasons of two plans, a band over midnight parted there', () => {
    const { terms } = termsOf(jiangsu);
    expect(terms?.prices).toEqual({
      // 0.9566, 0.64 and 0.3828 with 0.03125 + 6 % and 0.0235, to the register's four decimals.
      ...{ spike: '1.0132', peak: '1.0132', flat: '0.6966', valley: '0.4394' },
    });
    expect(terms?.table.seasons).toEqual([
      ...[
        { month: 3, day: 1, plan: 1 },
        { month: 6, day: 1, plan: 2 },
      ],
      ...[
        { month: 9, day: 1, plan: 1 },
        { month: 12, day: 1, plan: 2 },
      ],
    ]);
    expect(terms?.table.dayPlans[0]?.map((s) => [s.fromMinute / 60, s.rank])).toEqual([
      ...[
        [0, 3],
        [2, 4],
        [6, 3],
        [10, 4],
        [14, 3],
        [15, 2],
        [22, 3],
      ],
    ]);
    // As the command takes it.
    expect(argumentsOf('tou-table', terms?.table)).toEqual(terms?.table);
    expect(argumentsOf('issue-price', { prices: terms?.prices })).toBeDefined();
  });

  test('components of the energy are one price, tax on top and all; fees stay with the ledger', () => {
    const { terms } = termsOf({
      components: [
        { ...energy, price: '0.64', taxRate: '0.13', taxIncluded: true },
        { ...energy, code: 'levy', price: '0.05', taxRate: '0.06', taxIncluded: false },
        { kind: 'fixed', code: 'fee', name: 'Fee', per: 'month', amount: '30', scope: 'point' },
        { kind: 'demand', code: 'demand', name: 'Demand', price: '40' },
      ],
    });
    expect(terms?.prices.flat).toBe('0.693');
  });

  test('seasons with the same days are one, also over the new year', () => {
    const same = plan('00:00', '08:00', '20:00');
    const { terms } = termsOf(
      withSeasons(
        ...[season('01-01', '03-31', ...same), season('04-01', '06-30', ...same)],
        ...[season('07-01', '09-30', ...plan('00:00', '09:00')), season('10-01', '12-31', ...same)],
      ),
    );
    expect(terms?.table.seasons).toEqual([
      ...[
        { month: 7, day: 1, plan: 2 },
        { month: 10, day: 1, plan: 1 },
      ],
    ]);
  });
});

describe('what does not fit is refused by its reason', () => {
  const whole = (...bands: ReturnType<typeof band>[]) => season('01-01', '12-31', ...bands);
  const hours = Array.from({ length: 15 }, (_, i) => `${String(i).padStart(2, '0')}:00`);
  const cases: [MeterObstacle, unknown, string?][] = [
    ['steps', { components: [{ ...energy, stepPrices: ['0.5', '0.6'] }] }],
    ['index', { components: [{ ...energy, price: '1', follows: { index: 'x', as: 'factor' } }] }],
    ['event-days', { components: [{ ...energy, price: '1', onlyOnEventDays: 'hot' }] }],
    [
      'allowance',
      {
        components: [
          { ...energy, price: '1' },
          { kind: 'allowance', code: 'a', name: 'A', quantity: 1, price: '1', proRata: 'none' },
        ],
      },
    ],
    [
      'no-energy',
      {
        components: [
          { kind: 'fixed', code: 'f', name: 'F', per: 'day', amount: '1', scope: 'point' },
        ],
      },
    ],
    [
      'day-types',
      withSeasons({
        ...whole(),
        days: [
          { type: 'weekday', bands: plan('00:00', '08:00') },
          { type: 'weekend', bands: plan('00:00') },
        ],
      }),
    ],
    [
      'seasons',
      withSeasons(
        ...['01', '03', '05', '07', '09', '11'].map((month, i, all) =>
          season(
            `${month}-01`,
            all[i + 1] === undefined ? '12-31' : `${String(Number(month) + 1).padStart(2, '0')}-28`,
            ...(i % 2 ? plan('00:00', '08:00') : plan('00:00', '09:00')),
          ),
        ),
      ),
    ],
    [
      'day-plans',
      withSeasons(
        ...['07:00', '08:00', '09:00'].map((at, i) =>
          season(`0${i * 4 + 1}-01`.slice(-5), '12-31', ...plan('00:00', at)),
        ),
      ),
    ],
    ['slots', withSeasons(whole(...plan(...hours)))],
    [
      'deep-valley',
      {
        components: [{ ...energy, prices: { ...prices, '5': '0.2' } }],
        calendar: { seasons: [whole(band('00:00', '04:00', 5), band('04:00', '24:00', 3))] },
      },
    ],
    ['clock-changes', withSeasons(whole(...plan('00:00', '08:00'))), 'Europe/Berlin'],
    ['price-range', { components: [{ ...energy, price: '100000' }] }],
  ];
  test.each(cases)('%s', (obstacle, definition, zone) => {
    expect(termsOf(definition, zone)).toEqual({ terms: null, obstacle });
  });

  test('one price alone holds in any zone', () => {
    expect(termsOf(flat('0.7'), 'Europe/Berlin').obstacle).toBeNull();
  });
});
