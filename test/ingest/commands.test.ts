/**
 * Commands end to end on real sockets: asked through the API, carried out on a simulated bus behind a proxy,
 * proven by reading back and by the meters' own truth file (faults 42 and 43 as far as plain Modbus holds them).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { crosses } from '../../ingest/command-clock.ts';
import { serve } from '../../ingest/simulator/meter.ts';
import { remainingAt } from '../../ingest/simulator/prepayment.ts';
import { requestCommand } from '../../sql/commands.ts';
import { openPostgres, type Postgres } from '../../sql/postgres.ts';
import { type Ask, makeProject, openRig, type Rig, signInAs } from '../web/rig.ts';
import { runIngest } from './collect-park.ts';
import {
  type Entered,
  enterMeters,
  type Ingest,
  type Lossy,
  type Meters,
  openMeters,
  openProxy,
  startIngest,
} from './command-park.ts';

const LABELS = ['A101', 'A102', 'A103', 'A104', 'A105', 'A106', 'A-W1', 'A-MAIN'] as const;
type Label = (typeof LABELS)[number];

let rig: Rig;
let park: Meters;
let proxy: Lossy;
let entered: Entered;
let ingestDb: Postgres;
let ingest: Ingest;
let at: string;
let admin: Ask;
const folder = mkdtempSync(join(tmpdir(), 'commands-'));
/** How far this test has gone ahead of the time. */
let aheadMs = 0;
const clock = () => new Date(Date.now() + aheadMs);

beforeAll(async () => {
  rig = await openRig();
  admin = rig.admin;
  const project = await makeProject(rig.admin, 'Commands');
  at = `/api/v1/projects/${project.id}`;
  park = await openMeters(LABELS, folder);
  proxy = await openProxy(park.port);
  entered = await enterMeters(rig.urls.owner, {
    projectId: project.id,
    port: proxy.port,
    meters: LABELS.map((label) => deviceOf(label).meter),
  });
  await entered.query('UPDATE projects SET poll_seconds = 1 WHERE id = $1', [project.id]);
  ingestDb = openPostgres({ url: rig.urls.ingest });
  ingest = await startIngest(ingestDb.db, clock);
}, 120_000);

afterAll(async () => {
  await ingest?.stop();
  await ingestDb?.close();
  await proxy?.close();
  await park?.close();
  await entered?.close();
  await rig?.close();
  rmSync(folder, { recursive: true, force: true });
});

function deviceOf(label: Label) {
  const device = park.devices.get(label);
  if (!device) throw new Error(`no ${label}`);
  return device;
}
const meterId = (label: Label) => entered.meters.get(label) ?? '';

let keys = 0;
const post = (label: Label, name: string, args: unknown = {}, ask = admin) => {
  rig.clock.now = clock();
  return ask(
    'POST',
    `${at}/meters/${meterId(label)}/commands`,
    { function: name, arguments: args, reason: 'a test' },
    { 'idempotency-key': `k${++keys}` },
  );
};
const show = async (id: string) => (await admin('GET', `${at}/commands/${id}`)).body;

/** Asks, and waits until it is over. */
async function done(label: Label, name: string, args: unknown = {}) {
  const made = await post(label, name, args);
  expect([made.status, made.body.state]).toEqual([201, 'requested']);
  return await over(made.body.id);
}
async function over(id: string, states = ['confirmed', 'refused', 'expired']) {
  await expect
    .poll(async () => (await show(id)).state, { timeout: 20_000, interval: 50 })
    .toSatisfy((state: string) => states.includes(state));
  return await show(id);
}

/** As billing would, in meter mode. */
async function recharge(
  label: Label,
  { amountMinor, counter }: { amountMinor: number; counter: number },
) {
  const { id } = await rig.rooms.billing.db.transaction((tx) =>
    requestCommand(tx, {
      projectId: entered.projectId,
      meterId: meterId(label),
      actor: { kind: 'system', id: 'billing', name: 'Billing' },
      at: clock(),
      function: 'recharge',
      arguments: { amountMinor, counter },
      reason: 'sale 1',
      cause: { sale: '1' },
    }),
  );
  return id;
}

