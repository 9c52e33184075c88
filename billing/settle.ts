/**
 * Settlement: brings point-days up to what is known now. A day without a header is settled, one whose
 * inputs changed gets a new revision and the difference is posted, one that is unchanged is left
 * alone – so running twice, at once, or again after a kill changes nothing.
 */
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Clock } from '../sql/clock.ts';
import { markDone } from '../sql/dirty-days.ts';
import type { LocalDay } from '../sql/local-day.ts';
import type { Db, Postgres } from '../sql/postgres.ts';
import { QuestdbError } from '../sql/questdb.ts';
import * as schema from '../sql/schema/index.ts';
import { inTrace } from '../sql/trace.ts';
import {
  CHUNK_ROWS_MAX,
  chunksOf,
  daysWithoutIndex,
  duePointDays,
  lastDueDay,
  type PointDay,
} from './due.ts';
import { endedParts, partsAsked, settledParts } from './ended-parts.ts';
import type { IntervalSource } from './intervals.ts';
import { type Project, type SettledWithin, type SettlingDeps, settleWithin } from './settlement.ts';
import { type Run, remembered, takeProject } from './settlement-store.ts';

export interface SettleDeps extends SettlingDeps {
  postgres: Postgres;
  source: IntervalSource;
  clock: Clock;
  /** How long after local midnight a day is settled. */
  graceMs: number;
}

export type Settled =
  /** `causes`: traces of the requests and jobs whose changes were settled; of many, some. */
  | (SettledWithin & { causes?: string[] })
  /** Another settlement has the project; it does the work. */
  | { outcome: 'busy' }
  /** Nothing was charged, because what QuestDB shows cannot be trusted now. */
  | { outcome: 'blocked'; reason: string };

/** Why nothing is settled by a clock that went back, also when that was while nobody looked. */
export const CLOCK_BEHIND = 'the clock is behind the last settlement';

/** Settles what is due in a project. */
export async function settleDue(deps: SettleDeps, project: Project): Promise<Settled> {
  const now = deps.clock();
  if (await wentBack(deps, project, now)) return { outcome: 'blocked', reason: CLOCK_BEHIND };
  const lastDay = lastDueDay(project.zone, now.getTime(), deps.graceMs);
  const due = await duePointDays(deps.postgres.db, deps.source.questdb, {
    projectId: project.id,
    zone: project.zone,
    lastDay,
    walDeadlineMs: deps.walDeadlineMs,
  }).catch(blockedBy);
  if ('outcome' in due) return due;
  // Days that wait for an index are looked at when it is published, not every ten seconds of a month.
  const unpriced = await daysWithoutIndex(deps.postgres.db, project.id);
  const worth = due.filter((d) => !unpriced.has(`${d.pointId}/${d.localDay}`));
  const sum = { headers: 0, corrections: 0, waiting: 0 };
  for (const pointDays of chunksOf(worth)) {
    const settled = await settlePointDays(deps, project, { pointDays, cause: 'due' });
    if (settled.outcome !== 'settled') return settled;
    sum.headers += settled.headers;
    sum.corrections += settled.corrections;
    sum.waiting += settled.waiting;
  }
  const ended = await settleEnded(deps, project, { now, lastDay });
  if (ended.outcome !== 'settled') return ended;
  sum.headers += ended.headers;
  sum.waiting += ended.waiting;
  return { outcome: 'settled', ...sum };
}

/** Settles what tenancies that have ended leave of days that are not over: at once, not after midnight. */
async function settleEnded(
  deps: SettleDeps,
  project: Project,
  { now, lastDay }: { now: Date; lastDay: LocalDay },
): Promise<Settled> {
  const { id: projectId, zone } = project;
  const asked = { projectId, zone, lastDay, now };
  const parts = await endedParts(deps.postgres.db, deps.source.questdb, asked).catch(blockedBy);
  if ('outcome' in parts) return parts;
  if (parts.length === 0) return { outcome: 'settled', headers: 0, corrections: 0, waiting: 0 };
  return await inTransaction(deps, async (client, db) => {
    if (!(await takeProject(client, projectId))) return { outcome: 'busy' };
    return await settleWithin(deps, { client, db }, project, {
      ...partsAsked(parts),
      cause: 'due',
      at: now,
    });
  });
}

