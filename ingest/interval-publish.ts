/**
 * A built stretch becomes true, in an order that survives being killed anywhere: days that will differ
 * are made dirty, versions are written, then what is current; marks and done-rows come last.
 */

import type { DuckDBConnection } from '@duckdb/node-api';
import { sql } from 'drizzle-orm';
import { type DirtyDay, markDirty, markDone } from '../sql/dirty-days.ts';
import { rowsOf } from '../sql/duckdb.ts';
import { dayFromNumber, dayNumber, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { inTrace } from '../sql/trace.ts';
import { takeBack } from './amendments.ts';
import type { BuiltStretch } from './interval-build.ts';
import type { Park } from './interval-plan.ts';
import { type Found, saveDifference } from './quarantine.ts';

/** Rows of one request to QuestDB. */
const ROWS_PER_WRITE = 20_000;
const WHO = 'ingest';
/** Where nothing is known that made a day different. */
const CHANGED = { why: 'intervals changed', traceId: null };

/**
 * Makes dirty every past day that the table `changed` alters and that is not dirty already, with the cause
 * for which its point is built: a correction touches more days than the one that it begins on. Returns the
 * ids of the rows made, to be done once the intervals are written.
 */
export async function announce(
  db: Db,
  {
    connection,
    park,
    at,
    pending,
  }: {
    connection: DuckDBConnection;
    park: Park;
    at: Date;
    /** Dirty days that the intervals consumer has not dealt with. */
    pending: readonly DirtyDay[];
  },
): Promise<string[]> {
  const today = dayNumber(localDayOf(park.zone, at.getTime()));
  const rows = await rowsOf<{ point: bigint; local_day: number }>(
    connection,
    'SELECT DISTINCT point, local_day FROM changed WHERE local_day < $today ORDER BY local_day, point',
    { today },
  );
  const known = new Set(pending.map((d) => `${d.pointId}/${d.localDay}`));
  const days = rows
    .map((r) => ({ pointId: String(r.point), localDay: dayFromNumber(r.local_day) }))
    .filter((d) => !known.has(`${d.pointId}/${d.localDay}`));
  if (days.length === 0) return [];
  const { projectId } = park;
  // The oldest row of a point says what its days are built for.
  const causes = new Map(pending.toReversed().map((d) => [d.pointId, d]));
  const byCause = new Map<string, { cause: Cause; days: typeof days }>();
  for (const day of days) {
    const cause: Cause = causes.get(day.pointId) ?? CHANGED;
    const key = `${cause.traceId}/${cause.why}`;
    const so = byCause.get(key) ?? { cause, days: [] };
    so.days.push(day);
    byCause.set(key, so);
  }
  return await db.transaction(async (tx) => {
    for (const { cause, days } of byCause.values()) {
      const mark = () => markDirty(tx, { projectId, days, who: WHO, why: cause.why });
      await (cause.traceId ? inTrace(cause.traceId, mark) : mark());
    }
    // Its own rows; another transaction may have begun at the same instant.
    const made = await tx.execute<{ id: string }>(sql`
      SELECT id::text FROM dirty_days WHERE project_id = ${projectId}::bigint AND who = ${WHO}
        AND created_at = now() AND xmin = pg_current_xact_id()::xid
        AND point_id = ANY(${`{${[...new Set(days.map((d) => d.pointId))].join()}}`}::bigint[])`);
    return made.rows.map((r) => r.id);
  });
}

type Cause = Pick<DirtyDay, 'why' | 'traceId'>;

/** Writes the rows of `changed` into one of the two tables; writing them again changes nothing. */
export async function writeIntervals(
  questdb: Questdb,
  {
    connection,
    park,
    at,
    table,
  }: {
    connection: DuckDBConnection;
    park: Park;
    at: Date;
    table: 'interval_versions' | 'intervals';
  },
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE lines AS
     SELECT (row_number() OVER (ORDER BY slot, point) - 1) // ${ROWS_PER_WRITE} AS part,
       '${table},project=${park.projectId},point=' || point || ',quality=' || quality
       || ' local_day=' || local_day || 'i,local_slot=' || local_slot || 'i'
       || coalesce(',quantity=' || quantity || 'i', '')
       || coalesce(',reverse_quantity=' || reverse_quantity || 'i', '')
       || coalesce(',gap_s=' || gap_s || 'i', '')
       || ',version=' || version || 'i,known_at=${at.getTime()}000t '
       || slot * ${SLOT_MS} || '000000' || chr(10) AS line
     FROM changed`,
  );
  const [count] = await rowsOf<{ n: bigint | null }>(
    connection,
    'SELECT max(part) AS n FROM lines',
  );
  if (count?.n == null) return;
  for (let part = 0; part <= Number(count.n); part++) {
    const [text] = await rowsOf<{ text: string }>(
      connection,
      `SELECT string_agg(line, '') AS text FROM lines WHERE part = ${part}`,
    );
    await questdb.write(text?.text ?? '');
  }
}

/**
 * Commits what the stretch found: quarantines, rollovers, marks, done-rows. A mark that someone has
 * taken back meanwhile stays back.
 */
export async function commit(
  db: Db,
  { park, built, at, done }: { park: Park; built: BuiltStretch; at: Date; done: readonly string[] },
): Promise<void> {
  const { projectId } = park;
  const { raised, withdrawn, rollovers, refuted, marks } = built;
  await db.transaction(async (tx) => {
    await saveDifference(tx, { projectId, at, raised, withdrawn });
    await tellRollovers(tx, { projectId, rollovers });
    await takeBack(tx, { projectId, zone: park.zone, refuted });
    await moveMarks(tx, { projectId, marks });
    await markDone(tx, { consumer: 'intervals', projectId, ids: done });
  });
  for (const { pointId, after } of marks) park.marks.set(pointId, after);
}

async function moveMarks(
  tx: Tx,
  { projectId, marks }: { projectId: string; marks: BuiltStretch['marks'] },
): Promise<void> {
  const moved = marks.filter(({ before, after }) => before !== after);
  if (moved.length === 0) return;
  const rows = moved.map(({ pointId, before, after }) => ({
    point: pointId,
    before: before === undefined ? null : new Date(before).toISOString(),
    after: new Date(after).toISOString(),
  }));
  await tx.execute(sql`
    INSERT INTO interval_marks AS m (project_id, point_id, built_to)
    SELECT ${projectId}::bigint, point, after FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS t (point bigint, after timestamptz)
    ON CONFLICT (project_id, point_id) DO UPDATE SET built_to = excluded.built_to
    WHERE m.built_to = (SELECT before FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS b (point bigint, before timestamptz) WHERE b.point = m.point_id)`);
}

/** An event for each rollover that was billed, once. */
async function tellRollovers(
  tx: Tx,
  { projectId, rollovers }: { projectId: string; rollovers: readonly Found[] },
): Promise<void> {
  if (rollovers.length === 0) return;
  const rows = rollovers.map((r) => ({
    meter: r.meterId,
    payload: {
      pointId: r.pointId,
      at: new Date(r.atMs).toISOString(),
      register: r.register,
      previousRegister: r.previousRegister,
    },
  }));
  await tx.execute(sql`
    INSERT INTO events (project_id, kind, subject_id, payload)
    SELECT ${projectId}::bigint, 'register.rolled-over', meter, payload
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (meter text, payload jsonb)
    WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.project_id = ${projectId}::bigint
      AND e.kind = 'register.rolled-over' AND e.subject_id = t.meter
      AND e.payload ->> 'at' = t.payload ->> 'at')`);
}
