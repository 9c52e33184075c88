/**
 * Tariffs of the world: golden bills worked out by hand, and equality to the cent with the independent
 * recomputation over two real months and 500 simulated points with faults each, clock changes among them.
 */
import { describe, expect, test } from 'vitest';
import { exactText } from '../../billing/exact.ts';
import { addMonths, daysBetween } from '../../sql/local-day.ts';
import { sorted } from './bills.ts';
import { coreBill, linesOf } from './core.ts';
import * as fixture from './fixtures.ts';
import { accountBill, clocksOf, realMinutes, type Use } from './recomputation.ts';

/** Every hour of the day uses 1 kWh, so a line is hours × price. */
const evenly = (zone: string, day: string): Use =>
  new Map([[day, clocksOf(zone, day).map(() => 250)]]);

describe('golden bills of a day at 1 kW', () => {
  test.each<[string, fixture.Fixture, string, Record<string, string>]>([
    [
      // 00–06, 11–13: 8 h × 0.3828 = 3.0624 · 06–11, 13–14, 22–24: 8 h × 0.64 = 5.12
      // 15–19:30, 21:30–22: 5 h × 0.9566 = 4.783 · 14–15, 19:30–21:30: 3 h × 1.14792 = 3.44376
      // tax within: 3.0624 × 13/113 = 0.35231, 0.58903, 0.55026, 0.39618
      'Jiangsu in July, sharp peak twice a day',
      fixture.jiangsuSharp,
      '2026-07-15',
      { '1': '3.44 (0.40)', '2': '4.78 (0.55)', '3': '5.12 (0.59)', '4': '3.06 (0.35)' },
    ],
    [
      // 18–20: 2 h × 1.14792 = 2.29584 · 14–18, 20–22: 6 h × 0.9566 = 5.7396
      'Jiangsu in January, sharp peak in the evening',
      fixture.jiangsuSharp,
      '2026-01-15',
      { '1': '2.30 (0.26)', '2': '5.74 (0.66)', '3': '5.12 (0.59)', '4': '3.06 (0.35)' },
    ],
    [
      // 15–22: 7 h × 0.9566 = 6.6962 · 00–02, 06–10, 14–15, 22–24: 9 h × 0.64 = 5.76
      // 02–06, 10–14: 8 h × 0.3828
      'Jiangsu in autumn, 22–02 over midnight',
      fixture.jiangsuSharp,
      '2026-10-15',
      { '2': '6.70 (0.77)', '3': '5.76 (0.66)', '4': '3.06 (0.35)' },
    ],
    [
      // 10–14: 4 h × 0.30624 = 1.22496 · 02–06: 4 h × 0.3828 = 1.5312
      'Jiangsu on National Day, a deep valley',
      fixture.jiangsuSharp,
      '2026-10-01',
      { '2': '6.70 (0.77)', '3': '5.76 (0.66)', '4': '1.53 (0.18)', '5': '1.22 (0.14)' },
    ],
    [
      // 00–08: 8 h × 0.2635 = 2.108 · 08–10, 12–14, 19–24: 9 h × 0.6483 = 5.8347
      // 10–11, 14–15, 17–19: 4 h × 1.0827 = 4.3308 · 11–12, 15–17: 3 h × 1.3465 = 4.0395
      'Guangdong in August, with spikes',
      fixture.guangdong,
      '2026-08-12',
      { '1': '4.04 (0.00)', '2': '4.33 (0.00)', '3': '5.83 (0.00)', '4': '2.11 (0.00)' },
    ],
    [
      // The spike's hours are peak: 7 h × 1.0827 = 7.5789
      'Guangdong in May, without',
      fixture.guangdong,
      '2026-05-12',
      { '2': '7.58 (0.00)', '3': '5.83 (0.00)', '4': '2.11 (0.00)' },
    ],
    [
      // As in August: a day of the list has the summer's spikes.
      'Guangdong on a hot day of June',
      fixture.guangdong,
      '2026-06-20',
      { '1': '4.04 (0.00)', '2': '4.33 (0.00)', '3': '5.83 (0.00)', '4': '2.11 (0.00)' },
    ],
    [
      // Below the baseline: 16–21 5 h × (0.61 − 0.10) = 2.55, the rest 19 h × (0.51 − 0.10) = 7.79
      'E-TOU-C on a Saturday as on any day',
      fixture.etouC,
      '2026-07-18',
      { '2': '2.55 (0.00)', '4': '7.79 (0.00)' },
    ],
    [
      // 02–03 does not exist: 18 h × 0.41 = 7.38
      'E-TOU-C when the clock goes forward',
      fixture.etouC,
      '2026-03-08',
      { '2': '2.55 (0.00)', '4': '7.38 (0.00)' },
    ],
    [
      // 17–20: 3 h × 0.58 = 1.74 · 21 h × 0.43 = 9.03
      'E-TOU-D on a Wednesday',
      fixture.etouD,
      '2026-07-15',
      { '2': '1.74 (0.00)', '4': '9.03 (0.00)' },
    ],
    [
      // 24 h × 0.43
      'E-TOU-D on a Saturday',
      fixture.etouD,
      '2026-07-18',
      { '4': '10.32 (0.00)' },
    ],
    [
      // A Friday, but Independence Day is kept on it: 24 h × 0.43
      'E-TOU-D on a holiday',
      fixture.etouD,
      '2026-07-03',
      { '4': '10.32 (0.00)' },
    ],
    [
      // 01–02 comes twice on a Sunday: 25 h × 0.43 = 10.75
      'E-TOU-D when the clock goes back',
      fixture.etouD,
      '2026-11-01',
      { '4': '10.75 (0.00)' },
    ],
    [
      // 10–14, 18–22: 8 h × 0.18 = 1.44 + 21 % 0.3024 · 08–10, 14–18, 22–24: 8 h × 0.12 = 0.96 + 0.2016
      // 00–08: 8 h × 0.08 = 0.64 + 0.1344
      'Spain on a Tuesday',
      fixture.spain,
      '2026-05-12',
      { '2': '1.74 (0.30)', '3': '1.16 (0.20)', '4': '0.77 (0.13)' },
    ],
    [
      // A Sunday of 23 hours: 23 × 0.08 = 1.84 + 0.3864
      'Spain when the clock goes forward',
      fixture.spain,
      '2026-03-29',
      { '4': '2.23 (0.39)' },
    ],
    [
      // 00–07 GMT is 01–08 by the wall: 7 h × 0.15 = 1.05 (5/105 = 0.05), 17 h × 0.30 = 5.10 (0.242857)
      'Economy 7 in July',
      fixture.economy7,
      '2026-07-15',
      { '2': '5.10 (0.24)', '4': '1.05 (0.05)' },
    ],
    [
      // 00–24 by the wall is 00–23 GMT: 7 h night, 16 h day = 4.80
      'Economy 7 when the clock goes forward',
      fixture.economy7,
      '2026-03-29',
      { '2': '4.80 (0.23)', '4': '1.05 (0.05)' },
    ],
    [
      // 23–24 GMT of the day before, then 00–24 GMT: 7 h night, 18 h day = 5.40
      'Economy 7 when the clock goes back',
      fixture.economy7,
      '2026-10-25',
      { '2': '5.40 (0.26)', '4': '1.05 (0.05)' },
    ],
    [
      // 24 m³ at 1,000 l an hour: 24 × 2.33 = 55.92 (3/103 = 1.628738), sewage 24 × 0.95 = 22.80
      'water below its first tier',
      fixture.water,
      '2026-05-12',
      { water: '55.92 (1.63)', sewage: '22.80 (0.00)' },
    ],
  ])('%s', (_, tariff, day, expected) => {
    const bill = coreBill(tariff, {
      uses: [evenly(tariff.zone, day)],
      days: [day],
      month: day.slice(0, 7),
    });
    const energy = [...bill].flatMap(([key, amount]) => {
      const [, code = '', rank = ''] = key.split('/');
      if (code === 'power' || code === 'rent') return [];
      return [[code === 'energy' ? rank : code, amount]];
    });
    expect(Object.fromEntries(energy)).toEqual(expected);
  });

  test('Spain’s demand and fee: 1 kW × 2.40 of the month, and the day’s 1/31 of 0.81', () => {
    const day = '2026-05-12';
    const uses = [evenly(fixture.spain.zone, day)];
    const fees = linesOf(fixture.spain, { uses, days: [day] }).filter(
      ({ line }) => line.priced.kind !== 'usage',
    );
    // 0.81 × 12/31 = 0.31354838|7, less 0.81 × 11/31 = 0.28741935|4
    expect(
      fees.map(({ line }) => [line.priced.component, line.quantity, exactText(line.exact)]),
    ).toEqual([
      ['power', 1000n, '2.4'],
      ['rent', 1n, '0.02612903'],
    ]);
  });
});

