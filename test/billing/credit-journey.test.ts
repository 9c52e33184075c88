/**
 * Arrears end to end: energy that was read and settled runs a balance down, notices are proven by a real receiver, a
 * simulated meter is cut and given back over Modbus, and what it did is in its own truth file.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { controlCredit } from '../../billing/credit.ts';
import { localOrders } from '../../billing/credit-orders.ts';
import { createLiveBalances } from '../../billing/live.ts';
import { openWebhook } from '../../billing/notice-webhook.ts';
import { createNotices } from '../../billing/notices.ts';
import { readProject } from '../../billing/project.ts';
import { type BilledPark, openBilledPark } from '../ingest/billed-park.ts';
import { type Ingest, type Meters, openMeters, startIngest } from '../ingest/command-park.ts';
import { PATIENCE_MS } from '../patience.ts';
import { cny } from './counter.ts';
import { openPolicy } from './credit-park.ts';
import type { Ask } from './face.ts';
import { openReceiver } from './providers.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SECRET = 'a webhook secret of ours';
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

let park: BilledPark;
let meters: Meters;
let ingest: Ingest;
let receiver: Awaited<ReturnType<typeof openReceiver>>;
let shop: Awaited<ReturnType<BilledPark['shop']>>;
let ask: Ask;
/** How far this test has gone ahead of the time, which runs on: the meter is polled in real seconds. */
let aheadMs = 0;
let register = 0;
let readMs = 0;
let keys = 0;
const folder = mkdtempSync(join(tmpdir(), 'credit-'));
const clock = () => new Date(Date.now() + aheadMs);

beforeAll(async () => {
  const nowMs = Date.now();
  park = await openBilledPark({ nowMs });
  Object.defineProperty(park.clock, 'now', { get: clock });
  meters = await openMeters(['A101'], folder);
  receiver = await openReceiver({ secret: SECRET, now: clock });
  const fromMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS - 6 * HOUR_MS;
  shop = await park.shop(fromMs, { model: 'DTSY1352-SIM' });
  const { owner, projectId, add } = park;
  const gatewayId = await add('gateways', { project_id: projectId, name: 'G' });
  const busId = await add('buses', {
    ...{ project_id: projectId, gateway_id: gatewayId, name: 'B', framing: 'tcp' },
    ...{ host: '127.0.0.1', port: meters.port, request_timeout_ms: 1_000 },
  });
  const [device] = [...meters.devices.values()];
  await owner.query('UPDATE meters SET bus_id = $1, unit = 1, serial = $2', [
    busId,
    device?.meter.serial,
  ]);
  await owner.query('UPDATE accounts SET alarm1_minor = 500, alarm2_minor = 200');
  await owner.query('UPDATE projects SET poll_seconds = 1');
  await owner.query(`UPDATE points SET restore_mode = 'automatic'`);
  readMs = fromMs;
  await park.say(shop.meterId, [{ ms: fromMs, register }]);
  ask = park.as('wang');
  ingest = await startIngest(park.db, clock);
  await write({});
  const hook = { channel: 'webhook', address: receiver.url, language: 'en' };
  await send('POST', `/accounts/${shop.accountId}/notice-addresses`, hook);
}, 120_000);

afterAll(async () => {
  await ingest?.stop();
  await meters?.close();
  await receiver?.close();
  await park?.close();
  rmSync(folder, { recursive: true, force: true });
});

const send = (method: string, path: string, body: object) =>
  ask(method, path, body, { 'idempotency-key': `j${++keys}` });
const write = async (change: Partial<typeof openPolicy>) => {
  const { body } = await ask('GET', '/credit-policy');
  const policy = { ...openPolicy, ...change };
  const { status } = await send('PUT', '/credit-policy', {
    ...{ policy, reason: 'r', version: body.version },
  });
  expect(status).toBe(200);
};

