/** The statement that turns samples into intervals: tables of cases. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayStart } from '../../sql/local-day.ts';
import { MINUTE, openStatement, type Placed, type Row } from './statement.ts';

/** A slot boundary: 2026-03-02T00:00Z. */
const T = Date.UTC(2026, 2, 2);

let statement: Awaited<ReturnType<typeof openStatement>>;
beforeAll(async () => {
  statement = await openStatement();
});
afterAll(() => statement.close());

/** [minutes after T, register] */
const rowsAt = (pairs: readonly (readonly [number, number])[], meter = '1'): Row[] =>
  pairs.map(([minute, register]) => ({ ms: T + minute * MINUTE, register, meter }));

const run = (
  rows: readonly Row[],
  installations: readonly Placed[] = [{ starts: T }],
  more: Partial<Parameters<typeof statement.run>[0]> = {},
) =>
  statement.run({
    rows,
    installations,
    nowMs: Math.max(...rows.map((r) => r.ms)) + MINUTE,
    ...more,
  });

const quantities = (told: { quantity: bigint | null }[]) => told.map((i) => i.quantity);
const qualities = (told: { quality: string }[]) => told.map((i) => i.quality);

describe('a boundary register', () => {
  it('lies on the line between the samples around it, rounded half up', async () => {
    // 5 of 10 minutes of 1, 3 and 5 Wh: 0.5 → 1, 1.5 → 2, 2.5 → 3.
    for (const [delta, half] of [
      [1, 1n],
      [3, 2n],
      [5, 3n],
    ] as const) {
      const { intervals } = await run(
        rowsAt([
          [0, 100],
          [10, 100],
          [20, 100 + delta],
          [30, 100 + delta],
        ]),
      );
      expect(quantities(intervals)).toEqual([half, BigInt(delta) - half]);
    }
  });

  it('is the sample itself when one lies on it, which belongs to the slot it opens', async () => {
    const { intervals } = await run(
      rowsAt([
        [0, 100],
        [14, 190],
        [15, 200],
        [29, 290],
        [30, 310],
      ]),
    );
    expect(intervals.map((i) => [i.quantity, i.gapS])).toEqual([
      [100n, 0],
      [110n, 0],
    ]);
  });

  it('is multiplied by CT × PT before it is rounded', async () => {
    const { intervals } = await run(
      rowsAt([
        [0, 100],
        [10, 100],
        [20, 101],
        [30, 101],
      ]),
      [{ starts: T, multiplier: 25, rated: 1_320_000 }],
    );
    expect(quantities(intervals)).toEqual([13n, 12n]);
  });

  it('is exact for registers and ratios beyond 2^53 in their product', async () => {
    const first = 42_000_000_001;
    const { intervals } = await run(
      rowsAt([
        [0, first],
        [30, first + 7],
      ]),
      [{ starts: T, multiplier: 99_980_001, rated: 1e12 }],
      { cadenceMs: 30 * MINUTE },
    );
    expect(quantities(intervals)).toEqual([349_930_004n, 349_930_003n]);
  });
});

describe('the quality of an interval', () => {
  it('is estimated over a gap of 40 minutes, with the total exact and the gap told', async () => {
    const before = Array.from({ length: 26 }, (_, i) => [i, 1000 + i * 10] as const);
    const after = Array.from({ length: 26 }, (_, i) => [65 + i, 1650 + i * 10] as const);
    const { intervals } = await run(rowsAt([...before, ...after]));
    expect(qualities(intervals)).toEqual([
      'measured',
      'estimated:linear',
      'estimated:linear',
      'estimated:linear',
      'estimated:linear',
      'measured',
    ]);
    expect(quantities(intervals)).toEqual([150n, 150n, 150n, 150n, 150n, 150n]);
    expect(intervals.map((i) => i.gapS)).toEqual([0, 2400, 2400, 2400, 2400, 0]);
  });

  it('is measured when a sample lies within two minutes of each boundary', async () => {
    const { intervals } = await run(
      rowsAt([
        [0, 0],
        [13, 130],
        [32, 320],
        [45, 450],
      ]),
    );
    expect(qualities(intervals)).toEqual(['measured', 'measured', 'measured']);
  });

  it('is measured when a bridge is no longer than twice the cadence scheduled then', async () => {
    const pairs = [
      [0, 0],
      [10, 100],
      [38, 380],
      [50, 500],
      [81, 810],
    ] as const;
    const { intervals } = await run(rowsAt(pairs), undefined, { cadenceMs: 15 * MINUTE });
    expect(qualities(intervals)).toEqual([
      'measured',
      'measured',
      'measured',
      'estimated:linear',
      'estimated:linear',
    ]);
    const finer = await run(rowsAt(pairs));
    expect(new Set(qualities(finer.intervals))).toEqual(new Set(['estimated:linear']));
  });

  it('is missing only when twice the cadence has passed with nothing after', async () => {
    const rows = rowsAt([
      [0, 0],
      [5, 50],
      [10, 100],
    ]);
    const at = async (minute: number) =>
      qualities((await run(rows, undefined, { nowMs: T + minute * MINUTE })).intervals);
    expect(await at(15)).toEqual([]);
    expect(await at(16)).toEqual([]);
    expect(await at(17)).toEqual(['missing']);
    expect(await at(32)).toEqual(['missing', 'missing']);
  });
});

