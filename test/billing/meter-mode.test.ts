/**
 * Meter mode end to end: a sale goes to a simulated meter over real sockets, its counter and balance prove it, and the
 * ledger says at every instant where the money is – also when a reply is lost, the meter refuses, or somebody cheats.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../billing/verify.ts';
import { remainingAt } from '../../ingest/simulator/prepayment.ts';
import { cny } from './counter.ts';
import { type MeterPark, openMeterPark } from './meter-park.ts';

const LABELS = ['A101', 'A102', 'A103', 'A104', 'A105'] as const;
type Label = (typeof LABELS)[number];

let rig: MeterPark;
beforeAll(async () => {
  rig = await openMeterPark(LABELS);
}, 120_000);
afterAll(() => rig?.close());

const account = (label: Label) => `/accounts/${rig.of(label).accountId}`;
const mode = async (label: Label) => (await rig.ask('GET', `${account(label)}/credit-mode`)).body;
const toMode = (label: Label, to: 'platform' | 'meter') =>
  rig.ask('PUT', `${account(label)}/credit-mode`, { mode: to, reason: 'agreed' });
const sell = (label: Label, amount: string, key?: string) =>
  rig.post(
    `${account(label)}/sales`,
    { channel: 'transfer', amount: cny(amount), meterId: rig.of(label).meterId },
    key,
  );
const show = async (id: string) => (await rig.ask('GET', `/recharges/${id}`)).body;
const left = (label: Label) => remainingAt(rig.of(label).device, Date.now());
const moneyWrites = (label: Label) =>
  rig.meters
    .writes(label)
    .flatMap(({ counter, amountMinor }) => (counter === undefined ? [] : [[counter, amountMinor]]));

/** Rounds until a recharge is in one of the states. */
async function until(id: string, ...states: string[]) {
  await expect
    .poll(
      async () => {
        await rig.round();
        return (await show(id)).state;
      },
      { timeout: 20_000, interval: 50 },
    )
    .toSatisfy((state: string) => states.includes(state));
  return await show(id);
}

/** Of one account, by place: what the ledger says, cents of the customer. */
async function places(label: Label): Promise<Record<string, number>> {
  const rows = await rig.park.rows(
    `SELECT l.code, -sum(e.amount) AS minor FROM entries e
     JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
     WHERE l.account_id = $1 GROUP BY 1 HAVING sum(e.amount) <> 0`,
    [rig.of(label).accountId],
  );
  return Object.fromEntries(rows.map(({ code, minor }) => [code, Number(minor)]));
}

const alarms = async (kind: string) =>
  (
    await rig.park.rows(
      'SELECT subject_id FROM alarms WHERE kind = $1 AND cleared_at IS NULL ORDER BY 1',
      [kind],
    )
  ).map((row) => row.subject_id);

test('to meter mode: sub-account, tables, prices and thresholds go to the meter', async () => {
  expect((await mode('A101')).mode).toBe('platform');
  await rig.ask('PATCH', account('A101'), { alarm1: cny('30.00'), alarm2: cny('10.00') });
  for (const label of LABELS) {
    const { status, body } = await toMode(label, 'meter');
    expect([status, body.mode, body.meters.length]).toEqual([200, 'meter', 1]);
  }
  const { own } = rig.of('A101').device;
  await expect
    .poll(() => rig.of('A101').device.own, { timeout: 20_000 })
    .toMatchObject({
      ...{ prices: [7_000, 7_000, 7_000, 7_000], alarm1Minor: 3_000, alarm2Minor: 1_000 },
    });
  expect(own.isOn).toBe(false);
  // Again: nothing is opened twice.
  expect((await toMode('A101', 'meter')).body.meters).toHaveLength(1);
});

