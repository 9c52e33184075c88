/**
 * Local days of points whose data changed. Rows are only added; each consumer writes a done-row per
 * dirty row, so a late commit is never skipped as it would be by a cursor of time or id.
 */
import { sql } from 'drizzle-orm';
import type { LocalDay } from './local-day.ts';
import type { Queryable } from './postgres.ts';
import { currentTrace } from './trace.ts';

export type DirtyConsumer = 'intervals' | 'rating' | 'export';

export interface DirtyDay {
  id: string;
  projectId: string;
  pointId: string;
  localDay: LocalDay;
  /** What happened, in a few words. */
  why: string;
  traceId: string | null;
}

/**
 * Marks point-days dirty, set-based. `who` is the room, `why` a few words for people; the trace that is
 * in force goes along, so that what comes of it can be found.
 */
export async function markDirty(
  tx: Queryable,
  {
    projectId,
    days,
    who,
    why,
  }: {
    projectId: string;
    days: readonly { pointId: string; localDay: LocalDay }[];
    who: string;
    why: string;
  },
): Promise<void> {
  if (days.length === 0) return;
  const points = `{${days.map((d) => d.pointId).join(',')}}`;
  const localDays = `{${days.map((d) => d.localDay).join(',')}}`;
  await tx.execute(sql`
    INSERT INTO dirty_days (project_id, point_id, local_day, who, why, trace_id)
    SELECT ${projectId}::bigint, point_id, local_day, ${who}, ${why}, ${currentTrace() ?? null}
    FROM unnest(${points}::bigint[], ${localDays}::date[]) AS t (point_id, local_day)`);
}

/** Dirty rows that a consumer has not dealt with, oldest first. */
export async function pendingDirty(
  db: Queryable,
  { consumer, projectId, limit }: { consumer: DirtyConsumer; projectId: string; limit: number },
): Promise<DirtyDay[]> {
  const found = await db.execute<{
    id: string;
    point_id: string;
    local_day: string;
    why: string;
    trace_id: string | null;
  }>(sql`
    SELECT d.id::text, d.point_id::text, d.local_day::text, d.why, d.trace_id FROM dirty_days d
    WHERE d.project_id = ${projectId}::bigint AND NOT EXISTS (
      SELECT 1 FROM dirty_days_done e
      WHERE e.project_id = d.project_id AND e.consumer = ${consumer} AND e.dirty_id = d.id)
    ORDER BY d.id LIMIT ${limit}`);
  return found.rows.map((r) => ({
    id: r.id,
    projectId,
    pointId: r.point_id,
    localDay: r.local_day,
    why: r.why,
    traceId: r.trace_id,
  }));
}

/** Says that a consumer has dealt with these rows; saying it twice is harmless. */
export async function markDone(
  tx: Queryable,
  {
    consumer,
    projectId,
    ids,
  }: { consumer: DirtyConsumer; projectId: string; ids: readonly string[] },
): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(sql`
    INSERT INTO dirty_days_done (project_id, consumer, dirty_id)
    SELECT ${projectId}::bigint, ${consumer}, id FROM unnest(${`{${ids.join(',')}}`}::bigint[]) AS t (id)
    ON CONFLICT DO NOTHING`);
}
