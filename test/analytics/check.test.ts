/** The check names what the warehouse has otherwise than its sources, and the next pass mends it. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkWarehouse } from '../../analytics/check.ts';
import { isCheckWished } from '../../analytics/check-store.ts';
import { measure } from '../../analytics/disk.ts';
import {
  type DayTable,
  fileName,
  publish,
  readManifest,
  warehouseDir,
} from '../../analytics/manifest.ts';
import { compactProject, exportProject } from '../../analytics/warehouse.ts';
import { openPark, type Park } from './park.ts';

const zone = 'Asia/Shanghai';
const day = '2026-10-20';
let park: Park;
let dir: string;
let projectId: string;
let point: string;

beforeAll(async () => {
  park = await openPark();
  dir = warehouseDir(park.dataDir);
});
afterAll(() => park?.close());

/** A project with something in every table, by 24 November. */
async function freshProject(): Promise<void> {
  park.setNow('2026-11-24T06:32:08Z');
  projectId = await park.project(zone);
  const at = { project_id: projectId };
  point = await park.insert('points', { ...at, code: 'a1', name: 'A', commodity: 'electricity' });
  const account = await park.insert('accounts', {
    ...at,
    number: '1',
    name: 'A shop',
    opened_on: '2026-01-01',
  });
  await park.writeIntervals(projectId, zone, [
    { point, day, slot: 5, quantity: 100 },
    { point, day, slot: 6, quantity: null, quality: 'missing' },
    { point, day: '2026-10-21', slot: 5, quantity: 7, quality: 'estimated:linear' },
  ]);
  await park.writeSamples(projectId, [
    { meter: '9', at: `${day}T03:00:00Z`, values: { active_wh: 1 }, digest: 9_000_000_000 },
    { meter: '9', at: `${day}T03:01:00Z`, values: { active_wh: 2 }, digest: 9_100_000_000 },
    { meter: '9', at: `${day}T03:02:00Z`, values: { active_wh: 3 }, quality: 'implausible:range' },
  ]);
  const wallet = await park.insert('ledger_accounts', {
    ...at,
    code: 'wallet',
    currency: 'CNY',
    account_id: account,
  });
  const cash = await park.insert('ledger_accounts', { ...at, code: 'cash', currency: 'CNY' });
  const tariff = await park.insert('tariffs', { ...at, name: 'T', commodity: 'electricity' });
  const version = await park.insert('tariff_versions', {
    ...at,
    tariff_id: tariff,
    version: 1,
    effective_from: '2026-01-01',
    definition: '{}',
    created_by: 'test',
  });
  const run = await park.insert('settlement_runs', { ...at, cause: 'due' });
  for (const on of [day, '2026-10-21']) {
    const transaction = await park.insert('transactions', {
      ...at,
      kind: 'sale',
      account_id: account,
      accounting_date: on,
    });
    await park.owner.query(
      `INSERT INTO entries (project_id, transaction_id, leg, ledger_account_id, amount, currency)
       VALUES ($1, $2, 1, $3, 5000, 'CNY'), ($1, $2, 2, $4, -5000, 'CNY')`,
      [projectId, transaction, cash, wallet],
    );
    await park.insert('sales', {
      ...at,
      account_id: account,
      transaction_id: transaction,
      receipt: on,
      channel: 'cash',
      amount_minor: '5000',
      currency: 'CNY',
      sold_at: `${on}T05:00:00Z`,
      sold_by: 'Chen Li',
    });
    const settlement = await park.insert('settlements', {
      ...at,
      account_id: account,
      scope_id: point,
      local_day: on,
      revision: 0,
      run_id: run,
      inputs_digest: 'd',
      intervals_known_at: '2026-10-21T00:00:00Z',
      position: 0,
      quantity: 100,
      slots: 96,
      transaction_id: transaction,
    });
    await park.owner.query(
      `INSERT INTO charges (project_id, settlement_id, component, tariff_version_id, period, step,
         quantity, price, exact) VALUES ($1, $2, 'energy', $3, 2, 0, 100, '0.6648', '0.06648')`,
      [projectId, settlement, version],
    );
  }
  // So that the days have left the hot time, and all channels are kept.
  await pass({ thorough: true });
}

const parts = () => ({ ...park.parts, hotDays: 10 });
const project = () => ({ id: projectId, zone });
const pass = (how: { thorough: boolean; goOn?: boolean }) => exportProject(parts(), project(), how);
const check = async (full = true) => {
  const report = await checkWarehouse(parts(), project(), {
    full,
    between: async () => {},
    catchUp: async () => {
      await pass({ thorough: false, goOn: true });
    },
  });
  if (!report) throw new Error('there is no warehouse');
  return report;
};

