/** The warehouse stays equal to its sources, and is the old version or the new one, never half. */
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginLease, oldestLease } from '../../analytics/lease.ts';
import { fileName, readManifest, warehouseDir } from '../../analytics/manifest.ts';
import { namedFiles, sweep } from '../../analytics/sweep.ts';
import { draftVersion } from '../../analytics/warehouse.ts';
import { markDirty, markDone, pendingDirty } from '../../sql/dirty-days.ts';
import { rowsOf } from '../../sql/duckdb.ts';
import { openPark, type Park } from './park.ts';

const zone = 'Asia/Shanghai';
let park: Park;
let projectId: string;
let point: string;
let account: string;

beforeAll(async () => {
  park = await openPark();
});
afterAll(() => park?.close());

/** A project with a point and an account, and its day of 20 November exported. */
async function freshProject(): Promise<void> {
  park.setNow('2026-11-24T06:32:08Z');
  projectId = await park.project(zone);
  const at = { project_id: projectId };
  point = await park.insert('points', { ...at, code: 'a1', name: 'A', commodity: 'electricity' });
  account = await park.insert('accounts', {
    ...at,
    number: '1',
    name: 'Line\nbreak, "quote"',
    opened_on: '2026-01-01',
  });
  await park.insert('tenancies', {
    ...at,
    point_id: point,
    account_id: account,
    valid_from: '2026-01-01T00:00:00Z',
  });
  await write('2026-11-20', 100);
  await park.export(projectId, zone, true);
}

const write = (day: string, quantity: number, version = 1) =>
  park.writeIntervals(projectId, zone, [{ point, day, slot: 5, quantity, version }]);

async function dirty(day: string): Promise<void> {
  const days = [{ pointId: point, localDay: day }];
  await markDirty(park.postgres.db, { projectId, days, who: 'test', why: 'late sample' });
}

async function intervalsDone(): Promise<void> {
  const db = park.postgres.db;
  const rows = await pendingDirty(db, { consumer: 'intervals', projectId, limit: 100 });
  await markDone(db, { consumer: 'intervals', projectId, ids: rows.map((r) => r.id) });
}

const pending = async () =>
  (await pendingDirty(park.postgres.db, { consumer: 'export', projectId, limit: 100 })).length;

async function reported(day: string): Promise<number | null> {
  const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
  const response = await park.get(
    `/projects/${projectId}/reports/energy?from=${day}&to=${next}&unit=day`,
  );
  const body = (await response.json()) as { totals: { quantity: number | null } };
  return body.totals.quantity;
}

async function rowsIn(table: 'intervals' | 'charges' | 'entries' | 'calendars', day: string) {
  const dir = warehouseDir(park.dataDir);
  const file = readManifest(dir, projectId)?.days[table][day];
  if (!file) return undefined;
  const connection = await park.duckdb.connect();
  const rows = await rowsOf<Record<string, unknown>>(
    connection,
    'SELECT * FROM read_parquet($file::VARCHAR)',
    { file: join(dir, fileName(table, { projectId, part: day, version: file.version })) },
  );
  connection.closeSync();
  return rows;
}

test('a dirty day is exported again, once its intervals are built', async () => {
  await freshProject();
  await write('2026-11-20', 250, 2);
  await dirty('2026-11-20');
  expect(await park.export(projectId, zone)).toBeUndefined();
  expect([await reported('2026-11-20'), await pending()]).toEqual([100, 1]);
  await intervalsDone();
  expect((await park.export(projectId, zone))?.files).toBe(2);
  expect([await reported('2026-11-20'), await pending()]).toEqual([250, 0]);
  expect(await park.export(projectId, zone)).toBeUndefined();
});

test('a day is exported when all that made it dirty is built, and what billing changed at once', async () => {
  await freshProject();
  await dirty('2026-11-20');
  await intervalsDone();
  await dirty('2026-11-20');
  expect(await park.export(projectId, zone)).toBeUndefined();
  await intervalsDone();
  expect((await park.export(projectId, zone))?.files).toBe(2);
  const days = [{ pointId: point, localDay: '2026-11-20' }];
  await markDirty(park.postgres.db, { projectId, days, who: 'billing', why: 'tenancy' });
  expect((await park.export(projectId, zone))?.files).toBe(2);
  expect(await pending()).toBe(0);
});

test('killed between its files and the manifest, the old version holds and the export is repeated', async () => {
  await freshProject();
  await write('2026-11-20', 250, 2);
  await dirty('2026-11-20');
  await intervalsDone();
  const draft = await draftVersion(park.parts, { id: projectId, zone }, { thorough: false });
  expect(draft?.files).toBe(2);
  expect([await reported('2026-11-20'), await pending()]).toEqual([100, 1]);
  await park.export(projectId, zone);
  expect([await reported('2026-11-20'), await pending()]).toEqual([250, 0]);
});