describe('each function is confirmed by what is read back', () => {
  test('trip opens the relay, samples show it; guarantee closes it; restore hands it back', async () => {
    const trip = await done('A101', 'trip');
    expect(trip).toMatchObject({
      state: 'confirmed',
      outcome: null,
      attempts: 1,
      before: { forced: 0, relays: 'closed' },
      after: { forced: 1, tripped: 1, relays: 'open' },
    });
    // A read that found the machine busy was tried again: what counts is what came of it.
    const kinds: string[] = trip.steps.map((s: { kind: string }) => s.kind);
    expect(kinds.slice(kinds.lastIndexOf('requested') + 1)).toEqual([
      ...['read', 'read', 'read', 'read', 'sent', 'write', 'read', 'read', 'confirmed'],
    ]);
    await expect.poll(async () => (await show(trip.id)).supplyObservedAt).not.toBeNull();
    expect((await done('A101', 'guarantee-supply')).after).toMatchObject({ relays: 'closed' });
    expect((await done('A101', 'restore-prepaid')).after).toMatchObject({ forced: 0 });
    expect(park.writes('A101').map(({ words }) => words)).toEqual([
      '00010001',
      '00010000',
      '00000000',
    ]);
  });

  test('prices, settings and tables stand in the registers afterwards', async () => {
    const prices = { spike: '1.2345', peak: '1.1', flat: '0.7', valley: '0.3' };
    expect((await done('A102', 'issue-price', { prices })).after).toEqual({
      prices: [12_345, 11_000, 7_000, 3_000],
    });
    const settings = { alarm1Minor: 5_000, alarm2Minor: 1_000, overloadW: 20_000 };
    expect((await done('A102', 'issue-settings', settings)).after).toEqual({
      ...settings,
      overloadW: Math.floor(20_000 / deviceOf('A102').meter.ct),
      overdraftMinor: 0,
    });
    const table = {
      dayPlans: [
        [
          { fromMinute: 0, rank: 4 },
          { fromMinute: 510, rank: 2 },
        ],
      ],
      seasons: [{ month: 1, day: 1, plan: 1 }],
    };
    const tou = await done('A102', 'tou-table', table);
    expect(tou).toMatchObject({ state: 'confirmed' });
    expect(tou.after.words.slice(0, 2)).toEqual([0x0101, 0x0100]);
    expect(tou.after.words.slice(6, 9)).toEqual([0x0400, 0x0002, 0x1e08]);
  });

  test('a valve closes and opens; a reading asked for is a reading like any other', async () => {
    expect((await done('A-W1', 'valve-close')).after).toMatchObject({ valve: 0 });
    expect((await done('A-W1', 'valve-open')).after).toMatchObject({ valve: 1 });
    const before = ingest.readings.get(meterId('A-MAIN')) ?? 0;
    expect(await done('A-MAIN', 'read-now')).toMatchObject({ state: 'confirmed' });
    expect(ingest.readings.get(meterId('A-MAIN')) ?? 0).toBeGreaterThan(before);
  });

  test('a clock that is four minutes off is set in one step', async () => {
    const device = deviceOf('A103');
    // All day one price: no boundary but midnight is near, and midnight is looked out for below.
    device.own = {
      ...device.own,
      plans: [3, 0, 0, ...new Array<number>(81).fill(0)],
      clockShiftMs: -4 * 60_000,
    };
    const local = Date.now() + 8 * 3_600_000;
    const { body } = await post('A103', 'set-clock');
    // Whoever runs this at midnight sees it wait.
    if (crosses([0], local - 4 * 60_000, local)) {
      await expect
        .poll(async () => (await show(body.id)).outcome)
        .toSatisfy((outcome: string | null) => outcome !== 'clock-too-far');
      return;
    }
    expect(await over(body.id)).toMatchObject({ state: 'confirmed', attempts: 1 });
    expect(Math.abs(deviceOf('A103').own.clockShiftMs)).toBeLessThan(3_000);
  });

  test('a recharge adds once and takes the counter one further', async () => {
    const first = await over(await recharge('A104', { amountMinor: 10_000, counter: 1 }));
    expect(first).toMatchObject({
      state: 'confirmed',
      after: { counter: 1, remainingMinor: 10_000 },
    });
    const again = await over(await recharge('A104', { amountMinor: 10_000, counter: 1 }));
    expect(again).toMatchObject({ state: 'refused', outcome: 'counter-used' });
    expect(remainingAt(deviceOf('A104'), Date.now())).toBe(10_000);
    expect(park.writes('A104')).toMatchObject([{ counter: 1, amountMinor: 10_000 }]);
  });
});