describe('a register that goes back', () => {
  const line = (from: number, to: number, register: number, perMinute = 10) =>
    Array.from({ length: to - from }, (_, i) => [from + i, register + i * perMinute] as const);

  it.each([
    // name, span, old, new, quantity of the step in base units
    ['999999.99 → 0.03 kWh', 1_000_000_000, 999_999_990, 30, 40n],
    ['4294967295 → 12 litres', 2 ** 32, 2 ** 32 - 1, 12, 13n],
  ])('is billed as a rollover when it fits: %s', async (_, span, old, fresh, step) => {
    const rows = rowsAt([
      [0, old - 5],
      [7, old],
      [8, fresh],
      [15, fresh + 5],
    ]);
    const { intervals, verdicts } = await run(rows, [{ starts: T, span }]);
    expect(quantities(intervals)).toEqual([step + 10n]);
    expect(qualities(intervals)).toEqual(['measured']);
    expect(verdicts.map((v) => v.kind)).toEqual(['rollover']);
  });

  it('is no rollover when the old value is below 99 % of the span', async () => {
    const rows = rowsAt([...line(0, 20, 980_000_000), ...line(20, 40, 30)]);
    const { verdicts } = await run(rows, [{ starts: T, span: 1_000_000_000 }]);
    expect(verdicts).toMatchObject([{ kind: 'verdict', rule: 'reset', at: T + 20 * MINUTE }]);
  });

  it('is no rollover when the step would be more than the rating allows', async () => {
    const rows = rowsAt([...line(0, 20, 999_990_000), ...line(20, 40, 400_000)]);
    const { intervals, verdicts } = await run(rows, [{ starts: T, span: 1_000_000_000 }]);
    expect(verdicts.map((v) => v.kind)).toEqual(['verdict']);
    expect(qualities(intervals)).toEqual(['measured', 'missing']);
  });

  it.each([
    ['reset', 500_000, 12_000],
    ['reversal', 500_000, 499_000],
    ['replacement', 123_456_780, 50_000_000],
  ])('is never billed but quarantined as %s, with everything after it', async (rule, old, now) => {
    const rows = rowsAt([...line(0, 22, old), ...line(22, 65, now)]);
    const { intervals, verdicts } = await run(rows);
    expect(qualities(intervals)).toEqual(['measured', 'missing', 'missing', 'missing']);
    expect(quantities(intervals)).toEqual([150n, null, null, null]);
    expect(verdicts).toMatchObject([{ kind: 'verdict', rule, at: T + 22 * MINUTE }]);
  });

  it('bills from the new base once a person has said so, and nothing for the break', async () => {
    const rows = rowsAt([...line(0, 22, 500_000), ...line(22, 65, 12_000)]);
    const judgements = { openers: [{ inst: 1, ms: T + 22 * MINUTE, kind: 'wall' as const }] };
    const { intervals, verdicts } = await run(rows, undefined, { judgements });
    expect(quantities(intervals)).toEqual([150n, 60n + 80n, 150n, 150n]);
    expect(qualities(intervals)).toEqual([
      'measured',
      'estimated:new-base',
      'measured',
      'measured',
    ]);
    expect(verdicts).toEqual([]);
  });

  it('goes on as before when a person excludes the sample', async () => {
    const rows = rowsAt([...line(0, 22, 5000), [22, 7], [23, 7], ...line(24, 46, 5240)]);
    const first = await run(rows);
    expect(first.verdicts).toMatchObject([{ rule: 'reset' }, { rule: 'spike' }]);
    const ignored = [22, 23].map((m) => ({ meter: '1', ms: T + m * MINUTE, register: '7' }));
    const { intervals, verdicts } = await run(rows, undefined, { judgements: { ignored } });
    expect(quantities(intervals)).toEqual([150n, 150n, 150n]);
    expect(verdicts).toEqual([]);
  });
});

