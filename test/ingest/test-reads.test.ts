/**
 * A meter read before it is entered, end to end: asked through the API, answered over the bus that polls; and
 * forty entered out of a workbook, each read from then on where the workbook says.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readXlsx, writeXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ImportColumn,
  importColumnNames,
  importColumns,
} from '../../ingest/import-columns.ts';
import { buildPark, DEFAULT_SEED } from '../../ingest/simulator/park.ts';
import { openPostgres, type Postgres } from '../../sql/postgres.ts';
import { ADMIN, cookieOf, makeProject, openRig, type Rig, signInAs } from '../web/rig.ts';
import {
  type Entered,
  enterMeters,
  type Ingest,
  type Meters,
  openMeters,
  startIngest,
} from './command-park.ts';

/** At units 1, 2 and 3; only the first is entered. */
const LABELS = ['A101', 'A102', 'A-W1'] as const;

let rig: Rig;
let park: Meters;
let entered: Entered;
let ingestDb: Postgres;
let ingest: Ingest;
let at: string;
let gatewayId: string;
const folder = mkdtempSync(join(tmpdir(), 'test-reads-'));

const meterOf = (label: (typeof LABELS)[number]) => {
  const device = park.devices.get(label);
  if (!device) throw new Error(`no ${label}`);
  return device.meter;
};

beforeAll(async () => {
  rig = await openRig();
  const project = await makeProject(rig.admin, 'Test-reads');
  at = `/api/v1/projects/${project.id}`;
  park = await openMeters(LABELS, folder);
  entered = await enterMeters(rig.urls.owner, {
    projectId: project.id,
    port: park.port,
    meters: [meterOf('A101')],
  });
  ingestDb = openPostgres({ url: rig.urls.ingest });
  ingest = await startIngest(ingestDb.db, () => new Date());
  gatewayId = (await rig.admin('GET', `${at}/gateways`)).body.data[0].id;
}, 120_000);

afterAll(async () => {
  await ingest?.stop();
  await ingestDb?.close();
  await park?.close();
  await entered?.close();
  await rig?.close();
  rmSync(folder, { recursive: true, force: true });
});

const read = (address: number, model: string, bus = entered.busId, gateway = gatewayId) => {
  rig.clock.now = new Date();
  const body = { bus, address, model };
  return rig.admin('POST', `${at}/gateways/${gateway}/test-read`, body);
};

test('a meter that is not entered yet tells its registers, its number and how long it took', async () => {
  const { serial, model } = meterOf('A102');
  const { status, body } = await read(2, model);
  expect(status).toBe(200);
  expect(body).toMatchObject({ outcome: 'read', why: null, quality: 'ok', enteredAs: null });
  expect(body.number).toBe(serial);
  expect(body.registers[0]).toEqual({
    address: 0x200,
    words: expect.stringMatching(/^([0-9a-f]{4})+$/),
  });
  expect(body.channels.activeWh).toBeGreaterThan(0);
  expect(body.durationMs).toBeLessThan(5_000);
  // Nothing of it is a sample, and nothing is entered.
  expect((await rig.admin('GET', `${at}/meters`)).body.data).toHaveLength(1);
  expect([...ingest.readings.keys()].every((id) => id === entered.meters.get('A101'))).toBe(true);
  const log = await rig.admin('GET', `${at}/audit?limit=1`);
  expect(log.body.data[0]).toMatchObject({ action: 'bus.test-read', detail: { unit: 2, model } });
});

test('what stands there already is named, another model is told apart, silence is silence', async () => {
  const first = meterOf('A101');
  expect((await read(1, first.model)).body.enteredAs).toEqual({
    meterId: entered.meters.get('A101'),
    serial: first.serial,
  });
  // A water meter has no register there.
  expect((await read(3, first.model)).body).toMatchObject({
    ...{ outcome: 'failed', why: 'exception:2' },
  });
  expect((await read(200, first.model)).body).toMatchObject({
    ...{ outcome: 'failed', why: 'timeout', registers: [] },
  });
});

test('a bus without meters answers once it runs, and until then nobody is kept waiting', async () => {
  const endpoint = { name: 'new', framing: 'tcp', host: '127.0.0.1', port: park.port };
  const bus = (await rig.admin('POST', `${at}/gateways/${gatewayId}/buses`, endpoint)).body;
  const { serial, model } = meterOf('A102');
  expect((await read(2, model, bus.id)).body).toMatchObject({
    ...{ outcome: 'unanswered', why: 'not-begun' },
  });
  await ingest.apply();
  expect((await read(2, model, bus.id)).body).toMatchObject({ outcome: 'read', number: serial });
});

