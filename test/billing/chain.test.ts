/**
 * Days that depend on each other: steps of a point or an account, demand, fees, free quantity and minimum,
 * settled in whatever order their data come; the month is then what an independent recomputation says.
 */
import Decimal from 'decimal.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLiveBalances } from '../../billing/live.ts';
import { previewDays } from '../../billing/preview.ts';
import { readProject } from '../../billing/project.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { daySpan, daysBetween, SLOT_MS } from '../../sql/local-day.ts';
import { postedBill, sorted } from './bills.ts';
import { everything, lowSteps, everythingSpec as spec } from './everything.ts';
import { fixtures, water } from './fixtures.ts';
import { assignEach, faultsOf, ledgerOf, openPark, type Park } from './park.ts';
import { accountBill, type Spec, type Use } from './recomputation.ts';

const seed = 20260127;
const usage = { kind: 'usage', code: 'energy', name: 'Energy' };

const days = daysBetween('2026-02-01', '2026-03-01');
/** Only some days are measured with numbers of their own; the others are alike. */
const whOf = (point: number, day: string, slot: number) =>
  (slot * 37 + point * 101 + Number(day.slice(8)) * 13) % 61;

const measuredOf = (point: number, of: typeof whOf = whOf): Use =>
  new Map(days.map((day) => [day, Array.from({ length: 96 }, (_, s) => of(point, day, s))]));

async function dirty(park: Park, point: string, day: string): Promise<void> {
  await markDirty(park.postgres.db, {
    projectId: park.project.id,
    ...{ who: 'billing', why: 'late data', days: [{ pointId: point, localDay: day }] },
  });
}

describe('a month of two points', () => {
  let park: Park;
  beforeAll(async () => {
    park = await openPark({ points: 2, accounts: 1, from: '2026-02-01', definition: everything });
    for (const [i, point] of park.points.entries()) {
      for (const day of days) await park.intervals(point, day, (slot) => whOf(i, day, slot));
    }
  });
  afterAll(() => park.close());
  const expected = (of?: typeof whOf) =>
    sorted(
      accountBill(
        { p0: measuredOf(0, of), p1: measuredOf(1, of) },
        { zone: 'Asia/Shanghai', days, month: '2026-02', spec },
      ),
    );
  const posted = async () =>
    sorted(await postedBill(park, { account: park.accounts[0] ?? '', month: '2026-02' }));

  test('settled day by day comes to the recomputed bill', async () => {
    for (const day of ['2026-02-01', '2026-02-02', '2026-02-10', '2026-02-27']) {
      park.after(day);
      await settleDue(park.deps, park.project);
    }
    // Before the month is over there is no minimum.
    expect(Object.keys(await posted())).not.toContain('account/least/0/0');
    park.after('2026-02-28');
    expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 3, waiting: 0 });
    expect(await posted()).toEqual(expected());
    expect(Object.keys(await posted())).toContain('account/least/0/0');
    expect(await faultsOf(park)).toEqual([]);
  });

  test('settled again changes nothing', async () => {
    const before = await ledgerOf(park);
    for (const point of park.points) for (const day of days) await dirty(park, point, day);
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ headers: 0 });
    expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 0 });
    expect(await ledgerOf(park)).toEqual(before);
  });

  test('a day that changes re-rates the later days it touches, in one correction', async () => {
    const changed = (point: number, day: string, slot: number) =>
      point === 1 && day === '2026-02-03' ? 700 : whOf(point, day, slot);
    await park.intervals(park.points[1] ?? '', '2026-02-03', () => 700, { version: 2 });
    await dirty(park, park.points[1] ?? '', '2026-02-03');
    await settleDirty(park.deps, park.project);
    expect(await posted()).toEqual(expected(changed));
    const corrections = await park.rows(
      `SELECT t.cause ->> 'from' AS first, t.cause ->> 'to' AS last, t.cause -> 'why' AS why,
         count(s.id)::int AS days
       FROM transactions t JOIN settlements s ON s.transaction_id = t.id
       WHERE t.kind = 'correction' GROUP BY t.id, t.cause`,
    );
    expect(corrections).toHaveLength(1);
    expect(corrections[0]).toMatchObject({
      first: '2026-02-03',
      last: '2026-02-28',
      why: ['late data'],
    });
    // Of the days after the third, those lie anew whose steps, free quantity or demand moved.
    expect(Number(corrections[0]?.days)).toBeGreaterThan(4);
    expect(Number(corrections[0]?.days)).toBeLessThan(40);
    expect(await faultsOf(park)).toEqual([]);
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ headers: 0 });
  });

  test('failing at any place leaves the ledger as it was', async () => {
    const before = await ledgerOf(park);
    await park.intervals(park.points[0] ?? '', '2026-02-05', () => 300, { version: 2 });
    await dirty(park, park.points[0] ?? '', '2026-02-05');
    for (const place of ['locked', 'read', 'claimed', 'copied', 'posted'] as const) {
      const failpoint = (at: string) => {
        if (at === place) throw new Error(`failed when ${place}`);
      };
      await expect(settleDirty({ ...park.deps, failpoint }, park.project)).rejects.toThrow(place);
      expect(await ledgerOf(park)).toEqual(before);
    }
    await park.intervals(
      park.points[0] ?? '',
      '2026-02-05',
      (slot) => whOf(0, '2026-02-05', slot),
      { version: 3 },
    );
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ headers: 0 });
  });

  test('and back again', async () => {
    await park.intervals(
      park.points[1] ?? '',
      '2026-02-03',
      (slot) => whOf(1, '2026-02-03', slot),
      { version: 3 },
    );
    await dirty(park, park.points[1] ?? '', '2026-02-03');
    await settleDirty(park.deps, park.project);
    expect(await posted()).toEqual(expected());
    expect(await faultsOf(park)).toEqual([]);
  });
});

