/** The rating core and the rounding rule: against an independent recomputation, and as properties. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { priceList } from '../../billing/components.ts';
import { exactOf, exactText, halfEven } from '../../billing/exact.ts';
import { type Line, rate, SLOTS_MAX } from '../../billing/rate.ts';
import { accrue, nothingPosted, type Posted } from '../../billing/rounding.ts';
import { parseTariff } from '../../billing/tariff.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { formatMinor, toMinor } from '../../sql/money.ts';
import { calendarSchema, openCalendar } from '../../sql/period-calendar.ts';
import { flat, jiangsu } from './jiangsu.ts';
import { bill, realMinutes } from './recomputation.ts';

const CNY = 2;
const seed = 20260101;
const tariff = parseTariff(jiangsu);
const prices = priceList('1', tariff);

/** Accrues lines key by key, as postings do; returns the key's state by component and period. */
function post(lines: Line[], into = new Map<string, Posted>()): Map<string, Posted> {
  for (const { priced, period, exact } of lines) {
    const key = `${priced.component}/${period}`;
    into.set(key, accrue(into.get(key) ?? nothingPosted, exact, priced, CNY));
  }
  return into;
}

describe('two real months', () => {
  test.each([1, 7.3, 211])('times %d equal the independent recomputation to the cent', (times) => {
    const minutes = realMinutes(times);
    const days = daysBetween('2008-01-01', '2008-03-01');
    const quantities = new Float64Array(days.length * SLOTS_MAX);
    let before = 0;
    for (let q = 0; q < days.length * 96; q++) {
      const register = minutes[q * 15 + 14]?.registerWh ?? 0;
      quantities[Math.floor(q / 96) * SLOTS_MAX + (q % 96)] = register - before;
      before = register;
    }
    const ranksOf = openCalendar(calendarSchema.parse(jiangsu.calendar), 'Europe/Paris');
    // Jiangsu's winter, by the clock; keys are the ranks.
    const winter = (hour: number): [string, string] => {
      if (hour >= 14 && hour < 22) return ['2', '0.9566'];
      if (hour < 6 || (hour >= 11 && hour < 13)) return ['4', '0.3828'];
      return ['3', '0.64'];
    };
    for (const month of ['2008-01', '2008-02']) {
      const posted = new Map<string, Posted>();
      days.forEach((day, row) => {
        if (!day.startsWith(month)) return;
        post(rate(quantities, { row, slots: [[0, 96]], ranks: ranksOf(day), prices }), posted);
      });
      const expected = bill(minutes, month, [
        { code: 'energy', taxRate: '0.13', taxIncluded: true, priceAt: winter },
        {
          code: 'service-fee',
          taxRate: '0.06',
          taxIncluded: false,
          priceAt: () => ['0', '0.03125'],
        },
        { code: 'levy', taxRate: '0', taxIncluded: true, priceAt: () => ['0', '0.0235'] },
      ]);
      const told = [...posted].map(([key, p]) => {
        const amount = key.startsWith('service') ? p.postedMinor - p.taxMinor : p.postedMinor;
        return [key, [formatMinor(amount, 'CNY'), formatMinor(p.taxMinor, 'CNY')]];
      });
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(expected));
    }
  });
});

describe('rating', () => {
  const whole = { row: 0, slots: [[0, 4]] as [number, number][], ranks: null };

  test('lines carry quantity, price and the exact amount', () => {
    const quantities = new Float64Array(SLOTS_MAX).fill(Number.NaN);
    quantities.set([1001, 999, 0, 1], 0);
    const [line] = rate(quantities, {
      ...whole,
      prices: priceList('1', parseTariff(flat('0.12345678'))),
    });
    expect(line?.quantity).toBe(2001n);
    expect(exactText(line?.exact ?? 0n)).toBe('0.24703701678');
  });

  test('a missing interval adds nothing, and a part sees only its own slots', () => {
    const quantities = new Float64Array(SLOTS_MAX).fill(Number.NaN);
    quantities.set([5, Number.NaN, 7, 100], 0);
    const one = priceList('1', parseTariff(flat('1')));
    expect(rate(quantities, { ...whole, prices: one })[0]?.quantity).toBe(112n);
    expect(rate(quantities, { ...whole, slots: [[0, 2]], prices: one })[0]?.quantity).toBe(5n);
    const both: [number, number][] = [
      [0, 1],
      [3, 4],
    ];
    expect(rate(quantities, { ...whole, slots: both, prices: one })[0]?.quantity).toBe(105n);
  });

  test('a day without use has no lines', () => {
    expect(rate(new Float64Array(SLOTS_MAX), { ...whole, prices })).toEqual([]);
  });

  test('a quantity that a double cannot hold exactly is refused', () => {
    const quantities = new Float64Array(SLOTS_MAX).fill(2 ** 52);
    expect(() => rate(quantities, { ...whole, prices })).toThrow('no exact integer');
  });

  test('9.6 million intervals are rated within seconds', () => {
    const points = 100_000;
    const quantities = new Float64Array(points * SLOTS_MAX).fill(250);
    const ranks = openCalendar(
      calendarSchema.parse(jiangsu.calendar),
      'Asia/Shanghai',
    )('2026-01-05');
    const before = process.cpuUsage();
    let lines = 0;
    for (let row = 0; row < points; row++) {
      lines += rate(quantities, { row, slots: [[0, 96]], ranks, prices }).length;
    }
    expect(lines).toBe(500_000);
    // Of its own work: what else runs on the machine does not count.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(10_000);
  });
});