describe('steps of a year, by hand', () => {
  const days = daysBetween('2026-01-01', '2027-01-01');
  // 5,000 kWh over 35,040 quarter-hours: 143 Wh in the first 24,320 of them, 142 in the others.
  const use: Use = new Map(
    days.map((day, d) => [
      day,
      Array.from({ length: 96 }, (_, slot) => (d * 96 + slot < 24_320 ? 143 : 142)),
    ]),
  );
  const byStep = (tariff: fixture.Fixture) => {
    const sums = new Map<number, { quantity: bigint; exact: bigint }>();
    for (const { line } of linesOf(tariff, { uses: [use], days })) {
      const sum = sums.get(line.step) ?? { quantity: 0n, exact: 0n };
      sums.set(line.step, {
        quantity: sum.quantity + line.quantity,
        exact: sum.exact + line.exact,
      });
    }
    return [...sums].map(([step, { quantity, exact }]) => [step, quantity, exactText(exact)]);
  };

  test('5,000 kWh cost 1,458.108 + 1,179.732 + 165.66 = 2,803.50', () => {
    expect(byStep(fixture.yearlySteps)).toEqual([
      [1, 2_760_000n, '1458.108'],
      [2, 2_040_000n, '1179.732'],
      [3, 200_000n, '165.66'],
    ]);
    const total = linesOf(fixture.yearlySteps, { uses: [use], days }).reduce(
      (sum, { line }) => sum + line.exact,
      0n,
    );
    expect(exactText(total)).toBe('2803.5');
  });

  // 24 h at 115 kW are the 2,760 kWh of step 1, 24 h at 85 kW the 2,040 kWh of step 2, then 1 kW in step 3;
  // 13 h of each day are peak (08–21), 11 h valley.
  const threeDays = daysBetween('2026-01-01', '2026-01-04');
  const quarters: Use = new Map(
    threeDays.map((day, d) => [day, Array<number>(96).fill(([115_000, 85_000, 1000][d] ?? 0) / 4)]),
  );
  test.each<[fixture.Fixture, [step: number, rank: number, amount: string][]]>([
    [
      fixture.touThenSteps,
      [
        // 1,495 kWh × 0.5583 · 1,265 kWh × 0.3583
        [1, 2, '834.6585'],
        [1, 4, '453.2495'],
        // 1,105 kWh × (0.5583 + 0.05) · 935 kWh × (0.3583 + 0.05)
        [2, 2, '672.1715'],
        [2, 4, '381.7605'],
        // 13 kWh × (0.5583 + 0.30) · 11 kWh × (0.3583 + 0.30)
        [3, 2, '11.1579'],
        [3, 4, '7.2413'],
      ],
    ],
    [
      fixture.stepsThenTou,
      [
        // 1,495 kWh × 0.5283 × 1.05 · 1,265 kWh × 0.5283 × 0.675
        [1, 2, '829.298925'],
        [1, 4, '451.1021625'],
        // 1,105 kWh × 0.5783 × 1.05 · 935 kWh × 0.5783 × 0.675
        [2, 2, '670.972575'],
        [2, 4, '364.9795875'],
        // 13 kWh × 0.8283 × 1.05 · 11 kWh × 0.8283 × 0.675
        [3, 2, '11.306295'],
        [3, 4, '6.1501275'],
      ],
    ],
  ])('$name: a day in each step', (tariff, expected) => {
    const lines = linesOf(tariff, { uses: [quarters], days: threeDays });
    expect(
      lines
        .map(({ line }): [number, number, string] => [
          line.step,
          line.period,
          exactText(line.exact),
        ])
        .sort(([a, x], [b, y]) => a - b || x - y),
    ).toEqual(expected);
  });

  test('water above its first tier: 180 m³ × 2.33 and 60 m³ × 3.495, sewage 240 m³ × 0.95', () => {
    const day = '2026-05-12';
    const day240: Use = new Map([[day, Array<number>(96).fill(2500)]]);
    const lines = linesOf(fixture.water, { uses: [day240], days: [day] });
    expect(
      lines.map(({ line }) => [line.priced.component, line.step, exactText(line.exact)]).sort(),
    ).toEqual([
      ['sewage', 0, '228'],
      ['water', 1, '419.4'],
      ['water', 2, '209.7'],
    ]);
  });

  test.each([fixture.touThenSteps, fixture.stepsThenTou])(
    '$name: a quarter-hour that straddles a limit is parted',
    (tariff) => {
      expect(byStep(tariff).map(([step, quantity]) => [step, quantity])).toEqual([
        [1, 2_760_000n],
        [2, 2_040_000n],
        [3, 200_000n],
      ]);
    },
  );
});

