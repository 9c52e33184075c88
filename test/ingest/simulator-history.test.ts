/** The generated past: when meters were read, and that it reaches the stores once, on the live path. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { devicesOf } from '../../ingest/simulator/device.ts';
import { type PlannedMeter, plannedReadings } from '../../ingest/simulator/history-plan.ts';
import { buildPark, DEFAULT_SEED } from '../../ingest/simulator/park.ts';
import { curvesOf } from '../../ingest/simulator/profile.ts';
import { loadReadings } from '../../ingest/simulator/readings.ts';
import { registerAt, type Sheet, sheetOf } from '../../ingest/simulator/sheet.ts';
import { writeJson } from '../../sql/process.ts';
import { openQuestdb } from '../../sql/questdb.ts';
import { type FreshDatabase, freshDatabase } from '../servers.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FROM = Date.parse('2026-11-18T00:00:00+08:00');
const meter = (overrides: Partial<PlannedMeter> = {}): PlannedMeter => ({
  bus: 'G1-1',
  staggerMs: 12_345,
  schedule: [{ from: FROM, to: FROM + 2 * HOUR, seconds: 900 }],
  usualSeconds: 60,
  silentFrom: null,
  ...overrides,
});
const minutes = (range: Partial<Parameters<typeof plannedReadings>[0]>) =>
  [
    ...plannedReadings({
      meters: [meter()],
      silences: [],
      from: FROM,
      until: FROM + 3 * HOUR,
      ...range,
    }),
  ].map(({ at }) => (at - 12_345 - FROM) / MINUTE);

describe('plan', () => {
  test('a meter is read on its dated schedule, then on its project’s, each time by its stagger later', () => {
    const quarters = [0, 15, 30, 45, 60, 75, 90, 105];
    expect(minutes({})).toEqual([...quarters, ...Array.from({ length: 60 }, (_, m) => 120 + m)]);
  });

  test('the end is excluded, also for the stagger', () => {
    expect(minutes({ until: FROM + 12_345 })).toEqual([]);
    expect(minutes({ until: FROM + 12_346 })).toEqual([0]);
  });

  test('two rounds that meet leave no reading out and take none twice', () => {
    const cut = FROM + 2 * HOUR + 12_400;
    expect([...minutes({ until: cut }), ...minutes({ from: cut })]).toEqual(minutes({}));
  });

  test('a silent bus, and a meter that fell silent, are not read', () => {
    const silences = [{ from: FROM + HOUR, to: FROM + 2 * HOUR, buses: ['G1-1'] }];
    expect(minutes({ silences }).slice(0, 5)).toEqual([0, 15, 30, 45, 120]);
    expect(minutes({ silences: [{ ...silences[0], from: 0, to: 9e15, buses: ['G9-9'] }] })).toEqual(
      minutes({}),
    );
    expect(minutes({ meters: [meter({ silentFrom: FROM + 40 * MINUTE })] })).toEqual([0, 15, 30]);
  });
});

describe('process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'history-'));
  const now = Math.floor(Date.now() / MINUTE) * MINUTE;
  const park = buildPark(DEFAULT_SEED);
  const readings = loadReadings();
  const devices = devicesOf(park, { curves: curvesOf(readings), readings });
  const labels = ['A101', 'B203', 'C-MAIN', 'D-W1'];
  let database: FreshDatabase;
  let sheet: Sheet;
  let client: pg.Client;
  let ids: Record<string, string> = {};
  let projectId = '';

  beforeAll(async () => {
    database = await freshDatabase();
    client = new pg.Client({ connectionString: database.urls.owner });
    await client.connect();
    const made = sheetOf(park, {
      devices,
      host: '127.0.0.1',
      ports: {},
      startedAt: now,
      notes: [],
    });
    const history = {
      from: new Date(now - 4 * HOUR).toISOString(),
      minuteFrom: new Date(now - HOUR).toISOString(),
    };
    sheet = { ...made, history, dirt: [] };
    mkdirSync(join(folder, 'simulator'));
    writeJson(join(folder, 'simulator/park.json'), sheet);
    await enter();
  });
  afterAll(async () => {
    await client.end();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const id = async (statement: string, values: unknown[]) =>
    String((await client.query(`${statement} RETURNING id`, values)).rows[0]?.id);

  /** The four meters, as the demo would have entered them. */
  async function enter() {
    const group = await id('INSERT INTO groups (name) VALUES ($1)', ['group']);
    const entity = await id('INSERT INTO legal_entities (group_id, name) VALUES ($1, $2)', [
      group,
      'entity',
    ]);
    projectId = await id(
      `INSERT INTO projects (group_id, legal_entity_id, name, zone, currency)
       VALUES ($1, $2, 'park', 'Asia/Shanghai', 'CNY')`,
      [group, entity],
    );
    for (const row of sheet.meters.filter(({ label }) => labels.includes(label))) {
      const meterId = await id(
        'INSERT INTO meters (project_id, serial, model) VALUES ($1, $2, $3)',
        [projectId, row.serial, row.model],
      );
      ids[row.label] = meterId;
      const pointId = await id(
        'INSERT INTO points (project_id, code, name, commodity) VALUES ($1, $2, $2, $3)',
        [projectId, row.label, row.commodity],
      );
      await client.query(
        `INSERT INTO installations (project_id, point_id, meter_id, valid_from, ct, pt)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [projectId, pointId, meterId, sheet.history.from, row.ct, row.pt],
      );
    }
  }

  function run(): Promise<{ code: number | null; said: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'ingest/simulator/history.ts'], {
      env: {
        ...process.env,
        DATA_DIR: folder,
        DATABASE_URL_INGEST: database.urls.ingest,
        QUESTDB_URL: database.questdbUrl,
      },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said += chunk;
      });
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
  }

  test('samples, dirty days and newest states are there, once, however often it runs', async () => {
    const first = await run();
    expect(first, first.said).toMatchObject({ code: 0 });
    expect(await run()).toMatchObject({ code: 0 });
    const questdb = openQuestdb({ url: database.questdbUrl });
    await questdb.settled(['samples']);
    const until = new Date(now).toISOString();
    const counted = async (label: string) => {
      const { rows } = await questdb.exec(
        `SELECT count(), count_distinct(ts), max(coalesce(forward_wh, active_wh, volume_l)) FROM samples
         WHERE meter = '${ids[label]}' AND ts < '${until}' AND quality = 'ok'`,
      );
      return rows[0] ?? [];
    };
    for (const label of labels) {
      const [count, instants] = await counted(label);
      const hours = label === 'B203' ? 0 : 3 * 4 + 60; // B203 fell silent before the history begins
      expect(count, label).toBe(hours);
      expect(instants, label).toBe(hours);
    }
    const device = [...devices.values()].find(({ meter: row }) => row.label === 'C-MAIN');
    const [, , register] = await counted('C-MAIN');
    expect(device && registerAt(device, now)).toBeGreaterThanOrEqual(Number(register));
    expect(device && registerAt(device, now - 2 * MINUTE)).toBeLessThanOrEqual(Number(register));

    const dirty = await client.query(
      'SELECT DISTINCT point_id, local_day FROM dirty_days WHERE project_id = $1',
      [projectId],
    );
    expect(dirty.rowCount).toBeGreaterThanOrEqual(3);
    const states = await client.query(
      'SELECT last_sample_at FROM meter_states WHERE project_id = $1',
      [projectId],
    );
    expect(states.rowCount).toBe(3);
    for (const { last_sample_at } of states.rows)
      expect(last_sample_at.getTime()).toBeGreaterThan(now - 2 * MINUTE);
  });

  test('a park that nobody entered ends it with a line', async () => {
    await client.query('UPDATE meters SET retired_at = now() WHERE project_id = $1', [projectId]);
    ids = {};
    const { code, said } = await run();
    expect(code).toBe(1);
    expect(said).toContain('no project has a meter of the commissioning sheet');
  });
});
