/**
 * What is at stake: the price that a point pays, from its newest settled days, and with it the money behind each
 * open exception. Set-based, once a round; a point without a settled day has no price, and its stake is not zero.
 */
import { sql } from 'drizzle-orm';
import { exponentOf } from '../sql/money.ts';
import type { Db } from '../sql/postgres.ts';
import type { ProjectTerms } from './project.ts';

/** Settled days that a price is the mean of. */
const PRICE_DAYS = 7;

/** Brings the prices of a project's points up to its newest settled days. */
export async function writePrices(db: Db, { id }: ProjectTerms, at: Date): Promise<void> {
  await db.execute(sql`
    WITH last_day AS (SELECT max(local_day) AS day FROM settlements WHERE project_id = ${id}::bigint),
    heads AS (
      SELECT s.id, s.scope_id, s.quantity FROM settlements s, last_day
      WHERE s.project_id = ${id}::bigint AND s.local_day > last_day.day - ${PRICE_DAYS}::int
        AND NOT EXISTS (SELECT FROM settlements n
          WHERE n.project_id = s.project_id AND n.supersedes = s.id)),
    priced AS (
      SELECT h.scope_id, sum(c.exact) AS exact FROM heads h
        JOIN charges c ON c.project_id = ${id}::bigint AND c.settlement_id = h.id AND c.kind = 'usage'
      GROUP BY h.scope_id),
    used AS (SELECT scope_id, sum(quantity) AS quantity FROM heads GROUP BY scope_id)
    INSERT INTO point_prices (project_id, point_id, price, computed_at)
    SELECT ${id}::bigint, scope_id, round(exact / quantity * 1000, 8), ${at.toISOString()}::timestamptz
    FROM priced JOIN used USING (scope_id) JOIN points p ON p.project_id = ${id}::bigint AND p.id = scope_id
    WHERE quantity > 0
    ON CONFLICT (project_id, point_id) DO UPDATE
      SET price = excluded.price, computed_at = excluded.computed_at`);
}

/** Prices every open exception of a project; those that are no longer open are taken out. */
export async function writeStakes(
  db: Db,
  { id, currency }: ProjectTerms,
  at: Date,
): Promise<{ exceptions: number }> {
  const now = sql`${at.toISOString()}::timestamptz`;
  const { rows } = await db.execute<{ written: number }>(sql`
    WITH quarantined AS (
      SELECT q.id, q.point_id, coalesce(q.previous_at, q.at) AS since,
        coalesce((q.detail ->> 'breaks')::boolean, false) AS breaks
      FROM quarantines q WHERE q.project_id = ${id}::bigint AND coalesce(
        (SELECT decision FROM quarantine_decisions d WHERE d.project_id = q.project_id
          AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1), 'reopened') = 'reopened'),
    -- What a point uses in a day, where something holds it back.
    usual AS (
      SELECT p.point_id, avg(s.quantity) AS quantity FROM (SELECT DISTINCT point_id FROM quarantined) p
      CROSS JOIN LATERAL (
        SELECT quantity FROM settlements s WHERE s.project_id = ${id}::bigint AND s.scope_id = p.point_id
          AND NOT EXISTS (SELECT FROM settlements n
            WHERE n.project_id = s.project_id AND n.supersedes = s.id)
        ORDER BY local_day DESC LIMIT ${PRICE_DAYS}) s
      GROUP BY p.point_id),
    open AS (
      -- A break holds everything since; a single reading its own quarter-hour and the next.
      SELECT q.id, q.point_id, round(u.quantity * CASE WHEN q.breaks
        THEN extract(epoch FROM ${now} - q.since) / 86400 ELSE 2.0 / 96 END)::bigint AS energy
      FROM quarantined q LEFT JOIN usual u USING (point_id)
      UNION ALL
      SELECT f.id, f.point_id, f.energy FROM quality_findings f
      WHERE f.project_id = ${id}::bigint AND coalesce(
        (SELECT decision FROM quality_finding_decisions d WHERE d.project_id = f.project_id
          AND d.finding_id = f.id ORDER BY d.id DESC LIMIT 1), 'reopened') = 'reopened'),
    gone AS (
      DELETE FROM exception_stakes s WHERE s.project_id = ${id}::bigint
        AND NOT EXISTS (SELECT FROM open o WHERE o.id = s.exception_id)),
    written AS (
      INSERT INTO exception_stakes (project_id, exception_id, energy, money_minor, computed_at)
      SELECT ${id}::bigint, o.id, o.energy,
        round(o.energy * p.price / 1000 * 10 ^ ${exponentOf(currency)}::int)::bigint, ${now}
      FROM open o LEFT JOIN point_prices p ON p.project_id = ${id}::bigint AND p.point_id = o.point_id
      ON CONFLICT (project_id, exception_id) DO UPDATE SET energy = excluded.energy,
        money_minor = excluded.money_minor, computed_at = excluded.computed_at
      RETURNING 1)
    SELECT count(*)::int AS written FROM written`);
  return { exceptions: rows[0]?.written ?? 0 };
}