/** Time passes in which so much was used, read every minute: measured at each boundary. The rest of billing follows. */
async function passes(hours: number, usedWh: number): Promise<void> {
  aheadMs += hours * HOUR_MS;
  const endMs = clock().getTime();
  const [startMs, first] = [readMs, register];
  const samples = [];
  for (let ms = startMs + MINUTE_MS; ms < endMs; ms += MINUTE_MS) {
    const share = (ms - startMs) / (endMs - startMs);
    samples.push({ ms, register: first + Math.round(usedWh * share) });
  }
  samples.push({ ms: endMs, register: first + usedWh });
  readMs = endMs;
  register = first + usedWh;
  await park.say(shop.meterId, samples);
  await park.owner.query(
    `INSERT INTO meter_states (project_id, meter_id, last_ok_at) VALUES ($1, $2, $3)
     ON CONFLICT (project_id, meter_id) DO UPDATE SET last_ok_at = excluded.last_ok_at`,
    [park.projectId, shop.meterId, new Date(endMs)],
  );
  await park.tick();
  await round();
}

/** Each of billing's loops once. */
async function round(): Promise<void> {
  const { db } = park.postgres;
  const project = await readProject(db, park.projectId);
  await createLiveBalances({ db, source: park.settlement.source })(project, clock());
  const channels = { webhook: openWebhook(SECRET) };
  const notices = createNotices({ db, channels, clock, log: quiet });
  await notices();
  await controlCredit(
    { db, questdb: park.questdb, orders: localOrders, clock, log: quiet },
    project,
  );
  await notices();
}

const found = async () => (await ask('GET', `/credit-cases/${shop.accountId}`)).body;
/** Rounds until a state is there: what the meter does takes its time. */
async function comesTo(state: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { state: is, waitsFor } = await found();
    if (is === state) return;
    if (Date.now() > deadline) throw new Error(`${is} ${waitsFor?.code}, not ${state}`);
    await new Promise((done) => setTimeout(done, 100));
    await round();
  }
}
const told = () => receiver.taken.map(({ kind }) => kind);
const commands = async () =>
  (
    await park.owner.query(
      `SELECT c.function, s.state, s.supply_observed_at IS NOT NULL AS seen, c.cause
       FROM commands c JOIN command_states s ON s.command_id = c.id ORDER BY c.id`,
    )
  ).rows;

test('run down, told at each level, cut when the last notice is proven, and supplied again when it is paid', async () => {
  await send('POST', `/accounts/${shop.accountId}/sales`, {
    channel: 'cash',
    amount: cny('10.00'),
  });
  // One kWh is 1.00: to 4.00, 1.50 and −1.50.
  await passes(1, 6_000);
  expect((await found()).state).toBe('noticed');
  await passes(1, 2_500);
  await passes(1, 3_000);
  expect(await found()).toMatchObject({ state: 'grace', live: cny('-1.50'), pointsOff: 0 });
  expect(told()).toEqual([
    ...['sale.receipt', 'balance.alarm1', 'balance.alarm2', 'balance.arrears'],
    'credit.final-notice',
  ]);
  // Its meter is polled meanwhile, and nobody writes to it.
  expect(meters.writes('A101')).toEqual([]);
  await passes(2.5, 0);
  await comesTo('tripped');
  expect(await commands()).toMatchObject([{ function: 'trip', state: 'confirmed', seen: true }]);
  const [cut] = meters.writes('A101');
  expect(cut).toMatchObject({ address: 0x57, words: '00010001' });
  await send('POST', `/accounts/${shop.accountId}/sales`, {
    channel: 'cash',
    amount: cny('20.00'),
  });
  await comesTo('restored');
  expect(await commands()).toMatchObject([
    { function: 'trip', state: 'confirmed' },
    { function: 'guarantee-supply', state: 'confirmed', seen: true },
  ]);
  expect(meters.writes('A101').map(({ words }) => words)).toEqual(['00010001', '00010000']);
  await round();
  expect(told().slice(5)).toEqual(['supply.tripped', 'sale.receipt', 'supply.restored']);
  const { body } = await ask('GET', '/credit-decisions');
  expect(
    body.data
      .map(({ decision, reason }: Record<string, string>) => `${decision}/${reason}`)
      .reverse(),
  ).toEqual(['notice/alarm1', 'notice/final', 'trip/arrears', 'restore/paid']);
  const [trip] = body.data.filter(({ decision }: { decision: string }) => decision === 'trip');
  expect(trip.data).toMatchObject({
    ...{ live: cny('-1.50'), cuttable: cny('-1.50') },
    notices: expect.arrayContaining([
      expect.objectContaining({ level: 'final', state: 'delivered', provenAt: expect.any(String) }),
    ]),
  });
}, 120_000);