describe('a spike', () => {
  it.each([
    ['of 10,000 kWh in one minute', 10_000_000],
    ['of 10 kWh, far below what a quarter-hour may carry', 10_000],
    ['within the rating', 700],
    ['downwards', -4000],
  ])('%s that comes back is excluded, its slot missing until decided', async (_, height) => {
    const rows = rowsAt(
      Array.from({ length: 61 }, (_, i) => [i, 5000 + i * 10 + (i === 22 ? height : 0)] as const),
    );
    const { intervals, verdicts } = await run(rows);
    expect(quantities(intervals)).toEqual([150n, null, 150n, 150n]);
    expect(verdicts).toMatchObject([{ rule: 'spike', at: T + 22 * MINUTE }]);
    const ignored = [{ meter: '1', ms: T + 22 * MINUTE, register: String(5220 + height) }];
    const decided = await run(rows, undefined, { judgements: { ignored } });
    expect(quantities(decided.intervals)).toEqual([150n, 150n, 150n, 150n]);
    expect(decided.verdicts).toEqual([]);
  });

  it('that stays holds everything after it', async () => {
    const rows = rowsAt(
      Array.from({ length: 61 }, (_, i) => [i, 5000 + i * 10 + (i >= 22 ? 9000 : 0)] as const),
    );
    const { intervals, verdicts } = await run(rows);
    expect(quantities(intervals)).toEqual([150n, null, null, null]);
    expect(verdicts).toMatchObject([{ rule: 'spike', at: T + 22 * MINUTE }]);
  });

  it('on a boundary leaves both slots missing', async () => {
    const rows = rowsAt(
      Array.from({ length: 61 }, (_, i) => [i, 5000 + i * 10 + (i === 30 ? 9000 : 0)] as const),
    );
    const { intervals } = await run(rows);
    expect(quantities(intervals)).toEqual([150n, null, null, 150n]);
  });
});

describe('two values for one instant', () => {
  it('are both left out until a person excludes one of them', async () => {
    const rows = [
      ...rowsAt(Array.from({ length: 31 }, (_, i) => [i, 5000 + i * 10] as const)),
      { ms: T + 15 * MINUTE, register: 4000 },
    ];
    const { intervals } = await run(rows);
    expect(intervals.map((i) => [i.quantity, i.gapS])).toEqual([
      [150n, 120],
      [150n, 120],
    ]);
    const ignored = [{ meter: '1', ms: T + 15 * MINUTE, register: '4000' }];
    const decided = await run(rows, undefined, { judgements: { ignored } });
    expect(decided.intervals.map((i) => i.gapS)).toEqual([0, 0]);
  });
});

describe('a meter replaced in the middle of a slot', () => {
  it.each([
    ['0.00', 0],
    ['50.00', 50_000],
  ])('from 123456.78 to %s counts both, without a verdict', async (_, fresh) => {
    const old = 123_456_780;
    const rows = [
      ...rowsAt([
        [0, old - 200],
        [6, old - 60],
      ]),
      ...rowsAt(
        [
          [9, fresh],
          [12, fresh + 30],
          [15, fresh + 60],
          [30, fresh + 210],
        ],
        '2',
      ),
    ];
    const { intervals, verdicts } = await run(rows, [
      { starts: T, ends: T + 7 * MINUTE, last: old },
      { starts: T + 8 * MINUTE, first: fresh, meter: '2' },
    ]);
    expect(quantities(intervals)).toEqual([260n, 150n]);
    expect(qualities(intervals)).toEqual(['measured', 'measured']);
    expect(verdicts).toEqual([]);
  });

  it('is missing from the silence of the old meter to the first word of the new one', async () => {
    const rows = [
      ...rowsAt([
        [0, 100],
        [15, 250],
        [20, 300],
      ]),
      ...rowsAt(
        [
          [62, 7],
          [75, 137],
        ],
        '2',
      ),
    ];
    const { intervals } = await run(rows, [
      { starts: T, ends: T + 50 * MINUTE },
      { starts: T + 50 * MINUTE, meter: '2' },
    ]);
    expect(quantities(intervals)).toEqual([150n, 50n, null, null, 130n]);
    expect(qualities(intervals)[1]).toBe('estimated:linear');
  });
});

describe('local days', () => {
  it.each([
    ['Europe/Berlin', '2026-03-29', 92],
    ['Europe/Berlin', '2026-10-25', 100],
    ['America/Sao_Paulo', '2018-11-04', 92],
    ['Australia/Lord_Howe', '2026-04-05', 98],
    ['Australia/Lord_Howe', '2026-10-04', 94],
    ['Asia/Shanghai', '2026-10-25', 96],
  ])('%s %s has %i slots that sum to the register', async (zone, day, slots) => {
    const start = dayStart(zone, day);
    const length = slots * 15;
    const rows = Array.from({ length: length + 1 }, (_, i) => ({
      ms: start + i * MINUTE,
      register: 1000 + i * 7,
    }));
    const { intervals } = await run(rows, [{ starts: start }], { zone });
    expect(intervals.map((i) => i.localSlot)).toEqual(Array.from({ length: slots }, (_, i) => i));
    expect(new Set(intervals.map((i) => i.day))).toEqual(
      new Set([Number(day.replaceAll('-', ''))]),
    );
    expect(intervals.reduce((sum, i) => sum + (i.quantity ?? 0n), 0n)).toBe(BigInt(length * 7));
  });
});

describe('reverse energy', () => {
  it('is told beside the quantity', async () => {
    const rows = Array.from({ length: 31 }, (_, i) => ({
      ms: T + i * MINUTE,
      register: i * 10,
      reverse: i * 2,
    }));
    const { intervals } = await run(rows);
    expect(intervals.map((i) => i.reverse)).toEqual([30n, 30n]);
  });
});
