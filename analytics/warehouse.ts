/**
 * Keeps the Parquet warehouse equal to its sources: finds the local days whose intervals, samples,
 * calendar or postings changed, writes their files anew and puts the next manifest in force. Killed
 * anywhere, the old manifest or the new one holds; whatever was written and not named is swept.
 */
import { sql } from 'drizzle-orm';
import type pg from 'pg';
import type { Clock } from '../sql/clock.ts';
import { markDone } from '../sql/dirty-days.ts';
import type { Duckdb } from '../sql/duckdb.ts';
import { addDays, type LocalDay, localDayOf } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { projects } from '../sql/schema/index.ts';
import { candidates, mergeLate, mergeMonth, spanOf } from './compact.ts';
import { type Doubt, dropDoubt, readDoubts } from './doubt.ts';
import { openExporter } from './exporter.ts';
import { oldestLease } from './lease.ts';
import {
  emptyManifest,
  type Manifest,
  nextVersion,
  publish,
  readManifest,
  warehouseDir,
} from './manifest.ts';
import { type DaysByTable, findMending, takeOut } from './mend.ts';
import {
  nextCursor,
  type PostingTable,
  postingFingerprints,
  postingTables,
} from './postgres-source.ts';
import {
  daysToLookAt,
  type Fingerprints,
  intervalFingerprints,
  partitionRows,
  type QuestdbTable,
  sampleFingerprints,
} from './questdb-source.ts';
import { readReportingCalendar } from './reporting-calendar.ts';
import { retire, sweep } from './sweep.ts';
import { DIRTY_A_PASS, planWork, type Seen } from './work.ts';
import { writeFiles } from './write-files.ts';

/** How often, at most, what changes all the time (today, sales, names) is looked at again. */
const REFRESH_MS = 60_000;
/**
 * The hot time in days: so long all channels of the samples are asked of QuestDB. A day that leaves it
 * is written to the warehouse as a whole.
 */
export const HOT_DAYS = 90;
/** A month is compacted although some of its days wait for their settlement, so long after its end. */
const WAIT_MAX_DAYS = 35;
/** A day that ingest is still building is waited for, since each export takes in all its points. */
const IN_WORK_MAX_S = 120;

export interface WarehouseParts {
  pool: pg.Pool;
  db: Db;
  questdb: Questdb;
  duckdb: Duckdb;
  clock: Clock;
  dataDir: string;
  /** Another hot time than HOT_DAYS. */
  hotDays?: number;
}

export interface Project {
  id: string;
  zone: string;
}

/** What a pass over a project did. `more`: there was more than one version takes; call again. */
export interface PassReport {
  projectId: string;
  /** The version now in force. */
  version: number;
  /** Files that it brought. */
  files: number;
  /** Days that QuestDB no longer holds, whose file was therefore left as it is. */
  kept: LocalDay[];
  swept: number;
  /** Files found damaged, by table and part, that this version replaces. */
  mended: string[];
  /** Those whose source no longer holds what they held. */
  lost: string[];
  more: boolean;
}

/** A version whose files are all in place, not yet in force. */
export interface Draft {
  next: Manifest;
  dirtyIds: string[];
  files: number;
  kept: LocalDay[];
  mended: string[];
  lost: string[];
  /** Doubts that it answers. */
  doubts: Doubt[];
  more: boolean;
}

/** The projects there are. */
export function listProjects(db: Db): Promise<Project[]> {
  return db.select({ id: projects.id, zone: projects.zone }).from(projects).orderBy(projects.id);
}

/**
 * Brings the warehouse of one project up to date. `thorough` compares every day with its source, as
 * a process does once when it starts; otherwise days are found by dirty rows, by the growth of QuestDB's
 * partitions and by what was posted. `goOn` says that the pass before left something, and a minute is not
 * waited for. Returns undefined when there was nothing to do.
 */
export async function exportProject(
  parts: WarehouseParts,
  project: Project,
  how: { thorough: boolean; goOn?: boolean },
): Promise<PassReport | undefined> {
  const dir = warehouseDir(parts.dataDir);
  const draft = await draftVersion(parts, project, how);
  if (!draft) return undefined;
  const { next, dirtyIds, doubts, ...report } = draft;
  await publish(dir, next);
  // Only now: a crash before this repeats the export, which changes nothing.
  await markDone(parts.db, { consumer: 'export', projectId: project.id, ids: dirtyIds });
  for (const doubt of doubts) await dropDoubt(dir, project.id, doubt);
  const swept = await sweep(dir, next, parts.clock());
  return { projectId: project.id, version: next.version, swept, ...report };
}

