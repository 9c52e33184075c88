/** Closing at the counter: the part-day settled at once, what is left settled, and the residual afterwards. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completeClosings } from '../../billing/closing.ts';
import { readProject } from '../../billing/project.ts';
import { seal } from '../../billing/seal.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { verifyLedger } from '../../billing/verify.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { localDayOf } from '../../sql/local-day.ts';
import { type Ask, openFace } from './face.ts';
import { flat } from './jiangsu.ts';
import { assignEach, faultsOf, ledgerOf, openPark, type Park } from './park.ts';

let park: Park;
let ask: Ask;
const cny = (amount: string) => ({ amount, currency: 'CNY' });
const day = '2026-01-05';
const today = '2026-01-06';
/** 12:07 of that day in the project's zone. */
const noon = new Date('2026-01-06T04:07:00Z');
const post = (path: string, body: object, key: string, face = ask) =>
  face('POST', path, body, { 'idempotency-key': key });
const account = (i: number) => park.accounts[i] ?? '';
const point = (i: number) => park.points[i] ?? '';
const walletOf = async (id: string) => (await ask('GET', `/accounts/${id}/balance`)).body.settled;
const settle = () => settleDue(park.deps, park.project);
const completed = async () =>
  completeClosings(
    park.postgres.db,
    park.questdb,
    await readProject(park.postgres.db, park.project.id),
    park.now,
  );

beforeAll(async () => {
  park = await openPark({ points: 4, from: day, definition: flat('1') });
  ask = openFace(park);
  // The last account's days depend on each other: 2 days of 31 are 20.00 at least.
  const least = {
    components: [
      { kind: 'usage', code: 'energy', name: 'Energy', price: '0.1' },
      { kind: 'fixed', code: 'fee', name: 'Fee', per: 'day', amount: '2', scope: 'account' },
      { kind: 'minimum', code: 'least', name: 'Minimum', amount: '310', scope: 'account' },
    ],
  };
  await assignEach(park, [flat('1'), flat('1'), flat('1'), least]);
  for (const id of park.points) {
    await park.intervals(id, day, () => 250);
    await park.intervals(id, today, (slot) => (slot < (id === point(1) ? 40 : 48) ? 250 : null));
  }
  park.after(day);
  expect(await settle()).toMatchObject({ waiting: 0 });
  park.now = noon;
});
afterAll(() => park.close());

