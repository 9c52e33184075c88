/** A file that was deleted or damaged is found, named and rebuilt; others never notice. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDoubts } from '../../analytics/doubt.ts';
import {
  type DayTable,
  fileName,
  readManifest,
  type WarehouseFile,
  warehouseDir,
} from '../../analytics/manifest.ts';
import { exportProject, type WarehouseParts } from '../../analytics/warehouse.ts';
import { openPark, type Park } from './park.ts';

const zone = 'Asia/Shanghai';
let park: Park;
let dir: string;
let projectId: string;
let point: string;

beforeAll(async () => {
  park = await openPark();
  dir = warehouseDir(park.dataDir);
});
afterAll(() => park?.close());

/** A project with 7 Wh on 20 November and 100 Wh on the 21st, exported. */
async function freshProject(): Promise<void> {
  park.setNow('2026-11-24T06:32:08Z');
  projectId = await park.project(zone);
  point = await park.insert('points', {
    project_id: projectId,
    code: 'a1',
    name: 'A',
    commodity: 'electricity',
  });
  const at = { point, slot: 5 };
  await park.writeIntervals(projectId, zone, [
    { ...at, day: '2026-11-21', quantity: 100 },
    { ...at, day: '2026-11-20', quantity: 7 },
  ]);
  await park.export(projectId, zone, true);
}

function fileOf(table: DayTable, day: string): { place: string; file: WarehouseFile } {
  const file = readManifest(dir, projectId)?.days[table][day];
  if (!file) throw new Error(`no ${table} of ${day}`);
  return {
    place: join(dir, fileName(table, { projectId, part: day, version: file.version })),
    file,
  };
}

async function ask(day: string, unit = 'day'): Promise<{ status: number; text: string }> {
  const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
  const response = await park.get(
    `/projects/${projectId}/reports/energy?from=${day}&to=${next}&unit=${unit}`,
  );
  return { status: response.status, text: await response.text() };
}
const quantityOf = async (day: string, unit?: string) =>
  (JSON.parse((await ask(day, unit)).text) as { totals: { quantity: number } }).totals.quantity;

const harm = {
  deleted: (place: string) => rmSync(place),
  'cut short': (place: string) => truncateSync(place, 60),
  emptied: (place: string) => writeFileSync(place, ''),
  'changed in one byte': (place: string) => {
    const bytes = readFileSync(place);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    writeFileSync(place, bytes);
  },
};

for (const [how, harmFile] of Object.entries(harm)) {
  test(`a file that was ${how} is named to who reads it, and rebuilt by the next pass`, async () => {
    await freshProject();
    const { place, file } = fileOf('energy_days', '2026-11-21');
    harmFile(place);
    const { status, text } = await ask('2026-11-21');
    expect([status, JSON.parse(text)]).toMatchObject([
      503,
      { code: 'file-damaged', retryable: true },
    ]);
    expect(text).toContain('energy_days of 2026-11-21');
    expect(text).not.toContain('parquet');
    expect(await quantityOf('2026-11-20')).toBe(7);
    // Not a minute later: the reader has left a doubt.
    const report = await park.export(projectId, zone);
    expect(report?.mended).toHaveLength(1);
    expect(await quantityOf('2026-11-21')).toBe(100);
    expect(fileOf('energy_days', '2026-11-21').file.version).toBeGreaterThan(file.version);
    expect(await readDoubts(dir, projectId)).toEqual([]);
    expect(await park.export(projectId, zone)).toBeUndefined();
  });
}

test('a damaged file that nobody reads is found within a minute', async () => {
  await freshProject();
  harm['changed in one byte'](fileOf('intervals', '2026-11-21').place);
  rmSync(fileOf('calendars', '2026-11-20').place);
  const dimension = readManifest(dir, projectId)?.dimensions.points;
  rmSync(join(dir, fileName('points', { projectId, version: dimension?.version ?? 0 })));
  park.setNow('2026-11-24T06:33:30Z');
  const report = await park.export(projectId, zone);
  expect(report?.mended.sort()).toEqual([
    'calendars 2026-11-20 (gone)',
    'intervals 2026-11-21 (content)',
    'points  (gone)',
  ]);
  expect([await quantityOf('2026-11-21', 'hour'), await quantityOf('2026-11-20')]).toEqual([
    100, 7,
  ]);
});