describe('a sale to a meter', () => {
  test('waits until the counter was read, is sent, and is proven by balance and counter', async () => {
    const { status, body: sale } = await sell('A101', '100.00');
    expect(status).toBe(201);
    expect(await show(sale.rechargeId)).toMatchObject({
      ...{ state: 'waiting', waitsFor: 'counter-unread', amount: cny('100.00'), counter: null },
    });
    expect(await places('A101')).toEqual({ wallet: 10_000 });
    await rig.sample('A101');
    const done = await until(sale.rechargeId, 'confirmed');
    expect(done).toMatchObject({ counter: 1, receipt: sale.receipt, before: cny('0.00') });
    expect(moneyWrites('A101')).toEqual([[1, 10_000]]);
    expect(await places('A101')).toEqual({ 'on-meter': 10_000 });
    expect(rig.of('A101').device.own.isOn).toBe(true);
    expect(await mode('A101')).toMatchObject({
      ...{ wallet: cny('0.00'), inTransit: cny('0.00'), onMeters: cny('100.00') },
      meters: [{ counter: 1, onMeter: cny('100.00'), beganAt: expect.any(String) }],
    });
  });

  test('is in transit at once when the counter is known; sent ten times with a key it is one', async () => {
    rig.meters.silent.add('A101');
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => sell('A101', '20.00', 'ten times')),
    );
    const ids = new Set(answers.map(({ body }) => body.rechargeId));
    expect(ids.size).toBe(1);
    const [id = ''] = ids;
    expect(await show(id)).toMatchObject({ state: 'sent', counter: 2 });
    expect(await places('A101')).toEqual({ 'in-transit': 2_000, 'on-meter': 10_000 });
    // Neither is the customer's to take out, nor is the wallet empty of it.
    const { body } = await rig.ask('GET', `${account('A101')}/refundable`);
    expect(body).toMatchObject({ inTransit: cny('20.00'), onMeter: cny('100.00') });
    expect((await rig.ask('GET', `${account('A101')}/balance`)).body.settled).toEqual(
      cny('120.00'),
    );
    // The next one waits for it: no two are on the way to a meter.
    const second = (await sell('A101', '5.00')).body.rechargeId;
    expect(await show(second)).toMatchObject({ state: 'waiting', waitsFor: 'other-recharge' });
    rig.meters.silent.delete('A101');
    expect(await until(id, 'confirmed')).toMatchObject({ counter: 2 });
    expect(await until(second, 'confirmed')).toMatchObject({ counter: 3 });
    expect(moneyWrites('A101')).toEqual([
      [1, 10_000],
      [2, 2_000],
      [3, 500],
    ]);
    expect(await places('A101')).toEqual({ 'on-meter': 12_500 });
  });

  test('out of the wallet: not more than it has', async () => {
    const { meterId } = rig.of('A101');
    const path = `${account('A101')}/recharges`;
    const asked = { meterId, amount: cny('0.01') };
    expect((await rig.post(path, asked)).body.code).toBe('balance-too-low');
    expect((await rig.post(path, { ...asked, amount: cny('0.00') })).body.code).toBe(
      'invalid-amount',
    );
    const other = { ...asked, meterId: rig.of('A102').meterId };
    await rig.post(`${account('A101')}/sales`, { channel: 'transfer', amount: cny('8.00') });
    expect((await rig.post(path, other)).body.code).toBe('not-meter-mode');
    const made = await rig.post(path, { ...asked, amount: cny('8.00') });
    expect(made.body).toMatchObject({ state: 'sent', saleId: null, counter: 4 });
    await until(made.body.id, 'confirmed');
  });
});

