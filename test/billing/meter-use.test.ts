/**
 * What meters take for energy, and whether they agree: settlement charges the wallet, the sub-account gives back what
 * the meter took, corrections follow, each day is compared, a month is trued up, and a person adjusts the rest.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMeterRound } from '../../billing/meter-round.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { verifyLedger } from '../../billing/verify.ts';
import { markDirty, markDone } from '../../sql/dirty-days.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { cny } from './counter.ts';
import { type Ask, openFace } from './face.ts';
import { openPark, type Park } from './park.ts';

const definition = {
  components: [
    { kind: 'usage', code: 'energy', name: 'Energy', price: '0.7' },
    { kind: 'fixed', code: 'fee', name: 'Fee', per: 'day', amount: '0.50', scope: 'point' },
  ],
};

let park: Park;
let ask: Ask;
let round: () => Promise<void>;
let meterId = '';
let keys = 0;

beforeAll(async () => {
  park = await openPark({ points: 1, from: '2026-01-01', definition });
  ask = openFace(park);
  const { id } = park.project;
  await park.rows(
    `WITH g AS (INSERT INTO gateways (project_id, name) VALUES ($1, 'G') RETURNING id),
     b AS (INSERT INTO buses (project_id, gateway_id, name, framing, host, port)
       SELECT $1, id, 'B', 'tcp', '127.0.0.1', 1 FROM g RETURNING id)
     UPDATE meters SET bus_id = b.id, unit = 1 FROM b WHERE project_id = $1`,
    [id],
  );
  meterId = await park.value('SELECT id FROM meters WHERE project_id = $1', [id]);
  round = createMeterRound({
    ...{ db: park.postgres.db, source: park.deps.source, clock: () => park.now },
    log: {
      info: () => {},
      warn: () => {},
      error: (told: unknown) => {
        throw (told as { err: Error }).err; // As the round tells it.
      },
    },
  });
});
afterAll(() => park?.close());

const account = () => `/accounts/${park.accounts[0]}`;
const sell = (amount: string, more: object = { meterId }) =>
  ask(
    'POST',
    `${account()}/sales`,
    { channel: 'transfer', amount: cny(amount), ...more },
    { 'idempotency-key': `use-${++keys}` },
  );
/** As ingest would, once the meter has it. */
const confirm = (counter: number, remainingMinor: number) =>
  park.rows(
    `UPDATE command_states s SET state = 'confirmed', after = $1 FROM commands c
     WHERE c.id = s.command_id AND c.function = 'recharge' AND s.state = 'requested'`,
    [JSON.stringify({ counter, remainingMinor })],
  );
const at = (local: string) => {
  park.now = new Date(`${local}+08:00`);
};
/** What the meter shows, now. */
async function sample(remainingMinor: number, counter: number): Promise<void> {
  const ms = park.now.getTime() - 1_000;
  await park.questdb.write(
    `samples,project=${park.project.id},meter=${meterId},quality=ok remaining_minor=${remainingMinor}i,purchase_count=${counter}i,digest=${ms}i ${ms}000000\n`,
  );
  await park.questdb.settled(['samples'], { timeoutMs: 20_000 });
}
const point = () => park.points[0] ?? '';
async function places(): Promise<Record<string, number>> {
  const rows = await park.rows(
    `SELECT l.code, -sum(e.amount) AS minor FROM entries e
     JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
     WHERE l.account_id = $1 GROUP BY 1 HAVING sum(e.amount) <> 0`,
    [park.accounts[0]],
  );
  return Object.fromEntries(rows.map(({ code, minor }) => [code, Number(minor)]));
}
const compared = async () => (await ask('GET', '/meter-reconciliations')).body;
const alarms = async () =>
  (
    await park.rows(
      "SELECT kind, detail FROM alarms WHERE kind LIKE 'meter.%differs' AND cleared_at IS NULL",
    )
  ).map(({ kind, detail }) => [kind, (detail as { difference: string }).difference]);