/** Traces that are told of one run. */
const CAUSES_MAX = 10;
/** Dirty rows taken in one go: what is corrected of an account in it is one correction. */
const DIRTY_BATCH_MAX = CHUNK_ROWS_MAX;

interface DirtyRow {
  id: string;
  point_id: string;
  local_day: string;
  why: string;
  trace_id: string | null;
}

/** An account's points stay together, and a point's days: they are corrected in one transaction. */
const DIRTY = `
  SELECT d.id, d.point_id, d.local_day::text, d.why, d.trace_id FROM dirty_days d
  LEFT JOIN (SELECT project_id, point_id, max(account_id) AS account_id FROM tenancies
    WHERE project_id = $1 GROUP BY 1, 2) t USING (project_id, point_id)
  WHERE d.project_id = $1
    AND NOT EXISTS (SELECT 1 FROM dirty_days_done e WHERE e.project_id = d.project_id
      AND e.consumer = 'rating' AND e.dirty_id = d.id)
    AND (d.who = 'billing' OR EXISTS (SELECT 1 FROM dirty_days_done e
      WHERE e.project_id = d.project_id AND e.consumer = 'intervals' AND e.dirty_id = d.id))
  ORDER BY t.account_id, d.point_id, d.local_day, d.id LIMIT $2`;

/**
 * Settles days anew whose intervals, tariff or tenancy changed after they were settled. Rows from ingest
 * are looked at once their intervals are rebuilt. Days that are not over yet are only ticked off, but for the
 * parts of them that are settled.
 */
export async function settleDirty(deps: SettleDeps, project: Project): Promise<Settled> {
  const now = deps.clock();
  if (await wentBack(deps, project, now)) return { outcome: 'blocked', reason: CLOCK_BEHIND };
  const lastDay = lastDueDay(project.zone, now.getTime(), deps.graceMs);
  return await inTransaction(deps, async (client, db) => {
    if (!(await takeProject(client, project.id))) return { outcome: 'busy' };
    const rows = await pendingRows(client, project.id);
    const wanted = new Map<string, PointDay>();
    const why = new Map<string, ReadonlySet<string>>();
    // Days mostly have one reason, and share it with thousands.
    const alone = remembered((reason: string): ReadonlySet<string> => new Set([reason]));
    for (const row of rows) {
      if (row.local_day > lastDay) continue;
      const key = `${row.point_id}/${row.local_day}`;
      wanted.set(key, { pointId: row.point_id, localDay: row.local_day });
      const known = why.get(key);
      if (!known) why.set(key, alone(row.why));
      else if (!known.has(row.why)) why.set(key, new Set([...known, row.why]));
    }
    // Of a day that is not over only what is settled of it already can have become different.
    const early = rows.filter((row) => row.local_day > lastDay);
    for (const { point_id: point, local_day: day, why: reason } of early) {
      const key = `${point}/${day}`;
      why.set(key, new Set([...(why.get(key) ?? []), reason]));
    }
    const parts = await settledParts(db, {
      projectId: project.id,
      pointDays: early.map((row) => ({ pointId: row.point_id, localDay: row.local_day })),
    });
    const causes = [...new Set(rows.flatMap((row) => row.trace_id ?? []))];
    const sum = {
      outcome: 'settled' as const,
      ...{ headers: 0, corrections: 0, waiting: 0 },
      ...(causes.length > 0 && { causes: causes.slice(0, CAUSES_MAX) }),
    };
    // What one request has caused is found under that request's trace, whatever came in beside it.
    for (const { traceId, days } of byTrace(rows, wanted)) {
      for (const pointDays of chunksOf(days)) {
        const asked = { pointDays, cause: 'dirty' as const, at: now, lastDay, why };
        const settling = () => settleWithin(deps, { client, db }, project, asked);
        const settled = await (traceId ? inTrace(traceId, settling) : settling());
        sum.headers += settled.headers;
        sum.corrections += settled.corrections;
        sum.waiting += settled.waiting;
      }
    }
    if (parts.length > 0) {
      const again = { ...partsAsked(parts), cause: 'dirty' as const, at: now, why };
      const settled = await settleWithin(deps, { client, db }, project, again);
      sum.headers += settled.headers;
      sum.corrections += settled.corrections;
      sum.waiting += settled.waiting;
    }
    const ids = rows.map((row) => row.id);
    await markDone(db, { consumer: 'rating', projectId: project.id, ids });
    return sum;
  });
}

