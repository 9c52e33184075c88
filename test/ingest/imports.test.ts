/** Tables of places and devices: told row by row, then all of it or nothing, through the whole HTTP face. */
import { deflateRawSync } from 'node:zlib';
import { readXlsx, writeXlsx } from 'hucre/xlsx';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ImportColumn,
  importColumnNames,
  importColumns,
} from '../../ingest/import-columns.ts';
import { IMPORT_ROWS_MAX } from '../../ingest/import-file.ts';
import { ROWS_AT_ONCE } from '../../ingest/rows.ts';
import { TABLE_BYTES_MAX } from '../../sql/table-file.ts';
import { makeProject, openRig, type Rig, signInAs } from '../web/rig.ts';

let rig: Rig;
let nth = 0;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

type Cells = Partial<Record<ImportColumn, string | number | Date>>;

const open = async () => {
  const { id } = await makeProject(rig.admin, `Import ${++nth}`);
  return { id, at: `/api/v1/projects/${id}` };
};
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');
const workbook = async (rows: readonly Cells[], language: 'en' | 'zh' = 'en') =>
  base64(
    await writeXlsx({
      sheets: [
        {
          name: 'Import',
          rows: [
            importColumnNames.map((name) => importColumns[name][language]),
            ...rows.map((row) => importColumnNames.map((name) => row[name] ?? null)),
          ],
        },
      ],
    }),
  );
const csv = (rows: readonly Cells[]) =>
  [importColumnNames, ...rows.map((row) => importColumnNames.map((name) => row[name] ?? ''))]
    .map((cells) => cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(','))
    .join('\r\n');

const preview = (at: string, content: string) =>
  rig.admin('POST', `${at}/imports/preview`, { name: 'a.xlsx', content });
const send = (at: string, content: string, digest: string, key = `k${++nth}`) =>
  rig.admin(
    'POST',
    `${at}/imports`,
    { name: 'a.xlsx', content, digest },
    { 'idempotency-key': key },
  );
/** Previews and imports; what the preview said. */
const imported = async (at: string, content: string) => {
  const seen = await preview(at, content);
  expect([seen.status, seen.body.counts?.error]).toEqual([200, 0]);
  const done = await send(at, content, seen.body.digest);
  expect([done.status, done.body.rows]).toEqual([201, seen.body.rows]);
  return seen.body;
};
const rowsOf = async (at: string, path: string) => (await rig.admin('GET', at + path)).body.data;
const lastOf = async (at: string, path: string) =>
  (await rig.admin('GET', `${at}${path}?limit=1000`)).body.nextCursor;
const faultsOf = (body: { rows: { row: number; faults: { column: string; code: string }[] }[] }) =>
  body.rows.flatMap(({ row, faults }) => faults.map(({ column, code }) => [row, column, code]));

const shop = (n: number, more: Cells = {}): Cells => ({
  ...{ building: 'A', buildingName: 'Building A', floor: 1, floorName: '1F', room: `1${n}` },
  ...{ point: `A10${n}`, pointName: `Shop ${n}`, commodity: 'electricity' },
  ...{ gateway: 'GW-A', bus: 'bus 1', host: '10.1.2.3', port: 502, baud: 9600, address: n },
  ...{ model: 'DTSY1352', serial: `20261124000${n}`, ct: 20, firstRegister: '1234.56' },
  ...{ installedAt: '2026-11-20 08:30' },
  ...more,
});

