/** Settlement against real databases: what is due, what waits, what is corrected, and to the cent. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { createRound } from '../../billing/work.ts';
import { markDirty, markDone } from '../../sql/dirty-days.ts';
import { daysBetween, type LocalDay } from '../../sql/local-day.ts';
import { openFace } from './face.ts';
import { faultsOf, ledgerOf, openPark, type Park } from './park.ts';

/** Wallet movements of an account per kind of transaction and accounting date, minor units. */
const wallet = (park: Park, account: string) =>
  park.rows(
    `SELECT t.kind, t.accounting_date::text AS date, e.amount FROM entries e
     JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
     JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
     WHERE l.code = 'wallet' AND l.account_id = $1 ORDER BY t.id`,
    [account],
  );

describe('a day', () => {
  let park: Park;
  const day = '2026-01-05';
  beforeAll(async () => {
    park = await openPark({ from: day });
  });
  afterAll(() => park.close());

  test('is not settled before its grace has passed', async () => {
    for (const point of park.points) await park.intervals(point, day, () => 250);
    park.after(day, 29);
    expect(await settleDue(park.deps, park.project)).toMatchObject({
      outcome: 'settled',
      headers: 0,
    });
  });

  test('is settled once: header, exact charges, a balanced transaction per account', async () => {
    park.after(day, 31);
    expect(await settleDue(park.deps, park.project)).toEqual({
      outcome: 'settled',
      headers: 2,
      corrections: 0,
      waiting: 0,
    });
    const charges = await park.rows(
      `SELECT component, period, charges.quantity::text, price::text, exact::text FROM charges
       JOIN settlements s ON s.project_id = charges.project_id AND s.id = settlement_id
       WHERE scope_id = $1 ORDER BY component, period`,
      [park.points[0]],
    );
    expect(charges).toEqual([
      { component: 'energy', period: 2, quantity: '8000', price: '0.9566', exact: '7.6528' },
      { component: 'energy', period: 3, quantity: '8000', price: '0.64', exact: '5.12' },
      { component: 'energy', period: 4, quantity: '8000', price: '0.3828', exact: '3.0624' },
      { component: 'levy', period: 0, quantity: '24000', price: '0.0235', exact: '0.564' },
      { component: 'service-fee', period: 0, quantity: '24000', price: '0.03125', exact: '0.75' },
    ]);
    const legs = await park.rows(
      `SELECT code, detail, sum(amount)::int AS sum FROM entries e
       JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
       WHERE e.project_id = $1 GROUP BY 1, 2 ORDER BY 1, 2`,
      [park.project.id],
    );
    // Twice 7.65 + 5.12 + 3.06 (13 % within), 0.75 (6 % on top, 0.045 → 0.04) and 0.56 for others.
    expect(legs).toEqual([
      { code: 'payable', detail: 'levy', sum: -112 },
      { code: 'revenue', detail: 'energy', sum: -2802 },
      { code: 'revenue', detail: 'service-fee', sum: -150 },
      { code: 'tax', detail: 'VAT 0.06', sum: -8 },
      { code: 'tax', detail: 'VAT 0.13', sum: -364 },
      { code: 'wallet', detail: '', sum: 3436 },
    ]);
    expect(await faultsOf(park)).toEqual([]);
  });

  test('is not settled again', async () => {
    const before = await ledgerOf(park);
    expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 0 });
    expect(await ledgerOf(park)).toEqual(before);
  });

  test('is corrected by the difference when its data change, in a new revision', async () => {
    const [point = '', other = ''] = park.points;
    await park.intervals(point, day, (slot) => (slot < 4 ? 1250 : 250), { version: 2 });
    const dirty = { projectId: park.project.id, who: 'ingest', why: 'late' };
    await markDirty(park.postgres.db, {
      ...dirty,
      days: [
        { pointId: point, localDay: day },
        { pointId: other, localDay: day },
      ],
    });
    // Until the intervals are rebuilt there is nothing to look at.
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ headers: 0 });
    const ids = (await park.rows('SELECT id FROM dirty_days')).map((r) => String(r.id));
    await markDone(park.postgres.db, { consumer: 'intervals', projectId: park.project.id, ids });
    expect(await settleDirty(park.deps, park.project)).toMatchObject({
      headers: 1,
      corrections: 1,
    });
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ headers: 0 });
    // 4 kWh more in valley: energy 3.06 → 4.59, levy 0.56 → 0.66, service 0.75 + 0.04 → 0.88 + 0.05.
    expect(await wallet(park, park.accounts[0] ?? '')).toEqual([
      { kind: 'settlement', date: day, amount: '1718' },
      { kind: 'correction', date: day, amount: '177' },
    ]);
    expect(await faultsOf(park)).toEqual([]);
  });

  test('goes back to its first amounts when the change is taken back', async () => {
    const [point = ''] = park.points;
    await park.intervals(point, day, () => 250, { version: 3 });
    await markDirty(park.postgres.db, {
      projectId: park.project.id,
      who: 'billing',
      why: 'test',
      days: [{ pointId: point, localDay: day }],
    });
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ corrections: 1 });
    const amounts = (await wallet(park, park.accounts[0] ?? '')).map((r) => Number(r.amount));
    expect(amounts).toEqual([1718, 177, -177]);
  });

  test('of a closed month is corrected in the first open day', async () => {
    await park.rows(
      "INSERT INTO billing_months (project_id, month, state) VALUES ($1, '2026-01-01', 'closed')",
      [park.project.id],
    );
    const [point = ''] = park.points;
    await park.intervals(point, day, () => 251, { version: 4 });
    await markDirty(park.postgres.db, {
      projectId: park.project.id,
      who: 'billing',
      why: 'test',
      days: [{ pointId: point, localDay: day }],
    });
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ corrections: 1 });
    expect((await wallet(park, park.accounts[0] ?? '')).at(-1)).toMatchObject({
      kind: 'correction',
      date: '2026-02-01',
    });
    expect(await faultsOf(park)).toEqual([]);
  });

  test('is not settled by a clock that went back', async () => {
    park.after('2025-12-01');
    expect(await settleDue(park.deps, park.project)).toMatchObject({ outcome: 'blocked' });
  });

  test('is not settled while the clock was put, which is an alarm; once, when it is right again', async () => {
    const [point = ''] = park.points;
    const next = '2026-02-02';
    await park.intervals(point, next, () => 100);
    let jumpMs: number | undefined = 2 * 3_600_000;
    const seenAt = new Date();
    const round = createRound({
      ...{ ...park.deps, log: { info: () => {}, warn: () => {}, error: () => {} } },
      clockDoubt: () => (jumpMs === undefined ? undefined : { jumpMs, seenAt }),
    });
    const seen = async () => ({
      headers: (
        await park.rows(
          'SELECT 1 FROM settlements WHERE project_id = $1 AND scope_id = $2 AND local_day = $3',
          [park.project.id, point, next],
        )
      ).length,
      alarms: await park.rows(
        "SELECT subject_id, cleared_at IS NULL AS open, detail ->> 'jumpMs' AS jump FROM alarms WHERE project_id = $1 AND kind = 'server.clock'",
        [park.project.id],
      ),
    });
    // By its own word the day is over.
    park.after(next);
    await round();
    await round();
    expect(await seen()).toEqual({
      headers: 0,
      alarms: [{ subject_id: 'clock', open: true, jump: '7200000' }],
    });
    jumpMs = undefined;
    await round();
    await round();
    expect(await seen()).toEqual({
      headers: 1,
      alarms: [{ subject_id: 'clock', open: false, jump: '7200000' }],
    });
    // Put back while nobody looked: the newest settlement tells.
    park.after('2025-12-01');
    await round();
    expect((await seen()).alarms.map(({ open }) => open)).toContain(true);
  });
});