describe('equals the independent recomputation to the cent', () => {
  test.each(fixture.fixtures)('$name, over two real months', (tariff) => {
    const minutes = realMinutes(7.3);
    const days = daysBetween('2008-01-01', '2008-03-01');
    const use = new Map<string, number[]>();
    let before = 0;
    days.forEach((day, d) => {
      const quarters = Array.from({ length: 96 }, (_, q) => {
        const register = minutes[(d * 96 + q) * 15 + 14]?.registerWh ?? 0;
        const wh = register - before;
        before = register;
        return wh;
      });
      use.set(day, quarters);
    });
    for (const month of ['2008-01', '2008-02']) {
      const { zone, spec } = tariff;
      const expected = accountBill({ p0: use }, { zone, days, month, spec });
      expect(sorted(coreBill(tariff, { uses: [use], days, month }))).toEqual(sorted(expected));
    }
  });

  test.each(fixture.fixtures)('$name, over 500 points with faults', (tariff) => {
    let state = 20260127;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 0x80000000) * below);
    };
    const differing: unknown[] = [];
    for (const month of tariff.months) {
      const days = daysBetween(`${month}-01`, addMonths(`${month}-01`, 1));
      const share = Math.ceil(500 / tariff.months.length);
      for (let n = 0; n < share; n++) {
        const scale = 1 + random(4000);
        // Ten days of the month in a row, over its end to its beginning; on the others nothing is read.
        const first = random(days.length);
        const use: Use = new Map(
          days.map((day, d) => {
            if ((d - first + days.length) % days.length >= 10) return [day, []];
            // A day in fifty nothing is read, a quarter-hour in a hundred is lost, a tenth of days stand still.
            const silent = random(50) === 0;
            const stuck = random(10) === 0;
            const wh = () => (silent || random(100) === 0 ? null : stuck ? 0 : random(scale));
            return [day, clocksOf(tariff.zone, day).map(wh)];
          }),
        );
        const { zone, spec } = tariff;
        const expected = sorted(accountBill({ p0: use }, { zone, days, month, spec }));
        const found = sorted(coreBill(tariff, { uses: [use], days, month }));
        if (JSON.stringify(found) !== JSON.stringify(expected)) differing.push({ found, expected });
      }
    }
    expect(differing).toEqual([]);
  });
});
