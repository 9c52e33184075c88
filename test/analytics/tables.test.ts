/** What the warehouse keeps of samples, sales, accounts and installations. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesOf } from '../../analytics/files.ts';
import {
  type DayTable,
  type DimensionTable,
  dayTables,
  dimensionTables,
  NEVER,
  publish,
  readManifest,
  warehouseDir,
} from '../../analytics/manifest.ts';
import { exportProject } from '../../analytics/warehouse.ts';
import { channels } from '../../sql/channels.ts';
import { rowsOf } from '../../sql/duckdb.ts';
import { openPark, type Park } from './park.ts';

const zone = 'Asia/Shanghai';
let park: Park;
let projectId: string;
let point: string;
let meter: string;
let account: string;

beforeAll(async () => {
  park = await openPark();
});
afterAll(() => park?.close());

/** A project with one point, whose second meter replaced the first at noon of 10 November. */
async function freshProject(): Promise<void> {
  park.setNow('2026-11-24T06:32:08Z');
  projectId = await park.project(zone);
  const at = { project_id: projectId };
  point = await park.insert('points', { ...at, code: 'a1', name: 'A', commodity: 'electricity' });
  const first = await park.insert('meters', { ...at, serial: '1', model: 'DTSD1352-SIM' });
  meter = await park.insert('meters', { ...at, serial: '2', model: 'DTSY1352' });
  const placed = { ...at, point_id: point };
  await park.insert('installations', {
    ...placed,
    meter_id: first,
    valid_from: '2026-01-01T00:00:00Z',
    valid_to: '2026-11-10T04:00:01Z',
    last_register: '987654',
    ct: 40,
  });
  await park.insert('installations', {
    ...placed,
    meter_id: meter,
    valid_from: '2026-11-10T04:00:01Z',
    first_register: '12',
    basis: 'primary',
  });
  account = await park.insert('accounts', {
    ...at,
    number: '1',
    name: 'A shop',
    opened_on: '2026-01-01',
  });
}

async function rowsIn(table: DayTable | DimensionTable, day?: string) {
  const dir = warehouseDir(park.dataDir);
  const manifest = readManifest(dir, projectId);
  if (!manifest) throw new Error('no manifest');
  const files = filesOf(dir, manifest);
  const connection = await park.duckdb.connect();
  const file = day
    ? await files.days(table as DayTable, [day])
    : await files.dimension(table as 'points');
  const of = day ? 'VARCHAR[]' : 'VARCHAR';
  const rows = await rowsOf<Record<string, unknown>>(
    connection,
    `SELECT * FROM read_parquet($file::${of})`,
    { file },
  );
  connection.closeSync();
  return rows;
}

const loud = { voltage_a_v: 220, voltage_b_v: 197.9, voltage_c_v: 236, factor: 0.8, power_w: 900 };

test('registers come with every sample of the local day, electrical days with the good ones', async () => {
  await freshProject();
  await park.writeSamples(projectId, [
    // The last minute of 19 November, the first and the last of the 20th, the first of the 21st.
    { meter, at: '2026-11-19T15:59:00Z', values: { active_wh: 1 } },
    {
      meter,
      at: '2026-11-19T16:00:00Z',
      values: { active_wh: 10, ...loud, current_a_a: 1, current_b_a: 2, current_c_a: 3 },
    },
    {
      meter,
      at: '2026-11-20T15:59:59Z',
      values: { active_wh: 30, voltage_a_v: 230, factor: -0.99, power_w: -5000, reverse_wh: 7 },
    },
    { meter, at: '2026-11-20T15:59:59Z', values: { active_wh: 31 }, quality: 'implausible:range' },
    { meter, at: '2026-11-20T16:00:00Z', values: { active_wh: 40, power_w: 50, factor: 0.1 } },
  ]);
  await park.export(projectId, zone, true);
  const registers = await rowsIn('registers', '2026-11-20');
  expect(registers.map((r) => [r.meter, r.active_wh, r.reverse_wh, r.volume_l, r.quality])).toEqual(
    [
      [BigInt(meter), 10n, null, null, 'ok'],
      [BigInt(meter), 30n, 7n, null, 'ok'],
      [BigInt(meter), 31n, null, null, 'implausible:range'],
    ],
  );
  expect(registers[0]?.ts).toEqual(new Date('2026-11-19T16:00:00Z'));
  const names = channels.filter(({ unit }) => ['Wh', 'varh', 'l'].includes(unit));
  const kept = names.map(({ name }) => name);
  expect(Object.keys(registers[0] ?? {})).toEqual(expect.arrayContaining(kept));

  const [day] = await rowsIn('electrical_days', '2026-11-20');
  expect(day).toMatchObject({
    meter: BigInt(meter),
    samples: 2,
    voltage_min_a_v: 220,
    voltage_max_a_v: 230,
    voltage_avg_a_v: 225,
    voltage_avg_b_v: 197.9,
    voltage_seen: 2,
    voltage_low: 1,
    voltage_high: 1,
    current_max_c_a: 3,
    power_max_w: 900,
    power_avg_w: -2050,
    power_max_at: new Date('2026-11-19T16:00:00Z'),
    factor_seen: 2,
    factor_min: 0.8,
    factor_low: 1,
    unbalance_max_pct: 50,
  });
  const [next] = await rowsIn('electrical_days', '2026-11-21');
  expect(next).toMatchObject({ factor_seen: 0, factor_min: null, unbalance_max_pct: null });
});