/** Writes every file of the next version; puts nothing in force and marks nothing done. */
export async function draftVersion(
  { pool, db, questdb, duckdb, clock, dataDir, hotDays = HOT_DAYS }: WarehouseParts,
  project: Project,
  { thorough, goOn = false }: { thorough: boolean; goOn?: boolean },
): Promise<Draft | undefined> {
  const dir = warehouseDir(dataDir);
  const now = clock();
  const { id: projectId, zone } = project;
  const manifest = readManifest(dir, projectId) ?? emptyManifest({ projectId, zone });
  // Either way: a clock that was set back must not put the warehouse to sleep.
  const isOld = Math.abs(now.getTime() - Date.parse(manifest.asOf)) >= REFRESH_MS;
  const due = thorough || goOn || isOld;
  // Before the wait below: rows that are dirty now are readable in QuestDB after it.
  const dirty = await builtDirtyDays(db, projectId);
  const doubts = await readDoubts(dir, projectId);
  if (!due && dirty.length === 0 && doubts.length === 0) return undefined;
  await questdb.settled(['intervals', 'samples']);

  const today = localDayOf(zone, now.getTime());
  const calendar = await readReportingCalendar(db, { projectId, zone });
  const mending = await findMending({ dir, manifest, doubts, due, thorough });
  const next = nextVersion(manifest);
  next.zone = zone;
  const { damaged, must } = takeOut(next, mending);
  const partitions = due ? await readPartitions(questdb) : undefined;
  // Before the rows that it covers are read: what comes meanwhile is looked at again.
  const known = thorough ? {} : manifest.cursors;
  const cursors: Manifest['cursors'] = {};
  for (const table of due ? postingTables : []) {
    cursors[table] = await nextCursor(pool, table, { projectId, before: known[table], now });
  }
  const seen = await lookAt({ pool, questdb }, project, {
    dirtyDays: dirty.map((d) => d.localDay),
    must,
    recent: due ? [addDays(today, -1), today] : [],
    before: thorough ? { intervals: {}, samples: {} } : manifest.partitions,
    partitions,
    cursors: known,
  });
  const work = planWork({ manifest, today, hotDays, now, dirty, seen, calendar, must, due });
  if (partitions && !work.more && !mending.more) {
    next.asOf = now.toISOString();
    next.partitions.intervals = partitions.intervals;
    next.cursors = cursors;
    if (!work.moreSamples) next.partitions.samples = partitions.samples;
    if (!work.moreSamples && !work.samplesWait) next.samplesAsOf = next.asOf;
  }
  const connection = await duckdb.connect();
  const exporter = await openExporter({ dir, next, asOf: now, pool, questdb, connection });
  try {
    const written = await writeFiles(
      { pool, exporter, dir },
      { manifest, next, work, damaged, seen, calendar },
    );
    await exporter.sync();
    await mergeLate({ dir, connection }, next, now);
    retire(manifest, next, { now, heldFrom: await oldestLease(dir, now) });
    const { damages, doubts: answered } = mending;
    return {
      next,
      dirtyIds: work.dirtyIds,
      ...written,
      mended: damages.map(({ table, part, what }) => `${table} ${part ?? ''} (${what})`),
      doubts: answered,
      more: work.more || work.moreSamples || mending.more,
    };
  } finally {
    await exporter.close();
    connection.closeSync();
  }
}

/**
 * Puts one month of one table into one file, when there is one that is over and quiet, and puts that
 * version in force. Returns what, or undefined when there was none; call again until then.
 */
export async function compactProject(
  { db, duckdb, clock, dataDir }: WarehouseParts,
  { id: projectId, zone }: Project,
): Promise<{ table: string; month: string; version: number } | undefined> {
  const dir = warehouseDir(dataDir);
  const now = clock();
  const manifest = readManifest(dir, projectId);
  if (!manifest) return undefined;
  const today = localDayOf(zone, now.getTime());
  const found = candidates(manifest, today);
  const months = [...new Set(found.map(({ month }) => month))];
  const quiet = await quietMonths(db, { projectId, months, today });
  const chosen = found.find(({ month }) => quiet.has(month));
  if (!chosen) return undefined;
  const next = nextVersion(manifest);
  const connection = await duckdb.connect();
  try {
    await mergeMonth({ dir, connection }, { next, ...chosen, asOf: now });
  } finally {
    connection.closeSync();
  }
  retire(manifest, next, { now, heldFrom: await oldestLease(dir, now) });
  await publish(dir, next);
  return { ...chosen, version: next.version };
}