describe('when something goes wrong', () => {
  test('a lost reply: reading proves it, the meter acted once', async () => {
    proxy.swallowWrites(1);
    const id = await recharge('A104', { amountMinor: 2_500, counter: 2 });
    expect(await over(id)).toMatchObject({ state: 'confirmed', outcome: 'read-back', attempts: 1 });
    expect((await show(id)).steps.some((s: { result: string }) => s.result === 'timeout')).toBe(
      true,
    );
    expect(park.writes('A104').filter(({ counter }) => counter === 2)).toMatchObject([
      { amountMinor: 2_500 },
    ]);
    expect(remainingAt(deviceOf('A104'), Date.now())).toBe(12_500);
  });

  test('silence after a write leaves it unknown; reading resolves it when the meter is heard again', async () => {
    proxy.atNextWrite(() => {
      proxy.swallowAll(true);
      return 'hand on';
    });
    const { body } = await post('A103', 'trip');
    expect(await over(body.id, ['unknown'])).toMatchObject({ state: 'unknown', attempts: 1 });
    proxy.swallowAll(false);
    expect(await over(body.id)).toMatchObject({
      ...{ state: 'confirmed', outcome: 'read-back', attempts: 1, after: { relays: 'open' } },
    });
    expect(park.writes('A103').filter(({ words }) => words === '00010001')).toHaveLength(1);
  });

  test('a meter that says no: refused with its exception; polling goes on', async () => {
    park.refusing.set('A105', 4);
    const before = ingest.readings.get(meterId('A106')) ?? 0;
    expect(await done('A105', 'trip')).toMatchObject({
      state: 'refused',
      outcome: 'exception:4',
      told: 'The meter answered with exception 4.',
    });
    park.refusing.delete('A105');
    await expect.poll(() => ingest.readings.get(meterId('A106')) ?? 0).toBeGreaterThan(before + 1);
  });

  test('a silent meter: nothing is sent, it expires and says why', async () => {
    park.silent.add('A106');
    const { body } = await post('A106', 'trip');
    await expect
      .poll(async () => (await show(body.id)).outcome, { timeout: 20_000 })
      .toMatch(/timeout|closed/);
    expect((await show(body.id)).told).toContain('tried again');
    aheadMs += 2 * 3_600_000;
    expect(await over(body.id)).toMatchObject({
      state: 'expired',
      outcome: 'no-answer',
      attempts: 0,
      told: expect.stringContaining('nothing was sent'),
    });
    // A newer one of its kind takes the place of an older one that was not sent; one is withdrawn.
    const older = await post('A106', 'trip');
    const newer = await post('A106', 'guarantee-supply');
    expect(await over(older.body.id)).toMatchObject({ state: 'expired', outcome: 'superseded' });
    const path = `${at}/commands/${newer.body.id}/withdraw`;
    const taken = await admin('POST', path, { reason: 'changed my mind' });
    expect(taken.body).toMatchObject({ state: 'expired', outcome: 'withdrawn' });
    expect((await admin('POST', path, { reason: 'again' })).body.code).toBe('conflict');
    park.silent.delete('A106');
    expect(park.writes('A106')).toEqual([]);
  });

  test('another meter at the address: nothing is sent (fault 43)', async () => {
    const serialOf = (label: Label) => deviceOf(label).meter.serial;
    const rename = (label: Label, serial: string) =>
      entered.query('UPDATE meters SET serial = $2 WHERE id = $1', [meterId(label), serial]);
    await rename('A105', '999999999999');
    const trip = await done('A105', 'trip');
    expect(trip).toMatchObject({ state: 'refused', outcome: 'wrong-meter', attempts: 0 });
    await rename('A105', serialOf('A105'));
    expect(park.writes('A105')).toEqual([]);
  });

  test('a captured recharge, replayed to its meter or to a sister, does nothing (fault 43)', async () => {
    const [captured] = park.writes('A104').filter(({ counter }) => counter === 2);
    const data = Buffer.from(captured?.words ?? '', 'hex');
    const pdu = Buffer.concat([Buffer.of(0x20, 2, 0, 0, 30, 60), data]);
    for (const label of ['A104', 'A105'] as const) {
      const before = remainingAt(deviceOf(label), Date.now());
      expect(serve(deviceOf(label), pdu, Date.now()).reply.toString('hex')).toBe('a003');
      expect(remainingAt(deviceOf(label), Date.now())).toBe(before);
    }
  });
});