test('a day keeps all its channels when it leaves the hot time, and takes in what comes later', async () => {
  await freshProject();
  const at = '2026-11-20T03:00:00Z';
  await park.writeSamples(projectId, [
    { meter, at, values: { active_wh: 1, frequency_hz: 50.02 } },
  ]);
  const pass = () =>
    exportProject({ ...park.parts, hotDays: 4 }, { id: projectId, zone }, { thorough: false });
  await pass();
  expect(await rowsIn('samples', '2026-11-20')).toEqual([]);
  park.setNow('2026-11-24T16:30:00Z'); // The 25th: the 20th is five days ago.
  await pass();
  expect(await rowsIn('samples', '2026-11-20')).toMatchObject([
    { meter: BigInt(meter), active_wh: 1n, frequency_hz: 50.02, valve: null, quality: 'ok' },
  ]);
  await park.writeSamples(projectId, [{ meter, at, values: { active_wh: 2 }, digest: 2 }]);
  park.setNow('2026-11-24T16:32:00Z');
  await pass();
  for (const table of ['samples', 'registers'] as const) {
    const rows = await rowsIn(table, '2026-11-20');
    expect(rows.map((r) => r.active_wh).sort()).toEqual([1n, 2n]);
  }
});

test('a sample of a closed day is seen by its partition, though nobody has made the day dirty', async () => {
  await freshProject();
  await park.writeSamples(projectId, [
    { meter, at: '2026-11-12T03:00:00Z', values: { active_wh: 5 } },
  ]);
  await park.export(projectId, zone);
  expect(await rowsIn('registers', '2026-11-12')).toHaveLength(1);
  await park.writeSamples(projectId, [
    { meter, at: '2026-11-12T03:01:00Z', values: { active_wh: 6 } },
  ]);
  park.setNow('2026-11-24T06:34:00Z');
  await park.export(projectId, zone);
  expect(await rowsIn('registers', '2026-11-12')).toHaveLength(2);
});

test('a warehouse is begun without its samples where they are many, and they follow', async () => {
  await freshProject();
  const days = Array.from({ length: 9 }, (_, n) => `2026-11-${String(n + 10)}`);
  await park.writeSamples(
    projectId,
    days.map((day) => ({ meter, at: `${day}T03:00:00Z`, values: { active_wh: 5 } })),
  );
  const pass = (goOn: boolean) =>
    exportProject(park.parts, { id: projectId, zone }, { thorough: true, goOn });
  const held = () => {
    const manifest = readManifest(warehouseDir(park.dataDir), projectId);
    return [
      manifest?.asOf,
      manifest?.samplesAsOf,
      Object.keys(manifest?.days.registers ?? {}).length,
    ];
  };
  const now = '2026-11-24T06:32:08.000Z';
  await pass(false);
  expect(held()).toEqual([now, NEVER, 0]);
  await pass(true);
  expect(held()).toEqual([now, NEVER, 7]);
  expect((await pass(true))?.more).toBe(false);
  expect(held()).toEqual([now, now, 9]);
});

