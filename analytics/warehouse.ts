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
import { type Exporter, openExporter } from './exporter.ts';
import {
  type DayTable,
  dayContent,
  dimensionTables,
  emptyManifest,
  type Manifest,
  nextVersion,
  publish,
  readManifest,
  type WarehouseFile,
  warehouseDir,
} from './manifest.ts';
import {
  dimensionFingerprint,
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
import { type ReportingCalendar, readReportingCalendar } from './reporting-calendar.ts';
import { retire, sweep } from './sweep.ts';
import { DIRTY_A_PASS, planWork, type Seen, type Work } from './work.ts';

/** How often, at most, what changes all the time (today, sales, names) is looked at again. */
const REFRESH_MS = 60_000;
/**
 * The hot time in days: so long all channels of the samples are asked of QuestDB. A day that leaves it
 * is written to the warehouse as a whole.
 */
const HOT_DAYS = 90;
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
  more: boolean;
}

/** A version whose files are all in place, not yet in force. */
export interface Draft {
  next: Manifest;
  dirtyIds: string[];
  files: number;
  kept: LocalDay[];
  more: boolean;
}

/** The projects there are. */
export function listProjects(db: Db): Promise<Project[]> {
  return db.select({ id: projects.id, zone: projects.zone }).from(projects).orderBy(projects.id);
}

/**
 * Brings the warehouse of one project up to date. `thorough` compares every day with its source, as
 * a process does once when it starts; otherwise days are found by dirty rows, and recent ones by
 * their fingerprint. Returns undefined when there was nothing to do.
 */
export async function exportProject(
  parts: WarehouseParts,
  project: Project,
  { thorough }: { thorough: boolean },
): Promise<PassReport | undefined> {
  const dir = warehouseDir(parts.dataDir);
  const draft = await draftVersion(parts, project, { thorough });
  if (!draft) return undefined;
  await publish(dir, draft.next);
  // Only now: a crash before this repeats the export, which changes nothing.
  await markDone(parts.db, { consumer: 'export', projectId: project.id, ids: draft.dirtyIds });
  const swept = await sweep(dir, draft.next, parts.clock());
  const { files, kept, more } = draft;
  return { projectId: project.id, version: draft.next.version, files, kept, swept, more };
}

/** Writes every file of the next version; puts nothing in force and marks nothing done. */
export async function draftVersion(
  { pool, db, questdb, duckdb, clock, dataDir, hotDays = HOT_DAYS }: WarehouseParts,
  project: Project,
  { thorough }: { thorough: boolean },
): Promise<Draft | undefined> {
  const dir = warehouseDir(dataDir);
  const now = clock();
  const { id: projectId, zone } = project;
  const manifest = readManifest(dir, projectId) ?? emptyManifest({ projectId, zone });
  // Either way: a clock that was set back must not put the warehouse to sleep.
  const due = thorough || Math.abs(now.getTime() - Date.parse(manifest.asOf)) >= REFRESH_MS;
  // Before the wait below: rows that are dirty now are readable in QuestDB after it.
  const dirty = await builtDirtyDays(db, projectId);
  if (!due && dirty.length === 0) return undefined;
  await questdb.settled(['intervals', 'samples']);

  const today = localDayOf(zone, now.getTime());
  const calendar = await readReportingCalendar(db, { projectId, zone });
  const dirtyDays = dirty.map((d) => d.localDay);
  const partitions = due ? await readPartitions(questdb) : undefined;
  const seen = await lookAt({ pool, questdb }, project, {
    dirtyDays,
    recent: due ? [addDays(today, -1), today] : [],
    before: thorough ? { intervals: {}, samples: {} } : manifest.partitions,
    partitions,
  });
  const work = planWork({ manifest, today, hotDays, now, dirty, seen, calendar, due });

  const next = nextVersion(manifest);
  next.zone = zone;
  if (partitions && !work.more) {
    next.asOf = now.toISOString();
    next.partitions = partitions;
    if (!work.samplesWait) next.samplesAsOf = next.asOf;
  }
  const connection = await duckdb.connect();
  const exporter = await openExporter({ dir, next, asOf: now, pool, questdb, connection });
  try {
    const { files, kept } = await write({ pool, exporter, manifest, next, work, seen, calendar });
    await exporter.sync();
    retire(manifest, next, now);
    return { next, dirtyIds: work.dirtyIds, files, kept, more: work.more };
  } finally {
    await exporter.close();
    connection.closeSync();
  }
}