test('killed between the manifest and its done-rows, the export is repeated and changes nothing', async () => {
  await freshProject();
  await dirty('2026-11-20');
  await intervalsDone();
  await park.export(projectId, zone);
  await dirty('2026-11-20');
  await intervalsDone();
  const before = readManifest(warehouseDir(park.dataDir), projectId)?.version ?? 0;
  const report = await park.export(projectId, zone);
  expect(report?.version).toBe(before + 1);
  expect(await reported('2026-11-20')).toBe(100);
});

test('what no manifest names is swept, but not before its readers are gone', async () => {
  await freshProject();
  const dir = warehouseDir(park.dataDir);
  await write('2026-11-20', 250, 2);
  await dirty('2026-11-20');
  await intervalsDone();
  await park.export(projectId, zone);
  const files = () =>
    ['intervals', 'energy_days'].flatMap((table) => {
      const folder = join(dir, table, `project=${projectId}`, 'month=2026-11');
      const names = readdirSync(folder).filter((name) => name.startsWith('2026-11-20'));
      return names.map((name) => join(folder, name));
    });
  expect(files()).toHaveLength(4);
  for (const file of files()) utimesSync(file, new Date('2026-11-20'), new Date('2026-11-20'));
  const manifest = readManifest(dir, projectId);
  if (!manifest) throw new Error('no manifest');
  expect(await sweep(dir, manifest, new Date('2026-11-24T06:33:00Z'))).toBe(0);
  park.setNow('2026-11-24T06:50:00Z');
  await park.export(projectId, zone);
  expect(files()).toHaveLength(2);
  for (const file of namedFiles(manifest)) expect(existsSync(join(dir, file))).toBe(true);
});

test('what a long download began with is left until it ends, and no longer than its reader lives', async () => {
  await freshProject();
  const dir = warehouseDir(park.dataDir);
  const endLease = beginLease(dir, { name: 'test', clock: park.parts.clock });
  await write('2026-11-20', 260, 3);
  await dirty('2026-11-20');
  await intervalsDone();
  await park.export(projectId, zone);
  const later = new Date('2026-11-24T09:00:00Z');
  // The lease is renewed by its reader, here by hand.
  for (const name of readdirSync(join(dir, 'leases')))
    utimesSync(join(dir, 'leases', name), later, later);
  const retired = () => readManifest(dir, projectId)?.retired.map(({ file }) => file) ?? [];
  const [replaced] = retired();
  if (!replaced) throw new Error('nothing was replaced');
  park.setNow(later.toISOString());
  await park.export(projectId, zone);
  expect(retired()).toContain(replaced);
  endLease();
  park.setNow('2026-11-24T09:02:00Z');
  await park.export(projectId, zone);
  expect(retired()).not.toContain(replaced);
  const dead = beginLease(dir, { name: 'dead', clock: () => new Date('2026-11-24T07:00:00Z') });
  expect(await oldestLease(dir, new Date('2026-11-24T09:02:00Z'))).toBeUndefined();
  dead();
});

test('today is looked at again after a minute, not before', async () => {
  await freshProject();
  await write('2026-11-24', 42);
  park.setNow('2026-11-24T06:32:50Z');
  expect(await park.export(projectId, zone)).toBeUndefined();
  park.setNow('2026-11-24T06:33:08Z');
  await park.export(projectId, zone);
  expect(await reported('2026-11-24')).toBe(42);
  const again = await park.get(
    `/projects/${projectId}/reports/energy?from=2026-11-24&to=2026-11-25&unit=hour`,
  );
  expect(((await again.json()) as { asOf: string }).asOf).toBe('2026-11-24T06:33:08.000Z');
});

test('a day that QuestDB no longer holds keeps the file it has', async () => {
  await freshProject();
  // As if its partition had been dropped: the day is dirty, and QuestDB has nothing of it.
  const other = { ...park.parts.questdb };
  other.exportParquet = (query, file, options) =>
    park.questdb.exportParquet(query.replace(projectId, '1'), file, options);
  await dirty('2026-11-20');
  await intervalsDone();
  const draft = await draftVersion(
    { ...park.parts, questdb: other },
    { id: projectId, zone },
    { thorough: false },
  );
  expect(draft?.kept).toEqual(['2026-11-20']);
  expect(draft?.next.days.intervals['2026-11-20']?.rows).toBe(1);
});