describe('a table', () => {
  test('is entered as it was previewed, once, and again it changes nothing', async () => {
    const { at } = await open();
    const content = await workbook([shop(1), shop(2), { point: 'MAIN', commodity: 'electricity' }]);
    const seen = await preview(at, content);
    expect(seen.body.counts).toEqual({ create: 3, same: 0, change: 0, error: 0 });
    expect(seen.body.rows[0].acts.map((act: { kind: string }) => act.kind)).toEqual([
      ...['building', 'floor', 'room', 'gateway', 'bus', 'point', 'meter', 'installation'],
    ]);
    // A preview leaves nothing.
    expect(await rowsOf(at, '/points')).toEqual([]);
    expect(await rowsOf(at, '/buildings')).toEqual([]);
    const done = await send(at, content, seen.body.digest, 'once');
    expect(done.status).toBe(201);
    const again = await send(at, content, seen.body.digest, 'once');
    expect([again.status, again.body]).toEqual([201, done.body]);
    const [building] = await rowsOf(at, '/buildings');
    expect(building).toMatchObject({ code: 'A', floors: [{ level: 1, rooms: [{}, {}] }] });
    const [meter] = await rowsOf(at, '/meters');
    expect(meter).toMatchObject({ serial: '202611240001', unit: 1, pointCode: 'A101' });
    expect(await rowsOf(at, '/installations')).toMatchObject([
      { from: '2026-11-20T00:30:00.000Z', ct: 20, pt: 1, firstRegister: 1_234_560 },
      { ct: 20 },
    ]);
    expect(await rowsOf(at, '/gateways')).toMatchObject([
      { buses: [{ host: '10.1.2.3', meters: 2, line: { baud: 9600 } }] },
    ]);
    const log = (await rig.admin('GET', `${at}/audit?limit=100`)).body.data as { action: string }[];
    expect(log[0]).toMatchObject({ action: 'import.applied', detail: { rows: 3, create: 3 } });
    expect(log.filter(({ action }) => action === 'meter.created')).toHaveLength(2);
    const same = await preview(at, content);
    expect(same.body.counts).toEqual({ create: 0, same: 3, change: 0, error: 0 });
    const late = await send(at, content, seen.body.digest);
    expect([late.status, late.body.code]).toEqual([409, 'conflict']);
  });

  test('changes what it says otherwise, and leaves alone what it does not say', async () => {
    const { at } = await open();
    await imported(at, await workbook([shop(1, { overloadKw: 20 }), shop(2)]));
    const seen = await imported(
      at,
      await workbook([
        { point: 'A101', pointName: 'Bakery' },
        { serial: '202611240002', gateway: 'GW-A', bus: 'bus 1', address: 7, pollSeconds: 30 },
      ]),
    );
    expect(seen.rows.map(({ fate }: { fate: string }) => fate)).toEqual(['change', 'change']);
    const [bakery] = await rowsOf(at, '/points');
    expect(bakery).toMatchObject({ name: 'Bakery', overloadW: 20_000 });
    expect(bakery.roomId).not.toBeNull();
    expect((await rowsOf(at, '/meters'))[1]).toMatchObject({ unit: 7, pollSeconds: 30 });
  });

  test('moves meters over addresses that another gives up, as its rows say, and enters one behind them', async () => {
    const { at } = await open();
    await imported(at, await workbook([shop(1), shop(2), shop(3)]));
    const move = (n: number, address: number): Cells => ({
      ...{ serial: `20261124000${n}`, gateway: 'GW-A', bus: 'bus 1', address },
    });
    await imported(
      at,
      await workbook([move(1, 9), move(2, 1), move(3, 2), shop(4, { address: 3 })]),
    );
    expect((await rowsOf(at, '/meters')).map((m: { unit: number }) => m.unit)).toEqual([
      9, 1, 2, 3,
    ]);
    const back = await preview(at, await workbook([move(2, 9), move(1, 1)]));
    expect(faultsOf(back.body)).toEqual([
      [2, 'address', 'taken'],
      [3, 'address', 'taken'],
    ]);
  });

  test('of more rows than a statement takes is entered whole, each row as itself', async () => {
    const { at } = await open();
    const count = ROWS_AT_ONCE + 200;
    const rows = Array.from({ length: count }, (_, i): Cells => {
      const bus = Math.floor(i / 32);
      return {
        ...{ building: 'A', floor: i % 5, room: `R${i}`, point: `P${i}`, commodity: 'electricity' },
        ...{ gateway: `GW-${bus % 8}`, bus: `bus ${bus}`, host: '10.1.2.3', port: 502 },
        ...{ address: (i % 32) + 1, model: 'DTSY1352', serial: `S${i}`, pollSeconds: 60 + (i % 7) },
        ...{ ct: 1 + (i % 9), firstRegister: i, installedAt: '2026-11-20' },
      };
    });
    const seen = await imported(at, await workbook(rows));
    expect(seen.counts).toEqual({ create: count, same: 0, change: 0, error: 0 });
    const pages = async (path: string) => [
      ...(await rowsOf(at, `${path}?limit=1000`)),
      ...(await rowsOf(at, `${path}?limit=1000&cursor=${await lastOf(at, path)}`)),
    ];
    const meters = await pages('/meters');
    const installed = await pages('/installations');
    expect([meters.length, installed.length]).toEqual([count, count]);
    for (const [i, meter] of meters.entries()) {
      expect(meter).toMatchObject({
        ...{ serial: `S${i}`, pointCode: `P${i}`, unit: (i % 32) + 1, pollSeconds: 60 + (i % 7) },
      });
      expect(installed[i]).toMatchObject({
        ...{ meterId: meter.id, ct: 1 + (i % 9), firstRegister: i * 1000 },
      });
    }
    const same = await preview(at, await workbook(rows));
    expect(same.body.counts.same).toBe(count);
  });

  test('meets what somebody enters at the same instant: refused with its row, or as a conflict; nothing stays', async () => {
    const { id, at } = await open();
    await imported(at, await workbook([shop(1)]));
    const content = await workbook([{ building: 'B' }, shop(2)]);
    const { digest } = (await preview(at, content)).body;
    const client = new pg.Client({ connectionString: rig.urls.owner });
    await client.connect();
    /** What the import comes to when this is committed while it waits for it. */
    const against = async (statement: string) => {
      await client.query('BEGIN');
      await client.query(statement, [id]);
      const answer = send(at, content, digest);
      await expect
        .poll(async () => {
          const waiting = await client.query(
            `SELECT FROM pg_stat_activity WHERE datname = current_database()
              AND wait_event_type = 'Lock'`,
          );
          return waiting.rowCount;
        })
        .toBe(1);
      await client.query('COMMIT');
      return await answer;
    };
    const retired = await against('UPDATE buses SET retired_at = now() WHERE project_id = $1');
    expect([retired.status, retired.body.code, retired.body.faults[0]]).toMatchObject([
      ...[422, 'import-refused', { at: 'row/3', message: 'The bus is retired.' }],
    ]);
    await client.query('UPDATE buses SET retired_at = NULL WHERE project_id = $1', [id]);
    const taken = await against(`INSERT INTO points (project_id, code, name, commodity)
      VALUES ($1, 'A102', 'Another', 'water')`);
    expect([taken.status, taken.body.code]).toEqual([409, 'conflict']);
    await client.end();
    expect(await rowsOf(at, '/buildings')).toHaveLength(1);
    expect(await rowsOf(at, '/meters')).toHaveLength(1);
  });

  test('reads CSV of either encoding and titles of either language; names stay text', async () => {
    const { at } = await open();
    const name = '=HYPERLINK("http://evil","x")';
    const script = '<script>alert(1)</script>';
    await imported(
      at,
      base64(csv([shop(1, { pointName: name }), { ...shop(2), pointName: script }])),
    );
    expect((await rowsOf(at, '/points')).map((p: { name: string }) => p.name)).toEqual([
      name,
      script,
    ]);
    const chinese = await workbook(
      [shop(3, { buildingName: undefined, floorName: undefined })],
      'zh',
    );
    expect((await imported(at, chinese)).counts.create).toBe(1);
    // 计量点,能源,计量点名称 / G1,water,水 as a Chinese Excel writes it (GB18030).
    const gbk = Buffer.concat([
      Buffer.from('bcc6c1bfb5e32cc4dcd4b42cbcc6c1bfb5e3c3fbb3c60a', 'hex'),
      Buffer.from('G1,water,'),
      Buffer.from('cbae', 'hex'),
    ]);
    await imported(at, base64(gbk));
    expect((await rowsOf(at, '/points')).at(-1)).toMatchObject({ code: 'G1', name: '水' });
  });
});

