/**
 * The builder of intervals. One tick brings every project up to date: what lags behind its samples and
 * what was made dirty. Killed anywhere, the next tick ends in the same state.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Clock } from '../sql/clock.ts';
import { type DirtyDay, markDone, pendingDirty } from '../sql/dirty-days.ts';
import type { Duckdb } from '../sql/duckdb.ts';
import { type DaySpan, type LocalDay, SLOT_MS } from '../sql/local-day.ts';
import { type Db, isRetryable } from '../sql/postgres.ts';
import { type Questdb, QuestdbError } from '../sql/questdb.ts';
import { messageOf } from '../sql/refusal.ts';
import { projects } from '../sql/schema/index.ts';
import { buildStretch } from './interval-build.ts';
import {
  daySpans,
  type Job,
  newestSlotOf,
  overdueSlotOf,
  planJobs,
  readPark,
  type Seen,
} from './interval-plan.ts';
import { announce, commit, writeIntervals } from './interval-publish.ts';
import { syncQuarantineAlarms } from './quarantine.ts';

export interface IntervalDeps {
  db: Db;
  questdb: Questdb;
  duckdb: Duckdb;
  clock: Clock;
  /** Where exports lie while they are read; the system's temporary folder where it is not said. */
  folder?: string;
  limits?: Partial<Limits>;
}

export interface Limits {
  /** Samples that one run of the statement is meant to hold, at one a minute. */
  samples: number;
  /** Dirty days taken in by one tick and project. */
  dirtyDays: number;
  /** Runs of the statement in one tick and project; what is left waits for the next tick. */
  runs: number;
}

const LIMITS: Limits = { samples: 6_000_000, dirtyDays: 50_000, runs: 200 };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Shortest stretch that a long one is cut into. */
const STRETCH_MS_MIN = 6 * 3_600_000;

/** What a tick did. */
export interface Built {
  runs: number;
  /** Versions written. */
  intervals: number;
  raised: number;
  withdrawn: number;
  /** Points that could not be built, and why: they alone wait for a person. */
  failures: { pointId: string; message: string }[];
}

export interface IntervalBuilder {
  tick: () => Promise<Built>;
}

/**
 * Opens a builder. It remembers what it has seen, so that a tick without news costs a few questions.
 * @example const builder = createIntervalBuilder({ db, questdb, duckdb, clock }); await builder.tick();
 */