const proves = async () => {
  const proof = await verifyLedger(park.postgres.db, {
    projectId: park.project.id,
    currency: 'CNY',
  });
  expect(proof.checks.filter(({ faults }) => faults > 0)).toEqual([]);
};

/** 0.1 kWh a quarter-hour: 6.72 a day and 0.50 of fee. */
const used = () => 100;

describe('what the meter took', () => {
  test('begins with the first proven recharge: what was used before on that day is the wallet’s', async () => {
    for (const day of daysBetween('2026-01-01', '2026-01-05'))
      await park.intervals(point(), day, used);
    await park.intervals(point(), '2026-01-05', (slot) => (slot < 48 ? 100 : null));
    at('2026-01-05T12:00:00');
    const mode = { mode: 'meter', reason: 'agreed' };
    expect((await ask('PUT', `${account()}/credit-mode`, mode)).status).toBe(200);
    await sample(0, 0);
    await round();
    await sell('150.00', {});
    const { body } = await sell('100.00');
    await confirm(1, 10_000);
    await round();
    expect((await ask('GET', `/recharges/${body.rechargeId}`)).body.state).toBe('confirmed');
    expect(await park.value('SELECT opening_exact FROM meter_wallets')).toMatch(/^3\.36(0*)$/);
    expect(await places()).toEqual({ wallet: 15_000, 'on-meter': 10_000 });
  });

  test('settlement charges the wallet, the meter’s part comes back out of the sub-account', async () => {
    await park.intervals(point(), '2026-01-05', used);
    for (const day of daysBetween('2026-01-06', '2026-01-08'))
      await park.intervals(point(), day, used);
    park.after('2026-01-07');
    await settleDue(park.deps, park.project);
    await round();
    // Seven days of 6.72 and 0.50; the meter took 2.5 days of energy.
    expect(await places()).toEqual({
      wallet: 15_000 - 7 * 722 + 1_680,
      'on-meter': 10_000 - 1_680,
    });
    const [booked] = await park.rows(
      "SELECT accounting_date::text AS day FROM transactions WHERE kind = 'meter-use'",
    );
    expect(booked?.day).toBe('2026-01-07');
    await round();
    expect(await park.value("SELECT count(*) FROM transactions WHERE kind = 'meter-use'")).toBe(
      '1',
    );
    await proves();
  });

  test('a correction of a day corrects what the meter is thought to have taken', async () => {
    await park.intervals(point(), '2026-01-06', () => 200, { version: 2, knownAt: park.now });
    const { db } = park.postgres;
    const projectId = park.project.id;
    const days = [{ pointId: point(), localDay: '2026-01-06' }];
    await markDirty(db, { projectId, who: 'ingest', why: 'late', days });
    const ids = (await park.rows('SELECT id FROM dirty_days')).map((row) => String(row.id));
    await markDone(db, { consumer: 'intervals', projectId, ids });
    await settleDirty(park.deps, park.project);
    park.now = new Date(park.now.getTime() + 60_000);
    await round();
    expect((await places())['on-meter']).toBe(10_000 - 1_680 - 672);
    await proves();
  });
});

