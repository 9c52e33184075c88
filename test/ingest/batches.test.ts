/** Commands to many meters on real sockets: previewed, canary first, stopped, gone on with, tried again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgres, type Postgres } from '../../sql/postgres.ts';
import { type Answer, makeProject, openRig, type Rig, signInAs } from '../web/rig.ts';
import { type Entered, enterMeters, type Ingest, openMeters, startIngest } from './command-park.ts';

const LABELS = ['A101', 'A102', 'A103', 'A104', 'A105', 'A106', 'A-MAIN'] as const;
type Label = (typeof LABELS)[number];
const UNITS = LABELS.filter((label) => label !== 'A-MAIN');

let rig: Rig;
let park: Awaited<ReturnType<typeof openMeters>>;
let entered: Entered;
let ingestDb: Postgres;
let ingest: Ingest;
let at: string;
const folder = mkdtempSync(join(tmpdir(), 'batches-'));

beforeAll(async () => {
  rig = await openRig();
  const project = await makeProject(rig.admin, 'Batches');
  at = `/api/v1/projects/${project.id}`;
  park = await openMeters(LABELS, folder);
  entered = await enterMeters(rig.urls.owner, {
    projectId: project.id,
    port: park.port,
    meters: LABELS.map((label) => deviceOf(label).meter),
  });
  ingestDb = openPostgres({ url: rig.urls.ingest });
  ingest = await startIngest(ingestDb.db, () => new Date());
}, 120_000);

afterAll(async () => {
  await ingest?.stop();
  await ingestDb?.close();
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
const idsOf = (labels: readonly Label[]) => labels.map((label) => entered.meters.get(label));

let keys = 0;
const post = (path: string, body: object, key = `b${++keys}`): Promise<Answer> => {
  rig.clock.now = new Date();
  return rig.admin('POST', `${at}/command-batches${path}`, body, { 'idempotency-key': key });
};
const preview = (name: string, labels: readonly Label[]) =>
  post('/preview', { function: name, meterIds: idsOf(labels) });
const show = async (id: string) => (await rig.admin('GET', `${at}/command-batches/${id}`)).body;

/** Previews and begins it as previewed. */
async function begin(
  name: string,
  labels: readonly Label[],
  more: { canary: number; goesOn?: boolean },
  key?: string,
): Promise<Answer> {
  const { digest } = (await preview(name, labels)).body;
  const body = { function: name, meterIds: idsOf(labels), digest, reason: 'a test', ...more };
  return await post('', body, key);
}
async function until(id: string, state: string) {
  await expect
    .poll(async () => (await show(id)).totals.state, { timeout: 30_000, interval: 50 })
    .toBe(state);
  return await show(id);
}
const commandsOf = async (id: string) =>
  (await rig.admin('GET', `${at}/commands?batchId=${id}&limit=100`)).body.data;

test('a preview says of every meter what happens or why not, and asks nothing', async () => {
  const { body } = await preview('trip', LABELS);
  expect(body.counts).toMatchObject({ total: 7, asked: 6, leftOut: 1 });
  expect(body.data.find((m: { pointCode: string }) => m.pointCode === 'A-MAIN')).toMatchObject({
    obstacle: 'function-unsupported',
    told: 'Meters of this model do not have this function.',
    supplyAfter: null,
  });
  expect(body.data[1]).toMatchObject({ pointCode: 'A101', obstacle: null, supplyAfter: 'off' });
  const filter = { model: deviceOf('A101').meter.model };
  const same = await post('/preview', { function: 'trip', filter });
  expect(same.body.counts).toMatchObject({ total: 6, asked: 6 });
  expect((await rig.admin('GET', `${at}/commands`)).body.data).toEqual([]);
});

