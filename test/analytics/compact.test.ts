/** A month that is over and quiet is one file, and every answer is as it was. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DayTable, fileName, readManifest, warehouseDir } from '../../analytics/manifest.ts';
import { namedFiles } from '../../analytics/sweep.ts';
import { compactProject, draftVersion, exportProject } from '../../analytics/warehouse.ts';
import { markDirty, markDone, pendingDirty } from '../../sql/dirty-days.ts';
import { rowsOf } from '../../sql/duckdb.ts';
import { openPark, type Park } from './park.ts';

const zone = 'Asia/Shanghai';
let park: Park;
let dir: string;
let projectId: string;
let points: string[];

beforeAll(async () => {
  park = await openPark();
  dir = warehouseDir(park.dataDir);
});
afterAll(() => park?.close());

/** Intervals and samples of 29 September to 3 October, exported on 5 October. */
async function freshProject(): Promise<void> {
  park.setNow('2026-10-05T06:00:00Z');
  projectId = await park.project(zone);
  const at = { project_id: projectId, commodity: 'electricity' };
  points = [];
  for (const code of ['a1', 'a2']) {
    points.push(await park.insert('points', { ...at, code, name: code }));
  }
  const days = ['2026-09-28', '2026-09-29', '2026-09-30', '2026-10-01'];
  await park.writeIntervals(
    projectId,
    zone,
    days.flatMap((day, n) =>
      points.map((point, p) => ({ point, day, slot: 40 + p, quantity: 10 * (n + 1) + p })),
    ),
  );
  await park.writeSamples(
    projectId,
    days.map((day, n) => ({ meter: '5', at: `${day}T03:00:00Z`, values: { active_wh: n } })),
  );
  await park.export(projectId, zone, true);
}

const project = () => ({ id: projectId, zone });
const manifest = () => {
  const found = readManifest(dir, projectId);
  if (!found) throw new Error('no manifest');
  return found;
};

async function compactAll(): Promise<string[]> {
  const done: string[] = [];
  for (;;) {
    const one = await compactProject(park.parts, project());
    if (!one) return done;
    done.push(`${one.table} ${one.month}`);
  }
}

/** The report without what tells its age. */
async function reported(unit: string): Promise<unknown> {
  const response = await park.get(
    `/projects/${projectId}/reports/energy?from=2026-09-28&to=2026-10-02&unit=${unit}&by=point`,
  );
  expect(response.status).toBe(200);
  const { totals, data } = (await response.json()) as { totals: unknown; data: unknown };
  return { totals, data };
}

async function rowsOfMonth(table: DayTable, month: string) {
  const version = manifest().months[table][month]?.version ?? 0;
  const connection = await park.duckdb.connect();
  const rows = await rowsOf<Record<string, unknown>>(
    connection,
    'SELECT * FROM read_parquet($file::VARCHAR)',
    { file: join(dir, fileName(table, { projectId, part: month, version })) },
  );
  connection.closeSync();
  return rows;
}

test('a month that is over becomes one file of each table, and answers stay as they were', async () => {
  await freshProject();
  const before = [await reported('day'), await reported('hour'), await reported('month')];
  const old = namedFiles(manifest());
  const done = await compactAll();
  expect(done).toEqual(
    ['intervals', 'energy_days', 'calendars', 'registers', 'electrical_days'].map(
      (table) => `${table} 2026-09`,
    ),
  );
  expect(Object.keys(manifest().days.intervals).sort()).toEqual(['2026-10-01', '2026-10-05']);
  expect([await reported('day'), await reported('hour'), await reported('month')]).toEqual(before);
  const rows = await rowsOfMonth('energy_days', '2026-09');
  expect(rows.map((r) => [r.point, r.quantity])).toEqual([
    [BigInt(points[0] ?? 0), 10n],
    [BigInt(points[0] ?? 0), 20n],
    [BigInt(points[0] ?? 0), 30n],
    [BigInt(points[1] ?? 0), 11n],
    [BigInt(points[1] ?? 0), 21n],
    [BigInt(points[1] ?? 0), 31n],
  ]);
  // Whoever opened the version before reads on.
  for (const name of old) expect(existsSync(join(dir, name))).toBe(true);
  // Nothing is out of date now: a thorough pass writes no file.
  expect((await park.export(projectId, zone, true))?.files).toBe(0);
});