describe('each day’s comparison', () => {
  test('fits within the tolerance, what is not settled taken off', async () => {
    await park.intervals(point(), '2026-01-08', (slot) => (slot < 40 ? 100 : null));
    at('2026-01-08T10:01:00');
    // 76.48 by the ledger, ten hours of 0.28 not settled; the meter lacks 17 cents.
    await sample(7_648 - 280 - 17, 1);
    await round();
    const { data, totals } = await compared();
    expect(data[0]).toMatchObject({
      ...{ localDay: '2026-01-08', verdict: 'fits', ledger: cny('76.48'), unsettled: cny('2.80') },
      ...{ meter: cny('73.51'), difference: cny('-0.17'), adjusted: null, meterCounter: 1 },
    });
    expect(totals).toEqual({ count: 1, differing: 0 });
    expect(await alarms()).toEqual([]);
  });

  test('the first that fits in a month brings the sub-account to the meter, once', async () => {
    const before = await places();
    for (const day of daysBetween('2026-01-08', '2026-02-01'))
      await park.intervals(point(), day, used);
    park.after('2026-01-31');
    await settleDue(park.deps, park.project);
    await round();
    const spent = await places();
    expect((spent['on-meter'] ?? 0) - (before['on-meter'] ?? 0)).toBe(-24 * 672);
    at('2026-02-01T01:00:00');
    await sample((spent['on-meter'] ?? 0) + 35, 1);
    await round();
    expect((await compared()).data[0]).toMatchObject({
      ...{ localDay: '2026-02-01', verdict: 'fits', difference: cny('0.35'), adjusted: 'true-up' },
    });
    expect(await places()).toEqual({
      wallet: (spent.wallet ?? 0) - 35,
      'on-meter': (spent['on-meter'] ?? 0) + 35,
    });
    await park.intervals(point(), '2026-02-01', used);
    park.after('2026-02-01');
    await settleDue(park.deps, park.project);
    await sample(((await places())['on-meter'] ?? 0) - 672 + 10, 1);
    await round();
    expect(await park.value("SELECT count(*) FROM transactions WHERE kind = 'true-up'")).toBe('1');
    await proves();
  });

  test('beyond the tolerance it is an alarm, and a person brings the ledger to the meter', async () => {
    at('2026-02-03T01:00:00');
    await park.intervals(point(), '2026-02-02', used);
    await settleDue(park.deps, park.project);
    await round();
    const before = await places();
    await sample((before['on-meter'] ?? 0) - 5_000, 1);
    park.now = new Date(park.now.getTime() + 60_000);
    await round();
    const [row] = (await compared()).data;
    expect(row).toMatchObject({ verdict: 'balance-differs', difference: cny('-50.00') });
    expect(await alarms()).toEqual([['meter.balance-differs', '-50.00']]);
    const adjust = (id: string, body: object) =>
      ask('POST', `/meter-reconciliations/${id}/adjust`, { reason: 'meter was tested', ...body });
    const older = (await compared()).data[1];
    expect((await adjust(older.id, {})).body.code).toBe('conflict');
    expect((await adjust(row.id, { bearer: 'wallet' })).body).toMatchObject({
      ...{ adjusted: 'adjustment', adjustedBy: 'Name of cashier-1', reason: 'meter was tested' },
    });
    expect(await places()).toEqual({
      wallet: (before.wallet ?? 0) + 5_000,
      'on-meter': (before['on-meter'] ?? 0) - 5_000,
    });
    expect(await alarms()).toEqual([]);
    expect((await adjust(row.id, {})).body.code).toBe('conflict');
  });

  test('another counter is an alarm of its own; what the park bears is no customer’s', async () => {
    at('2026-02-04T01:00:00');
    await park.intervals(point(), '2026-02-03', used);
    await settleDue(park.deps, park.project);
    await round();
    const before = await places();
    await sample((before['on-meter'] ?? 0) + 10_000, 3);
    park.now = new Date(park.now.getTime() + 60_000);
    await round();
    const [row] = (await compared()).data;
    expect(row).toMatchObject({ verdict: 'counter-differs', meterCounter: 3, ledgerCounter: 1 });
    expect((await alarms()).map(([kind]) => kind)).toEqual(['meter.counter-differs']);
    const body = { reason: 'charged by the maker', bearer: 'park' };
    expect((await ask('POST', `/meter-reconciliations/${row.id}/adjust`, body)).status).toBe(200);
    expect(await places()).toEqual({ ...before, 'on-meter': (before['on-meter'] ?? 0) + 10_000 });
    expect(await park.value('SELECT counter FROM meter_wallets')).toBe('3');
    await proves();
  });

  test('a meter that was not read by the evening is told so', async () => {
    at('2026-02-05T21:00:00');
    await round();
    expect((await compared()).data[0]).toMatchObject({ verdict: 'unread', meter: null });
  });
});