/** The fingerprints of all days that may have changed. */
async function lookAt(
  { pool, questdb }: Pick<WarehouseParts, 'pool' | 'questdb'>,
  { id: projectId, zone }: Project,
  {
    dirtyDays,
    recent,
    before,
    partitions,
  }: {
    dirtyDays: readonly LocalDay[];
    recent: readonly LocalDay[];
    before: Manifest['partitions'];
    /** Undefined between two minutes, when only what is dirty is looked at. */
    partitions: Manifest['partitions'] | undefined;
  },
): Promise<Seen> {
  const daysIn = (table: QuestdbTable) => {
    const moved = partitions
      ? daysToLookAt(zone, { seen: before[table], now: partitions[table] })
      : [];
    return [...new Set([...moved, ...dirtyDays, ...recent])];
  };
  const of = { projectId, zone };
  const postings = async (table: PostingTable): Promise<Fingerprints> =>
    partitions ? await postingFingerprints(pool, table, of) : new Map();
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

/** Writes the files of the work and names them in `next`. */
async function write({
  pool,
  exporter,
  manifest,
  next,
  work,
  seen,
  calendar,
}: {
  pool: pg.Pool;
  exporter: Exporter;
  manifest: Manifest;
  next: Manifest;
  work: Work;
  seen: Seen;
  calendar: ReportingCalendar;
}): Promise<{ files: number; kept: LocalDay[] }> {
  let files = 0;
  const kept = new Set<LocalDay>();
  const { days } = next;
  /** QuestDB holds the hot window only: a day that has left it, or in part, stays as it was exported. */
  const put = (table: DayTable, day: LocalDay, file: WarehouseFile) => {
    files += 1;
    if (file.rows < (dayContent(manifest, table, day)?.rows ?? 0)) kept.add(day);
    else days[table][day] = file;
  };
  for (const day of work.intervals) {
    put('intervals', day, await exporter.intervals(day, seen.intervals.get(day) ?? ''));
  }
  for (const table of dimensionTables) {
    const fingerprint = await dimensionFingerprint(pool, table, next.projectId);
    if (manifest.dimensions[table]?.fingerprint === fingerprint) continue;
    next.dimensions[table] = await exporter.dimension(table, fingerprint);
    files += 1;
  }
  for (const day of work.calendars) {
    days.calendars[day] = await exporter.calendars(day, calendar.on(day));
    files += 1;
  }
  for (const day of new Set([...work.intervals, ...work.calendars])) {
    if (kept.has(day) && !work.calendars.includes(day)) continue;
    days.energy_days[day] = await exporter.energyDays(day);
    files += 1;
  }
  for (const { day, whole } of work.samples) {
    const fingerprint =
      seen.samples.get(day) ?? dayContent(manifest, 'registers', day)?.fingerprint;
    const made = await exporter.samples(day, { fingerprint: fingerprint ?? '', whole });
    put('registers', day, made.registers);
    if (days.registers[day] !== made.registers) continue;
    put('electrical_days', day, made.electrical_days);
    if (made.samples) put('samples', day, made.samples);
  }
  for (const table of postingTables) {
    for (const day of work.postings[table]) {
      days[table][day] = await exporter.postings(table, day, seen[table].get(day) ?? '');
      files += 1;
    }
  }
  await writeEmpty(exporter, next);
  return { files, kept: [...kept] };
}

/** A file without a row for each table that has none yet, so that a question always has columns. */
async function writeEmpty(exporter: Exporter, { empty }: Manifest): Promise<void> {
  empty.intervals ??= await exporter.intervals('empty', '');
  empty.calendars ??= await exporter.calendars('empty', { source: '', ranks: [], minutes: [] });
  empty.energy_days ??= await exporter.energyDays('empty');
  if (!empty.samples) {
    Object.assign(empty, await exporter.samples('empty', { fingerprint: '', whole: true }));
  }
  for (const table of postingTables) {
    empty[table] ??= await exporter.postings(table, 'empty', '');
  }
}

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
