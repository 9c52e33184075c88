/**
 * Nothing but the API: an empty system is set up to read a gateway at some host and port, by an
 * independent Modbus server, and bills what its meter has counted.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerTCP } from 'modbus-serial';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDays, dayStart, localDayOf } from '../../sql/local-day.ts';
import { EMAIL, freePort, PASSWORD, type System, startSystem } from './system.ts';

const ZONE = 'Europe/Berlin';
const UNIT = 7;
/** Register in 0.01 kWh: when it was installed, and now. */
const FIRST = 10_000;
const NOW = 14_800;
const WH = 10;

let dataFolder: string;
let system: System;
let gateway: ServerTCP;
let gatewayPort: number;

beforeAll(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'wattledger-empty-'));
  gatewayPort = await freePort();
  gateway = new ServerTCP(
    {
      getHoldingRegister: (address: number, unit: number) =>
        unit === UNIT ? (registers(new Date())[address] ?? 0) : 0,
    },
    { host: '127.0.0.1', port: gatewayPort, unitID: UNIT },
  );
  system = await startSystem({ dataFolder, port: await freePort(), flags: ['--no-demo'] });
}, 300_000);

afterAll(async () => {
  await system?.stop();
  await new Promise<void>((resolve) => gateway?.close(() => resolve()));
  await rm(dataFolder, { recursive: true, force: true });
}, 60_000);

/** The all-values block of a DDSY1352 (single phase), as its manual has it. */
function registers(at: Date): Record<number, number> {
  const local = new Date(at.toLocaleString('en-US', { timeZone: ZONE }));
  return {
    512: 7, // model code
    513: 2301, // 230.1 V
    516: 435, // 4.35 A
    519: 1000, // 1.000 kW
    522: 1000,
    527: 999,
    530: 999,
    531: 1,
    532: 1,
    533: NOW >>> 16,
    534: NOW & 0xffff,
    552: ((local.getFullYear() - 2000) << 8) | (local.getMonth() + 1),
    553: (local.getDate() << 8) | local.getDay(),
    554: (local.getHours() << 8) | local.getMinutes(),
    555: local.getSeconds() << 8,
  };
}

test('an empty system is set up through the API alone, reads a gateway and bills it', async () => {
  const api = `${system.url}/api/v1`;
  const signedIn = await fetch(`${api}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: system.url },
    body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
  });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((c) => c.split(';')[0])
    .join('; ');
  let headers: Record<string, string> = { cookie, origin: system.url };

  const make = async (path: string, body: unknown) => {
    const response = await fetch(api + path, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const made = (await response.json()) as Record<string, string>;
    expect(response.status, `${path} ${JSON.stringify(made)}`).toBe(201);
    return made as { id: string } & Record<string, string>;
  };
  const get = async <Body>(path: string) =>
    (await (await fetch(api + path, { headers })).json()) as Body;

  const group = await make('/groups', { name: 'Works' });
  const { id: projectId } = await make('/projects', {
    ...{ name: 'Yard', groupId: group.id, zone: ZONE, currency: 'EUR', pollSeconds: 5 },
  });
  const project = `/projects/${projectId}`;
  const key = await make(`${project}/keys`, { name: 'set-up', role: 'administrator' });
  // From here on an integrator's key, no session.
  headers = { authorization: `Bearer ${key.key}` };

  const today = localDayOf(ZONE, Date.now());
  const from = new Date(dayStart(ZONE, addDays(today, -3))).toISOString();
  const box = await make(`${project}/gateways`, { name: 'Box' });
  const bus = await make(`${project}/gateways/${box.id}/buses`, {
    ...{ name: '1', framing: 'tcp', host: '127.0.0.1', port: gatewayPort },
  });
  const meter = await make(`${project}/meters`, {
    ...{ serial: '000000000001', model: 'DDSY1352', busId: bus.id, unit: UNIT },
  });
  const point = await make(`${project}/points`, {
    ...{ code: 'S1', name: 'Shop 1', commodity: 'electricity' },
  });
  await make(`${project}/installations`, {
    ...{ pointId: point.id, meterId: meter.id, from, firstRegister: FIRST * WH },
  });
  const tariff = await make(`${project}/tariffs`, {
    ...{ name: 'Flat', commodity: 'electricity' },
    version: {
      effectiveFrom: addDays(today, -3),
      definition: {
        components: [{ kind: 'usage', code: 'energy', name: 'Energy', price: '0.3000' }],
      },
    },
  });
  await make(`${project}/tariff-assignments`, { tariffId: tariff.id, from: addDays(today, -3) });
  const account = await make(`${project}/accounts`, {
    ...{ name: 'Baker', openedOn: addDays(today, -3), pointIds: [point.id] },
  });

  const path = `${project}/accounts/${account.id}`;
  const charges = () =>
    get<{ data: { localDay?: string; quantity: number; price: string }[] }>(
      `${path}/charges?from=${addDays(today, -3)}&to=${today}`,
    );
  await expect
    .poll(async () => (await charges()).data.length, { timeout: 200_000, interval: 1_000 })
    .toBeGreaterThanOrEqual(2);
  const balance = await get<{ live: { amount: string }; settled: { amount: string } }>(
    `${path}/balance`,
  );
  // 48 kWh at 0.30 since the meter came: settled days and the piece of today, each rounded.
  await expect
    .poll(async () => Number((await get<typeof balance>(`${path}/balance`)).live.amount), {
      timeout: 200_000,
      interval: 1_000,
    })
    .toBeCloseTo((-(NOW - FIRST) / 100) * 0.3, 1);
  const live = await get<{ live: { powerW: number } }>(`${project}/meters/${meter.id}`);
  expect(live.live.powerW).toBe(1000);
}, 480_000);