export function createIntervalBuilder(deps: IntervalDeps): IntervalBuilder {
  const limits = { ...LIMITS, ...deps.limits };
  const seen = new Map<string, Seen>();

  async function tick(): Promise<Built> {
    const total = nothingBuilt();
    const { id, zone, pollSeconds } = projects;
    for (const project of await deps.db.select({ id, zone, pollSeconds }).from(projects)) {
      await buildProject(project, total);
    }
    return total;
  }

  async function buildProject(
    project: { id: string; zone: string; pollSeconds: number },
    built: Built,
  ): Promise<void> {
    const { id: projectId, zone } = project;
    const at = deps.clock();
    const nowMs = at.getTime();
    // Dirty days first, then what is visible: a late sample is acknowledged before its day is dirty.
    const dirty = await pendingDays(deps.db, { projectId, limit: limits.dirtyDays });
    const park = await readPark(deps.db, project);
    await forget(dirty.filter(({ pointId }) => !park.installed.has(pointId)));
    if (park.installed.size === 0) return;
    const newest = await newestSamples(deps.questdb, projectId);
    const days = new Map<string, LocalDay[]>();
    for (const { pointId, localDay } of dirty) {
      days.set(pointId, [...(days.get(pointId) ?? []), localDay]);
    }
    const spanOf = daySpans(zone);
    const jobs = planJobs(park, { nowMs, newest, dirty: days, seen, spanOf });
    if (jobs.length > 0) await deps.questdb.settled(['samples', 'intervals']);
    for (const job of jobs) {
      if (built.runs >= limits.runs) break;
      await tryJob(job);
    }
    await syncQuarantineAlarms(deps.db, { projectId, at });

    /** Dirty days of points where no meter ever stood need nothing. */
    async function forget(none: readonly { id: string }[]): Promise<void> {
      const ids = none.map(({ id }) => id);
      await markDone(deps.db, { consumer: 'intervals', projectId, ids });
    }

    /** A point whose numbers cannot be computed with must not keep the others waiting. */
    async function tryJob(job: Job): Promise<void> {
      try {
        await buildJob(job);
      } catch (error) {
        if (error instanceof QuestdbError || isRetryable(error)) throw error;
        const [pointId = ''] = job.points;
        if (job.points.length === 1) {
          built.failures.push({ pointId, message: messageOf(error) });
          return;
        }
        const half = job.points.length >> 1;
        await tryJob({ ...job, points: job.points.slice(0, half) });
        await tryJob({ ...job, points: job.points.slice(half) });
      }
    }

    /** A job in stretches that fit into memory. */
    async function buildJob(job: Job): Promise<void> {
      const fitting = (limits.samples * MINUTE_MS) / job.points.length;
      let stretchMs = Math.max(STRETCH_MS_MIN, Math.floor(fitting / SLOT_MS) * SLOT_MS);
      let { points, fromMs } = job;
      const silent: string[] = [];
      const endMs = Math.min(job.untilMs, nowMs);
      while (endMs - fromMs > stretchMs + DAY_MS) {
        const untilMs = fromMs + stretchMs;
        const marks = await buildOne({ ...job, points, fromMs, untilMs }, []);
        const enough = Math.max(fromMs + 1, untilMs - DAY_MS);
        const behind = new Set(points.filter((id) => (marks.get(id) ?? 0) < enough));
        if (job.repair) {
          fromMs = untilMs;
        } else if (behind.size === points.length) {
          stretchMs *= 2;
        } else {
          // A point that said nothing for long is built by itself, in longer stretches.
          silent.push(...behind);
          points = points.filter((id) => !behind.has(id));
          fromMs = points.reduce((least, id) => Math.min(least, marks.get(id) ?? least), untilMs);
        }
      }
      const included = new Set(points);
      const done = dirty.filter(
        (d) => included.has(d.pointId) && isWithin(job, spanOf(d.localDay)),
      );
      await buildOne({ ...job, points, fromMs }, done);
      if (!job.repair) for (const pointId of points) remember(pointId);
      if (silent.length > 0) {
        const rest = silent.map((id) => park.marks.get(id) ?? job.fromMs);
        const least = rest.reduce((a, b) => Math.min(a, b));
        await buildJob({ ...job, points: silent, fromMs: least });
      }
    }

    function remember(pointId: string): void {
      const installed = park.installed.get(pointId) ?? [];
      seen.set(pointId, {
        markMs: park.marks.get(pointId),
        newestSlot: newestSlotOf(installed, newest) ?? 0,
        overdueSlot: overdueSlotOf(park, installed, nowMs),
      });
    }

    /** Builds, writes and commits one stretch; returns the marks. */
    async function buildOne(job: Job, done: readonly { id: string }[]) {
      const connection = await deps.duckdb.connect();
      const base = deps.folder ?? join(tmpdir(), 'wattledger');
      await mkdir(base, { recursive: true });
      const folder = await mkdtemp(join(base, 'intervals-'));
      const { db, questdb } = deps;
      try {
        const stretch = await buildStretch({ db, questdb, connection, folder, park, job, at });
        const announced = await announce(db, { connection, park, at, pending: dirty });
        if (stretch.changed > 0) {
          for (const table of ['interval_versions', 'intervals'] as const) {
            await writeIntervals(questdb, { connection, park, at, table });
          }
          await questdb.settled(['interval_versions', 'intervals']);
        }
        const ids = [...announced, ...done.map(({ id }) => id)];
        await commit(db, { park, built: stretch, at, done: ids });
        built.runs += stretch.runs;
        built.intervals += stretch.changed;
        built.raised += stretch.raised.length;
        built.withdrawn += stretch.withdrawn.length;
        return new Map(stretch.marks.map(({ pointId, after }) => [pointId, after]));
      } finally {
        connection.closeSync();
        await rm(folder, { recursive: true, force: true });
      }
    }
  }

  return { tick };
}

const nothingBuilt = (): Built => ({
  runs: 0,
  intervals: 0,
  raised: 0,
  withdrawn: 0,
  failures: [],
});

/** Epoch ms of each meter's newest sample that is readable. */
async function newestSamples(questdb: Questdb, projectId: string): Promise<Map<string, number>> {
  const { rows } = await questdb.exec(
    `SELECT meter, ts FROM samples WHERE project = '${projectId}' LATEST ON ts PARTITION BY meter`,
  );
  return new Map(rows.map(([meter, ts]) => [String(meter), Date.parse(String(ts))]));
}

/** Dirty days that wait for intervals; those that another room made change no interval and are done. */
async function pendingDays(
  db: Db,
  { projectId, limit }: { projectId: string; limit: number },
): Promise<DirtyDay[]> {
  await db.execute(sql`
    INSERT INTO dirty_days_done (project_id, consumer, dirty_id)
    SELECT d.project_id, 'intervals', d.id FROM dirty_days d
    WHERE d.project_id = ${projectId}::bigint AND d.who <> 'ingest' AND NOT EXISTS (
      SELECT 1 FROM dirty_days_done e
      WHERE e.project_id = d.project_id AND e.consumer = 'intervals' AND e.dirty_id = d.id)
    ON CONFLICT DO NOTHING`);
  return await pendingDirty(db, { consumer: 'intervals', projectId, limit });
}

/** A dirty day that a job deals with: it overlaps the job's stretch. */
const isWithin = (job: Job, { startMs, endMs }: DaySpan) =>
  endMs > job.fromMs && startMs < job.untilMs;