test('what cannot hold is refused before anything is asked', async () => {
  const both = { function: 'trip', filter: {}, meterIds: idsOf(['A101']) };
  expect((await post('/preview', both)).body.code).toBe('invalid-request');
  expect((await post('/preview', { function: 'trip' })).body.code).toBe('invalid-request');
  const foreign = await makeProject(rig.admin, 'Another');
  const [row] = await entered.query(
    `INSERT INTO meters (project_id, serial, model) VALUES ($1, 'X1', 'DTSY1352-SIM') RETURNING id::text`,
    [foreign.id],
  );
  const other = await post('/preview', { function: 'trip', meterIds: [String(row?.id)] });
  expect(other.body.code).toBe('not-found');
  const settings = { alarm1Minor: 1, alarm2Minor: 2, overloadW: null };
  const wrong = { function: 'issue-settings', arguments: settings, meterIds: idsOf(['A101']) };
  expect((await post('/preview', wrong)).body.code).toBe('invalid-request');
  const cashier = await signInAs(rig, 'cashier', { projectId: entered.projectId });
  const trip = { function: 'trip', meterIds: idsOf(['A101']) };
  expect((await cashier('POST', `${at}/command-batches/preview`, trip)).status).toBe(403);
  expect((await begin('trip', ['A-MAIN'], { canary: 0 })).body.code).toBe('conflict');
  expect((await rig.admin('GET', `${at}/command-batches`)).body.data).toEqual([]);
});

test('the canary goes first; confirmed, the rest follows by itself; once per key', async () => {
  const wanted = { canary: 2, goesOn: true };
  const made = await begin('trip', LABELS, wanted, 'same');
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({ state: 'canary', canary: 2, counts: { waiting: 4 } });
  const again = await begin('trip', LABELS, wanted, 'same');
  expect([again.status, again.body.id]).toEqual([201, made.body.id]);
  const { data, totals } = await until(made.body.id, 'done');
  expect(totals.counts).toMatchObject({ total: 7, leftOut: 1, confirmed: 6, waiting: 0 });
  expect(totals.acts).toMatchObject([{ act: 'continue', by: 'Ingest', meters: 4 }]);
  expect(data.filter((m: { isCanary: boolean }) => m.isCanary)).toHaveLength(2);
  expect(data.at(-1)).toMatchObject({ state: 'confirmed', after: { relays: 'open' }, tries: 1 });
  const commands: { meterId: string; requestedAt: string; resolvedAt: string }[] = await commandsOf(
    made.body.id,
  );
  const canary = new Set(
    data.flatMap((m: { isCanary: boolean; meterId: string }) => (m.isCanary ? [m.meterId] : [])),
  );
  const rest = commands.filter(({ meterId }) => !canary.has(meterId));
  const proven = commands.filter(({ meterId }) => canary.has(meterId));
  expect(rest).toHaveLength(4);
  for (const { requestedAt } of rest) {
    for (const { resolvedAt } of proven) expect(requestedAt >= resolvedAt).toBe(true);
  }
  for (const label of UNITS) {
    expect(park.writes(label).map(({ words }) => words)).toEqual(['00010001']);
  }
  const file = await rig.admin('GET', `${at}/command-batches/${made.body.id}?format=csv`);
  expect(file.text).toContain('function-unsupported');
  const parts = await rig.admin('GET', `${at}/command-batches/${made.body.id}?limit=3&cursor=3`);
  expect(parts.body).toMatchObject({ nextCursor: '6', data: [{ place: 4 }, {}, {}] });
});

test('the park changed since the preview: refused, nothing is asked', async () => {
  const { digest } = (await preview('guarantee-supply', UNITS)).body;
  await lock('A103');
  const body = { function: 'guarantee-supply', meterIds: idsOf(UNITS), digest, reason: 'x' };
  expect((await post('', { ...body, canary: 1 })).body.code).toBe('preview-outdated');
  const newer = (await preview('guarantee-supply', UNITS)).body;
  expect(newer.counts).toMatchObject({ asked: 5, leftOut: 1 });
  await lock('A103', '/lift');
});

