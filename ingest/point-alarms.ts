/** Alarms of places rather than devices: more power than a point may draw, more loss than is usual. */
import { sql } from 'drizzle-orm';
import { type Alarming, syncAlarms } from '../sql/alarms.ts';
import type { Queryable } from '../sql/postgres.ts';

/** Older samples say nothing of the power now, unless the meter is read so seldom: then twice its schedule. */
const POWER_AGE_S = 600;
/** A point has to come so far below its limit before the alarm ends: it does not flap about the limit. */
const OVERLOAD_END_SHARE = 0.95;
/** Days whose losses are still news. */
const LOSS_DAYS = 7;

/**
 * Makes the open alarms equal to the points that draw more than they may, by their newest sample: the lower of the
 * point's own limit and what its holder agreed to when the account was opened.
 */
export async function syncOverload(
  tx: Queryable,
  { projectId, at }: { projectId: string; at: Date },
): Promise<void> {
  const now = sql`${at.toISOString()}::timestamptz`;
  const { rows } = await tx.execute<{
    id: string;
    code: string;
    power_w: number;
    limit_w: number;
  }>(sql`
    WITH powers AS (
      SELECT p.project_id, p.id, p.code, b.limit_w, (s.channels ->> 'power_w')::float8
        * CASE WHEN i.basis = 'secondary' THEN i.ct * i.pt ELSE 1 END AS power_w
      FROM points p
      CROSS JOIN LATERAL (
        SELECT least(p.overload_w, agreed_overload(p.project_id, p.id, ${now})) AS limit_w) b
      JOIN projects r ON r.id = p.project_id
      JOIN installations i ON i.project_id = p.project_id AND i.point_id = p.id
        AND i.valid_from <= ${now} AND (i.valid_to IS NULL OR i.valid_to > ${now})
      JOIN meter_states s ON s.project_id = i.project_id AND s.meter_id = i.meter_id
      LEFT JOIN schedules d ON d.project_id = i.project_id AND d.meter_id = i.meter_id
        AND d.valid_from <= ${now} AND (d.valid_to IS NULL OR d.valid_to > ${now})
      WHERE p.project_id = ${projectId}::bigint AND p.retired_at IS NULL AND b.limit_w > 0
        AND s.last_sample_at > ${now} - make_interval(
          secs => greatest(${POWER_AGE_S}::int, 2 * coalesce(d.seconds, r.poll_seconds))))
    SELECT p.id::text, p.code, p.power_w, p.limit_w FROM powers p
    LEFT JOIN alarms a ON a.project_id = p.project_id AND a.kind = 'point.overload'
      AND a.subject_kind = 'point' AND a.subject_id = p.id::text AND a.cleared_at IS NULL
    WHERE p.power_w > p.limit_w * CASE WHEN a.id IS NULL THEN 1 ELSE ${OVERLOAD_END_SHARE}::float8 END`);
  const subjects = rows.map(({ id, code, power_w, limit_w }): Alarming => {
    const detail = { code, powerW: Math.round(power_w), limitW: limit_w };
    return { subjectKind: 'point', subjectId: id, severity: 'warning', detail };
  });
  await syncAlarms(tx, { projectId, kind: 'point.overload', at, subjects });
}

/** Makes the open alarms equal to the mains whose parts lack more than the project's share of late. */
export async function syncLoss(
  tx: Queryable,
  { projectId, at }: { projectId: string; at: Date },
): Promise<void> {
  const { rows } = await tx.execute<{
    id: string;
    code: string;
    commodity: 'electricity' | 'water';
    day: string;
    energy: string | null;
  }>(sql`
    SELECT DISTINCT ON (f.point_id) f.point_id::text AS id, p.code, p.commodity, f.local_day::text AS day,
      f.energy::text
    FROM quality_findings f
    JOIN projects r ON r.id = f.project_id
    JOIN points p ON p.project_id = f.project_id AND p.id = f.point_id
    LEFT JOIN LATERAL (
      SELECT decision FROM quality_finding_decisions d
      WHERE d.project_id = f.project_id AND d.finding_id = f.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE f.project_id = ${projectId}::bigint AND f.rule = 'main-sub'
      AND f.local_day > (${at.toISOString()}::timestamptz AT TIME ZONE r.zone)::date - ${LOSS_DAYS}::int
      AND coalesce(d.decision, 'reopened') = 'reopened'
    ORDER BY f.point_id, f.local_day DESC, f.id DESC`);
  const subjects = rows.map(({ id, code, commodity, day, energy }): Alarming => {
    const unit = commodity === 'water' ? 'l' : 'Wh';
    const detail = { code, day, unit, quantity: energy === null ? null : Number(energy) };
    return { subjectKind: 'point', subjectId: id, severity: 'warning', detail };
  });
  await syncAlarms(tx, { projectId, kind: 'point.loss', at, subjects });
}