describe('any order and split of late data comes to the same totals', () => {
  const lastDays = days.slice(-4);
  const held = ['2026-02-25', '2026-02-28'];
  const all = { name: 'everything at once', ...lowSteps([9000, 17_000]) };
  const tariffs: { name: string; definition: unknown; spec: Spec }[] = [...fixtures, all];

  /** What is charged for the month of who opened on the 25th: 4 of its 28 days of fee and minimum. */
  const partOf = ({ fee, minimum, ...rest }: Spec): Spec => {
    const until = (amount: string, day: number) =>
      new Decimal(amount).times(day).dividedBy(28).toDecimalPlaces(8, Decimal.ROUND_DOWN);
    const share = (amount: string) => until(amount, 28).minus(until(amount, 24)).toFixed(8);
    const least = (amount: string) => new Decimal(amount).dividedBy(7).toFixed(8, 6);
    return {
      ...rest,
      ...(fee && { fee: { ...fee, amount: share(fee.amount) } }),
      ...(minimum && { minimum: { ...minimum, amount: least(minimum.amount) } }),
    };
  };
  /** So much that the steps of a point are reached within four days. */
  const timesOf = ({ steps }: Spec) =>
    steps && !steps.joint ? Math.ceil((steps.limits.at(-1) ?? 0) / 9000) : 1;

  test('under every tariff, each for an account of two points', async () => {
    // Each account is a case of its own: its eight point-days come in an order, some at first wrong.
    const cases = fc.array(
      fc.record({
        order: fc.shuffledSubarray(
          [0, 1].flatMap((p) => lastDays.map((day) => ({ p, day }))),
          { minLength: 8, maxLength: 8 },
        ),
        wrong: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 }),
      }),
      { minLength: tariffs.length, maxLength: tariffs.length },
    );
    await fc.assert(
      fc.asyncProperty(cases, async (accounts) => {
        const count = accounts.length;
        const park = await openPark({ points: 2 * count, accounts: count, from: held[0] });
        try {
          await assignEach(
            park,
            tariffs.map(({ definition }) => definition),
          );
          park.after('2026-02-28');
          const pointOf = (a: number, p: number) => park.points[p * count + a] ?? '';
          const trueWh = (a: number) => (p: number, day: string, slot: number) =>
            whOf(a + p, day, slot) * timesOf(tariffs[a]?.spec ?? all.spec);
          for (let step = 0; step < 16; step++) {
            for (const [a, { order, wrong }] of accounts.entries()) {
              const { p = 0, day = '' } = order[step % 8] ?? {};
              const point = pointOf(a, p);
              // First round: wrong, in part missing, or right at once; second round: what is true.
              const kind = step < 8 ? (wrong[step] ?? 0) : 0;
              const wh = (slot: number) =>
                kind === 1 ? 90 : kind === 2 && slot === 50 ? 'missing' : trueWh(a)(p, day, slot);
              await park.intervals(point, day, wh, { version: step + 1 });
              await dirty(park, point, day);
            }
            if (step % 4 === 2) await settleDue(park.deps, park.project);
            if (step % 3 === 0) await settleDirty(park.deps, park.project);
          }
          await settleDue(park.deps, park.project);
          for (const [a, { name, spec: own }] of tariffs.entries()) {
            const bill = accountBill(
              {
                [`p${a}`]: measuredOf(0, trueWh(a)),
                [`p${count + a}`]: measuredOf(1, trueWh(a)),
              },
              {
                ...{ zone: 'Asia/Shanghai', days: lastDays, month: '2026-02' },
                spec: partOf(own),
              },
            );
            const account = park.accounts[a] ?? '';
            const posted = await postedBill(park, { account, month: '2026-02' });
            expect([name, sorted(posted)]).toEqual([name, sorted(bill)]);
          }
          expect(await faultsOf(park)).toEqual([]);
        } finally {
          await park.close();
        }
      }),
      { seed, endOnFailure: true, numRuns: process.env.SOAK === '1' ? 10 : 1 },
    );
  });
});