describe('who may, and what is refused before anything is asked', () => {
  test('a real model takes an unverified function only when an administrator has enabled it', async () => {
    const [row] = await entered.query(
      `INSERT INTO meters (project_id, serial, model, bus_id, unit)
       VALUES ($1, 'R1', 'DTSY1352', $2, 99) RETURNING id::text`,
      [entered.projectId, entered.busId],
    );
    entered.meters.set('R1', String(row?.id));
    const real = 'R1' as Label;
    const prices = { spike: '1', peak: '1', flat: '1', valley: '1' };
    expect((await post(real, 'issue-price', { prices })).body.code).toBe('function-not-enabled');
    const enabling = { model: 'DTSY1352', function: 'issue-price', source: 'protocol sheet 2.1' };
    const keeper = await signInAs(rig, 'energy-manager', { projectId: entered.projectId });
    expect((await keeper('POST', `${at}/model-functions`, enabling)).status).toBe(403);
    const abilityOf = async (model: string, name: string) =>
      (await keeper('GET', `${at}/model-abilities`)).body.data.find(
        (row: { model: string; function: string }) => row.model === model && row.function === name,
      );
    expect(await abilityOf('DTSY1352', 'issue-price')).toMatchObject({
      ...{ simulated: false, state: 'not-enabled', decision: null },
    });
    expect((await admin('POST', `${at}/model-functions`, enabling)).status).toBe(201);
    expect(await abilityOf('DTSY1352', 'issue-price')).toMatchObject({
      ...{ state: 'enabled', decision: { enabled: true, source: enabling.source } },
    });
    expect(await abilityOf('DTSY1352', 'trip')).toMatchObject({ state: 'verified' });
    expect(await abilityOf('DTSY1352-SIM', 'recharge')).toMatchObject({
      ...{ simulated: true, state: 'verified', decision: null },
    });
    expect(await abilityOf('DTSD1352', 'trip')).toBeUndefined();
    expect((await post(real, 'issue-price', { prices })).status).toBe(201);
    const off = { ...enabling, enabled: false };
    expect((await admin('POST', `${at}/model-functions`, off)).status).toBe(201);
    expect(await abilityOf('DTSY1352', 'issue-price')).toMatchObject({
      ...{ state: 'not-enabled', decision: { enabled: false } },
    });
    expect((await post(real, 'issue-price', { prices })).body.code).toBe('function-not-enabled');
    // What was asked in between finds it taken back when its turn comes, or never gets an answer.
    expect((await post(real, 'trip')).status).toBe(201);
    expect((await admin('GET', `${at}/model-functions`)).body.data).toHaveLength(2);
  });

  test('a point that is locked out is not closed, by nobody', async () => {
    const lock = (label: Label, ask = admin) =>
      ask('POST', `${at}/points/${entered.points.get(label)}/lock-out`, {
        ...{ why: 'work on the line', tag: `L-${label}` },
      });
    const lift = (label: Label) =>
      admin('POST', `${at}/points/${entered.points.get(label)}/lock-out/lift`, {
        ...{ why: 'work is done', tag: `L-${label}` },
      });
    const keeper = await signInAs(rig, 'energy-manager', { projectId: entered.projectId });
    expect((await lock('A105', keeper)).body.lockOut).toMatchObject({
      ...{ by: 'energy-manager', why: 'work on the line', tag: 'L-A105' },
    });
    expect((await post('A105', 'guarantee-supply')).body.code).toBe('locked-out');
    expect((await post('A105', 'restore-prepaid')).body.code).toBe('locked-out');
    expect((await lock('A-W1')).status).toBe(201);
    expect((await post('A-W1', 'valve-open')).body.code).toBe('locked-out');
    expect((await lift('A-W1')).body.lockOut).toBeNull();
    // Locked between asking and sending: refused when its turn comes.
    expect((await lift('A105')).status).toBe(200);
    park.silent.add('A105');
    const asked = await post('A105', 'guarantee-supply');
    expect(asked.status).toBe(201);
    expect((await lock('A105')).status).toBe(201);
    park.silent.delete('A105');
    expect(await over(asked.body.id)).toMatchObject({ state: 'refused', outcome: 'locked-out' });
    expect(park.writes('A105')).toEqual([]);
    // Off stays allowed, and says so.
    const offers = await admin('GET', `${at}/meters/${meterId('A105')}/functions`);
    const obstacleOf = (name: string) =>
      offers.body.data.find((offer: { function: string }) => offer.function === name).obstacle;
    expect(['trip', 'guarantee-supply'].map(obstacleOf)).toEqual([null, 'locked-out']);
    expect((await lift('A105')).status).toBe(200);
    expect(park.writes('A105')).toEqual([]);
  });

  test.each([
    ['A101', 'valve-close', {}, 'function-unsupported'],
    ['A-MAIN', 'trip', {}, 'function-unsupported'],
    ['A101', 'recharge', { amountMinor: 1, counter: 1 }, 'invalid-request'],
    ['A101', 'trip', { now: true }, 'invalid-request'],
    [
      'A101',
      'issue-price',
      { prices: { spike: '-1', peak: '1', flat: '1', valley: '1' } },
      'invalid-request',
    ],
    [
      'A101',
      'issue-settings',
      { alarm1Minor: 1, alarm2Minor: 2, overloadW: null },
      'invalid-request',
    ],
    [
      'A101',
      'tou-table',
      { dayPlans: [[{ fromMinute: 5, rank: 1 }]], seasons: [] },
      'invalid-request',
    ],
  ] as const)('%s %s %j is refused: %s', async (label, name, args, code) => {
    expect((await post(label, name, args)).body.code).toBe(code);
  });

  test('twice with one key is one command; roles hold; the list is a file too', async () => {
    const path = `${at}/meters/${meterId('A101')}/commands`;
    const body = { function: 'read-now', reason: 'look' };
    const key = { 'idempotency-key': 'same' };
    const [a, b] = await Promise.all([
      admin('POST', path, body, key),
      admin('POST', path, body, key),
    ]);
    expect([a.status, b.status, b.body.id]).toEqual([201, 201, a.body.id]);
    expect((await admin('POST', path, body)).body.code).toBe('idempotency-key-missing');
    const cashier = await signInAs(rig, 'cashier', { projectId: entered.projectId });
    expect((await post('A101', 'trip', {}, cashier)).body.code).toBe('forbidden');
    const list = await cashier('GET', `${at}/commands?meterId=${meterId('A101')}&state=confirmed`);
    expect(list.body.data.map((c: { function: string }) => c.function)).toContain('trip');
    const part = await cashier('GET', `${at}/commands?q=a101&function=trip&limit=1`);
    expect(part.body.data[0].pointCode).toBe('A101');
    const { count, states } = part.body.totals;
    expect(count).toBeGreaterThan(0);
    expect(Object.values(states as Record<string, number>).reduce((a, b) => a + b)).toBe(count);
    expect((await cashier('GET', `${at}/commands?q=%25`)).body).toMatchObject({
      data: [],
      totals: { count: 0 },
    });
    const file = await cashier('GET', `${at}/commands?format=csv&function=trip`);
    expect(file.text).toContain('exception:4');
    const events = await entered.query(
      `SELECT kind FROM events WHERE project_id = $1 AND kind LIKE 'command.%' GROUP BY 1 ORDER BY 1`,
      [entered.projectId],
    );
    expect(events.map(({ kind }) => kind)).toEqual([
      ...['command.confirmed', 'command.expired', 'command.refused', 'command.unknown'],
    ]);
    const audit = await admin('GET', `${at}/audit?limit=1000`);
    for (const action of ['command.requested', 'command.withdrawn', 'model-function.enabled']) {
      expect(audit.text).toContain(action);
    }
  });
});