test('a canary that fails stops the batch; tried again and confirmed, it goes on', async () => {
  const canary = (await preview('guarantee-supply', UNITS)).body.data[0].pointCode as Label;
  park.refusing.set(canary, 4);
  const { body } = await begin('guarantee-supply', UNITS, { canary: 1, goesOn: true });
  const stopped = await until(body.id, 'stopped');
  expect(stopped.totals.counts).toMatchObject({ refused: 1, waiting: 5 });
  expect(stopped.totals.acts).toMatchObject([{ act: 'stop', by: 'Ingest' }]);
  expect(stopped.data[0]).toMatchObject({
    state: 'refused',
    told: 'The meter answered with exception 4.',
  });
  expect((await post(`/${body.id}/continue`, { reason: 'x' })).body.code).toBe('conflict');
  park.refusing.delete(canary);
  const retried = await post(`/${body.id}/retry`, { reason: 'mended' });
  expect(retried.body).toMatchObject({ state: 'canary', counts: { refused: 0, waiting: 5 } });
  const { data, totals } = await until(body.id, 'done');
  expect(totals.counts.confirmed).toBe(6);
  expect(data[0]).toMatchObject({ tries: 2, state: 'confirmed' });
  expect((await post(`/${body.id}/retry`, { reason: 'again' })).body.code).toBe('conflict');
});

test('without a word it waits after its canary; stopped, what was not sent is taken back', async () => {
  const { body } = await begin('trip', UNITS, { canary: 1 });
  await until(body.id, 'ready');
  expect(await commandsOf(body.id)).toHaveLength(1);
  const silent = UNITS.slice(3);
  for (const label of silent) park.silent.add(label);
  const going = await post(`/${body.id}/continue`, { reason: 'looks well' });
  expect(going.body.counts.waiting).toBe(0);
  await expect
    .poll(async () => (await show(body.id)).totals.counts.confirmed, { timeout: 30_000 })
    .toBe(3);
  const stopped = await post(`/${body.id}/stop`, { reason: 'enough' });
  expect(stopped.body).toMatchObject({ state: 'stopped', counts: { withdrawn: 3, confirmed: 3 } });
  expect((await post(`/${body.id}/stop`, { reason: 'again' })).body.code).toBe('conflict');
  for (const label of silent) park.silent.delete(label);
  expect((await post(`/${body.id}/retry`, { reason: 'x' })).body.code).toBe('conflict');
  await post(`/${body.id}/continue`, { reason: 'after all' });
  const { totals } = await until(body.id, 'done');
  expect(totals.counts).toMatchObject({ confirmed: 6, withdrawn: 0 });
  const audit = await rig.admin('GET', `${at}/audit?limit=1000`);
  for (const act of ['begun', 'continue', 'stop', 'retry']) {
    expect(audit.text).toContain(`command-batch.${act}`);
  }
  const list = await rig.admin('GET', `${at}/command-batches?function=trip`);
  expect(list.body.data).toHaveLength(2);
});

const lock = (label: Label, lifted: '' | '/lift' = '') =>
  rig.admin('POST', `${at}/points/${entered.points.get(label)}/lock-out${lifted}`, {
    ...{ why: 'work on the line', tag: 'L-7' },
  });

test('a relay that closes against its command is told after two samples, and cleared when it follows', async () => {
  const differing = () =>
    ingest.relays.differing(entered.projectId, [entered.meters.get('A101') ?? '']);
  const read = async () => {
    rig.clock.now = new Date();
    const path = `${at}/meters/${entered.meters.get('A101')}/commands`;
    const body = { function: 'read-now', reason: 'look' };
    const made = await rig.admin('POST', path, body, { 'idempotency-key': `b${++keys}` });
    await expect
      .poll(async () => (await rig.admin('GET', `${at}/commands/${made.body.id}`)).body.state, {
        timeout: 20_000,
        interval: 50,
      })
      .toBe('confirmed');
  };
  const offers = await rig.admin('GET', `${at}/meters/${entered.meters.get('A101')}/functions`);
  expect(offers.body.totals.supply.commanded).toMatchObject({ function: 'trip' });
  const trip = offers.body.data.find((each: { function: string }) => each.function === 'trip');
  expect(trip).toMatchObject({ mayAsk: true, obstacle: null, supply: 'off' });
  // Somebody at the panel took the forced control away.
  deviceOf('A101').force = { enabled: 0, trip: 0 };
  await read();
  expect(differing()).toEqual([]);
  await read();
  expect(differing()).toMatchObject([{ severity: 'critical', detail: { commanded: 'off' } }]);
  deviceOf('A101').force = { enabled: 1, trip: 1 };
  await read();
  await read();
  expect(differing()).toEqual([]);
});