describe('points that cumulate together', () => {
  let park: Park;
  beforeAll(async () => {
    park = await openPark({ points: 3, accounts: 1, from: '2026-02-01', definition: everything });
  });
  afterAll(() => park.close());
  const heads = () => park.value('SELECT count(*) FROM settlements WHERE scope_id <> account_id');

  test('are settled together or wait; one that was never read is not waited for', async () => {
    const [first = '', second = ''] = park.points;
    await park.intervals(first, '2026-02-01', () => 10);
    await park.intervals(second, '2026-02-01', (slot) => (slot < 50 ? 10 : null));
    park.after('2026-02-01');
    await settleDue(park.deps, park.project);
    expect(await heads()).toBe('0');
    expect(
      await park.rows('SELECT scope_id, reason FROM settlement_waits ORDER BY scope_id'),
    ).toEqual([
      { scope_id: first, reason: 'other-points' },
      { scope_id: second, reason: 'no-reading-after' },
    ]);
    await park.intervals(second, '2026-02-01', () => 10, { version: 2 });
    await settleDue(park.deps, park.project);
    expect(await heads()).toBe('2');
    expect(await park.value('SELECT count(*) FROM settlement_waits')).toBe('0');
    expect(await faultsOf(park)).toEqual([]);
  });

  test('the fee of a day is charged once, though a point still waits', async () => {
    expect(
      await park.rows(
        `SELECT c.exact::text, c.unit, c.quantity::int FROM charges c JOIN settlements s ON s.id = c.settlement_id
         WHERE s.scope_id = s.account_id`,
      ),
    ).toEqual([{ exact: '1.07142857', unit: 'day', quantity: 1 }]);
  });

  test('what is open shows in the balance with steps, demand and fees as they have accrued', async () => {
    const [first = '', second = ''] = park.points;
    const balance = async () => {
      const live = createLiveBalances({ db: park.postgres.db, source: park.deps.source });
      await live(await readProject(park.postgres.db, park.project.id), park.now);
      return (
        await park.rows(
          'SELECT settled_minor::int AS settled, provisional_minor::int AS open FROM live_balances',
        )
      )[0] as { settled: number; open: number };
    };
    for (const point of [first, second]) {
      await park.intervals(point, '2026-02-02', () => 400);
      await park.intervals(point, '2026-02-03', () => 400);
    }
    park.after('2026-02-02', 5);
    const open = await balance();
    park.after('2026-02-03', 31);
    await settleDue(park.deps, park.project);
    const settled = await balance();
    // The day that has just begun owes its fee already.
    expect(settled.open).toBe(107);
    // What the balance said of the second and third day is what they then cost, but for the rounding of keys.
    expect(Math.abs(open.settled - open.open - settled.settled)).toBeLessThanOrEqual(8);
    expect(open.open).toBeGreaterThan(15_000);
  });
});