describe('closing', () => {
  test('is previewed to the cent, and the preview changes nothing', async () => {
    await post(`/accounts/${account(0)}/sales`, { channel: 'cash', amount: cny('100.00') }, 's');
    const deposit = { kind: 'taken', amount: cny('50.00'), channel: 'cash' };
    await post(`/accounts/${account(0)}/deposits`, deposit, 'd');
    const before = await ledgerOf(park);
    const { body } = await ask('GET', `/accounts/${account(0)}/closing`);
    expect(body).toMatchObject({
      closing: null,
      preview: {
        ...{ at: '2026-01-06T04:00:00.000Z', settled: cny('76.00'), charged: cny('12.00') },
        ...{ provisional: cny('0.00'), deposit: cny('50.00'), balance: cny('64.00') },
        points: [{ code: 'A1', serial: 'S1', obstacle: 'not-connected' }],
        waiting: [],
      },
    });
    const early = await ask('GET', `/accounts/${account(0)}/closing?at=2026-01-06T03:30:00Z`);
    expect(early.body.preview.charged).toEqual(cny('11.50'));
    for (const [at, code] of [
      ['2026-01-06T03:31:00Z', 'invalid-request'],
      ['2026-01-06T04:15:00Z', 'invalid-request'],
      ['2026-01-05T04:00:00Z', 'correction-needed'],
    ]) {
      const refused = await ask('GET', `/accounts/${account(0)}/closing?at=${at}`);
      expect([at, refused.body.code]).toEqual([at, code]);
    }
    expect(await ledgerOf(park)).toEqual(before);
  });

  test('settles the part-day, refunds balance and deposit, frees the points, once', async () => {
    const path = `/accounts/${account(0)}/close`;
    const closing = { settle: 'refund', channel: 'cash', reason: 'moves out' };
    const wrong = { ...closing, channel: null };
    expect((await post(path, wrong, 'w')).body.code).toBe('invalid-request');
    const off = openFace(park, 'clerk', (permission) => permission !== 'supply.write');
    expect((await post(path, { ...closing, supplyOff: true }, 'w', off)).body.code).toBe(
      'forbidden',
    );
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => post(path, closing, 'close')),
    );
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([201]));
    expect(answers[0]?.body).toMatchObject({
      ...{ state: 'complete', outcome: 'refunded', balance: cny('114.00'), receipt: 'C00000001' },
      endedAt: '2026-01-06T04:00:00.000Z',
    });
    expect(await walletOf(account(0))).toEqual(cny('0.00'));
    const money = await park.rows(
      `SELECT l.code, sum(e.amount)::int AS sum FROM entries e
       JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
       WHERE l.code IN ('cash', 'deposit') GROUP BY 1 ORDER BY 1`,
    );
    expect(money).toEqual([
      { code: 'cash', sum: 3600 },
      { code: 'deposit', sum: 0 },
    ]);
    expect((await post(path, closing, 'again')).body.code).toBe('account-closed');
    const sale = { channel: 'cash', amount: cny('1.00') };
    expect((await post(`/accounts/${account(0)}/sales`, sale, 'no')).body.code).toBe(
      'account-closed',
    );
    const shown = await ask('GET', `/accounts/${account(0)}/closing`);
    expect(shown.body).toMatchObject({ preview: null, closing: { outcome: 'refunded' } });
    // The point is free from that quarter-hour on.
    const next = await ask('POST', '/accounts/openings', {
      name: 'Next',
      points: [{ pointId: point(0) }],
    });
    const opened = await post(`/accounts/openings/${next.body.id}/open`, {}, 'next');
    expect(opened.body).toMatchObject({
      state: 'opened',
      result: { from: '2026-01-06T04:00:00.000Z' },
    });
  });

  test('without readings waits for them, visibly, and is completed when they are there', async () => {
    await post(`/accounts/${account(1)}/sales`, { channel: 'cash', amount: cny('100.00') }, 's1');
    const readings = `/accounts/${account(1)}/closing/readings`;
    expect((await post(readings, {}, 'r1')).body.data).toEqual([
      { pointId: point(1), commandId: null, obstacle: 'not-connected' },
    ]);
    await park.rows(
      `WITH gateway AS (INSERT INTO gateways (project_id, name) VALUES ($1, 'H') RETURNING id),
       bus AS (INSERT INTO buses (project_id, gateway_id, name, framing, host, port)
         SELECT $1, id, 'B', 'tcp', '127.0.0.1', 2 FROM gateway RETURNING id)
       UPDATE meters SET bus_id = bus.id, unit = 1 FROM bus WHERE serial = 'S2'`,
      [park.project.id],
    );
    const clerk = openFace(park, 'clerk', (permission) => permission !== 'command.write');
    const twice = await Promise.all([1, 2].map(() => post(readings, {}, 'r2', clerk)));
    const { commandId } = twice[0]?.body.data[0] ?? {};
    expect(twice.map(({ body }) => body.data)).toEqual(
      [1, 2].map(() => [{ pointId: point(1), commandId, obstacle: null }]),
    );
    expect((await post('/accounts/999999/closing/readings', {}, 'r3')).body.code).toBe('not-found');
    const closing = { settle: 'refund', channel: 'cash', reason: 'moves out' };
    const { body } = await post(`/accounts/${account(1)}/close`, closing, 'c1');
    expect(body).toMatchObject({ state: 'waiting', outcome: null, balance: null });
    // What it waits for is asked of the meter.
    const reads = "SELECT id::text, reason FROM commands WHERE function = 'read-now' ORDER BY id";
    expect(await park.rows(reads)).toMatchObject([
      { id: commandId, reason: expect.stringMatching(/^closing of /) },
      { reason: 'moves out' },
    ]);
    expect((await ask('GET', '/accounts/closings?state=waiting')).body.data).toHaveLength(1);
    expect((await ask('GET', '/settlement-waits')).body.data).toMatchObject([
      { pointId: point(1), localDay: today, reason: 'no-reading-after' },
    ]);
    const refund = { kind: 'refund', amount: cny('1.00'), channel: 'cash', reason: 'r' };
    const early = await post(`/accounts/${account(1)}/residual`, refund, 'early');
    expect(early.body.code).toBe('conflict');
    await settle();
    expect(await completed()).toBe(0);
    await park.intervals(point(1), today, (slot) => (slot >= 40 && slot < 48 ? 250 : null));
    await settle();
    expect(await completed()).toBe(1);
    expect(await completed()).toBe(0);
    const [shown] = (await ask('GET', '/accounts/closings?limit=1')).body.data;
    // Who is not at the counter is not paid: it stands in the list of refunds.
    expect(shown).toMatchObject({ state: 'complete', outcome: 'carried', balance: cny('64.00') });
    const day = new Date(shown.requestedAt);
    const asked = (days: number) => localDayOf('Asia/Shanghai', day.getTime() + days * 86_400_000);
    const found = await ask('GET', `/accounts/closings?q=MOVES&from=${asked(0)}&to=${asked(1)}`);
    expect(found.body.data.map((c: { id: string }) => c.id)).toContain(shown.id);
    expect(found.body.totals).toMatchObject({ waiting: 0, carried: cny('64.00') });
    expect(found.body.totals.count).toBe(found.body.data.length);
    for (const query of ['q=%25', `from=${asked(1)}`, `to=${asked(0)}&q=moves`]) {
      const none = await ask('GET', `/accounts/closings?${query}`);
      expect([none.body.data, none.body.totals.count]).toEqual([[], 0]);
    }
    const { body: list } = await ask('GET', '/accounts/residuals');
    expect(list).toMatchObject({
      data: [{ id: account(1), side: 'refund', residual: cny('64.00') }],
      totals: { count: 1, refund: cny('64.00'), chase: cny('0.00') },
    });
    const path = `/accounts/${account(1)}/residual`;
    const paid = await Promise.all(
      ['a', 'b', 'c'].map((key) => post(path, { ...refund, amount: cny('64.00') }, key)),
    );
    expect(paid.map((a) => a.status).sort()).toEqual([201, 422, 422]);
    expect((await ask('GET', '/accounts/residuals')).body.data).toEqual([]);
  });

  test('of an account whose days depend on each other settles fee and minimum with its last day', async () => {
    const { body } = await ask('GET', `/accounts/${account(3)}/closing`);
    expect(body.preview).toMatchObject({ waiting: [], balance: cny('-20.00') });
    await park.rows(
      `WITH gateway AS (INSERT INTO gateways (project_id, name) VALUES ($1, 'G') RETURNING id),
       bus AS (INSERT INTO buses (project_id, gateway_id, name, framing, host, port)
         SELECT $1, id, 'B', 'tcp', '127.0.0.1', 1 FROM gateway RETURNING id)
       UPDATE meters SET bus_id = bus.id, unit = 1 FROM bus WHERE serial = 'S4'`,
      [park.project.id],
    );
    const closing = { settle: 'write-off', reason: 'gone', supplyOff: true };
    const closed = await post(`/accounts/${account(3)}/close`, closing, 'c3');
    expect(closed.body).toMatchObject({
      ...{ state: 'complete', outcome: 'written-off', balance: cny('-20.00') },
    });
    expect(closed.body.points).toMatchObject([{ code: 'A4', commandId: expect.any(String) }]);
    expect(
      await park.rows(
        'SELECT function, reason, cause FROM commands WHERE meter_id = (SELECT id FROM meters WHERE serial = $1)',
        ['S4'],
      ),
    ).toEqual([{ function: 'trip', reason: 'gone', cause: { closing: account(3) } }]);
    expect(await walletOf(account(3))).toEqual(cny('0.00'));
    const lines = await park.rows(
      `SELECT c.component, c.exact::float8 FROM charges c
       JOIN settlements s ON s.project_id = c.project_id AND s.id = c.settlement_id
       WHERE s.account_id = $1 AND s.local_day = $2 ORDER BY 1`,
      [account(3), today],
    );
    expect(lines).toEqual([
      { component: 'energy', exact: 1.2 },
      { component: 'fee', exact: 2 },
      { component: 'least', exact: 12.4 },
    ]);
  });
});

