/**
 * What the rooms have left in their tables, as health reads it: newest signs of life, and how much is
 * still to be worked off. Nothing here names a customer.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Db } from '../sql/postgres.ts';
import { readJson } from '../sql/process.ts';

export interface Signs extends Record<string, unknown> {
  meters: number;
  /** Projects where somebody pays for a point. */
  billed: { settled_day: string | null }[];
  ingest_at: string | null;
  billing_at: string | null;
  spool_alarms: { kind: string; severity: string }[];
  pending_intervals: number;
  pending_rating: number;
  pending_export: number;
  waits: number;
  /** Rented points, read at some time, whose newest day that is due neither is settled nor waits. */
  unsettled: number;
}

/** Of several projects the one that is furthest behind speaks. */
export async function readSigns(db: Db, now: Date): Promise<Signs> {
  const pending = (consumer: string, which = sql`true`) => sql`
    (SELECT count(*)::int FROM dirty_days d WHERE ${which} AND NOT EXISTS (
      SELECT 1 FROM dirty_days_done e WHERE e.project_id = d.project_id
        AND e.consumer = ${consumer} AND e.dirty_id = d.id))`;
  const found = await db.execute<Signs>(sql`
    SELECT
      (SELECT count(*)::int FROM meters WHERE retired_at IS NULL AND bus_id IS NOT NULL) AS meters,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('settled_day',
          (SELECT max(local_day)::text FROM settlements s WHERE s.project_id = p.id))), '[]')
        FROM projects p WHERE EXISTS (SELECT FROM tenancies t WHERE t.project_id = p.id)) AS billed,
      (SELECT max(updated_at)::text FROM meter_states) AS ingest_at,
      (SELECT min(coalesce(g.computed_at, '-infinity'))::text FROM projects p
        LEFT JOIN live_balance_generations g ON g.project_id = p.id
        WHERE EXISTS (SELECT FROM tenancies t WHERE t.project_id = p.id)) AS billing_at,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'severity', severity)), '[]')
        FROM alarms WHERE cleared_at IS NULL AND kind LIKE 'spool.%') AS spool_alarms,
      ${pending('intervals', sql`d.who <> 'billing'`)} AS pending_intervals,
      ${pending('rating')} AS pending_rating,
      ${pending('export')} AS pending_export,
      (SELECT count(*)::int FROM settlement_waits) AS waits,
      (SELECT count(*)::int FROM tenancies t JOIN projects p ON p.id = t.project_id
        CROSS JOIN LATERAL (SELECT ${lastDayDue(now)} AS day) d
        WHERE (t.valid_from AT TIME ZONE p.zone)::date <= d.day
          AND (t.valid_to IS NULL OR (t.valid_to AT TIME ZONE p.zone)::date > d.day)
          AND EXISTS (SELECT FROM installations i
            JOIN meter_states m ON m.project_id = i.project_id AND m.meter_id = i.meter_id
            WHERE i.project_id = t.project_id AND i.point_id = t.point_id
              AND m.last_sample_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM settlements s WHERE s.project_id = t.project_id
            AND s.scope_id = t.point_id AND s.local_day = d.day)
          AND NOT EXISTS (SELECT FROM settlement_waits w WHERE w.project_id = t.project_id
            AND w.scope_id = t.point_id AND w.local_day <= d.day)) AS unsettled`);
  const signs = found.rows[0];
  if (!signs) throw new Error('Postgres gave no row');
  return signs;
}

/** The newest local day that ought to be settled: yesterday, an hour after midnight. */
const lastDayDue = (now: Date) =>
  sql`((${now.toISOString()}::timestamptz - interval '1 hour') AT TIME ZONE p.zone)::date - 1`;

export interface Warehouse {
  projects: number;
  asOf: string | null;
}

/** Files that the manifests name, and their bytes; those of an older Wattledger tell none. */
export function measureWarehouse(dataDir: string): { files: number; bytes: number } {
  const folder = join(dataDir, 'warehouse', 'manifest');
  const sum = { files: 0, bytes: 0 };
  for (const name of namesIn(folder).filter(isManifest)) {
    for (const { bytes = 0 } of filesIn(readJson(join(folder, name)))) {
      sum.files++;
      sum.bytes += bytes;
    }
  }
  return sum;
}

const isManifest = (name: string): boolean => /^project=\d+\.json$/.test(name);

/** Whatever has a version and an as-of below the manifest itself is a file, however deep it lies. */
function filesIn(value: unknown, depth = 0): { bytes?: number }[] {
  if (typeof value !== 'object' || value === null || depth > MANIFEST_DEPTH) return [];
  // Their shape is analytics' own; what we need of it is a number or nothing.
  if (depth > 0 && 'version' in value && 'asOf' in value) return [value as { bytes?: number }];
  return Object.values(value).flatMap((inner) => filesIn(inner, depth + 1));
}

const MANIFEST_DEPTH = 4;

/** The manifests' oldest as-of, and how many projects have one. */
export function readWarehouse(dataDir: string): Warehouse {
  const folder = join(dataDir, 'warehouse', 'manifest');
  const files = namesIn(folder).filter(isManifest);
  const instants = files
    .map((name) => (readJson(join(folder, name)) as { asOf?: string } | undefined)?.asOf)
    .filter((asOf) => asOf !== undefined)
    .sort();
  return { projects: instants.length, asOf: instants[0] ?? null };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