describe('one bad row', () => {
  test('is named with column and reason, and nothing is imported', async () => {
    const { at } = await open();
    const bad: [Cells, [string, string]][] = [
      [shop(2, { commodity: 'gas' }), ['commodity', 'not-valid']],
      [shop(3, { address: 248 }), ['address', 'not-valid']],
      [shop(4, { address: 1 }), ['address', 'taken']],
      [shop(5, { serial: '202611240001' }), ['serial', 'taken']],
      [shop(6, { model: 'WATER' }), ['model', 'commodity']],
      [shop(7, { host: '10.9.9.9' }), ['host', 'differs']],
      [shop(8, { buildingName: 'Another' }), ['buildingName', 'differs']],
      [shop(9, { firstRegister: '1.2345' }), ['firstRegister', 'not-valid']],
      [
        shop(9, { point: 'A110', serial: 'S10', address: 10, installedAt: '2026-02-30' }),
        ['installedAt', 'not-valid'],
      ],
      [{ floor: 1, point: 'X1', commodity: 'water' }, ['building', 'needed']],
      [{ point: 'X2' }, ['commodity', 'needed']],
      [{ point: '=1+1', commodity: 'water' }, ['point', 'not-valid']],
      [{ serial: 'S11', model: 'DTSY9' }, ['model', 'not-valid']],
      [{ serial: 'S12', model: 'DTSY1352', gateway: 'GW-B', address: 1 }, ['bus', 'needed']],
      [{ serial: 'S13', model: 'DTSY1352', ct: 1e18 }, ['ct', 'not-valid']],
    ];
    const content = await workbook([shop(1), ...bad.map(([cells]) => cells)]);
    const { body } = await preview(at, content);
    expect(body.counts).toMatchObject({ create: 1, error: bad.length });
    const first = bad.map((_, i) => faultsOf(body).find(([row]) => row === i + 3));
    expect(first).toEqual(bad.map(([, fault], i) => [i + 3, ...fault]));
    const refused = await send(at, content, body.digest);
    expect([refused.status, refused.body.code]).toEqual([422, 'import-refused']);
    expect(refused.body.faults[0]).toMatchObject({ at: 'row/3/commodity', code: 'not-valid' });
    for (const path of ['/points', '/meters', '/gateways', '/buildings']) {
      expect(await rowsOf(at, path), path).toEqual([]);
    }
  });

  test('is what contradicts the devices that are there', async () => {
    const { at } = await open();
    await imported(at, await workbook([shop(1), shop(2)]));
    await rig.admin('POST', `${at}/points`, { code: 'OLD', name: 'Old', commodity: 'water' });
    const old = (await rowsOf(at, '/points')).at(-1);
    await rig.admin('PATCH', `${at}/points/${old.id}`, { retired: true });
    const { body } = await preview(
      at,
      await workbook([
        shop(1, { ct: 30 }),
        shop(2, { point: 'A109', room: '19' }),
        shop(3, { point: 'OLD', commodity: 'water', model: 'WATER' }),
        shop(4, { address: 2 }),
        { point: 'A102', serial: '202611240009', model: 'DTSY1352' },
      ]),
    );
    expect(faultsOf(body)).toEqual([
      [2, 'ct', 'differs'],
      [3, 'point', 'differs'],
      [4, 'point', 'retired'],
      [5, 'address', 'taken'],
      [6, 'serial', 'differs'],
    ]);
  });
});