test('a new tariff version gives the days that it covers another calendar', async () => {
  await freshProject();
  const at = { project_id: projectId };
  expect((await rowsIn('calendars', '2026-11-20'))?.[0]).toMatchObject({ rank: null });
  const tariff = await park.insert('tariffs', { ...at, name: 'T', commodity: 'electricity' });
  const day = { type: 'everyday', bands: [{ from: '00:00', to: '24:00', rank: 5 }] };
  const calendar = {
    seasons: [{ name: 'year', from: '01-01', to: '12-31', days: [day] }],
    weekend: [6, 7],
    holidays: [],
    workdays: [],
  };
  await park.insert('tariff_versions', {
    ...at,
    tariff_id: tariff,
    version: 1,
    effective_from: '2026-11-20',
    definition: JSON.stringify({ components: [], calendar }),
    created_by: 'test',
  });
  await park.insert('tariff_assignments', {
    ...at,
    tariff_id: tariff,
    commodity: 'electricity',
    valid_from: '2026-11-01',
  });
  park.setNow('2026-11-24T06:40:00Z');
  await park.export(projectId, zone);
  expect((await rowsIn('calendars', '2026-11-20'))?.[0]).toMatchObject({ rank: 5 });
  const response = await park.get(
    `/projects/${projectId}/reports/energy?from=2026-11-20&to=2026-11-21`,
  );
  const { totals } = (await response.json()) as { totals: { ranks: unknown } };
  expect(totals.ranks).toEqual({ 5: 100 });
});

test('charges come by service day and entries by accounting date, exact to the last decimal', async () => {
  await freshProject();
  const at = { project_id: projectId };
  const ledger = (code: string) =>
    park.insert('ledger_accounts', {
      ...at,
      code,
      currency: 'CNY',
      account_id: code === 'wallet' ? account : null,
    });
  const [wallet, revenue] = [await ledger('wallet'), await ledger('revenue')];
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
  const settle = async (revision: number, supersedes: string | null, exact: string) => {
    const transaction = await park.insert('transactions', {
      ...at,
      kind: 'settlement',
      account_id: account,
      accounting_date: '2026-11-21',
    });
    await park.owner.query(
      `INSERT INTO entries (project_id, transaction_id, leg, ledger_account_id, amount, currency)
       VALUES ($1, $2, 1, $3, 67, 'CNY'), ($1, $2, 2, $4, -67, 'CNY')`,
      [projectId, transaction, wallet, revenue],
    );
    const settlement = await park.insert('settlements', {
      ...at,
      account_id: account,
      scope_id: point,
      local_day: '2026-11-20',
      revision,
      run_id: run,
      inputs_digest: 'd',
      intervals_known_at: '2026-11-21T00:00:00Z',
      position: 0,
      quantity: 100,
      slots: 96,
      supersedes,
      transaction_id: transaction,
    });
    await park.owner.query(
      `INSERT INTO charges (project_id, settlement_id, component, tariff_version_id, period, step,
         quantity, price, exact) VALUES ($1, $2, 'energy', $3, 2, 0, 100, '0.66480001', $4)`,
      [projectId, settlement, version, exact],
    );
    return settlement;
  };
  const first = await settle(0, null, '0.066480001');
  park.setNow('2026-11-24T06:40:00Z');
  await park.export(projectId, zone);
  await settle(1, first, '0.07');
  park.setNow('2026-11-24T06:42:00Z');
  await park.export(projectId, zone);

  const charges = await rowsIn('charges', '2026-11-20');
  expect(charges?.map((c) => [c.revision, c.in_force, Number(c.price), Number(c.exact)])).toEqual([
    [0, false, 0.66480001, 0.066480001],
    [1, true, 0.66480001, 0.07],
  ]);
  const entries = await rowsIn('entries', '2026-11-21');
  expect(entries?.map((e) => [e.code, e.amount, e.kind])).toEqual([
    ['wallet', 67n, 'settlement'],
    ['revenue', -67n, 'settlement'],
    ['wallet', 67n, 'settlement'],
    ['revenue', -67n, 'settlement'],
  ]);
});

test('a suspended QuestDB leaves the warehouse as it is', async () => {
  await freshProject();
  await dirty('2026-11-20');
  await intervalsDone();
  const questdb = { ...park.questdb, settled: () => Promise.reject(new Error('suspended')) };
  const before = readManifest(warehouseDir(park.dataDir), projectId);
  await expect(
    draftVersion({ ...park.parts, questdb }, { id: projectId, zone }, { thorough: false }),
  ).rejects.toThrow('suspended');
  expect(readManifest(warehouseDir(park.dataDir), projectId)).toEqual(before);
  expect(await pending()).toBe(1);
});
