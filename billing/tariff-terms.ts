/** What a change of tariffs may not do without being a correction: overrule a notice, or what is charged. */
import { type SQL, sql } from 'drizzle-orm';
import { markDirty } from '../sql/dirty-days.ts';
import { addDays, type LocalDay, localDayOf, monthOf } from '../sql/local-day.ts';
import type { Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { PointDay } from './due.ts';
import { closedMonths } from './ledger.ts';
import type { Commodity } from './price-book.ts';
import { readProject } from './project.ts';
import { versionOn } from './tariff.ts';

/** Why what has been charged is charged anew; who gives it may correct tariffs. */
export interface Correction {
  reason: string;
}

/** Throws Problem `notice-period` where the version in force asks for more notice than is given. */
export async function assertNotice(
  tx: Tx,
  {
    projectId,
    tariffId,
    from,
    now,
  }: { projectId: string; tariffId: string; from: LocalDay; now: Date },
): Promise<void> {
  const { zone } = await readProject(tx, projectId);
  const today = localDayOf(zone, now.getTime());
  const found = await tx.execute<{ effective_from: LocalDay; notice: number | null }>(sql`
    SELECT effective_from::text, (definition ->> 'noticeDays')::int AS notice FROM tariff_versions
    WHERE project_id = ${projectId}::bigint AND tariff_id = ${tariffId}::bigint`);
  const versions = found.rows.map(({ effective_from: effectiveFrom, notice }) => ({
    effectiveFrom,
    notice: notice ?? 0,
  }));
  const notice = versionOn(versions, today)?.notice ?? 0;
  const earliest = addDays(today, notice);
  if (notice === 0 || from >= earliest) return;
  const detail = `The version in force gives ${notice} days’ notice: ${earliest} is the first day of a next one.`;
  throw new Problem('notice-period', detail);
}

/** Whose charges are looked for: of a tariff, or of all others of a commodity; of a point or an account. */
export interface ChargedBy {
  tariffId?: string;
  otherThan?: string;
  commodity?: Commodity;
  pointId?: string | null;
  accountId?: string | null;
}

/**
 * Throws where days of [from, to) that are settled would change: Problem `month-closed` where a closed month
 * is among them, else `correction-needed`.
 */
export async function assertUncharged(
  tx: Tx,
  {
    projectId,
    from,
    to,
    of,
  }: { projectId: string; from: LocalDay; to: LocalDay | null; of: ChargedBy },
): Promise<void> {
  const { tariffId, otherThan, commodity, pointId, accountId } = of;
  const only: SQL[] = [];
  if (tariffId) only.push(sql`AND f.id = ${tariffId}::bigint`);
  if (otherThan) only.push(sql`AND f.id <> ${otherThan}::bigint`);
  if (commodity) only.push(sql`AND f.commodity = ${commodity}`);
  if (pointId) only.push(sql`AND s.scope_id = ${pointId}::bigint`);
  if (accountId) only.push(sql`AND s.account_id = ${accountId}::bigint`);
  const found = await tx.execute<{ first: LocalDay | null; last: LocalDay | null }>(sql`
    SELECT min(s.local_day)::text AS first, max(s.local_day)::text AS last
    FROM settlements s
    WHERE s.project_id = ${projectId}::bigint AND s.local_day >= ${from}::date
      AND (${to}::date IS NULL OR s.local_day < ${to}::date)
      AND EXISTS (SELECT FROM charges c
        JOIN tariff_versions v ON v.project_id = c.project_id AND v.id = c.tariff_version_id
        JOIN tariffs f ON f.project_id = v.project_id AND f.id = v.tariff_id
        WHERE c.project_id = s.project_id AND c.settlement_id = s.id
          ${sql.join(only.length > 0 ? only : [sql``], sql` `)})`);
  const { first, last } = found.rows[0] ?? {};
  if (!first || !last) return;
  const closed = await closedMonths(tx, projectId);
  const month = [...closed].sort().find((m) => m >= monthOf(first) && m <= last);
  if (month) {
    const detail = `${month.slice(0, 7)} is closed: to charge it anew is a correction, with a reason; what differs is posted in the open period.`;
    throw new Problem('month-closed', detail);
  }
  const detail = `Days from ${first} to ${last} are settled: to charge them anew is a correction, with a reason.`;
  throw new Problem('correction-needed', detail);
}

/**
 * Marks the days of a commodity's points in [from, to) that are settled or wait for an index, and returns
 * them. Days whose tariff did not change are seen to be the same by their digest and left alone.
 */
export async function dirtyCommodity(
  tx: Tx,
  {
    projectId,
    commodity,
    from,
    to,
    pointId = null,
    accountId = null,
    tariffId = null,
    correction,
    why = 'tariff changed',
  }: {
    projectId: string;
    commodity: Commodity;
    from: LocalDay;
    to: LocalDay | null;
    pointId?: string | null;
    /** Only points that this account has held. */
    accountId?: string | null;
    /** Only if this tariff holds anywhere. */
    tariffId?: string | null;
    correction: Correction | null;
    why?: string;
  },
): Promise<PointDay[]> {
  const settled = await tx.execute<{ point: string; day: string }>(sql`
    SELECT DISTINCT s.scope_id::text AS point, s.local_day::text AS day
    FROM (SELECT project_id, scope_id, local_day FROM settlements
      UNION ALL SELECT project_id, scope_id, local_day FROM settlement_waits
      WHERE reason = 'no-index') s
    JOIN points p ON p.project_id = s.project_id AND p.id = s.scope_id
    WHERE s.project_id = ${projectId}::bigint AND p.commodity = ${commodity}
      AND s.local_day >= ${from}::date
      AND (${to}::date IS NULL OR s.local_day < ${to}::date)
      AND (${pointId}::bigint IS NULL OR s.scope_id = ${pointId}::bigint)
      AND (${accountId}::bigint IS NULL OR EXISTS (SELECT FROM tenancies t
        WHERE t.project_id = s.project_id AND t.point_id = s.scope_id
          AND t.account_id = ${accountId}::bigint))
      AND (${tariffId}::bigint IS NULL OR EXISTS (SELECT FROM tariff_assignments a
        WHERE a.project_id = s.project_id AND a.tariff_id = ${tariffId}::bigint))`);
  const days = settled.rows.map(({ point, day }) => ({ pointId: point, localDay: day }));
  await markDirty(tx, { projectId, days, who: 'billing', why: correction?.reason ?? why });
  return days;
}