describe('when something goes wrong', () => {
  test('a lost reply: the meter acted once, reading proves it, it is booked once', async () => {
    await rig.sample('A102');
    rig.proxy.swallowWrites(1);
    const { body: sale } = await sell('A102', '50.00');
    expect(await until(sale.rechargeId, 'confirmed')).toMatchObject({
      outcome: 'read-back',
      counter: 1,
    });
    expect(moneyWrites('A102')).toEqual([[1, 5_000]]);
    expect(await places('A102')).toEqual({ 'on-meter': 5_000 });
  });

  test('silence after it was sent: in transit and visible until it is read back', async () => {
    rig.proxy.atNextWrite(() => {
      rig.proxy.swallowAll(true);
      return 'hand on';
    });
    const { body: sale } = await sell('A102', '7.00');
    expect(await until(sale.rechargeId, 'unknown')).toMatchObject({ counter: 2 });
    expect(await places('A102')).toEqual({ 'in-transit': 700, 'on-meter': 5_000 });
    rig.proxy.swallowAll(false);
    expect((await until(sale.rechargeId, 'confirmed')).outcome).toBe('read-back');
    expect(moneyWrites('A102').slice(1)).toEqual([[2, 700]]);
    expect(left('A102')).toBeLessThanOrEqual(5_700);
    expect(left('A102')).toBeGreaterThan(5_600);
  });

  test('a meter that refuses: the money is back in the wallet', async () => {
    await rig.sample('A103');
    rig.meters.refusing.set('A103', 3);
    const { body: sale } = await sell('A103', '40.00');
    expect(await until(sale.rechargeId, 'returned')).toMatchObject({ outcome: 'exception:3' });
    expect(await places('A103')).toEqual({ wallet: 4_000 });
    rig.meters.refusing.delete('A103');
    expect(moneyWrites('A103')).toEqual([]);
    // What came back goes out again with the same counter: nothing was used up.
    const { meterId } = rig.of('A103');
    const again = await rig.post(`${account('A103')}/recharges`, { meterId, amount: cny('40.00') });
    expect(await until(again.body.id, 'confirmed')).toMatchObject({ counter: 1 });
  });

  test('a counter that somebody else took further: held in transit, an alarm, a person decides', async () => {
    await rig.sample('A104');
    await rig.round();
    const { device, meterId } = rig.of('A104');
    device.own = { ...device.own, counter: 1, remainingMinor: 99_900, isOn: true };
    const { body: sale } = await sell('A104', '30.00');
    const held = await until(sale.rechargeId, 'held');
    expect(held).toMatchObject({ counter: 1, outcome: 'counter-used' });
    expect(await places('A104')).toEqual({ 'in-transit': 3_000 });
    expect(await alarms('meter.counter-differs')).toEqual([meterId]);
    // Nothing goes to a meter whose counter is in doubt.
    const { body: next } = await sell('A104', '1.00');
    expect((await show(next.rechargeId)).state).toBe('waiting');
    const decide = (id: string, to: string) =>
      rig.ask('POST', `/recharges/${id}/decide`, { to, reason: 'looked at the meter' });
    expect((await decide(sale.rechargeId, 'wallet')).body).toMatchObject({
      ...{ state: 'returned', decidedBy: 'Name of cashier-1', reason: 'looked at the meter' },
    });
    expect((await decide(sale.rechargeId, 'meter')).body.code).toBe('conflict');
    // The counter is read anew before anything is sent: the one that waited goes with the next number.
    await rig.round();
    expect(await show(next.rechargeId)).toMatchObject({
      state: 'waiting',
      waitsFor: 'counter-unread',
    });
    await rig.sample('A104');
    expect(await until(next.rechargeId, 'confirmed')).toMatchObject({ counter: 2 });
    expect(moneyWrites('A104')).toEqual([[2, 100]]);
    expect(await places('A104')).toEqual({ wallet: 3_000, 'on-meter': 100 });
  });

  test('a restore: nothing is sent before a later reading has told the counter', async () => {
    await rig.sample('A105');
    await rig.round();
    await rig.park.rows('UPDATE meter_wallets SET read_after = now() WHERE meter_id = $1', [
      rig.of('A105').meterId,
    ]);
    const { body: sale } = await sell('A105', '10.00');
    await rig.round();
    expect(await show(sale.rechargeId)).toMatchObject({ state: 'waiting', waitsFor: 'restored' });
    expect((await mode('A105')).meters[0].mustBeRead).toBe(true);
    await rig.sample('A105');
    expect(await until(sale.rechargeId, 'confirmed')).toMatchObject({ counter: 1 });
  });
});

