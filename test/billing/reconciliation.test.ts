/** The three-way reconciliation: silent where all agrees, and each planted difference found, sized and owned. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reconcileDue } from '../../billing/reconciled.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { markDirty, markDone } from '../../sql/dirty-days.ts';
import { type Ask, openFace } from './face.ts';
import { jiangsu } from './jiangsu.ts';
import { openPark, type Park } from './park.ts';

const days = ['2026-01-05', '2026-01-06'];
const [first = '', second = ''] = days;
const cny = (amount: string) => ({ amount, currency: 'CNY' });

describe('reconciliation', () => {
  let park: Park;
  let ask: Ask;
  let main: string;
  const units = () => park.points as [string, string];
  const found = async (query: string) => (await ask('GET', `/reconciliation?${query}`)).body;
  const kinds = async (day: string): Promise<Record<string, number[]>> =>
    Object.fromEntries(
      (await found(`day=${day}`)).totals.kinds.map(
        (k: { kind: string; compared: number; differences: number; unexplained: number }) => [
          ...[k.kind, [k.compared, k.differences, k.unexplained]],
        ],
      ),
    );
  /** As the owner of the database, behind its triggers; what is done is undone again. */
  async function behindTriggers(acts: string[], look: () => Promise<void>): Promise<void> {
    const client: pg.PoolClient = await park.owner.connect();
    const tables = ['entries', 'charges', 'transactions'];
    const kept = new Map<string, string>();
    for (const table of tables) {
      kept.set(table, await park.value(`SELECT jsonb_agg(t)::text FROM ${table} t`));
    }
    await client.query("SET session_replication_role = 'replica'");
    try {
      for (const act of acts) expect((await client.query(act)).rowCount, act).toBeGreaterThan(0);
      await look();
    } finally {
      for (const [table, rows] of kept) {
        await client.query(`DELETE FROM ${table}`);
        await client.query(
          `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
          [rows],
        );
      }
      await client.query("SET session_replication_role = 'origin'");
      client.release();
    }
  }

  beforeAll(async () => {
    park = await openPark({ from: first, definition: jiangsu });
    ask = openFace(park);
    const { id } = park.project;
    main = await park.value(
      `INSERT INTO points (project_id, code, name, commodity, role)
       VALUES ($1, 'MAIN', 'Park', 'electricity', 'park-main') RETURNING id`,
      [id],
    );
    await park.rows(
      `WITH m AS (INSERT INTO meters (project_id, serial, model) VALUES ($1, 'M', 'DTSY1352-SIM')
         RETURNING id)
       INSERT INTO installations (project_id, point_id, meter_id, valid_from)
       SELECT $1, $2, m.id, '2026-01-01' FROM m`,
      [id, main],
    );
    for (const day of days) {
      for (const point of units()) await park.intervals(point, day, (slot) => 250 + slot);
      await park.intervals(main, day, (slot) => 2 * (250 + slot) + 7);
      park.after(day);
      await settleDue(park.deps, park.project);
    }
  });
  afterAll(() => park.close());

  test('finds nothing without a reason where all agrees, and says how much it compared', async () => {
    for (const day of days) {
      expect(await kinds(day)).toEqual({
        'main-sub': [1, 1, 0],
        'intervals-charges': [2, 0, 0],
        'charges-ledger': [2, 0, 0],
      });
    }
    const { data } = await found(`from=${first}&to=2026-01-07`);
    expect(data).toHaveLength(2);
    // 96 × 7 Wh of 57,792 are loss: 1.2 %.
    expect(data[0]).toMatchObject({
      ...{ day: first, kind: 'main-sub', subjectId: main, subject: 'MAIN', unit: 'Wh' },
      ...{ left: 57_792, right: 57_120, difference: 672, owner: 'person', reason: 'loss' },
      detail: '2 parts',
    });
  });

  test('finds an interval that changed after it was settled, until it is settled anew', async () => {
    const [point] = units();
    await park.intervals(point, second, (slot) => (slot === 40 ? 1290 : 250 + slot), {
      version: 2,
    });
    const { data } = await found(`day=${second}&kind=intervals-charges`);
    const [charged] = await park.rows(
      `SELECT sum(c.exact) * 1000 / 28560 AS average FROM charges c
       JOIN settlements s ON s.project_id = c.project_id AND s.id = c.settlement_id
       WHERE s.scope_id = $1 AND s.local_day = $2`,
      [point, second],
    );
    expect(data).toEqual([
      {
        ...{ day: second, kind: 'intervals-charges', subjectId: point, subject: 'A1' },
        ...{ left: 29_560, right: 28_560, difference: 1_000, unit: 'Wh', owner: 'billing' },
        money: cny(Number(charged?.average).toFixed(2)),
        ...{ reason: null, detail: null, settlementId: expect.any(String) },
      },
    ]);
    expect(
      await park.value('SELECT scope_id FROM settlements WHERE id = $1', [data[0].settlementId]),
    ).toBe(point);
    const projectId = park.project.id;
    await markDirty(park.postgres.db, {
      ...{ projectId, who: 'ingest', why: 'test' },
      days: [{ pointId: point, localDay: second }],
    });
    expect((await found(`day=${second}&kind=intervals-charges`)).data[0]).toMatchObject({
      ...{ difference: 1_000, reason: 'resettling', owner: 'billing' },
    });
    const ids = (await park.rows('SELECT id::text FROM dirty_days')).map((r) => String(r.id));
    await markDone(park.postgres.db, { consumer: 'intervals', projectId, ids });
    await settleDirty(park.deps, park.project);
    expect(await kinds(second)).toMatchObject({
      'intervals-charges': [2, 0, 0],
      'charges-ledger': [3, 0, 0],
    });
  });

  test('finds a line of charges that is missing, on both its sides', async () => {
    const [point] = units();
    const header = `(SELECT id FROM settlements WHERE scope_id = ${point} AND local_day = '${first}')`;
    const lost = await park.rows(
      `SELECT quantity::int, round(exact * 100)::int AS minor FROM charges
       WHERE settlement_id = ${header} AND component = 'energy' AND period = 3`,
    );
    await behindTriggers(
      [
        `DELETE FROM charges WHERE settlement_id = ${header} AND component = 'energy' AND period = 3`,
      ],
      async () => {
        const { data } = await found(`from=${first}&to=2026-01-07&unexplained=true`);
        expect(data).toMatchObject([
          {
            ...{ kind: 'charges-ledger', day: first, subjectId: park.accounts[0], subject: 'N1' },
            ...{ difference: -(lost[0]?.minor as number), owner: 'billing' },
            detail: expect.stringMatching(/^transaction \d+$/),
          },
          {
            ...{
              kind: 'intervals-charges',
              day: first,
              subjectId: point,
              difference: lost[0]?.quantity,
            },
            ...{
              left: 28_560,
              owner: 'billing',
              detail: expect.stringContaining('component energy'),
            },
          },
        ]);
      },
    );
  });

  test('finds a transaction whose legs are missing, and one that is altered', async () => {
    const of = (day: string, account: number) =>
      `(SELECT min(transaction_id) FROM settlements WHERE local_day = '${day}'
        AND account_id = ${park.accounts[account]})`;
    const charged = await park.value(
      `SELECT amount FROM entries e JOIN ledger_accounts l ON l.id = e.ledger_account_id
       WHERE l.code = 'wallet' AND e.transaction_id = ${of(first, 0)}`,
    );
    await behindTriggers(
      [
        `DELETE FROM entries WHERE transaction_id = ${of(first, 0)}`,
        `UPDATE entries SET amount = 2 * amount WHERE transaction_id = ${of(first, 1)}`,
      ],
      async () => {
        const { data, totals } = await found(`day=${first}&kind=charges-ledger`);
        const minor = Number(charged);
        expect(data).toMatchObject([
          { subject: 'N1', left: minor, right: 0, difference: minor, reason: null },
          { subject: 'N2', left: minor, right: 2 * minor, difference: -minor, reason: null },
        ]);
        expect(totals.kinds[2]).toMatchObject({
          ...{ kind: 'charges-ledger', compared: 2, unexplained: 2 },
          money: cny((minor / 50).toFixed(2)),
        });
      },
    );
    await behindTriggers([`DELETE FROM transactions WHERE id = ${of(first, 1)}`], async () => {
      // Its legs still stand: nothing is off by money, so the proof of the ledger tells of it.
      expect(await kinds(first)).toMatchObject({ 'charges-ledger': [2, 0, 0] });
    });
  });

  test('finds parts that count more than their main, and names what is missing', async () => {
    const [point] = units();
    const quantity = (slot: number) => 2 * (250 + slot) + 7;
    await park.intervals(main, first, (slot) => quantity(slot) - 60, { version: 2 });
    expect((await found(`day=${first}&kind=main-sub`)).data).toMatchObject([
      {
        ...{ left: 52_032, right: 57_120, difference: -5_088, owner: 'person', reason: null },
        money: { currency: 'CNY', amount: expect.stringMatching(/^\d\.\d\d$/) },
      },
    ]);
    await park.intervals(main, first, quantity, { version: 3 });
    const day = '2026-01-07';
    await park.intervals(main, day, quantity);
    await park.intervals(point, day, (slot) => (slot === 30 ? 'missing' : 250));
    await park.intervals(units()[1], day, () => 250);
    park.after(day);
    await settleDue(park.deps, park.project);
    const { data } = await found(`day=${day}`);
    expect(data).toMatchObject([
      {
        ...{
          kind: 'intervals-charges',
          subject: 'A1',
          left: 23_750,
          right: null,
          difference: null,
        },
        ...{ reason: 'missing-intervals', owner: 'ingest', money: expect.anything() },
      },
      {
        ...{ kind: 'main-sub', left: 57_792, right: 47_750, owner: 'ingest' },
        ...{ reason: 'missing-intervals', detail: '2 parts, 1 quarter-hours of them missing' },
      },
    ]);
  });

  test('is made once an hour, kept by day, and an alarm stands while a difference has no reason', async () => {
    const deps = { db: park.postgres.db, questdb: park.questdb, clock: () => park.now };
    const terms = { ...park.project, name: 'P', legalEntityId: '1' };
    const open = () =>
      park.rows(
        `SELECT detail ->> 'unexplained' AS unexplained, cleared_at IS NULL AS open FROM alarms
         WHERE kind = 'reconciliation.difference' ORDER BY id`,
      );
    const [point] = units();
    await park.intervals(point, first, (slot) => 260 + slot, { version: 2 });
    expect((await reconcileDue(deps, terms))?.sort()).toEqual([...days, '2026-01-07']);
    expect(await reconcileDue(deps, terms)).toBeUndefined();
    expect(await open()).toEqual([{ unexplained: '1', open: true }]);
    const { body } = await ask('GET', `/reconciliation/days?from=${first}&to=2026-01-08`);
    expect(body.data).toHaveLength(9);
    expect(body.data[7]).toEqual({
      ...{ day: first, kind: 'intervals-charges', checkedAt: park.now.toISOString() },
      ...{ compared: 2, differences: 1, unexplained: 1 },
      money: { currency: 'CNY', amount: expect.stringMatching(/^0\.\d\d$/) },
    });
    const gate = (await ask('GET', '/months/2026-01')).body.items;
    expect(gate.find((i: { kind: string }) => i.kind === 'differences')).toMatchObject({
      count: 1,
    });
    expect(gate.find((i: { kind: string }) => i.kind === 'unreconciled')).toMatchObject({
      count: 0,
    });
    await park.intervals(point, first, (slot) => 250 + slot, { version: 3 });
    park.now = new Date(park.now.getTime() + 3_600_000);
    expect(await reconcileDue(deps, terms)).toContain(first);
    expect(await open()).toEqual([{ unexplained: '1', open: false }]);
  });

  test('refuses a range that is too long, upside down or said twice', async () => {
    const problem = async (query: string) => (await found(query)).code;
    expect(await problem('from=2026-01-01&to=2026-04-01')).toBe('range-too-long');
    expect(await problem('from=2026-01-05&to=2026-01-05')).toBe('invalid-request');
    expect(await problem('day=2026-01-05&to=2026-01-07')).toBe('invalid-request');
    expect(await problem('day=2026-02-30')).toBe('invalid-request');
    expect((await found('')).totals).toMatchObject({ from: '2026-01-07', to: '2026-01-08' });
  });
});
