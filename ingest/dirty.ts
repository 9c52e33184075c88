/**
 * Which point-days a delivered batch changes: those of samples that come after their slot was built, or
 * out of order, so that it may be under construction. Asked before a batch leaves the spool; live it
 * finds nothing.
 */
import { sql } from 'drizzle-orm';
import { markDirty } from '../sql/dirty-days.ts';
import { type LocalDay, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import type { BatchRow } from './delivery.ts';

/**
 * Returns what delivery awaits before it releases a batch. It commits a dirty row for each local day of
 * a point in which a sample of the batch is late. The builder widens a day to its neighbouring samples
 * and marks what else comes out different; the first sample after a silence needs no row, because its
 * slots are not built yet. Throws when Postgres does not answer: the batch then stays in the spool.
 */
export function lateMarker(db: Db): (rows: readonly BatchRow[]) => Promise<void> {
  /** The newest slot that this process has delivered, by meter. */
  const newestSlots = new Map<string, number>();

  return async (rows) => {
    const disordered = new Set<BatchRow>();
    const newest = new Map<string, number>();
    const earliest = new Map<string, BatchRow>();
    for (const row of rows) {
      const slot = Math.floor(row.atMs / SLOT_MS);
      const before = newest.get(row.meterId) ?? newestSlots.get(row.meterId) ?? slot;
      if (slot < before) disordered.add(row);
      newest.set(row.meterId, Math.max(slot, before));
      const known = earliest.get(row.meterId);
      if (!known || row.atMs < known.atMs) earliest.set(row.meterId, row);
    }
    await markLate(db, { rows, earliest: [...earliest.values()], disordered });
    for (const [meterId, slot] of newest) newestSlots.set(meterId, slot);
  };
}

async function markLate(
  db: Db,
  {
    rows,
    earliest,
    disordered,
  }: {
    rows: readonly BatchRow[];
    earliest: readonly BatchRow[];
    /** Rows older than another of their meter that came before them. */
    disordered: ReadonlySet<BatchRow>;
  },
): Promise<void> {
  const marked = await placesOf(db, earliest);
  const byMeter = groupByMeter(marked);
  const days = new Map<string, Map<string, { pointId: string; localDay: LocalDay }>>();
  for (const row of rows) {
    for (const { pointId, zone, fromMs, toMs, markMs } of byMeter.get(row.meterId) ?? []) {
      if (row.atMs < fromMs || row.atMs >= toMs) continue;
      if (row.atMs >= markMs && !disordered.has(row)) continue;
      const localDay = localDayOf(zone, row.atMs);
      const ofProject = days.get(row.projectId) ?? new Map();
      ofProject.set(`${pointId}/${localDay}`, { pointId, localDay });
      days.set(row.projectId, ofProject);
    }
  }
  for (const [projectId, found] of days) {
    await markDirty(db, {
      projectId,
      days: [...found.values()],
      who: 'ingest',
      why: 'late sample',
    });
  }
}

/** Where these meters have stood since their earliest sample, and how far it is built there. */
async function placesOf(db: Db, earliest: readonly BatchRow[]) {
  const asked = earliest.map((row) => ({
    meter: row.meterId,
    project: row.projectId,
    first: new Date(row.atMs).toISOString(),
  }));
  const { rows } = await db.execute<Record<string, string>>(sql`
    SELECT i.meter_id::text AS meter, i.point_id::text AS point, p.zone,
      (extract(epoch FROM i.valid_from) * 1000)::bigint::text AS starts,
      coalesce((extract(epoch FROM i.valid_to) * 1000)::bigint::text, '') AS ends,
      coalesce((extract(epoch FROM m.built_to) * 1000)::bigint::text, '') AS mark
    FROM jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
        AS t (project bigint, meter bigint, first timestamptz)
      JOIN installations i ON i.project_id = t.project AND i.meter_id = t.meter
      JOIN projects p ON p.id = i.project_id
      LEFT JOIN interval_marks m ON m.project_id = i.project_id AND m.point_id = i.point_id
    WHERE i.valid_to IS NULL OR t.first < i.valid_to`);
  return rows.map((r) => ({
    meterId: r.meter ?? '',
    pointId: r.point ?? '',
    zone: r.zone ?? 'UTC',
    fromMs: Number(r.starts),
    toMs: r.ends ? Number(r.ends) : Number.POSITIVE_INFINITY,
    markMs: r.mark ? Number(r.mark) : Number.NEGATIVE_INFINITY,
  }));
}

function groupByMeter<Place extends { meterId: string }>(places: readonly Place[]) {
  const byMeter = new Map<string, Place[]>();
  for (const place of places) {
    const known = byMeter.get(place.meterId);
    if (known) known.push(place);
    else byMeter.set(place.meterId, [place]);
  }
  return byMeter;
}