test('a doubt about a good file goes away and changes nothing', async () => {
  await freshProject();
  const { place, file } = fileOf('energy_days', '2026-11-21');
  const kept = join(park.dataDir, 'kept.parquet');
  copyFileSync(place, kept);
  rmSync(place);
  await ask('2026-11-21');
  copyFileSync(kept, place);
  await park.export(projectId, zone);
  expect(fileOf('energy_days', '2026-11-21').file.version).toBe(file.version);
  expect(await readDoubts(dir, projectId)).toEqual([]);
});

test('what its source no longer holds is said to be lost, until a backup brings it back', async () => {
  await freshProject();
  const { place } = fileOf('intervals', '2026-11-21');
  const backup = join(park.dataDir, 'backup.parquet');
  copyFileSync(place, backup);
  harm.emptied(place);
  // As if the partition had been dropped.
  const questdb = { ...park.questdb };
  questdb.exportParquet = (query, file, options) =>
    park.questdb.exportParquet(query.replace(projectId, '1'), file, options);
  const parts: WarehouseParts = { ...park.parts, questdb };
  const pass = (iso: string, thorough = false) => {
    park.setNow(iso);
    return exportProject(parts, { id: projectId, zone }, { thorough });
  };
  expect((await pass('2026-11-24T06:34:00Z'))?.lost).toEqual(['intervals of 2026-11-21']);
  const { status, text } = await ask('2026-11-21', 'hour');
  expect([status, JSON.parse(text)]).toMatchObject([410, { code: 'file-lost', retryable: false }]);
  expect(text).toContain('intervals of 2026-11-21');
  // The roll-up is still there, and other days are.
  expect([await quantityOf('2026-11-21'), await quantityOf('2026-11-20', 'hour')]).toEqual([
    100, 7,
  ]);
  expect((await pass('2026-11-24T06:36:00Z'))?.lost).toEqual([]);

  copyFileSync(backup, place);
  await pass('2026-11-24T06:38:00Z', true);
  expect(await quantityOf('2026-11-21', 'hour')).toBe(100);
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

// Only root may mount the small disk.
test.runIf(canMount)(
  'a full disk fails the pass, and it goes on when there is room again',
  async () => {
    await freshProject();
    const small = mkdtempSync(join(tmpdir(), 'wattledger-small-'));
    execFileSync('sh', ['-c', `mount -t tmpfs -o size=1m tmpfs ${small}`]);
    try {
      const parts = { ...park.parts, dataDir: small };
      const project = { id: projectId, zone };
      const ballast = join(small, 'ballast');
      writeFileSync(ballast, new Uint8Array(1000 * 1024));
      await expect(exportProject(parts, project, { thorough: true })).rejects.toThrow(
        /ENOSPC|No space left/i,
      );
      expect(readManifest(warehouseDir(small), projectId)).toBeUndefined();
      rmSync(ballast);
      await exportProject(parts, project, { thorough: true });
      const before = readManifest(warehouseDir(small), projectId);
      expect(before?.days.intervals['2026-11-21']?.rows).toBe(1);

      // And with a warehouse in force: the old version stays until the new one is whole.
      await park.writeIntervals(projectId, zone, [
        { point, day: '2026-11-22', slot: 1, quantity: 1 },
      ]);
      park.setNow('2026-11-24T06:40:00Z');
      for (let size = 512 * 1024; size >= 512; size /= 2) {
        let n = 0;
        try {
          for (;;) writeFileSync(`${ballast}-${size}-${n++}`, new Uint8Array(size));
        } catch {
          rmSync(`${ballast}-${size}-${n - 1}`); // Full: what is left is filled by smaller ones.
        }
      }
      await expect(exportProject(parts, project, { thorough: false })).rejects.toThrow(
        /ENOSPC|No space left/i,
      );
      expect(readManifest(warehouseDir(small), projectId)?.version).toBe(before?.version);
      execFileSync('sh', ['-c', `rm -f ${ballast}*`]);
      await exportProject(parts, project, { thorough: false });
      expect(readManifest(warehouseDir(small), projectId)?.days.intervals).toHaveProperty(
        '2026-11-22',
      );
      expect(existsSync(join(warehouseDir(small), 'work', `project=${projectId}`))).toBe(false);
    } finally {
      execFileSync('sh', ['-c', `umount -l ${small}`]);
      rmSync(small, { recursive: true, force: true });
    }
  },
);
