/**
 * Two of the three: a main against the sum of its parts, and a point's intervals against what its account
 * was charged for. Quantities are whole base units; what is missing is named, never counted as zero.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Compared, Difference } from './reconciliation.ts';

export interface Asked {
  projectId: string;
  exponent: number;
  from: LocalDay;
  to: LocalDay;
  relations: SQL;
}

/** Share of the main that parts may lack (technical loss) or exceed (classes of meters), 0 to 1. */
const LOSS_SHARE_MAX = 0.1;
const EXCESS_SHARE_MAX = 0.005;
/** Base units below which neither is looked at. */
const LOSS_QUANTITY_MIN = 1_000;

interface Row extends Record<string, unknown> {
  day: LocalDay;
  id: string;
  code: string;
  unit: 'Wh' | 'L';
  measured: string | null;
  against: string | null;
  money: string | null;
  owner: Difference['owner'];
  reason: Difference['reason'];
  detail: string | null;
  compared: number;
}

/** Reads rows of which only those with a difference or a reason are kept; all of them are counted. */
async function differencesOf(
  db: Queryable,
  kind: Difference['kind'],
  statement: SQL,
): Promise<{ differences: Difference[]; compared: Compared[] }> {
  const found = await db.execute<Row>(statement);
  const counts = new Map<LocalDay, number>();
  const differences = found.rows.flatMap((row): Difference[] => {
    counts.set(row.day, row.compared);
    if (row.id === null) return [];
    const left = row.measured === null ? null : BigInt(row.measured);
    const right = row.against === null ? null : BigInt(row.against);
    return [
      {
        ...{
          day: row.day,
          kind,
          subjectId: row.id,
          subject: row.code,
          left,
          right,
          unit: row.unit,
        },
        difference: left === null || right === null ? null : left - right,
        moneyMinor: row.money === null ? null : BigInt(row.money),
        ...{ owner: row.owner, reason: row.reason, detail: row.detail },
      },
    ];
  });
  return {
    differences,
    compared: [...counts].map(([day, compared]) => ({ day, kind, compared })),
  };
}

const unitOf = (commodity: SQL) => sql`CASE ${commodity} WHEN 'water' THEN 'L' ELSE 'Wh' END`;

/** Mains against their parts, where every part that has a meter is known. */
export const mainDifferences = (db: Queryable, { projectId, exponent, relations }: Asked) =>
  differencesOf(
    db,
    'main-sub',
    sql`
    WITH ${relations},
    building_mains AS (SELECT day, commodity, building_id, min(id) AS main FROM points_there
      WHERE role = 'building-main' GROUP BY 1, 2, 3),
    park_mains AS (SELECT day, commodity, min(id) AS main FROM points_there
      WHERE role = 'park-main' GROUP BY 1, 2),
    parts AS (
      SELECT p.day, p.id, p.slots, coalesce(p.parent_id, CASE p.role
        WHEN 'unit' THEN coalesce(b.main, k.main)
        WHEN 'building-main' THEN k.main END) AS main
      FROM points_there p
      LEFT JOIN building_mains b USING (day, commodity, building_id)
      LEFT JOIN park_mains k USING (day, commodity)),
    sums AS (
      SELECT p.day, p.main, count(*) AS parts, sum(q.quantity) AS quantity,
        count(*) FILTER (WHERE q.quantity IS NULL) AS unknown,
        sum(p.slots - coalesce(q.known, 0)) AS missing
      FROM parts p LEFT JOIN measured q ON q.point_id = p.id AND q.day = p.day
      WHERE p.main IS NOT NULL AND p.main <> p.id GROUP BY 1, 2),
    prices AS (
      SELECT d.day, p.commodity, sum(x.exact) / nullif(sum(s.quantity), 0) AS price
      FROM asked_days d
      JOIN settlements s ON s.project_id = ${projectId}::bigint AND s.local_day = d.day
      JOIN points p ON p.project_id = s.project_id AND p.id = s.scope_id
      CROSS JOIN LATERAL (SELECT sum(c.exact) AS exact FROM charges c
        WHERE c.project_id = s.project_id AND c.settlement_id = s.id) x
      WHERE NOT EXISTS (SELECT FROM settlements n WHERE n.project_id = s.project_id
        AND n.supersedes = s.id) GROUP BY 1, 2),
    judged AS (
      SELECT m.day, m.id, m.code, m.commodity, q.quantity AS measured,
        CASE WHEN s.unknown = 0 THEN s.quantity END AS against, q.quantity - s.quantity AS off,
        coalesce(q.known, 0) < m.slots OR s.missing > 0 AS is_missing, s.parts, s.missing
      FROM points_there m
      JOIN sums s ON s.day = m.day AND s.main = m.id
      LEFT JOIN measured q ON q.point_id = m.id AND q.day = m.day),
    shown AS (
      SELECT j.day::text, j.id::text, j.code, ${unitOf(sql`j.commodity`)} AS unit,
        j.measured::text, j.against::text,
        half_even(abs(j.off) * p.price * power(10::numeric, ${exponent}::int), 1)::text AS money,
        CASE WHEN is_missing THEN 'ingest' ELSE 'person' END AS owner,
        CASE WHEN is_missing THEN 'missing-intervals'
          WHEN abs(off) < ${LOSS_QUANTITY_MIN} THEN 'loss'
          WHEN off BETWEEN -${EXCESS_SHARE_MAX}::numeric * measured
            AND ${LOSS_SHARE_MAX}::numeric * measured THEN 'loss' END AS reason,
        j.parts || ' parts' || CASE WHEN j.missing > 0
          THEN ', ' || j.missing || ' quarter-hours of them missing' ELSE '' END AS detail
      FROM judged j LEFT JOIN prices p USING (day, commodity)
      WHERE j.off IS DISTINCT FROM 0 OR is_missing),
    counts AS (SELECT day::text, count(*)::int AS compared FROM judged GROUP BY 1)
    SELECT * FROM counts LEFT JOIN shown USING (day) ORDER BY day, code`,
  );

