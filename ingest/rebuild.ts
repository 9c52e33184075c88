/** Intervals of a point are to be built anew from an instant on: its mark goes back, nothing else. */
import { sql } from 'drizzle-orm';
import { SLOT_MS } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';

/**
 * Takes the mark of each point back to the slot in which `fromMs` lies; the builder does the rest and
 * makes the days dirty that come out different. A point that was never built needs nothing.
 */
export async function rebuildFrom(
  tx: Queryable,
  { projectId, points }: { projectId: string; points: readonly { id: string; fromMs: number }[] },
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
}