test('thresholds and prices that change are told to the meter, once', async () => {
  const asked = async () =>
    (
      await park.rows(
        `SELECT function, arguments FROM commands WHERE function <> 'recharge' ORDER BY sequence`,
      )
    ).map(({ function: name, arguments: args }) => [name, args]);
  const before = (await asked()).length;
  await ask('PATCH', account(), { alarm1: cny('40.00'), alarm2: cny('20.00') });
  const dearer = {
    effectiveFrom: '2026-02-06',
    definition: {
      components: [{ ...definition.components[0], price: '0.75' }, definition.components[1]],
    },
  };
  const version = await ask('POST', `/tariffs/${park.tariff}/versions`, dearer);
  expect([version.status, version.body.code]).toEqual([201, undefined]);
  park.now = new Date(park.now.getTime() + 60_000);
  await round();
  at('2026-02-06T00:01:00');
  await round();
  await round();
  expect((await asked()).slice(before)).toEqual([
    ['issue-settings', { alarm1Minor: 4_000, alarm2Minor: 2_000, overloadW: null }],
    ['issue-price', { prices: { spike: '0.75', peak: '0.75', flat: '0.75', valley: '0.75' } }],
  ]);
});

describe('debts of the wallet', () => {
  test('are paid by the next sale, in order and up to their share; the rest goes to the meter', async () => {
    await park.rows(
      `UPDATE projects SET settings = '{"vending":{"debtSharePercent":40,"debtPriority":["fee"]}}'`,
    );
    // Whatever the wallet has goes to the meter; then days of fees and a debt of their own.
    const wallet = (await places()).wallet ?? 0;
    expect(wallet).toBeGreaterThan(0);
    const drain = { meterId, amount: cny((wallet / 100).toFixed(2)) };
    await ask('POST', `${account()}/recharges`, drain, { 'idempotency-key': 'drain' });
    await confirm(4, 0);
    await round();
    for (const day of daysBetween('2026-02-04', '2026-02-10'))
      await park.intervals(point(), day, used);
    park.after('2026-02-09');
    await settleDue(park.deps, park.project);
    await round();
    expect((await places()).wallet).toBe(-6 * 50);
    const small = (await sell('5.00')).body;
    expect((await ask('GET', `/recharges/${small.rechargeId}`)).body).toMatchObject({
      amount: cny('3.00'),
      collected: [{ code: 'fee', amount: cny('2.00') }],
    });
    expect((await places()).wallet).toBe(-100);
    await confirm(5, 0);
    await round();
    const large = (await sell('100.00')).body;
    expect((await ask('GET', `/recharges/${large.rechargeId}`)).body).toMatchObject({
      amount: cny('99.00'),
      collected: [{ code: 'fee', amount: cny('1.00') }],
    });
    await proves();
  });
});

test('sub-accounts end with the meter: what was used and is not settled stays for its settlement', async () => {
  await confirm(6, 0);
  await round();
  await park.intervals(point(), '2026-02-10', (slot) => (slot < 48 ? 100 : null));
  at('2026-02-10T12:01:00');
  const before = await places();
  const body = { mode: 'platform', reason: 'agreed' };
  expect((await ask('PUT', `${account()}/credit-mode`, body)).status).toBe(200);
  expect(await places()).toEqual({
    wallet: (before.wallet ?? 0) + (before['on-meter'] ?? 0) - 360,
    'on-meter': 360,
  });
  await park.intervals(point(), '2026-02-10', used);
  await park.intervals(point(), '2026-02-11', used);
  park.after('2026-02-11');
  await settleDue(park.deps, park.project);
  await round();
  expect((await places())['on-meter']).toBeUndefined();
  await proves();
});