describe('rounding', () => {
  test('a million random lines: what is posted is the rounded sum, to the cent, after each of them', () => {
    const salt = 25;
    let state = salt;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * below);
    };
    const tax = { taxRate: '0', taxIncluded: true };
    let wrong = 0;
    for (let key = 0; key < 1_000; key++) {
      let posted = nothingPosted;
      let postedByLines = 0n;
      // Wh × 10⁻⁴ a kWh is 10⁻⁷; a cent is 10⁵ of them. In plain numbers, and by another rule than ours.
      let sum = 0;
      for (let nth = 0; nth < 1_000; nth++) {
        // Half a Wh a minute at 0.1234 comes to nothing for long; x.xx5 lies between two cents.
        const [wh, price] =
          nth % 3 === 0
            ? [random(2), 1_234]
            : nth % 3 === 1
              ? [50 * (1 + 2 * random(99)), 1_000]
              : [random(100_000), random(20_000)];
        sum += wh * price;
        const next = accrue(posted, BigInt(wh * price) * 10n ** 8n, tax, CNY);
        postedByLines += next.postedMinor - posted.postedMinor;
        posted = next;
        const [cents, rest] = [Math.floor(sum / 100_000), sum % 100_000];
        const up = rest > 50_000 || (rest === 50_000 && cents % 2 === 1);
        if (posted.postedMinor !== BigInt(cents + (up ? 1 : 0))) wrong++;
      }
      if (postedByLines !== posted.postedMinor) wrong++;
    }
    expect({ salt, wrong }).toEqual({ salt, wrong: 0 });
  });

  const amount = fc.tuple(
    fc.integer({ min: 0, max: 5_000_000 }),
    fc.integer({ min: 0, max: 2_000_000 }),
  );
  /** Wh × price of four decimals, as text with the fifteen digits of an exact amount. */
  const exactFrom = ([wh, price]: [number, number]) => BigInt(wh) * BigInt(price) * 10n ** 8n;

  test('is half to even, below zero too', () => {
    const halves: [bigint, bigint][] = [
      [5n, 0n],
      [15n, 2n],
      [25n, 2n],
      [26n, 3n],
      [-5n, 0n],
      [-15n, -2n],
      [-25n, -2n],
      [-26n, -3n],
    ];
    for (const [tenths, expected] of halves) expect(halfEven(tenths, 10n)).toBe(expected);
  });

  test('equals the kernel’s rounding of the same decimal', () => {
    fc.assert(
      fc.property(amount, fc.boolean(), (pair, negative) => {
        const exact = exactFrom(pair) * (negative ? -1n : 1n);
        const rounded = halfEven(exact, 10n ** 13n);
        expect(rounded).toBe(toMinor(exactText(exact), 'CNY'));
        expect(exactOf(exactText(exact))).toBe(exact);
      }),
      { seed, numRuns: 10_000 },
    );
  });

  test('postings of days in any order sum to the month’s product, rounded once', () => {
    const taxes = fc.record({
      taxRate: fc.constantFrom('0', '0.03', '0.06', '0.13', '0.0875'),
      taxIncluded: fc.boolean(),
    });
    const days = fc.array(amount, { minLength: 1, maxLength: 31 });
    fc.assert(
      fc.property(days, taxes, fc.integer({ min: 0, max: 2 ** 30 }), (list, tax, salt) => {
        const exacts = list.map(exactFrom);
        const total = exacts.reduce((a, b) => a + b, 0n);
        const once = accrue(nothingPosted, total, tax, CNY);
        const shuffled = exacts
          .map((exact, i) => ({ exact, by: Math.imul(i + 1, salt | 1) }))
          .sort((a, b) => a.by - b.by);
        let state = nothingPosted;
        let charged = 0n;
        for (const { exact } of shuffled) {
          const after = accrue(state, exact, tax, CNY);
          charged += after.postedMinor - state.postedMinor;
          state = after;
        }
        expect(state).toEqual(once);
        expect(charged).toBe(once.postedMinor);
      }),
      { seed, numRuns: 2000 },
    );
  });

  test('a correction there and back leaves what was posted before', () => {
    fc.assert(
      fc.property(amount, amount, amount, (kept, wrong, right) => {
        const tax = { taxRate: '0.13', taxIncluded: true };
        const first = accrue(nothingPosted, exactFrom(kept) + exactFrom(wrong), tax, CNY);
        const corrected = accrue(first, exactFrom(right) - exactFrom(wrong), tax, CNY);
        expect(corrected).toEqual(
          accrue(nothingPosted, exactFrom(kept) + exactFrom(right), tax, CNY),
        );
        expect(accrue(corrected, exactFrom(wrong) - exactFrom(right), tax, CNY)).toEqual(first);
      }),
      { seed, numRuns: 2000 },
    );
  });

  test('a litre a day is billed in time', () => {
    let state = nothingPosted;
    for (let day = 0; day < 30; day++) {
      state = accrue(state, exactOf('0.00385'), { taxRate: '0', taxIncluded: true }, CNY);
    }
    expect(state.postedMinor).toBe(12n);
  });
});