/** A point's intervals against the quantity in force that its accounts were charged for. */
export const chargedDifferences = (db: Queryable, { projectId, exponent, relations }: Asked) =>
  differencesOf(
    db,
    'intervals-charges',
    sql`
    WITH ${relations},
    held AS (
      SELECT p.* FROM points_there p WHERE EXISTS (SELECT FROM tenancies t
        WHERE t.project_id = ${projectId}::bigint AND t.point_id = p.id AND t.valid_from < p.ends
          AND (t.valid_to IS NULL OR t.valid_to > p.starts))),
    in_force AS (
      SELECT s.id, s.scope_id, s.local_day AS day, s.quantity, s.slots, s.estimated_slots
      FROM asked_days d
      JOIN settlements s ON s.project_id = ${projectId}::bigint AND s.local_day = d.day
      WHERE NOT EXISTS (SELECT FROM settlements n WHERE n.project_id = s.project_id
        AND n.supersedes = s.id)),
    -- Each component of use is charged for the whole quantity of its header.
    lines AS (
      SELECT f.id, f.quantity AS header, c.component, c.kind, sum(c.quantity) AS quantity,
        sum(c.exact) AS exact
      FROM in_force f JOIN charges c ON c.project_id = ${projectId}::bigint AND c.settlement_id = f.id
      GROUP BY 1, 2, 3, 4),
    lines_of_header AS (
      SELECT id, sum(exact) AS exact,
        (array_agg(header - quantity ORDER BY abs(header - quantity) DESC)
          FILTER (WHERE kind = 'usage'))[1] AS off,
        min(component) FILTER (WHERE kind = 'usage' AND quantity <> header) AS component
      FROM lines GROUP BY 1),
    charged AS (
      SELECT f.scope_id, f.day, sum(f.quantity) AS quantity, sum(f.slots) AS slots, sum(l.exact) AS exact,
        sum(l.off) AS off, min(l.component) AS component
      FROM in_force f LEFT JOIN lines_of_header l USING (id) GROUP BY 1, 2),
    waits AS (
      SELECT w.scope_id, w.local_day AS day, w.reason FROM asked_days d
      JOIN settlement_waits w ON w.project_id = ${projectId}::bigint AND w.local_day = d.day),
    dirty AS (
      SELECT DISTINCT y.point_id, y.local_day AS day FROM held h
      JOIN dirty_days y ON y.project_id = ${projectId}::bigint AND y.point_id = h.id
        AND y.local_day = h.day
      WHERE NOT EXISTS (SELECT FROM dirty_days_done e WHERE e.project_id = y.project_id
        AND e.consumer = 'rating' AND e.dirty_id = y.id)),
    sides AS (
      SELECT h.day, h.id, h.code, h.commodity, h.slots AS day_slots, q.quantity AS measured,
        c.quantity - coalesce(c.off, 0) AS against, c.slots, c.component, w.reason AS wait,
        y.point_id IS NOT NULL AS is_dirty, c.exact / nullif(c.quantity, 0) AS price
      FROM held h
      LEFT JOIN measured q ON q.point_id = h.id AND q.day = h.day
      LEFT JOIN charged c ON c.scope_id = h.id AND c.day = h.day
      LEFT JOIN waits w ON w.scope_id = h.id AND w.day = h.day
      LEFT JOIN dirty y ON y.point_id = h.id AND y.day = h.day),
    differing AS (
      SELECT * FROM sides WHERE measured IS DISTINCT FROM against
        AND NOT (measured IS NULL AND (against = 0 OR against IS NULL AND wait IS NULL))),
    shown AS (
      SELECT d.day::text, d.id::text, d.code, ${unitOf(sql`d.commodity`)} AS unit, d.measured::text,
        d.against::text, half_even(abs(d.measured - coalesce(d.against, 0))
          * coalesce(d.price, before.price) * power(10::numeric, ${exponent}::int), 1)::text AS money,
        CASE WHEN d.wait IN ('no-tariff', 'no-index') THEN 'person'
          WHEN d.wait IS NOT NULL OR d.measured IS NULL THEN 'ingest' ELSE 'billing' END AS owner,
        CASE WHEN d.component IS NOT NULL THEN NULL
          WHEN d.wait IS NOT NULL THEN d.wait
          WHEN d.against IS NULL THEN 'unsettled'
          WHEN d.is_dirty THEN 'resettling'
          WHEN d.slots < d.day_slots AND d.measured > d.against THEN 'partly-held' END AS reason,
        'component ' || d.component || ' is charged for another quantity' AS detail
      FROM differing d LEFT JOIN LATERAL (
        SELECT (SELECT sum(c.exact) FROM charges c WHERE c.project_id = ${projectId}::bigint
          AND c.settlement_id = s.id) / nullif(s.quantity, 0) AS price
        FROM settlements s WHERE d.price IS NULL AND s.project_id = ${projectId}::bigint
          AND s.scope_id = d.id AND s.local_day < d.day AND s.quantity > 0
        ORDER BY s.local_day DESC, s.revision DESC LIMIT 1) before ON true),
    counts AS (SELECT day::text, count(*)::int AS compared FROM held GROUP BY 1)
    SELECT * FROM counts LEFT JOIN shown USING (day) ORDER BY day, code`,
  );