/** Point-days by the one trace that made them dirty; those of none, or of several, together. */
function byTrace(rows: readonly DirtyRow[], wanted: ReadonlyMap<string, PointDay>) {
  const traces = new Map<string, Set<string>>();
  for (const { point_id: pointId, local_day: day, trace_id: traceId } of rows) {
    const key = `${pointId}/${day}`;
    const known = traces.get(key) ?? new Set();
    traces.set(key, traceId === null ? known : known.add(traceId));
  }
  const groups = new Map<string | null, PointDay[]>();
  for (const [key, pointDay] of wanted) {
    const [only = null, ...others] = traces.get(key) ?? [];
    const traceId = others.length === 0 ? only : null;
    const group = groups.get(traceId) ?? [];
    group.push(pointDay);
    groups.set(traceId, group);
  }
  return [...groups].map(([traceId, days]) => ({ traceId, days }));
}

/**
 * The oldest dirty rows that nobody has rated. Loops are ruled out: of a table that has just been filled the
 * planner expects one row, and walked all that is done for each that is not.
 */
async function pendingRows(client: pg.PoolClient, projectId: string): Promise<DirtyRow[]> {
  await client.query('SET LOCAL enable_nestloop = off');
  const { rows } = await client.query<DirtyRow>(DIRTY, [projectId, DIRTY_BATCH_MAX]);
  await client.query('SET LOCAL enable_nestloop = on');
  return rows;
}

/** Settles given point-days in one transaction; those that are not over must not be asked for. */
export async function settlePointDays(
  deps: SettleDeps,
  project: Project,
  { pointDays, cause }: { pointDays: readonly PointDay[]; cause: Run['cause'] },
): Promise<Settled> {
  return await inTransaction(deps, async (client, db) => {
    if (!(await takeProject(client, project.id))) return { outcome: 'busy' };
    const at = deps.clock();
    const lastDay = lastDueDay(project.zone, at.getTime(), deps.graceMs);
    return await settleWithin(deps, { client, db }, project, { pointDays, cause, at, lastDay });
  });
}

/** Runs `act` and commits when it settled something, else leaves no trace. */
async function inTransaction(
  { postgres, failpoint }: SettleDeps,
  act: (client: pg.PoolClient, db: Db) => Promise<Settled>,
): Promise<Settled> {
  const client = await postgres.pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const settled = await act(client, drizzle(client, { schema }));
    await client.query(settled.outcome === 'settled' ? 'COMMIT' : 'ROLLBACK');
    failpoint?.('committed');
    return settled;
  } catch (error) {
    await client.query('ROLLBACK').catch((cause: Error) => {
      broken = cause;
    });
    return blockedBy(error);
  } finally {
    client.release(broken);
  }
}

/** A QuestDB that is silent, suspended or behind blocks for now; every other failure is thrown on. */
function blockedBy(error: unknown): Extract<Settled, { outcome: 'blocked' }> {
  if (error instanceof QuestdbError && error.kind !== 'refused') {
    return { outcome: 'blocked', reason: error.message };
  }
  throw error;
}

/** True when time stands before the newest run: a clock that jumps back must not settle. */
async function wentBack({ postgres }: SettleDeps, project: Project, now: Date): Promise<boolean> {
  const { rows } = await postgres.pool.query<{ started_at: Date }>(
    'SELECT started_at FROM settlement_runs WHERE project_id = $1 ORDER BY id DESC LIMIT 1',
    [project.id],
  );
  return rows[0] !== undefined && rows[0].started_at.getTime() > now.getTime() + CLOCK_SLACK_MS;
}

/** Two processes' clocks on one host may differ by a little. */
const CLOCK_SLACK_MS = 60_000;