test('samples that have left the hot time become one file too, and every channel stays', async () => {
  await freshProject();
  const parts = { ...park.parts, hotDays: 2 };
  for (let more = true, goOn = false; more; goOn = true) {
    more = (await exportProject(parts, project(), { thorough: true, goOn }))?.more ?? false;
  }
  const answer = async () => {
    const path = `/projects/${projectId}/reports/samples?from=2026-09-01&to=2026-11-01`;
    const { data, rowCount } = await (await park.get(path)).json();
    // Rows come in the order in which files are read.
    const ofDay = (row: { localDay: string }) => row.localDay;
    data.sort((a: never, b: never) => (ofDay(a) < ofDay(b) ? -1 : 1));
    return { data, rowCount };
  };
  const before = await answer();
  expect(before.data.map((r: Record<string, unknown>) => [r.localDay, r.activeWh])).toEqual([
    ['2026-09-28', 0],
    ['2026-09-29', 1],
    ['2026-09-30', 2],
    ['2026-10-01', 3],
  ]);
  const done: string[] = [];
  for (;;) {
    const one = await compactProject(parts, project());
    if (!one) break;
    done.push(`${one.table} ${one.month}`);
  }
  expect(done).toContain('samples 2026-09');
  expect(Object.keys(manifest().days.samples)).toEqual(['2026-10-01']);
  expect(await rowsOfMonth('samples', '2026-09')).toHaveLength(3);
  expect(await answer()).toEqual(before);
});

test('the current month and one that has just ended are left alone', async () => {
  await freshProject();
  park.setNow('2026-10-03T06:00:00Z');
  expect(await compactAll()).toEqual([]);
});

test('a month with a day that is dirty waits', async () => {
  await freshProject();
  const days = [{ pointId: points[0] ?? '', localDay: '2026-09-30' }];
  await markDirty(park.postgres.db, { projectId, days, who: 'test', why: 'late sample' });
  expect(await compactAll()).toEqual([]);
});

/** 5 Wh instead of 30 on 30 September, and a day that the month did not have. */
async function changeLate(): Promise<void> {
  const point = points[0] ?? '';
  await park.writeIntervals(projectId, zone, [
    { point, day: '2026-09-30', slot: 40, quantity: 5, version: 2 },
    { point, day: '2026-09-02', slot: 1, quantity: 3 },
  ]);
  const days = [{ pointId: point, localDay: '2026-09-30' }];
  const { db } = park.postgres;
  await markDirty(db, { projectId, days, who: 'test', why: 'late sample' });
  const rows = await pendingDirty(db, { consumer: 'intervals', projectId, limit: 100 });
  await markDone(db, { consumer: 'intervals', projectId, ids: rows.map((r) => r.id) });
  park.setNow('2026-10-05T06:02:00Z');
}

test('a late day is put into its month in the version that brings it', async () => {
  await freshProject();
  await compactAll();
  await changeLate();
  await park.export(projectId, zone);
  const { days, months } = manifest();
  expect(Object.keys(days.intervals).sort()).toEqual(['2026-10-01', '2026-10-05']);
  expect(months.intervals['2026-09']?.rows).toBe(7);
  const rows = await rowsOfMonth('energy_days', '2026-09');
  expect(rows.map((r) => r.quantity)).toEqual([3n, 10n, 20n, 5n, 11n, 21n, 31n]);
  expect(await reported('month')).toMatchObject({
    totals: { quantity: 10 + 11 + 20 + 21 + 5 + 31 + 40 + 41 },
  });
});

test('killed before the manifest, a late change leaves the month as it was, and is repeated', async () => {
  await freshProject();
  await compactAll();
  const before = [manifest(), await reported('day')];
  await changeLate();
  const draft = await draftVersion(park.parts, project(), { thorough: false });
  expect(draft?.next.months.intervals['2026-09']?.rows).toBe(7);
  expect([manifest(), await reported('day')]).toEqual(before);
  await park.export(projectId, zone);
  expect(manifest().months.intervals['2026-09']?.rows).toBe(7);
});

test('a damaged month is built again from its sources', async () => {
  await freshProject();
  const before = await reported('hour');
  await compactAll();
  const version = manifest().months.intervals['2026-09']?.version ?? 0;
  writeFileSync(join(dir, fileName('intervals', { projectId, part: '2026-09', version })), 'x');
  const response = await park.get(
    `/projects/${projectId}/reports/energy?from=2026-09-28&to=2026-10-02&unit=hour`,
  );
  expect([response.status, await response.text()]).toEqual([
    503,
    expect.stringContaining('intervals of 2026-09'),
  ]);
  await park.export(projectId, zone);
  expect(await reported('hour')).toEqual(before);
  expect(await compactAll()).toEqual(['intervals 2026-09']);
  expect(await reported('hour')).toEqual(before);
});