test('ingest killed between sent and acknowledged: acted once, resolved by reading (fault 42)', async () => {
  await ingest.stop();
  const start = () =>
    runIngest({
      databaseUrl: rig.urls.ingest,
      questdbUrl: inject('questdbUrl'),
      dataFolder: folder,
    });
  const killedAtWrite = async (verdict: 'hand on' | 'drop') => {
    const { child, ended } = await start();
    proxy.atNextWrite(() => {
      child.kill('SIGKILL');
      return verdict;
    });
    return ended;
  };
  // Once the meter has got it and ingest never hears of it, once it never gets there.
  const [first, second] = (['A104', 'A105'] as const).map(deviceOf).map(({ own, meter }) => ({
    ...{ serial: meter.serial, counter: own.counter + 1 },
  }));
  const before = remainingAt(deviceOf('A104'), Date.now());
  const arrived = await recharge('A104', { amountMinor: 700, counter: first?.counter ?? 0 });
  expect(await killedAtWrite('hand on')).toBe('SIGKILL');
  expect((await show(arrived)).state).toBe('sent');
  const lost = await recharge('A105', { amountMinor: 900, counter: second?.counter ?? 0 });
  expect(await killedAtWrite('drop')).toBe('SIGKILL');
  expect((await show(lost)).state).toBe('sent');
  ingest = await startIngest(ingestDb.db, clock);
  expect(await over(arrived)).toMatchObject({
    ...{ state: 'confirmed', outcome: 'read-back', attempts: 1 },
  });
  expect(await over(lost)).toMatchObject({ state: 'confirmed', attempts: 2 });
  const recharges = [...park.writes('A104'), ...park.writes('A105')].filter((write) =>
    [first, second].some((each) => each?.serial === write.meter && each.counter === write.counter),
  );
  expect(recharges.map(({ counter, amountMinor }) => [counter, amountMinor])).toEqual([
    [first?.counter, 700],
    [second?.counter, 900],
  ]);
  expect(remainingAt(deviceOf('A104'), Date.now()) - before).toBe(700);
}, 90_000);
