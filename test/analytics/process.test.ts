/** The process of analytics as the launcher runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkWarehouse } from '../../analytics/check.ts';
import { damagesOf } from '../../analytics/damage.ts';
import { dayContent, filesIn, readManifest, warehouseDir } from '../../analytics/manifest.ts';
import { eventually } from '../patience.ts';
import { openPark, type Park } from './park.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const zone = 'Asia/Shanghai';
let park: Park;
let projectId: string;
let point: string;

beforeAll(async () => {
  park = await openPark();
  projectId = await park.project(zone);
  point = await park.insert('points', {
    project_id: projectId,
    code: 'a1',
    name: 'A',
    commodity: 'electricity',
  });
  const rows = Array.from({ length: 96 }, (_, slot) => ({
    point,
    day: '2026-03-10',
    slot,
    quantity: 10,
  }));
  await park.writeIntervals(projectId, zone, rows);
});
afterAll(() => park?.close());

async function start(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'analytics/main.ts'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL_ANALYTICS: park.database.urls.analytics,
      QUESTDB_URL: park.database.questdbUrl,
      DATA_DIR: park.dataDir,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [message] = await once(child, 'message');
  expect(message).toBe('ready');
  return child;
}

/** Rows of a day, in a file of its own or in that of its month: compaction may come at any moment. */
function rowsOn(day: string): number | undefined {
  const manifest = readManifest(warehouseDir(park.dataDir), projectId);
  return manifest && dayContent(manifest, 'intervals', day)?.rows;
}
const exported = () => rowsOn('2026-03-10');

test('it exports what there is, ends on SIGTERM, and a second one waits for the first', async () => {
  const first = await start();
  await eventually(() => exported() === 96);
  const second = await start();
  for (const child of [first, second]) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  }
  expect(existsSync(join(warehouseDir(park.dataDir), 'work', `project=${projectId}`))).toBe(false);
});

test('killed without warning, the next one carries on', async () => {
  const first = await start();
  const ended = once(first, 'exit');
  first.kill('SIGKILL');
  await ended;
  const before = readManifest(warehouseDir(park.dataDir), projectId)?.version ?? 0;
  const second = await start();
  const isNewer = () =>
    (readManifest(warehouseDir(park.dataDir), projectId)?.version ?? 0) > before;
  await eventually(isNewer);
  expect(exported()).toBe(96);
  const gone = once(second, 'exit');
  second.kill('SIGTERM');
  await gone;
});

test('killed again and again while it writes, it ends with what its sources say', async () => {
  const days = Array.from({ length: 20 }, (_, n) => `2026-02-${String(n + 1).padStart(2, '0')}`);
  const rows = days.flatMap((day) =>
    Array.from({ length: 96 }, (_, slot) => ({ point, day, slot, quantity: slot })),
  );
  await park.writeIntervals(projectId, zone, rows);
  // In the midst of its files, and perhaps after the last of them.
  for (const lifeMs of [250, 700]) {
    const child = await start();
    await new Promise((resolve) => setTimeout(resolve, lifeMs));
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    // What is in force names only whole files.
    const manifest = readManifest(warehouseDir(park.dataDir), projectId);
    if (!manifest) throw new Error('no manifest');
    expect(
      await damagesOf(warehouseDir(park.dataDir), [...filesIn(manifest)], { anew: true }),
    ).toEqual([]);
  }
  const last = await start();
  const isWhole = () => days.every((day) => rowsOn(day) === 96);
  await eventually(isWhole);
  const gone = once(last, 'exit');
  last.kill('SIGTERM');
  await gone;
  park.setNow('2026-03-11T00:00:00Z');
  const report = await checkWarehouse(
    park.parts,
    { id: projectId, zone },
    { full: true, between: async () => {}, catchUp: async () => {} },
  );
  expect(report).toMatchObject({ differences: [], daysChecked: 21 });
});