/** Months of which no day waits for the export, nor, unless it was long ago, for its settlement. */
async function quietMonths(
  db: Db,
  { projectId, months, today }: { projectId: string; months: readonly string[]; today: LocalDay },
): Promise<Set<string>> {
  const quiet = new Set<string>();
  for (const month of months) {
    const { from, to } = spanOf(month);
    const waitsCount = addDays(to, WAIT_MAX_DAYS) > today;
    const { rows } = await db.execute<{ busy: boolean }>(sql`
      SELECT EXISTS (
          SELECT 1 FROM dirty_days d WHERE d.project_id = ${projectId}::bigint
            AND d.local_day >= ${from}::date AND d.local_day < ${to}::date
            AND NOT EXISTS (SELECT 1 FROM dirty_days_done e WHERE e.project_id = d.project_id
              AND e.consumer = 'export' AND e.dirty_id = d.id))
        OR (${waitsCount} AND NOT EXISTS (
            SELECT 1 FROM billing_months m WHERE m.project_id = ${projectId}::bigint
              AND m.month = ${from}::date AND m.state = 'closed')
          AND EXISTS (
            SELECT 1 FROM settlement_waits w WHERE w.project_id = ${projectId}::bigint
              AND w.local_day >= ${from}::date AND w.local_day < ${to}::date)) AS busy`);
    if (rows[0]?.busy === false) quiet.add(month);
  }
  return quiet;
}

/** The fingerprints of all days that may have changed. */
async function lookAt(
  { pool, questdb }: Pick<WarehouseParts, 'pool' | 'questdb'>,
  { id: projectId, zone }: Project,
  {
    dirtyDays,
    must,
    recent,
    before,
    partitions,
    cursors,
  }: {
    dirtyDays: readonly LocalDay[];
    must: DaysByTable;
    recent: readonly LocalDay[];
    before: Manifest['partitions'];
    /** Undefined between two minutes, when only what is dirty is looked at. */
    partitions: Manifest['partitions'] | undefined;
    cursors: Manifest['cursors'];
  },
): Promise<Seen> {
  const daysIn = (table: QuestdbTable) => {
    const moved = partitions
      ? daysToLookAt(zone, { seen: before[table], now: partitions[table] })
      : [];
    const mended = {
      intervals: must.intervals,
      samples: [...must.registers, ...must.electrical_days, ...must.samples],
    };
    return [...new Set([...moved, ...dirtyDays, ...recent, ...mended[table]])];
  };
  const of = { projectId, zone };
  const postings = async (table: PostingTable): Promise<Fingerprints> =>
    partitions
      ? await postingFingerprints(pool, table, { ...of, after: cursors[table]?.id ?? '0' })
      : new Map();
  return {
    intervals: await intervalFingerprints(questdb, { ...of, days: daysIn('intervals') }),
    samples: await sampleFingerprints(questdb, { ...of, days: daysIn('samples') }),
    charges: await postings('charges'),
    entries: await postings('entries'),
    sales: await postings('sales'),
  };
}

const readPartitions = async (questdb: Questdb): Promise<Manifest['partitions']> => ({
  intervals: await partitionRows(questdb, 'intervals'),
  samples: await partitionRows(questdb, 'samples'),
});

/**
 * Dirty days that no export has taken in yet, oldest first: those whose intervals are built anew, and
 * those that billing made dirty, which change no interval.
 */
async function builtDirtyDays(
  db: Db,
  projectId: string,
): Promise<{ id: string; localDay: LocalDay }[]> {
  const found = await db.execute<{ id: string; local_day: LocalDay }>(sql`
    WITH days_in_work AS (
      SELECT DISTINCT d.local_day FROM dirty_days d
      WHERE d.project_id = ${projectId}::bigint AND d.who <> 'billing'
        AND d.created_at > now() - make_interval(secs => ${IN_WORK_MAX_S})
        AND NOT EXISTS (
          SELECT 1 FROM dirty_days_done b
          WHERE b.project_id = d.project_id AND b.consumer = 'intervals' AND b.dirty_id = d.id))
    SELECT d.id::text, d.local_day::text FROM dirty_days d
    WHERE d.project_id = ${projectId}::bigint
      AND d.local_day NOT IN (SELECT local_day FROM days_in_work)
      AND (d.who = 'billing' OR EXISTS (
        SELECT 1 FROM dirty_days_done b
        WHERE b.project_id = d.project_id AND b.consumer = 'intervals' AND b.dirty_id = d.id))
      AND NOT EXISTS (
        SELECT 1 FROM dirty_days_done e
        WHERE e.project_id = d.project_id AND e.consumer = 'export' AND e.dirty_id = d.id)
    ORDER BY d.id LIMIT ${DIRTY_A_PASS}`);
  return found.rows.map((r) => ({ id: r.id, localDay: r.local_day }));
}
