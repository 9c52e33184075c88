/**
 * The registers of the integrated report: for every stretch in which a meter counted for an account,
 * the readings on both sides of its begin and end, looked for wider and wider, never in all readings.
 */
import { sql } from 'drizzle-orm';
import type { DuckDBConnection } from '../../sql/duckdb.ts';
import { question, rowsOf } from '../../sql/duckdb.ts';
import { addDays, daysBetween, type LocalDay, localDayOf } from '../../sql/local-day.ts';
import type { Db } from '../../sql/postgres.ts';
import { list } from '../columns.ts';
import type { Files } from '../files.ts';
import { daysOf, type Manifest } from '../manifest.ts';
import { makeTable } from '../scope.ts';

/** How far around an instant readings are looked for, one width after the other. */
const WIDTHS_MS = [30 * 60_000, 26 * 3_600_000, 35 * 86_400_000] as const;
/** Days of readings that are opened for one report; what needs more stays unknown, and is named so. */
const READING_DAYS_MAX = 400;

interface RegisterPlace {
  db: Db;
  files: Files;
  manifest: Manifest;
  projectId: string;
  zone: string;
}

interface Judgement {
  meter: bigint;
  ms: bigint;
  register: bigint;
}

/** Makes `registers` from `parts`. */
export async function findRegisters(
  connection: DuckDBConnection,
  { db, files, manifest, projectId, zone }: RegisterPlace,
): Promise<void> {
  await makeTable(connection, 'requests', 'integrated-requests', {});
  const { ignored, based } = await readJudgements(db, projectId);
  const there = new Set(daysOf(manifest, 'registers'));
  let opened = 0;
  for (const widthMs of WIDTHS_MS) {
    const days = [...(await daysToRead(connection, { zone, widthMs }))]
      .filter((day) => there.has(day))
      .slice(0, READING_DAYS_MAX - opened);
    if (days.length === 0) continue;
    opened += days.length;
    await makeTable(connection, 'readings', 'integrated-readings', {
      registers: await files.days('registers', days),
      window_ms: BigInt(widthMs),
      ignored_meters: list(ignored.map((j) => j.meter)),
      ignored_ms: list(ignored.map((j) => j.ms)),
      ignored_registers: list(ignored.map((j) => j.register)),
    });
    await connection.run(await question('integrated-found'));
  }
  await makeTable(connection, 'counted', 'integrated-counted', {});
  const fallen = await rowsOf<{ meter: bigint }>(
    connection,
    'SELECT DISTINCT meter FROM counted WHERE closing < opening',
  );
  const rolled = await readRollovers(
    db,
    projectId,
    fallen.map((f) => f.meter),
  );
  await makeTable(connection, 'registers', 'integrated-registers', {
    rolled_meters: list(rolled.map((j) => j.meter)),
    rolled_ms: list(rolled.map((j) => j.ms)),
    rolled_registers: list(rolled.map((j) => j.register)),
    based_meters: list(based.map((j) => j.meter)),
    based_ms: list(based.map((j) => j.ms)),
  });
}

/** The local days within `widthMs` of an instant, on the side where a reading is still needed. */
async function daysToRead(
  connection: DuckDBConnection,
  { zone, widthMs }: { zone: string; widthMs: number },
): Promise<Set<LocalDay>> {
  const instants = await rowsOf<{ x_ms: bigint; before: boolean; after: boolean }>(
    connection,
    `SELECT x_ms, bool_or(needs_before) AS before, bool_or(needs_after) AS after FROM requests
     WHERE needs_before OR needs_after GROUP BY x_ms ORDER BY x_ms`,
  );
  const days = new Set<LocalDay>();
  for (const { x_ms: x, before, after } of instants) {
    const first = localDayOf(zone, Number(x) - (before ? widthMs : 0));
    const last = localDayOf(zone, Number(x) + (after ? widthMs : 0));
    for (const day of daysBetween(first, addDays(last, 1))) days.add(day);
    if (days.size > READING_DAYS_MAX) break;
  }
  return days;
}

/** Readings that a person excluded or that wait as spikes, and where counting was begun anew. */
async function readJudgements(
  db: Db,
  projectId: string,
): Promise<{ ignored: Judgement[]; based: Judgement[] }> {
  const found = await db.execute<{
    meter: string;
    ms: string;
    register: string;
    is_ignored: boolean;
  }>(sql`
    SELECT q.meter_id::text AS meter, (extract(epoch FROM q.at) * 1000)::bigint::text AS ms,
      q.register::text AS register, d.decision IS DISTINCT FROM 'new-base' AS is_ignored
    FROM quarantines q LEFT JOIN LATERAL (
      SELECT decision FROM quarantine_decisions d
      WHERE d.project_id = q.project_id AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE q.project_id = ${projectId}::bigint AND q.register IS NOT NULL
      AND (d.decision IN ('exclude', 'new-base')
        OR ((d.decision IS NULL OR d.decision = 'reopened') AND q.rule <> 'conflict'
          AND NOT coalesce((q.detail ->> 'breaks')::boolean, false)))`);
  const judged = (ignored: boolean) =>
    found.rows
      .filter((row) => row.is_ignored === ignored)
      .map(({ meter, ms, register }) => ({
        meter: BigInt(meter),
        ms: BigInt(ms),
        register: BigInt(register),
      }));
  return { ignored: judged(true), based: judged(false) };
}

/** When the registers of these meters began again at zero, and what they had shown. */
async function readRollovers(
  db: Db,
  projectId: string,
  meters: readonly bigint[],
): Promise<Judgement[]> {
  if (meters.length === 0) return [];
  const found = await db.execute<{ meter: string; ms: string; register: string }>(sql`
    SELECT subject_id AS meter, payload ->> 'previousRegister' AS register,
      (extract(epoch FROM (payload ->> 'at')::timestamptz) * 1000)::bigint::text AS ms
    FROM events
    WHERE project_id = ${projectId}::bigint AND kind = 'register.rolled-over'
      AND subject_id = ANY(${`{${meters.join()}}`}::text[])
      AND payload ->> 'previousRegister' IS NOT NULL`);
  return found.rows.map(({ meter, ms, register }) => ({
    meter: BigInt(meter),
    ms: BigInt(ms),
    register: BigInt(register),
  }));
}