describe('what is held for a part of a month or year', () => {
  let park: Park;
  const yearly = {
    components: [
      { ...usage, stepPrices: ['0.5', '0.6', '0.9'] },
      { kind: 'fixed', code: 'fee', name: 'Fee', per: 'month', amount: '31', scope: 'point' },
      {
        ...{ kind: 'allowance', code: 'free', name: 'Free', price: '0.5' },
        ...{ quantity: 31_000, proRata: 'days' },
      },
      { kind: 'minimum', code: 'least', name: 'Minimum', amount: '310', scope: 'point' },
    ],
    steps: {
      ...{ period: 'year', yearStart: '07-01', scope: 'point', limits: [120_000, 240_000] },
      ...{ proRata: 'months', order: 'steps-then-tou' },
    },
  };
  const march = daysBetween('2026-03-22', '2026-04-01');
  beforeAll(async () => {
    park = await openPark({ points: 1, accounts: 2, from: '2026-03-22', definition: yearly });
    for (const day of march) await park.intervals(park.points[0] ?? '', day, () => 50);
    park.after('2026-03-31');
    await settleDue(park.deps, park.project);
  });
  afterAll(() => park.close());
  const lines = () =>
    park.rows(
      `SELECT c.component, c.step, sum(c.quantity)::int AS quantity, trim_scale(sum(c.exact))::text AS exact
       FROM settlements s JOIN charges c ON c.settlement_id = s.id
       WHERE NOT EXISTS (SELECT FROM settlements n WHERE n.supersedes = s.id)
       GROUP BY 1, 2 ORDER BY 1, 2`,
    );

  test('takes its share of limits, fee, free quantity and minimum', async () => {
    // Opened on 22 March in a year that began in July: 4 of 12 months, so limits of 40 and 80 kWh.
    // 10 days × 4.8 kWh = 48 kWh: 40 at 0.5, 8 at 0.6. Fee 31 × 10/31. Free: 10/31 of 31 kWh.
    // Minimum 310 × 10/31 = 100, less 20 + 4.8 + 10 − 5 = 29.8.
    expect(await lines()).toEqual([
      { component: 'energy', step: 1, quantity: 40_000, exact: '20' },
      { component: 'energy', step: 2, quantity: 8000, exact: '4.8' },
      { component: 'fee', step: 0, quantity: 10, exact: '10' },
      { component: 'free', step: 0, quantity: -10_000, exact: '-5' },
      { component: 'least', step: 0, quantity: 1, exact: '70.2' },
    ]);
    expect(await faultsOf(park)).toEqual([]);
  });

  test('is taken back where it turns out to have been held for less', async () => {
    const [point = ''] = park.points;
    await park.rows("UPDATE tenancies SET valid_to = '2026-03-26T16:00:00Z' WHERE point_id = $1", [
      point,
    ]);
    for (const day of march.slice(5)) await dirty(park, point, day);
    await settleDirty(park.deps, park.project);
    // Five days to 26 March: 24 kWh at 0.5. Minimum 310 × 5/31 = 50, less 12 + 5 − 5 = 12.
    expect(await lines()).toEqual([
      { component: 'energy', step: 1, quantity: 24_000, exact: '12' },
      { component: 'fee', step: 0, quantity: 5, exact: '5' },
      { component: 'free', step: 0, quantity: -10_000, exact: '-5' },
      { component: 'least', step: 0, quantity: 1, exact: '38' },
    ]);
    const last = await park.value(
      `SELECT s.local_day::text FROM settlements s JOIN charges c ON c.settlement_id = s.id
       WHERE c.component = 'least' AND NOT EXISTS (
         SELECT FROM settlements n WHERE n.supersedes = s.id)`,
    );
    expect(last).toBe('2026-03-26');
    expect(await faultsOf(park)).toEqual([]);
    for (const day of march) await dirty(park, point, day);
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ headers: 0 });
  });

  test('a preview shows the later days of the steps, too', async () => {
    const [point = ''] = park.points;
    const { startMs } = daySpan(park.project.zone, '2026-03-22');
    // 24 kWh more on the first day: nothing is free on the next two, the others reach the second step.
    const overlay = new Map(
      Array.from({ length: 96 }, (_, s) => [`${point}/${startMs + s * SLOT_MS}`, 300]),
    );
    const told = await previewDays(
      { pool: park.postgres.pool, source: { questdb: park.questdb }, clock: () => park.now },
      park.project,
      { pointDays: [{ pointId: point, localDay: '2026-03-22' }], overlay },
    );
    expect(told.days.map((d) => d.localDay)).toEqual(march.slice(0, 5));
    expect(told.days.at(-1)?.after.map((l) => [l.component, l.step])).toContainEqual(['energy', 2]);
  });
});

test('water is charged by the litre, in tiers, with what is the city’s beside it', async () => {
  const park = await openPark({ points: 1, from: '2026-05-01', definition: water.definition });
  try {
    for (const table of ['points', 'tariffs', 'tariff_assignments']) {
      await park.rows(`UPDATE ${table} SET commodity = 'water' WHERE project_id = $1`, [
        park.project.id,
      ]);
    }
    // 192 m³ on the first day: 180 at 2.33, 12 at 3.495, and all of it at 0.95 for the city.
    await park.intervals(park.points[0] ?? '', '2026-05-01', () => 2000);
    park.after('2026-05-01');
    expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 1 });
    const lines = await park.rows(
      `SELECT component, unit, step, quantity::int, trim_scale(exact)::text AS exact FROM charges
       ORDER BY component, step`,
    );
    expect(lines).toEqual([
      { component: 'sewage', unit: 'l', step: 0, quantity: 192_000, exact: '182.4' },
      { component: 'water', unit: 'l', step: 1, quantity: 180_000, exact: '419.4' },
      { component: 'water', unit: 'l', step: 2, quantity: 12_000, exact: '41.94' },
    ]);
    expect(await faultsOf(park)).toEqual([]);
  } finally {
    await park.close();
  }
});
