/** Intervals of a point are to be built anew from an instant on: its mark goes back, nothing else. */
import { sql } from 'drizzle-orm';
import { markDirty } from '../sql/dirty-days.ts';
import { localDayOf, SLOT_MS } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { projects } from '../sql/schema/index.ts';

/**
 * Takes the mark of each point back to the slot in which `fromMs` lies; the builder does the rest and
 * makes the days dirty that come out different, for the reason that is given here. A point that was never
 * built needs nothing.
 */
export async function rebuildFrom(
  tx: Queryable,
  {
    projectId,
    points,
    why,
  }: {
    projectId: string;
    points: readonly { id: string; fromMs: number }[];
    /** What was done, and why: read beside each bill that changes by it. */
    why?: string;
  },
): Promise<void> {
  if (points.length === 0) return;
  const rows = points.map(({ id, fromMs }) => ({
    id,
    at: new Date(Math.floor(fromMs / SLOT_MS) * SLOT_MS).toISOString(),
  }));
  await tx.execute(sql`
    UPDATE interval_marks m SET built_to = t.at
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (id bigint, at timestamptz)
    WHERE m.project_id = ${projectId}::bigint AND m.point_id = t.id AND m.built_to > t.at`);
  if (why === undefined) return;
  const [project] = await tx
    .select({ zone: projects.zone })
    .from(projects)
    .where(sql`${projects.id} = ${projectId}::bigint`);
  const days = points.map(({ id, fromMs }) => ({
    pointId: id,
    localDay: localDayOf(project?.zone ?? 'UTC', fromMs),
  }));
  await markDirty(tx, { projectId, days, who: 'ingest', why });
}

/**
 * The same for the points where these meters stand from an instant on. Where nothing is built that far, the day
 * of the instant is made dirty all the same: what was silent so far is looked at again.
 */
export async function rebuildMeters(
  tx: Queryable,
  {
    projectId,
    meters,
    why,
  }: {
    projectId: string;
    meters: readonly { id: string; fromMs: number }[];
    why: string;
  },
): Promise<void> {
  const rows = meters.map(({ id, fromMs }) => ({ id, at: new Date(fromMs).toISOString() }));
  const found = await tx.execute<{ id: string; from_ms: string }>(sql`
    SELECT i.point_id::text AS id,
      (extract(epoch FROM min(greatest(t.at, i.valid_from))) * 1000)::bigint::text AS from_ms
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (id bigint, at timestamptz)
      JOIN installations i ON i.project_id = ${projectId}::bigint AND i.meter_id = t.id
        AND (i.valid_to IS NULL OR i.valid_to > t.at)
    GROUP BY i.point_id`);
  const points = found.rows.map(({ id, from_ms }) => ({ id, fromMs: Number(from_ms) }));
  await rebuildFrom(tx, { projectId, points, why });
}
