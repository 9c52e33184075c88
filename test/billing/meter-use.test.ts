/**
 * What meters take for energy, and whether they agree: settlement charges the wallet, the sub-account gives back what
 * the meter took, corrections follow, each day is compared, a month is trued up, and a person adjusts the rest.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMeterRound } from '../../billing/meter-round.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { createSettledMark } from '../../billing/settled-mark.ts';
import { verifyLedger } from '../../billing/verify.ts';
import { quantitiesAt } from '../../ingest/simulator/device.ts';
import { remainingAt } from '../../ingest/simulator/prepayment.ts';
import type { CommandFunction } from '../../sql/command-functions.ts';
import { markDirty, markDone } from '../../sql/dirty-days.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { cny } from './counter.ts';
import { type Ask, openFace } from './face.ts';
import { openPark, type Park } from './park.ts';
import { simulated, write } from './simulated-meter.ts';

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

describe('hours without cuts', () => {
  const settings = async () =>
    (
      await park.rows(
        "SELECT arguments FROM commands WHERE function = 'issue-settings' ORDER BY sequence",
      )
    ).map(({ arguments: args }) => args);
  const kept = { alarm1Minor: 4_000, alarm2Minor: 2_000, overloadW: null };
  const told = async () => {
    const { body } = await ask('GET', `${account()}/credit-mode`);
    return [body.noCut, body.meters[0].overdraft];
  };

  test('begin with an overdraft for who is supplied, and end with it, once each', async () => {
    expect(await told()).toEqual(['none', null]);
    const { policy, version } = (await ask('GET', '/credit-policy')).body;
    const hours = {
      ...{ ...policy, mode: 'automatic', noCutHours: [{ from: '22:00', to: '06:00' }] },
      noCutDays: { weekdays: [], holidays: false, dates: [] },
    };
    const reason = 'nights are cold';
    const put = await ask('PUT', '/credit-policy', { policy: hours, version, reason });
    expect([put.status, put.body.code]).toEqual([200, undefined]);
    const before = await settings();
    at('2026-02-06T21:50:00');
    await sample(0, 3);
    await round();
    expect([await told(), await settings()]).toEqual([['by-overdraft', null], before]);
    // Nothing left: who has been cut stays cut.
    at('2026-02-06T21:56:00');
    await round();
    expect(await settings()).toEqual(before);
    await sample(500, 3);
    for (const minute of ['21:57:00', '22:30:00', '23:10:00']) {
      at(`2026-02-06T${minute}`);
      await round();
    }
    const given = { ...kept, overdraftMinor: 10_000_000 };
    expect((await settings()).slice(before.length)).toEqual([given]);
    expect(await told()).toEqual(['by-overdraft', cny('100000.00')]);
    for (const minute of ['06:00:30', '06:01:30']) {
      at(`2026-02-07T${minute}`);
      await round();
    }
    expect((await settings()).slice(before.length)).toEqual([
      given,
      { ...kept, overdraftMinor: 0 },
    ]);
    expect(await told()).toEqual(['by-overdraft', null]);
  });

  test('cannot be kept by a meter that takes no settings, and it is said so', async () => {
    await park.rows("UPDATE meters SET model = 'DTSY1352'");
    expect((await told())[0]).toBe('not-enforceable');
    await park.rows("UPDATE meters SET model = 'DTSY1352-SIM'");
  });
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

describe('a meter with periods', () => {
  const bands = (...of: [string, string, number][]) =>
    of.map(([from, to, rank]) => ({ from, to, rank }));
  const season = (name: string, [from, to]: [string, string], day: ReturnType<typeof bands>) => ({
    ...{ name, from, to },
    days: [{ type: 'everyday', bands: day }],
  });
  // Other hours than the meter is delivered with, and a season that changes on the way.
  const periods = {
    components: [
      {
        ...{ kind: 'usage', code: 'energy', name: 'Energy', taxIncluded: true, taxRate: '0.13' },
        prices: { '2': '0.9566', '3': '0.64', '4': '0.3828' },
      },
      { kind: 'usage', code: 'service', name: 'Service', price: '0.03', taxIncluded: true },
    ],
    calendar: {
      seasons: [
        season('cold', ['11-01', '02-29'], bands(['00:00', '07:30', 3], ['07:30', '24:00', 4])),
        season(
          'warm',
          ['03-01', '10-31'],
          bands(['23:00', '09:00', 4], ['09:00', '16:45', 2], ['16:45', '23:00', 3]),
        ),
      ],
    },
  };

  test('runs down by what billing charges for the same energy, over a change of season, to the cent', async () => {
    const shop = await openPark({ points: 1, from: '2026-02-25', definition: periods });
    try {
      const device = simulated('A101');
      const id = shop.project.id;
      await shop.rows(
        `WITH g AS (INSERT INTO gateways (project_id, name) VALUES ($1, 'G') RETURNING id),
         b AS (INSERT INTO buses (project_id, gateway_id, name, framing, host, port)
           SELECT $1, id, 'B', 'tcp', '127.0.0.1', 1 FROM g RETURNING id)
         UPDATE meters SET bus_id = b.id, unit = 1, serial = $2 FROM b WHERE project_id = $1`,
        [id, device.meter.serial],
      );
      const own = await shop.value('SELECT id FROM meters WHERE project_id = $1', [id]);
      const [point = '', account = ''] = [shop.points[0], shop.accounts[0]];
      const face = openFace(shop);
      const shopRound = createMeterRound({
        ...{ db: shop.postgres.db, source: shop.deps.source, clock: () => shop.now },
        log: { info: () => {}, warn: () => {}, error: (told: unknown) => expect(told).toBeNull() },
      });
      /** What ingest would build of the meter's register, up to now. */
      const build = async (...days: string[]) => {
        const total = (ms: number) => Math.floor(quantitiesAt(device, ms)[0] ?? 0);
        for (const day of days) {
          const start = Date.parse(`${day}T00:00:00+08:00`);
          await shop.intervals(point, day, (slot) => {
            const from = start + slot * 900_000;
            return from + 900_000 > shop.now.getTime() ? null : total(from + 900_000) - total(from);
          });
        }
      };
      const show = async () => {
        const ms = shop.now.getTime();
        await shop.questdb.write(
          `samples,project=${id},meter=${own},quality=ok remaining_minor=${remainingAt(device, ms)}i,purchase_count=${device.own.counter}i,digest=${ms}i ${ms}000000\n`,
        );
        await shop.questdb.settled(['samples'], { timeoutMs: 20_000 });
        shop.now = new Date(ms + 1_000);
      };
      /** Every command that waits, as ingest would write it to the meter. */
      const carryOut = async () => {
        const asked = await shop.rows(
          `SELECT c.id, c.function, c.arguments FROM commands c JOIN command_states s
           ON s.command_id = c.id WHERE s.state = 'requested' ORDER BY c.sequence`,
        );
        for (const { id: command, function: name, arguments: args } of asked) {
          write(device, { name: name as CommandFunction, args: args as object, at: shop.now });
          const after = { counter: device.own.counter, remainingMinor: device.own.remainingMinor };
          await shop.rows(
            "UPDATE command_states SET state = 'confirmed', after = $2 WHERE command_id = $1",
            [command, JSON.stringify(after)],
          );
        }
        return asked.map(({ function: name }) => name);
      };

      shop.now = new Date('2026-02-26T12:00:00+08:00');
      await build('2026-02-25', '2026-02-26');
      const mode = { mode: 'meter', reason: 'agreed' };
      expect((await face('PUT', `/accounts/${account}/credit-mode`, mode)).status).toBe(200);
      expect(await carryOut()).toEqual(['tou-table', 'issue-price', 'issue-settings']);
      await show();
      await shopRound();
      const sale = { channel: 'transfer', amount: cny('900.00'), meterId: own };
      await face('POST', `/accounts/${account}/sales`, sale, { 'idempotency-key': 'periods' });
      shop.now = new Date('2026-02-26T12:15:00+08:00');
      await build('2026-02-26');
      expect(await carryOut()).toEqual(['recharge']);
      await shopRound();
      shop.now = new Date('2026-03-04T09:30:00+08:00');
      await build(...daysBetween('2026-02-26', '2026-03-05'));
      await settleDue(shop.deps, shop.project);
      await show();
      await shopRound();
      const { data } = (await face('GET', '/meter-reconciliations')).body;
      expect(data).toMatchObject([{ verdict: 'fits', meterCounter: 1 }]);
      const [{ ledger, unsettled, meter, difference }] = data;
      // Several days, both seasons, and a morning that is not settled.
      expect(Number(ledger.amount)).toBeLessThan(860);
      expect(Number(unsettled.amount)).toBeGreaterThan(1);
      expect(Number(meter.amount)).toBeGreaterThan(0);
      expect(Math.abs(Number(difference.amount))).toBeLessThanOrEqual(0.03);
    } finally {
      await shop.close();
    }
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