/** Puts another content in the place of a day's file, and lets the manifest believe in it. */
async function forge(table: DayTable, select: string): Promise<void> {
  const manifest = structuredClone(readManifest(dir, projectId));
  const file = manifest?.days[table][day];
  if (!manifest || !file) throw new Error(`no ${table}`);
  const name = (version: number) => join(dir, fileName(table, { projectId, part: day, version }));
  const connection = await park.duckdb.connect();
  await connection.run(
    `COPY (SELECT ${select} FROM read_parquet($before::VARCHAR)) TO $after (FORMAT parquet)`,
    { before: name(file.version), after: name(file.version + 1000) },
  );
  connection.closeSync();
  Object.assign(file, await measure(name(file.version + 1000)), { version: file.version + 1000 });
  manifest.version += 1;
  await publish(dir, manifest);
}

test('a warehouse that is as its sources has no differences, by day and by month', async () => {
  await freshProject();
  const report = await check();
  expect(report.differences).toEqual([]);
  expect(report).toMatchObject({ full: true, daysChecked: 2, at: '2026-11-24T06:32:08.000Z' });
  expect(report.filesChecked).toBeGreaterThan(20);
  const tables = new Set<string>();
  for (;;) {
    const one = await compactProject(parts(), project());
    if (!one) break;
    tables.add(one.table);
  }
  expect([...tables].sort()).toEqual(
    ['calendars', 'charges', 'energy_days', 'entries', 'intervals', 'sales'].sort(),
  );
  expect((await check()).differences).toEqual([]);
});

for (const [table, select, differences] of [
  [
    'intervals',
    '* REPLACE (quantity + 1 AS quantity)',
    [{ what: 'quantity', ours: '101', theirs: '100' }],
  ],
  [
    'energy_days',
    '* REPLACE (quantity - 1 AS quantity)',
    [{ what: 'quantity', ours: '99', theirs: '100' }],
  ],
  [
    'electrical_days',
    '* REPLACE (5::INTEGER AS samples)',
    [{ what: 'good', ours: '5', theirs: '2' }],
  ],
  [
    'entries',
    '* REPLACE (amount * 2 AS amount)',
    [{ what: 'moved', ours: '20000', theirs: '10000' }],
  ],
  ['sales', '* REPLACE (1::BIGINT AS amount)', [{ what: 'amount', ours: '1', theirs: '5000' }]],
  [
    'charges',
    '* REPLACE (1::DECIMAL(38, 18) AS exact)',
    [{ what: 'exact', ours: '1', theirs: '0.06648' }],
  ],
] as const) {
  test(`figures of ${table} that are not the source's are named and written anew`, async () => {
    await freshProject();
    await forge(table, select);
    const report = await check();
    expect(report.differences).toEqual(differences.map((d) => ({ table, day, ...d })));
    await pass({ thorough: false });
    expect((await check()).differences).toEqual([]);
  });
}

test('a sample that differs is found by the sum of the digests, in both tables', async () => {
  await freshProject();
  await forge('registers', '* REPLACE (digest + 1 AS digest)');
  await forge('samples', '* REPLACE (digest + 1 AS digest)');
  const found = (await check()).differences;
  expect(found.map((d) => [d.table, d.what])).toEqual([
    ['registers', 'digests'],
    ['samples', 'digests'],
  ]);
  await pass({ thorough: false });
  expect((await check()).differences).toEqual([]);
});

test('a file that is gone is named, and what has just changed is no difference', async () => {
  await freshProject();
  const version = readManifest(dir, projectId)?.days.sales[day]?.version ?? 0;
  rmSync(join(dir, fileName('sales', { projectId, part: day, version })));
  await park.writeIntervals(projectId, zone, [{ point, day, slot: 7, quantity: 1 }]);
  const { differences } = await check();
  expect(differences).toMatchObject([{ table: 'sales', day, what: 'file', ours: 'gone' }]);
});

test('a light check compares the newest days only', async () => {
  await freshProject();
  await forge('sales', '* REPLACE (1::BIGINT AS amount)');
  expect(await check(false)).toMatchObject({ full: false, daysChecked: 0, differenceCount: 0 });
});

test('the face tells what there is and how the last check went, and takes a wish for another', async () => {
  await freshProject();
  const path = `/projects/${projectId}/warehouse`;
  const before = (await (await park.get(path)).json()) as { lastCheck: unknown };
  expect(before.lastCheck).toBeNull();
  const asked = await park.get(`${path}/checks`, { method: 'POST' });
  expect(asked.status).toBe(202);
  expect(isCheckWished(dir, projectId)).toBe(true);
  await check();
  const body = await (await park.get(path)).json();
  expect(body).toMatchObject({
    zone,
    asOf: '2026-11-24T06:32:08.000Z',
    ageS: 0,
    checkWished: false,
    lastCheck: { full: true, differences: [], daysChecked: 2 },
  });
  const { tables } = body as { tables: Record<string, unknown>[] };
  expect(tables.find(({ name }) => name === 'sales')).toMatchObject({
    days: 2,
    files: 2,
    rows: 2,
    from: day,
    to: '2026-10-22',
    lost: [],
  });
  expect(tables.find(({ name }) => name === 'accounts')).toMatchObject({ days: null, rows: 1 });
  expect(existsSync(join(dir, 'checks', `project=${projectId}.json`))).toBe(true);
  const unknown = await park.get('/projects/1/warehouse');
  expect(unknown.status).toBe(503);
});
