/**
 * Runs the rules of quality: once over each day that is over and again when its data changes, and once an hour
 * over today.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Clock } from '../sql/clock.ts';
import type { Duckdb } from '../sql/duckdb.ts';
import { addDays, daySpan, daysBetween, type LocalDay, localDayOf } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import { type QualityProject, readQualityProject } from '../sql/quality-settings.ts';
import type { Questdb } from '../sql/questdb.ts';
import { projects } from '../sql/schema/index.ts';
import { keepFindings, keepRatios } from './findings.ts';
import { doubtedRatios, findIn } from './quality-rules.ts';
import { fillDay } from './quality-source.ts';

export interface QualityDeps {
  db: Db;
  questdb: Questdb;
  duckdb: Duckdb;
  clock: Clock;
  /** Where exports lie while they are read. */
  folder?: string;
}

/** Days that are looked at for the first time, back from yesterday. */
const NEW_DAYS = 7;
/** And that are looked at again when their data changes. */
const CHANGED_DAYS = 35;
/** Days of one tick and project. */
const RUNS_MAX = 2;
/** A day is over when its last readings have been built. */
const GRACE_MS = 30 * 60_000;
const HOUR_MS = 3_600_000;

/** What a tick did. */
export interface QualityRun {
  days: number;
  raised: number;
  cleared: number;
  ratios: number;
}

/** Looks at what is due in every project. */
export async function runQuality(deps: QualityDeps): Promise<QualityRun> {
  const sum: QualityRun = { days: 0, raised: 0, cleared: 0, ratios: 0 };
  for (const { id } of await deps.db.select({ id: projects.id }).from(projects)) {
    const project = await readQualityProject(deps.db, id);
    for (const { day, dirtyRows } of await dueDays(deps, project)) {
      const done = await runDay(deps, { project, day, dirtyRows });
      sum.days++;
      sum.raised += done.raised;
      sum.cleared += done.cleared;
      sum.ratios += done.ratios;
    }
  }
  return sum;
}

async function dueDays({ db, clock }: QualityDeps, { id, zone }: QualityProject) {
  const nowMs = clock().getTime();
  const today = localDayOf(zone, nowMs);
  const last = localDayOf(zone, nowMs - GRACE_MS);
  const { rows } = await db.execute<{
    day: string;
    ran: string | null;
    seen: number;
    rows: number;
  }>(sql`
    SELECT d.day::text AS day, (extract(epoch FROM r.ran_at) * 1000)::bigint::text AS ran,
      coalesce(r.dirty_rows, 0) AS seen, (SELECT count(*)::int FROM dirty_days x
        WHERE x.project_id = ${id}::bigint AND x.local_day = d.day::date) AS rows
    FROM unnest(${`{${daysBetween(addDays(today, -CHANGED_DAYS), addDays(today, 1)).join()}}`}::date[]) AS d (day)
      LEFT JOIN quality_runs r ON r.project_id = ${id}::bigint AND r.local_day = d.day
    ORDER BY d.day DESC`);
  const isDue = ({ day, ran, seen, rows }: (typeof all)[number]) => {
    const ranMs = ran === null ? undefined : Number(ran);
    if (day === today) return ranMs === undefined || nowMs - ranMs >= HOUR_MS;
    // Yesterday is looked at once more when it is over.
    if (ranMs === undefined) return day < last && day >= addDays(today, -NEW_DAYS);
    return rows !== seen || (day < last && ranMs < daySpan(zone, day).endMs + GRACE_MS);
  };
  const all = rows;
  return all
    .filter(isDue)
    .slice(0, RUNS_MAX)
    .map(({ day, rows }) => ({ day, dirtyRows: rows }));
}

/** Runs every rule over one day and keeps what they find. */
export async function runDay(
  deps: QualityDeps,
  { project, day, dirtyRows }: { project: QualityProject; day: LocalDay; dirtyRows: number },
): Promise<Omit<QualityRun, 'days'>> {
  const { db, questdb, duckdb, clock } = deps;
  const at = clock();
  const span = daySpan(project.zone, day);
  const base = deps.folder ?? join(tmpdir(), 'wattledger');
  await mkdir(base, { recursive: true });
  const folder = await mkdtemp(join(base, 'quality-'));
  const connection = await duckdb.connect();
  try {
    await questdb.settled(['samples', 'intervals']);
    await fillDay({ db, questdb, connection, folder }, { project, span });
    // What is not due yet is no gap.
    const dueMs = Math.max(span.startMs, Math.min(span.endMs, at.getTime() - HOUR_MS));
    const found = await findIn(connection, {
      ...{ settings: project.settings, folder },
      span: { startMs: span.startMs, endMs: dueMs },
    });
    const doubted = await doubtedRatios(connection);
    return await db.transaction(async (tx) => {
      const isOver = at.getTime() >= span.endMs + GRACE_MS;
      const kept = await keepFindings(tx, { projectId: project.id, day, found, isOver });
      const ratios = await keepRatios(tx, { projectId: project.id, doubted });
      await tx.execute(sql`
        INSERT INTO quality_runs (project_id, local_day, ran_at, dirty_rows)
        VALUES (${project.id}::bigint, ${day}::date, ${at.toISOString()}::timestamptz, ${dirtyRows})
        ON CONFLICT (project_id, local_day) DO UPDATE
          SET ran_at = excluded.ran_at, dirty_rows = excluded.dirty_rows`);
      return { ...kept, ratios };
    });
  } finally {
    connection.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}