test('what a meter cannot hold is refused where it would begin', async () => {
  const steps = {
    components: [{ kind: 'usage', code: 'energy', name: 'Energy', stepPrices: ['0.5', '0.6'] }],
    steps: {
      ...{ period: 'month', scope: 'point', limits: [100_000], proRata: 'none' },
      order: 'steps-then-tou',
    },
  };
  const version = { effectiveFrom: '2026-01-01', definition: steps };
  const tariff = { name: 'Steps', commodity: 'electricity', version };
  const made = await rig.ask('POST', '/tariffs', tariff);
  expect(made.status).toBe(201);
  const assign = (label: Label) =>
    rig.ask('POST', '/tariff-assignments', {
      ...{ tariffId: made.body.id, accountId: rig.of(label).accountId, from: '2026-11-01' },
    });
  const refused = await assign('A102');
  expect(refused.body).toMatchObject({
    code: 'meter-mode-impossible',
    faults: [
      { at: 'A102', code: 'steps', message: expect.stringContaining('steps of consumption') },
    ],
  });
  // The other way round: who has such a tariff keeps the platform's mode.
  await toMode('A105', 'platform');
  expect((await assign('A105')).status).toBe(201);
  expect((await toMode('A105', 'meter')).body).toMatchObject({
    code: 'meter-mode-impossible',
    faults: [{ at: 'A105', code: 'steps' }],
  });
});

test('money that is with a meter is not reversed; closing takes it back first', async () => {
  const { body: own } = await rig.ask('GET', `${account('A101')}/recharges?limit=1000`);
  const { saleId } = own.data.find((r: { saleId: string | null }) => r.saleId !== null);
  const undo = await rig.post(`/sales/${saleId}/reversals`, { reason: 'wrong shop' });
  expect(undo.body.code).toBe('conflict');
  const preview = (await rig.ask('GET', `${account('A101')}/closing`)).body;
  expect(preview.preview).toMatchObject({ settled: cny('133.00'), balance: cny('133.00') });
  expect(await places('A101')).toEqual({ 'on-meter': 13_300 });
});

test('the lists tell all of it, and the ledger proves itself', async () => {
  const { body } = await rig.ask('GET', '/recharges?limit=3');
  expect(body.data).toHaveLength(3);
  expect(body.totals).toMatchObject({ open: cny('0.00') });
  const returned = (await rig.ask('GET', '/recharges?state=returned')).body;
  expect(returned.totals.count).toBe(2);
  const own = (await rig.ask('GET', `${account('A101')}/recharges`)).body;
  expect(own.data.map((r: { counter: number }) => r.counter)).toEqual([4, 3, 2, 1]);
  const proof = await verifyLedger(rig.park.postgres.db, {
    ...{ projectId: rig.park.project.id, currency: 'CNY' },
  });
  expect(proof.checks.filter(({ faults }) => faults > 0)).toEqual([]);
  expect(proof.checks.find(({ name }) => name === 'meters')).toMatchObject({
    counted: body.totals.count,
  });
});

test('back to the platform: what is on the meter is in the wallet, and the meter cuts nobody off', async () => {
  const before = await places('A103');
  expect(before).toEqual({ 'on-meter': 4_000 });
  expect((await toMode('A103', 'platform')).body).toMatchObject({ mode: 'platform', meters: [] });
  expect(await places('A103')).toEqual({ wallet: 4_000 });
  await expect
    .poll(() => rig.of('A103').device.force, { timeout: 20_000 })
    .toEqual({ enabled: 1, trip: 0 });
  expect((await sell('A103', '1.00')).body.code).toBe('not-meter-mode');
});