test('sales lie on the local day on which they were made, with the accounting date beside', async () => {
  await freshProject();
  const at = { project_id: projectId };
  const transaction = await park.insert('transactions', {
    ...at,
    kind: 'sale',
    account_id: account,
    accounting_date: '2026-11-21',
  });
  await park.insert('sales', {
    ...at,
    account_id: account,
    transaction_id: transaction,
    receipt: 'R-1',
    channel: 'transfer',
    amount_minor: '12345',
    currency: 'CNY',
    price: '0.66480001',
    sold_at: '2026-11-19T16:00:00Z',
    sold_by: 'Chen Li',
  });
  await park.export(projectId, zone, true);
  const [sale, ...others] = await rowsIn('sales', '2026-11-20');
  expect(others).toEqual([]);
  expect(sale).toMatchObject({
    account: BigInt(account),
    transaction: BigInt(transaction),
    receipt: 'R-1',
    channel: 'transfer',
    amount: 12345n,
    currency: 'CNY',
    quantity: null,
    sold_by: 'Chen Li',
    local_day: new Date('2026-11-20'),
    accounting_date: new Date('2026-11-21'),
  });
  expect(Number(sale?.price)).toBe(0.66480001);
  expect(await rowsIn('sales', '2026-11-21')).toEqual([]);
});

test('what is posted later is found though only rows after the last half hour are looked at', async () => {
  await freshProject();
  const sell = async (receipt: string, day: string) => {
    const at = { project_id: projectId, account_id: account };
    const of = { kind: 'sale', accounting_date: day };
    const transaction = await park.insert('transactions', { ...at, ...of });
    const sold = { channel: 'cash', amount_minor: '100', currency: 'CNY', sold_by: 'Chen Li' };
    const sold_at = `${day}T05:00:00Z`;
    await park.insert('sales', { ...at, transaction_id: transaction, receipt, ...sold, sold_at });
    return transaction;
  };
  await sell('R-1', '2026-11-03');
  await park.export(projectId, zone, true);
  const cursor = () => readManifest(warehouseDir(park.dataDir), projectId)?.cursors.sales?.id;
  expect(cursor()).toBe('0');
  for (const time of ['07:03', '07:35']) {
    park.setNow(`2026-11-24T${time}:00Z`);
    await park.export(projectId, zone);
  }
  expect(Number(cursor())).toBeGreaterThan(0);
  await sell('R-2', '2026-11-03');
  await sell('R-3', '2026-11-04');
  park.setNow('2026-11-24T07:37:00Z');
  await park.export(projectId, zone);
  const receipts = (rows: Record<string, unknown>[]) => rows.map((r) => r.receipt);
  expect(receipts(await rowsIn('sales', '2026-11-03'))).toEqual(['R-1', 'R-2']);
  expect(receipts(await rowsIn('sales', '2026-11-04'))).toEqual(['R-3']);
});

test('installations say which register is billed and what it counted at both ends', async () => {
  await freshProject();
  await park.export(projectId, zone, true);
  expect(await rowsIn('installations')).toMatchObject([
    {
      register_channel: 'forward_wh',
      basis: 'secondary',
      ct: 40,
      pt: 1,
      first_register: null,
      last_register: 987654n,
      to_at: new Date('2026-11-10T04:00:01Z'),
    },
    {
      register_channel: 'active_wh',
      basis: 'primary',
      first_register: 12n,
      last_register: null,
      from_at: new Date('2026-11-10T04:00:01Z'),
      to_at: null,
    },
  ]);
  expect(await rowsIn('accounts')).toMatchObject([
    { account: BigInt(account), number: '1', name: 'A shop', closed_on: null },
  ]);
});

test('a new project has a file of every table, with its columns and without a row', async () => {
  await freshProject();
  await park.export(projectId, zone, true);
  for (const table of dayTables) expect(await rowsIn(table, '2031-01-01')).toEqual([]);
  for (const table of dimensionTables) expect(await rowsIn(table)).toBeDefined();
});

test('files with the columns of an older version are made anew before anything is answered', async () => {
  await freshProject();
  await park.export(projectId, zone, true);
  const dir = warehouseDir(park.dataDir);
  const before = readManifest(dir, projectId);
  if (!before) throw new Error('nothing was exported');
  // As a Wattledger that knew no shapes wrote it.
  await publish(dir, { ...before, shapes: undefined as unknown as typeof before.shapes });
  const old = readManifest(dir, projectId);
  expect(old).toMatchObject({ asOf: NEVER, cursors: {}, days: { charges: {} } });
  expect(old?.empty.charges).toBeUndefined();
  expect(old?.empty.sales).toEqual(before.empty.sales);
  expect(old?.retired.map(({ file }) => file)).toEqual([
    expect.stringMatching(/charges.*empty.*parquet$/),
  ]);
  await park.export(projectId, zone, true);
  const anew = readManifest(dir, projectId);
  expect(anew?.asOf).not.toBe(NEVER);
  expect(anew?.empty.charges?.version).toBeGreaterThan(before.version);
  expect(await rowsIn('charges', '2031-01-01')).toEqual([]);
});
