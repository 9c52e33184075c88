/** What the rules of quality look at for one local day of a project, as tables of a DuckDB connection. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { sql } from 'drizzle-orm';
import { question } from '../sql/duckdb.ts';
import { addDays, type DaySpan, dayNumber } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { HISTORY_DAYS } from './estimate.ts';
import { readPark } from './interval-plan.ts';
import { fillTable } from './interval-statement.ts';
import { modelOf } from './models.ts';

interface Source {
  db: Db;
  questdb: Questdb;
  connection: DuckDBConnection;
  /** A folder of its own for the exports. */
  folder: string;
}

/** All three relays open: bits 13 to 15 of status word A are zero. */
const RELAY_BITS = 0b111 << 13;
const TARIFFS = ['spike', 'peak', 'flat', 'valley'];

/** Fills in_installations, slots, usual, blocks, day_registers, said_ratios and in_points for a day. */
export async function fillDay(
  source: Source,
  { project, span }: { project: { id: string; zone: string }; span: DaySpan },
): Promise<void> {
  const { connection, questdb, folder } = source;
  await fillInstallations(source, project);
  const at = (ms: number) => `'${new Date(ms).toISOString()}'`;
  const day = `project = '${project.id}' AND ts >= ${at(span.startMs)} AND ts < ${at(span.endMs)}`;
  const load = async (view: string, query: string, select = '*') => {
    const file = join(folder, `${view}.parquet`);
    await questdb.exportParquet(query, file);
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${view} AS SELECT ${select} FROM '${file}'`);
  };
  await load(
    'slots',
    `SELECT ts, point, quantity, reverse_quantity FROM intervals WHERE ${day}`,
    'epoch_us(ts) // 1000 AS ms, point::BIGINT AS point, quantity, reverse_quantity',
  );
  await connection.run(`CREATE OR REPLACE TEMP TABLE slots AS
    SELECT s.*, i.meter, i.rated FROM slots s LEFT JOIN in_installations i
      ON i.point = s.point AND s.ms >= i.starts AND s.ms < i.ends`);
  const first = dayNumber(addDays(span.day, -HISTORY_DAYS));
  await load(
    'usual',
    `SELECT point, local_day, sum(quantity) quantity, max(quantity) most, count(quantity) slots FROM intervals
     WHERE project = '${project.id}' AND ts >= ${at(span.startMs - (HISTORY_DAYS + 1) * 86_400_000)}
       AND ts < ${at(span.startMs)} AND local_day >= ${first}`,
    'point::BIGINT AS point, quantity, most, slots',
  );
  // A day that is not whole says nothing of what a day is.
  await connection.run(`CREATE OR REPLACE TEMP TABLE usual AS
    SELECT point, max(most) AS most, avg(quantity) AS mean_day, min(quantity) AS least_day, count(*) AS days
    FROM usual WHERE slots >= 90 GROUP BY point`);
  const mean = (names: readonly string[]) => names.map((name) => `avg(${name}) ${name}`).join();
  const phases = (name: string, unit: string) => ['a', 'b', 'c'].map((p) => `${name}_${p}_${unit}`);
  await load(
    'raw_blocks',
    `SELECT ts, meter, min(coalesce(forward_wh, active_wh, volume_l)) register, avg(power_w) power_w,
       ${mean([...phases('power', 'w'), ...phases('voltage', 'v'), ...phases('current', 'a')])},
       avg(CASE WHEN (status_a & ${RELAY_BITS}) = 0 THEN power_w END) open_w,
       avg(((device_clock::long) - (ts::long)) / 1000000.0) offset_s
     FROM samples WHERE ${day} AND quality = 'ok' SAMPLE BY 15m ALIGN TO CALENDAR`,
  );
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE blocks AS ${await question('quality-blocks')}`,
  );
  const grown = (prefix: string) =>
    TARIFFS.map((t) => `(last(${prefix}_${t}_wh) - first(${prefix}_${t}_wh))`).join(' + ');
  await load(
    'day_registers',
    `SELECT meter, last(active_wh) - first(active_wh) total, ${grown('active')} active_tariffs,
       last(forward_wh) - first(forward_wh) forward_total, ${grown('forward')} forward_tariffs
     FROM samples WHERE ${day} AND quality = 'ok'`,
    `meter::BIGINT AS meter, coalesce(forward_total, total) AS total,
     CASE WHEN forward_total IS NULL THEN active_tariffs ELSE forward_tariffs END AS tariffs`,
  );
  await load(
    'said_ratios',
    `SELECT meter, min(ts) ts, ct, pt FROM samples WHERE ${day} AND quality = 'ok' AND ct IS NOT NULL`,
  );
}

async function fillInstallations(
  { db, connection, folder }: Source,
  project: { id: string; zone: string },
) {
  const park = await readPark(db, { ...project, pollSeconds: 60 });
  const { rows } = await db.execute<
    Record<'point' | 'meter' | 'starts' | 'model' | 'ct' | 'pt', string>
  >(sql`
    SELECT i.point_id::text AS point, i.meter_id::text AS meter, m.model, i.ct::text, i.pt::text,
      (extract(epoch FROM i.valid_from) * 1000)::bigint::text AS starts
    FROM installations i JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
    WHERE i.project_id = ${project.id}::bigint`);
  const more = new Map(rows.map((row) => [`${row.point}/${row.starts}`, row]));
  await fillTable(connection, {
    name: 'in_installations',
    columns: {
      ...{ point: 'BIGINT', meter: 'BIGINT', starts: 'BIGINT', ends: 'BIGINT', phases: 'INTEGER' },
      ...{ multiplier: 'BIGINT', rated: 'BIGINT', step: 'BIGINT', ct: 'BIGINT', pt: 'BIGINT' },
    },
    rows: [...park.installed.values()].flat().map((i) => {
      const row = more.get(`${i.pointId}/${i.startMs}`);
      return {
        ...{ point: i.pointId, meter: i.meterId, starts: i.startMs, ends: i.endMs },
        ...{ multiplier: i.multiplier, rated: i.rated, step: i.step },
        ...{
          phases: modelOf(row?.model ?? '')?.phases ?? 0,
          ct: row?.ct ?? '1',
          pt: row?.pt ?? '1',
        },
      };
    }),
  });
  const points = await db.execute(sql`
    SELECT id::text AS point, commodity, role, building_id::text AS building, parent_id::text AS parent,
      floor(extract(epoch FROM retired_at) / 900)::bigint::text AS retired_quarter
    FROM points WHERE project_id = ${project.id}::bigint`);
  await fillTable(connection, {
    name: 'in_points',
    columns: {
      ...{ point: 'BIGINT', commodity: 'VARCHAR', role: 'VARCHAR', building: 'BIGINT' },
      ...{ parent: 'BIGINT', retired_quarter: 'BIGINT' },
    },
    rows: points.rows,
  });
  // The question of losses reads points from a file.
  await connection.run(`COPY in_points TO '${join(folder, 'points.parquet')}' (FORMAT parquet)`);
}