test('a settlement with a lower id that commits later than one with a higher is followed, too', async () => {
  const mark = createSettledMark();
  const look = () => mark.look(park.postgres.db, park.project.id);
  /** As the newest one, on a day long before. */
  const copy = `INSERT INTO settlements SELECT (jsonb_populate_record(s, jsonb_build_object('id',
      nextval('ids'), 'local_day', s.local_day - 900, 'revision', $1::int, 'supersedes', NULL))).*
    FROM settlements s ORDER BY s.id DESC LIMIT 1`;
  (await look()).keep();
  (await look()).keep();
  const known = mark.upTo();
  expect(Number(known)).toBeGreaterThan(0);
  expect((await look()).isNew).toBe(false);
  const slow = await park.owner.connect();
  try {
    await slow.query('BEGIN');
    await slow.query(copy, [1]);
    await park.owner.query(copy, [2]);
    const quick = await look();
    expect([quick.isNew, quick.after]).toEqual([true, known]);
    quick.keep();
    expect((await look()).isNew).toBe(false);
    (await look()).keep();
    expect(mark.upTo()).toBe(known);
    await slow.query('COMMIT');
  } finally {
    slow.release();
  }
  // The newest id is the same; what came below it is told all the same, once.
  const late = await look();
  expect([late.isNew, late.after]).toEqual([true, known]);
  late.keep();
  expect((await look()).isNew).toBe(false);
  expect(Number(mark.upTo())).toBeGreaterThan(Number(known));
});