test('another project’s bus, a unit that is none and a role without the right are refused', async () => {
  const { model } = meterOf('A101');
  expect((await read(1, model, entered.busId, '999999999')).status).toBe(404);
  expect((await read(1, model, '999999999')).status).toBe(404);
  expect((await read(248, model)).status).toBe(400);
  expect((await read(1, 'DTSY9')).status).toBe(400);
  const cashier = await signInAs(rig, 'cashier', { projectId: entered.projectId });
  const body = { bus: entered.busId, address: 1, model };
  const refused = await cashier('POST', `${at}/gateways/${gatewayId}/test-read`, body);
  expect(refused.status).toBe(403);
});

test('forty meters out of a workbook are entered as previewed, and each is read at its address', async () => {
  const project = `/api/v1/projects/${(await makeProject(rig.admin, 'Forty meters')).id}`;
  // Tenants, a building's main, water of two buildings: half on one bus, half on another.
  const wanted = buildPark(DEFAULT_SEED).meters.filter(({ building }) =>
    /[BC]/.test(building ?? ''),
  );
  const halves = [wanted.slice(0, 20), wanted.slice(20, 40)].map((meters) =>
    meters.map(({ label }) => label),
  );
  const buses = await Promise.all(
    halves.map((labels, bus) => {
      const own = join(folder, `bus-${bus}`);
      mkdirSync(own);
      return openMeters(labels, own);
    }),
  );
  const rows = buses.flatMap(({ devices, port }, bus) =>
    [...devices.values()].map(({ meter }, i): Partial<Record<ImportColumn, string | number>> => {
      const { label: point, name: pointName, commodity, building, floor, role } = meter;
      const { serial, model, ct, pt } = meter;
      return {
        ...{
          building: building ?? '',
          buildingName: `Building ${building}`,
          floor: floor ?? 0,
          room: point,
        },
        ...{ point, pointName, commodity, role: role === 'building-main' ? role : 'unit' },
        ...{ gateway: 'GW-B', bus: `bus ${bus + 1}`, framing: 'tcp', host: '127.0.0.1', port },
        ...{ address: i + 1, model, serial, pollSeconds: 5, ct, pt, installedAt: '2026-11-20' },
      };
    }),
  );
  const template = await readTemplate(project);
  const bytes = await writeXlsx({
    sheets: [
      {
        name: template.name,
        rows: [template.titles, ...rows.map((row) => template.columns.map((c) => row[c] ?? null))],
      },
    ],
  });
  const file = { name: 'forty.xlsx', content: Buffer.from(bytes).toString('base64') };
  const seen = await rig.admin('POST', `${project}/imports/preview`, file);
  expect([seen.status, seen.body.counts]).toEqual([
    ...[200, { create: 40, same: 0, change: 0, error: 0 }],
  ]);
  expect((await rig.admin('GET', `${project}/meters`)).body.data).toEqual([]);
  const done = await rig.admin(
    ...(['POST', `${project}/imports`, { ...file, digest: seen.body.digest }] as const),
    { 'idempotency-key': 'forty' },
  );
  expect([done.status, done.body.rows]).toEqual([201, seen.body.rows]);
  const meters = (await rig.admin('GET', `${project}/meters`)).body.data as {
    id: string;
    serial: string;
    pointCode: string;
    busId: string;
    unit: number;
  }[];
  expect(meters.map(({ serial, pointCode }) => [serial, pointCode])).toEqual(
    rows.map(({ serial, point }) => [serial, point]),
  );

  await ingest.apply();
  await expect
    .poll(() => meters.filter(({ id }) => !ingest.readings.has(id)), { timeout: 20_000 })
    .toEqual([]);
  // What answers there is the meter that the row names, where meters of a model tell their number.
  const gateway = (await rig.admin('GET', `${project}/gateways`)).body.data[0];
  const numbered = meters.filter((_, i) => rows[i]?.model === 'DTSY1352-SIM');
  const asked = numbered.filter((_, i) => i % 8 === 0);
  expect(new Set(asked.map(({ busId }) => busId)).size).toBe(2);
  for (const { id: meterId, serial, busId: bus, unit: address } of asked) {
    rig.clock.now = new Date();
    const { body } = await rig.admin('POST', `${project}/gateways/${gateway.id}/test-read`, {
      ...{ bus, address, model: 'DTSY1352-SIM' },
    });
    expect(body).toMatchObject({ outcome: 'read', number: serial, enteredAs: { meterId, serial } });
  }
  for (const bus of buses) await bus.close();
});

/** The sheet to fill as the system hands it out: its name, and the columns by their titles. */
async function readTemplate(project: string) {
  const session = await rig.anyone('POST', '/api/v1/session', ADMIN);
  const answer = await rig.app.request(`${project}/imports/template.xlsx`, {
    headers: { cookie: cookieOf(session.headers) },
  });
  const [sheet] = (await readXlsx(new Uint8Array(await answer.arrayBuffer()))).sheets;
  const titles = sheet?.rows[0]?.map(String) ?? [];
  const byTitle = new Map(
    importColumnNames.map((name) => [importColumns[name].en as string, name]),
  );
  const columns = titles.map((title) => byTitle.get(title) ?? expect.fail(title));
  return { name: sheet?.name ?? '', titles, columns };
}