describe('afterwards', () => {
  test('a correction of the part-day goes to the residual, and is chased', async () => {
    await park.intervals(point(0), today, (slot) => (slot === 0 ? 1250 : null), { version: 2 });
    await markDirty(park.postgres.db, {
      ...{ projectId: park.project.id, who: 'billing', why: 'late sample' },
      days: [{ pointId: point(0), localDay: today }],
    });
    expect(await settleDirty(park.deps, park.project)).toMatchObject({ corrections: 1 });
    const { body } = await ask('GET', '/accounts/residuals?side=chase');
    expect(body).toMatchObject({
      data: [{ id: account(0), side: 'chase', residual: cny('-1.00'), changedBy: 'correction' }],
      totals: { chase: cny('1.00') },
    });
    const path = `/accounts/${account(0)}/residual`;
    const part = { kind: 'collect', amount: cny('0.40'), channel: 'cash', reason: 'paid' };
    expect((await post(path, { ...part, amount: cny('1.01') }, 'x')).body.code).toBe(
      'invalid-amount',
    );
    expect((await post(path, part, 'p1')).status).toBe(201);
    const { body: left } = await ask('GET', '/accounts/residuals');
    expect(left.data).toMatchObject([{ residual: cny('-0.60'), changedBy: 'closing' }]);
    const lost = { kind: 'write-off', amount: cny('0.60'), reason: 'not worth a letter' };
    expect((await post(path, lost, 'p2')).status).toBe(201);
    expect((await ask('GET', '/accounts/residuals')).body.data).toEqual([]);
  });

  test('a shop moves inside the day: previewed, then each pays for its own quarter-hours', async () => {
    const [tenancy] = (await ask('GET', `/tenancies?pointId=${point(2)}`)).body.data;
    const made = await ask('POST', '/accounts', { name: 'Heir', openedOn: today });
    const to = made.body.id;
    const path = `/tenancies/${tenancy.id}/move`;
    const at = '2026-01-06T02:00:00Z';
    const { body } = await ask('POST', `${path}/preview`, { accountId: to, at });
    expect(body).toMatchObject({
      ...{ pointCode: 'A3', settledDays: [], waiting: [] },
      from: { accountId: account(2), charged: cny('10.00') },
      to: { accountId: to, charged: cny('0.00') },
    });
    expect((await ask('POST', path, { accountId: account(2), at })).body.code).toBe('conflict');
    const back = await ask('POST', path, { accountId: to, at: '2026-01-05T02:00:00Z' });
    expect(back.body.code).toBe('correction-needed');
    const moved = await ask('POST', path, { accountId: to, at });
    expect(moved.body).toMatchObject({ accountId: to, pointId: point(2), to: null });
    expect(await settle()).toMatchObject({ headers: 1, waiting: 0 });
    expect(await walletOf(account(2))).toEqual(cny('-34.00'));
    expect(await settle()).toMatchObject({ headers: 0 });
  });

  test('the rest of the day is settled for who came after, and everything adds up', async () => {
    for (const id of park.points) {
      await park.intervals(id, today, (slot) => (slot >= 48 ? 250 : null));
    }
    park.after(today);
    await settle();
    const parts = await park.rows(
      `SELECT scope_id::text AS point, sum(quantity)::int AS sum, count(*)::int AS count
       FROM settlements s WHERE local_day = $1 AND scope_id = ANY($2::bigint[])
         AND NOT EXISTS (SELECT FROM settlements n WHERE n.supersedes = s.id)
       GROUP BY 1 ORDER BY scope_id::text::bigint`,
      [today, [point(0), point(2)]],
    );
    expect(parts).toEqual([
      { point: point(0), sum: 25_000, count: 2 },
      { point: point(2), sum: 24_000, count: 2 },
    ]);
    expect(await faultsOf(park)).toEqual([]);
    expect((await ask('GET', '/settlement-waits')).body.data).toEqual([]);
    const { db } = park.postgres;
    const projectId = park.project.id;
    while ((await seal(db, { projectId, at: park.now })) > 0);
    const proof = await verifyLedger(db, { projectId, currency: 'CNY' });
    expect(proof.checks.filter(({ faults }) => faults > 0)).toEqual([]);
    expect(proof.positions).toBeGreaterThan(10n);
  });

  test('a refund holds back what was paid online and has not cleared; it is paid later', async () => {
    const body = { name: 'Online', openedOn: park.now.toISOString().slice(0, 10) };
    const { id } = (await ask('POST', '/accounts', body)).body;
    await post(`/accounts/${id}/sales`, { channel: 'online', amount: cny('40.00') }, 'online');
    await post(`/accounts/${id}/sales`, { channel: 'transfer', amount: cny('60.00') }, 'transfer');
    const { preview } = (await ask('GET', `/accounts/${id}/closing`)).body;
    expect(preview).toMatchObject({ balance: cny('100.00'), uncleared: cny('40.00') });
    const closing = { settle: 'refund', channel: 'transfer', reason: 'moves out' };
    const closed = (await post(`/accounts/${id}/close`, closing, 'close online')).body;
    expect(closed).toMatchObject({ outcome: 'part-refunded', balance: cny('100.00') });
    expect(await walletOf(id)).toEqual(cny('40.00'));
    const rest = { kind: 'refund', amount: cny('40.00'), channel: 'transfer', reason: 'rest' };
    const early = await post(`/accounts/${id}/residual`, rest, 'rest');
    expect(early.body).toMatchObject({
      code: 'not-refundable',
      detail: expect.stringMatching(/have not cleared/),
    });
    park.now = new Date(park.now.getTime() + 25 * 3_600_000);
    expect((await post(`/accounts/${id}/residual`, rest, 'rest')).status).toBe(201);
    expect(await walletOf(id)).toEqual(cny('0.00'));
  });
});