describe('a point', () => {
  let park: Park;
  const days = daysBetween('2026-03-01', '2026-03-06');
  beforeAll(async () => {
    park = await openPark({ points: 4, from: '2025-06-01' });
  });
  afterAll(() => park.close());
  const headers = () =>
    park.rows(
      `SELECT scope_id, local_day::text AS day, slots, estimated_slots AS estimated,
         missing_slots AS missing FROM settlements WHERE project_id = $1 AND revision = 1
       ORDER BY scope_id, local_day`,
      [park.project.id],
    );
  const waits = () =>
    park.rows(
      `SELECT scope_id, local_day::text AS day, reason FROM settlement_waits WHERE project_id = $1
       ORDER BY 1, 2`,
      [park.project.id],
    );

  test('that falls silent waits, visibly, while the others are settled', async () => {
    const [steady = '', silent = '', held = '', never = ''] = park.points;
    const [d1 = '', d2 = '', d3 = ''] = days;
    for (const day of days) await park.intervals(steady, day, () => 100);
    await park.intervals(silent, d1, () => 100);
    await park.intervals(silent, d2, (slot) => (slot < 40 ? 100 : null));
    await park.intervals(held, d1, (slot) => (slot < 10 ? null : 100));
    await park.intervals(held, d2, (slot) => (slot === 50 ? 'missing' : 100));
    await park.intervals(held, d3, () => 100, { quality: 'estimated:linear' });
    park.after('2026-03-03');
    const settled = await settleDue(park.deps, park.project);
    expect(settled).toMatchObject({ outcome: 'settled', headers: 6, waiting: 3 });
    expect(await waits()).toEqual([
      { scope_id: silent, day: d2, reason: 'no-reading-after' },
      { scope_id: silent, day: d3, reason: 'no-reading-after' },
      { scope_id: held, day: d2, reason: 'missing-intervals' },
    ]);
    expect(await headers()).toEqual([
      { scope_id: steady, day: d1, slots: 96, estimated: 0, missing: 0 },
      { scope_id: steady, day: d2, slots: 96, estimated: 0, missing: 0 },
      { scope_id: steady, day: d3, slots: 96, estimated: 0, missing: 0 },
      { scope_id: silent, day: d1, slots: 96, estimated: 0, missing: 0 },
      // Nothing was read before slot 10 of the first day: that cannot come any more.
      { scope_id: held, day: d1, slots: 96, estimated: 0, missing: 10 },
      { scope_id: held, day: d3, slots: 96, estimated: 96, missing: 0 },
    ]);
    expect((await headers()).filter((h) => h.scope_id === never)).toEqual([]);
    const { body } = await openFace(park)('GET', '/settlement-waits');
    expect(body.totals).toEqual({ count: 3 });
    expect(body.data[0]).toMatchObject({
      pointCode: 'A2',
      localDay: d2,
      reason: 'no-reading-after',
    });
  });

  test('is settled once its readings have come', async () => {
    const [, silent = '', held = ''] = park.points;
    const [, d2 = '', d3 = ''] = days;
    await park.intervals(silent, d2, () => 100, { quality: 'estimated:linear', version: 2 });
    await park.intervals(silent, d3, () => 100, { version: 2 });
    await park.intervals(held, d2, () => 100, { version: 2 });
    expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 3, waiting: 0 });
    expect(await waits()).toEqual([]);
    expect(await faultsOf(park)).toEqual([]);
  });

  test('without a tariff waits and says so', async () => {
    await park.rows("UPDATE tariff_assignments SET valid_to = '2026-03-04' WHERE project_id = $1", [
      park.project.id,
    ]);
    park.after('2026-03-04');
    expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 0 });
    expect((await waits())[0]).toMatchObject({ day: '2026-03-04', reason: 'no-tariff' });
    await park.rows('UPDATE tariff_assignments SET valid_to = NULL WHERE project_id = $1', [
      park.project.id,
    ]);
    expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 1 });
  });

  test('that moves within a day is parted at the slot, each account paying its own', async () => {
    const [steady = ''] = park.points;
    const [from = '', , , to = ''] = park.accounts;
    const noon = new Date('2026-03-05T04:00:00Z');
    await park.rows('UPDATE tenancies SET valid_to = $2 WHERE point_id = $1', [steady, noon]);
    await park.rows(
      'INSERT INTO tenancies (project_id, account_id, point_id, valid_from) VALUES ($1, $2, $3, $4)',
      [park.project.id, to, steady, noon],
    );
    park.after('2026-03-05');
    await settleDue(park.deps, park.project);
    const parts = await park.rows(
      `SELECT account_id, slots, quantity::int FROM settlements WHERE scope_id = $1
       AND local_day = '2026-03-05' ORDER BY account_id`,
      [steady],
    );
    expect(parts).toEqual([
      { account_id: from, slots: 48, quantity: 4800 },
      { account_id: to, slots: 48, quantity: 4800 },
    ]);
    expect(await faultsOf(park)).toEqual([]);
  });

  test('that turns out to have belonged to another is taken from the one and charged to the other', async () => {
    const [steady = ''] = park.points;
    const [from = '', , , to = ''] = park.accounts;
    await park.rows(
      "UPDATE tenancies SET valid_to = '2026-03-04T16:00:00Z' WHERE point_id = $1 AND account_id = $2",
      [steady, from],
    );
    await park.rows(
      "UPDATE tenancies SET valid_from = '2026-03-04T16:00:00Z' WHERE point_id = $1 AND account_id = $2",
      [steady, to],
    );
    const dirty = { projectId: park.project.id, who: 'billing', why: 'moved' };
    await markDirty(park.postgres.db, {
      ...dirty,
      days: [{ pointId: steady, localDay: '2026-03-05' }],
    });
    expect(await settleDirty(park.deps, park.project)).toMatchObject({
      headers: 2,
      corrections: 2,
    });
    const parts = await park.rows(
      `SELECT account_id, revision, slots FROM settlements WHERE scope_id = $1
       AND local_day = '2026-03-05' ORDER BY account_id, revision`,
      [steady],
    );
    expect(parts).toEqual([
      { account_id: from, revision: 1, slots: 48 },
      { account_id: from, revision: 2, slots: 0 },
      { account_id: to, revision: 1, slots: 48 },
      { account_id: to, revision: 2, slots: 96 },
    ]);
    await markDirty(park.postgres.db, {
      ...dirty,
      days: [{ pointId: steady, localDay: '2026-03-05' }],
    });
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ headers: 0 });
    expect(await faultsOf(park)).toEqual([]);
  });
});

test.each<[string, LocalDay, number, string]>([
  ['Europe/Berlin', '2026-03-29', 92, 'EUR'],
  ['Europe/Berlin', '2026-10-25', 100, 'EUR'],
  ['America/Sao_Paulo', '2018-11-04', 92, 'BRL'],
  ['Australia/Lord_Howe', '2026-04-05', 98, 'AUD'],
])('%s %s is settled with its %i quarter-hours', async (zone, day, slots, currency) => {
  const park = await openPark({ zone, currency, points: 1, from: day });
  try {
    await park.intervals(park.points[0] ?? '', day, (slot) => slot + 1);
    park.after(day);
    expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 1, waiting: 0 });
    const header = await park.rows('SELECT slots, quantity::int FROM settlements');
    expect(header).toEqual([{ slots, quantity: (slots * (slots + 1)) / 2 }]);
    expect(await faultsOf(park)).toEqual([]);
  } finally {
    await park.close();
  }
});
