/**
 * Keeps the Parquet warehouse equal to its sources: finds the local days whose intervals, calendar,
 * charges or entries changed, writes their files anew and puts the next manifest in force. Killed
 * anywhere, the old manifest or the new one holds; whatever was written and not named is swept.
 */
import { sql } from 'drizzle-orm';
import type pg from 'pg';
import type { Clock } from '../sql/clock.ts';
import { markDone } from '../sql/dirty-days.ts';
import type { Duckdb } from '../sql/duckdb.ts';
import { addDays, dayStart, type LocalDay, localDayOf } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { projects } from '../sql/schema/index.ts';
import { openExporter } from './exporter.ts';
import {
  dimensionTables,
  emptyManifest,
  type Manifest,
  nextVersion,
  publish,
  readManifest,
  retire,
  sweep,
  warehouseDir,
} from './manifest.ts';
import { type ReportingCalendar, readReportingCalendar } from './reporting-calendar.ts';
import {
  chargeFingerprints,
  dimensionFingerprint,
  entryFingerprints,
  type Fingerprints,
  intervalFingerprints,
} from './sources.ts';

/** How often, at most, what changes all the time (today, sales, names) is looked at again. */
const REFRESH_MS = 60_000;
/** Local days of one table written before a manifest is published: bounds work, shows progress. */
const DAYS_A_VERSION = 40;
/** Dirty rows looked at in one pass. */
const DIRTY_A_PASS = 100_000;
/** A day that ingest is still building is waited for, since each export takes in all its points. */
const IN_WORK_MAX_S = 120;
/** Days whose intervals may still change without a dirty row: today, and the one just closed. */
const RECENT_DAYS = 2;

export interface WarehouseParts {
  pool: pg.Pool;
  db: Db;
  questdb: Questdb;
  duckdb: Duckdb;
  clock: Clock;
  dataDir: string;
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
  { pool, db, questdb, duckdb, clock, dataDir }: WarehouseParts,
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
  await questdb.settled(['intervals']);

  const today = localDayOf(zone, now.getTime());
  const recent = addDays(today, -RECENT_DAYS);
  const calendar = await readReportingCalendar(db, { projectId, zone });
  const oldest = [recent, ...dirty.map((d) => d.localDay)].sort()[0] ?? recent;
  const sinceMs = thorough ? null : dayStart(zone, oldest);
  const seen: Seen = {
    intervals: await intervalFingerprints(questdb, { projectId, sinceMs }),
    charges: due ? await chargeFingerprints(pool, projectId) : new Map(),
    entries: due ? await entryFingerprints(pool, projectId) : new Map(),
  };
  const work = planWork({ manifest, today, dirty, seen, calendar, due });

  const next = nextVersion(manifest);
  next.zone = zone;
  if (due && !work.more) next.asOf = now.toISOString();
  const connection = await duckdb.connect();
  const exporter = await openExporter({ dir, next, asOf: now, pool, questdb, connection });
  let files = 0;
  const kept: LocalDay[] = [];
  try {
    for (const day of work.intervals) {
      const file = await exporter.intervals(day, seen.intervals.get(day) ?? '');
      const before = manifest.days.intervals[day];
      // QuestDB holds the hot window only: a day that has left it stays as it was exported.
      if (file.rows === 0 && before && before.rows > 0) kept.push(day);
      else next.days.intervals[day] = file;
      files += 1;
    }
    for (const table of dimensionTables) {
      const fingerprint = await dimensionFingerprint(pool, table, projectId);
      if (manifest.dimensions[table]?.fingerprint === fingerprint) continue;
      next.dimensions[table] = await exporter.dimension(table, fingerprint);
      files += 1;
    }
    for (const day of work.calendars) {
      const source = calendar.sourceOn(day);
      next.days.calendars[day] = await exporter.calendar(day, calendar.on(day), source);
      files += 1;
    }
    for (const day of new Set([...work.intervals, ...work.calendars])) {
      if (kept.includes(day) && !work.calendars.includes(day)) continue;
      next.days.energy_days[day] = await exporter.energyDays(day, '');
      files += 1;
    }
    for (const table of ['charges', 'entries'] as const) {
      for (const day of work[table]) {
        const fingerprint = seen[table].get(day) ?? '';
        next.days[table][day] = await exporter.postings(table, day, fingerprint);
        files += 1;
      }
    }
  } finally {
    await exporter.close();
    connection.closeSync();
  }
  retire(manifest, next, now);
  return { next, dirtyIds: work.dirtyIds, files, kept, more: work.more };
}

interface Seen {
  intervals: Fingerprints;
  charges: Fingerprints;
  entries: Fingerprints;
}

interface Work {
  intervals: LocalDay[];
  calendars: LocalDay[];
  charges: LocalDay[];
  entries: LocalDay[];
  dirtyIds: string[];
  more: boolean;
}

/** Which days have to be written: pure, so that every way a day becomes stale is seen in one place. */
function planWork({
  manifest,
  today,
  dirty,
  seen,
  calendar,
  due,
}: {
  manifest: Manifest;
  today: LocalDay;
  dirty: readonly { id: string; localDay: LocalDay }[];
  seen: Seen;
  calendar: ReportingCalendar;
  due: boolean;
}): Work {
  const stale = new Set<LocalDay>();
  for (const { localDay } of dirty) if (due || localDay !== today) stale.add(localDay);
  if (due) {
    for (const day of changed(seen.intervals, manifest.days.intervals)) stale.add(day);
    // Even without an interval: a project has a file of every table from its first version on.
    if (!manifest.days.intervals[today]) stale.add(today);
  }
  // Newest first: those are looked at.
  const intervals = [...stale].sort().reverse();
  const written = new Set(intervals.slice(0, DAYS_A_VERSION));
  const days = new Set([...Object.keys(manifest.days.intervals), ...written]);
  const calendars = [...days].filter(
    (day) => manifest.days.calendars[day]?.fingerprint !== calendar.sourceOn(day),
  );
  const charges = changed(seen.charges, manifest.days.charges);
  const entries = changed(seen.entries, manifest.days.entries);
  const lists = [intervals, calendars, charges, entries];
  return {
    intervals: [...written],
    calendars: bounded(calendars, written),
    charges: charges.slice(0, DAYS_A_VERSION),
    entries: entries.slice(0, DAYS_A_VERSION),
    dirtyIds: dirty.filter((d) => written.has(d.localDay)).map((d) => d.id),
    more: lists.some((list) => list.length > DAYS_A_VERSION) || dirty.length === DIRTY_A_PASS,
  };
}

/** A day written for the first time needs its calendar in the same version; the others wait their turn. */
function bounded(calendars: LocalDay[], written: Set<LocalDay>): LocalDay[] {
  const first = calendars.filter((day) => written.has(day));
  const rest = calendars.filter((day) => !written.has(day));
  return [...first, ...rest.slice(0, Math.max(0, DAYS_A_VERSION - first.length))];
}

const changed = (
  seen: Fingerprints,
  files: Record<LocalDay, { fingerprint: string }>,
): LocalDay[] =>
  [...seen].filter(([day, mark]) => files[day]?.fingerprint !== mark).map(([day]) => day);

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