describe('a file', () => {
  test('that is none, or too large in any way, is refused and says why', async () => {
    const { at } = await open();
    const said = async (content: string) => {
      const { status, body } = await preview(at, content);
      return [status, body.code];
    };
    expect(await said(base64('nothing of ours\n1'))).toEqual([422, 'import-refused']);
    expect(await said(base64('PK\u0003\u0004 broken'))).toEqual([422, 'import-refused']);
    expect(await said(base64(Buffer.alloc(100)))).toEqual([422, 'import-refused']);
    expect(await said('not base64 at all!')).toEqual([400, 'invalid-request']);
    expect(await said('')).toEqual([422, 'import-refused']);
    expect(await said(base64(`point,point\nA,B`))).toEqual([422, 'import-refused']);
    expect(await said(base64(`point,colour\nA,red`))).toEqual([422, 'import-refused']);
    const long = `point\n${'A\n'.repeat(IMPORT_ROWS_MAX + 1)}`;
    expect(await said(base64(long))).toEqual([413, 'too-large']);
    expect((await said('A'.repeat(Math.ceil(TABLE_BYTES_MAX / 3) * 4 + 4)))[0]).toBe(400);
    expect(await said(bomb(100_000_000))).toEqual([413, 'too-large']);
    // What the archive says of itself is held against it, too.
    expect((await said(bomb(1_000)))[0]).toBe(422);
  });

  test('is the template, filled: its columns and allowed values are those that are read', async () => {
    const { at } = await open();
    for (const language of ['en', 'zh'] as const) {
      const answer = await rig.app.request(`${at}/imports/template.xlsx?language=${language}`, {
        headers: { cookie: await cookie() },
      });
      expect(answer.headers.get('content-type')).toContain('spreadsheetml');
      const book = await readXlsx(new Uint8Array(await answer.arrayBuffer()));
      const [fill, allowed] = book.sheets;
      expect(fill?.rows[0]).toEqual(importColumnNames.map((name) => importColumns[name][language]));
      expect(allowed?.rows.flat().join(' ')).toContain('DTSY1352-SIM');
    }
  });

  test('is imported by who may enter places and devices, and by nobody else', async () => {
    const { id, at } = await open();
    const content = await workbook([shop(1)]);
    const manager = await signInAs(rig, 'energy-manager', { projectId: id });
    const seen = await manager('POST', `${at}/imports/preview`, { name: 'a', content });
    expect(seen.status).toBe(200);
    const analyst = await signInAs(rig, 'analyst', { projectId: id });
    const refused = await analyst('POST', `${at}/imports/preview`, { name: 'a', content });
    expect(refused.status).toBe(403);
    const keyless = { name: 'a', content, digest: seen.body.digest };
    expect((await manager('POST', `${at}/imports`, keyless)).body.code).toBe(
      'idempotency-key-missing',
    );
  });
});

/** A session of the administrator, for what is no JSON. */
async function cookie(): Promise<string> {
  const answer = await rig.app.request('/api/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@wattledger.local', password: 'correct horse battery' }),
  });
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
}

/** An archive of one part of 100 MB of zeros in 100 kB, which says of itself that it holds `said` bytes. */
function bomb(said: number): string {
  const name = Buffer.from('[Content_Types].xml');
  const packed = deflateRawSync(Buffer.alloc(100_000_000));
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(said, 22);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(said, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + packed.length, 16);
  return base64(Buffer.concat([local, name, packed, central, name, end]));
}
