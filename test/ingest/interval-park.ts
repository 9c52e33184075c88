/** A project with a few points on real databases, its samples written as they are delivered. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createIntervalBuilder, type Limits } from '../../ingest/intervals.ts';
import { openDuckdb } from '../../sql/duckdb.ts';
import { openPostgres } from '../../sql/postgres.ts';
import { openQuestdb } from '../../sql/questdb.ts';
import { freshDatabase } from '../servers.ts';

export interface Sample {
  ms: number;
  register: number;
  quality?: string;
}

/** Opens it; `zone` is the project's, the default schedule is a minute. */
export async function openIntervalPark({
  zone = 'Asia/Shanghai',
  nowMs,
  limits = {},
}: {
  zone?: string;
  nowMs: number;
  limits?: Partial<Limits>;
}) {
  const database = await freshDatabase();
  const owner = new pg.Client({ connectionString: database.urls.owner });
  await owner.connect();
  const postgres = openPostgres({ url: database.urls.ingest });
  const questdb = openQuestdb({ url: database.questdbUrl });
  const duckdb = await openDuckdb({ memory: '1GB', threads: 2 });
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-intervals-'));
  const clock = { now: new Date(nowMs) };
  const add = async (table: string, values: Record<string, unknown>): Promise<string> => {
    const columns = Object.keys(values);
    const { rows } = await owner.query<{ id: string }>(
      `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map((_, i) => `$${i + 1}`).join()})
       RETURNING id::text`,
      Object.values(values),
    );
    return rows[0]?.id ?? '';
  };
  const groupId = await add('groups', { name: 'Group' });
  const entityId = await add('legal_entities', { group_id: groupId, name: 'Entity' });
  const projectId = await add('projects', {
    ...{ group_id: groupId, legal_entity_id: entityId, name: 'Park', zone, currency: 'CNY' },
  });
  let nth = 0;
  const deps = { db: postgres.db, questdb, duckdb, clock: () => clock.now, folder, limits };
  let builder = createIntervalBuilder(deps);

  return {
    ...{ projectId, db: postgres.db, questdb, duckdb, owner, clock, add, deps, zone, database },
    meter: (more = {}) =>
      add('meters', { project_id: projectId, serial: `S${++nth}`, model: 'DTSY1352', ...more }),
    point: (more = {}) =>
      add('points', {
        ...{ project_id: projectId, code: `P${++nth}`, name: 'Point', commodity: 'electricity' },
        ...more,
      }),
    install: (pointId: string, meterId: string, fromMs: number, more = {}) =>
      add('installations', {
        ...{ project_id: projectId, point_id: pointId, meter_id: meterId },
        ...{ valid_from: new Date(fromMs), ...more },
      }),
    /** Writes samples and waits until they are readable. */
    say: async (meterId: string, samples: readonly Sample[]) => {
      const lines = samples.map(
        ({ ms, register, quality = 'ok' }) =>
          `samples,project=${projectId},meter=${meterId},quality=${quality} digest=${register}i,active_wh=${register}i ${ms}000000\n`,
      );
      for (let i = 0; i < lines.length; i += 50_000) {
        await questdb.write(lines.slice(i, i + 50_000).join(''));
      }
      await questdb.settled(['samples']);
    },
    tick: () => builder.tick(),
    /** As after a restart of the process: nothing is remembered. */
    restart: () => {
      builder = createIntervalBuilder(deps);
    },
    /** Current intervals of a point: [slot start ms, quantity, quality, version]. */
    intervals: async (pointId: string, table = 'intervals') => {
      await questdb.settled(['intervals', 'interval_versions']);
      const { rows } = await questdb.exec(
        `SELECT ts, quantity, quality, version FROM ${table} WHERE point = '${pointId}' ORDER BY ts, version`,
      );
      return rows.map(
        ([ts, quantity, quality, version]) =>
          [Date.parse(String(ts)), quantity, quality, version] as const,
      );
    },
    mark: async (pointId: string) => {
      const { rows } = await owner.query<{ built_to: Date }>(
        'SELECT built_to FROM interval_marks WHERE point_id = $1',
        [pointId],
      );
      return rows[0]?.built_to.getTime();
    },
    dirty: async (consumer: string) => {
      const { rows } = await owner.query<{ point_id: string; day: string; why: string }>(
        `SELECT d.point_id::text, d.local_day::text AS day, d.why FROM dirty_days d
         WHERE NOT EXISTS (SELECT 1 FROM dirty_days_done e WHERE e.project_id = d.project_id
           AND e.dirty_id = d.id AND e.consumer = $1) ORDER BY d.id`,
        [consumer],
      );
      return rows;
    },
    close: async () => {
      await owner.end();
      await postgres.close();
      duckdb.close();
      rmSync(folder, { recursive: true, force: true });
      await database.close();
    },
  };
}

export type IntervalPark = Awaited<ReturnType<typeof openIntervalPark>>;
