/**
 * Parts of days that are not over: what a tenancy that has ended leaves of its last day. They are settled as
 * soon as their quarter-hours are there, so that who leaves is told at once what is owed.
 */
import { sql } from 'drizzle-orm';
import { addDays, daysBetween, type LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { duePointDays, firstIntervals, type PointDay } from './due.ts';
import { headedParts } from './live-store.ts';

/** How long to wait for QuestDB's WAL before it is said that it does not keep up. */
export const WAL_DEADLINE_MS = 10_000;

/** An account's part of a point-day. */
export interface Part extends PointDay {
  accountId: string;
}

/**
 * Parts after `lastDay` (the newest day that is settled as a whole) of tenancies that have ended, without a
 * header. A point that nothing was ever read from has none; nor has who comes back to it.
 */
export async function endedParts(
  db: Queryable,
  questdb: Questdb,
  {
    projectId,
    zone,
    lastDay,
    now,
  }: { projectId: string; zone: string; lastDay: LocalDay; now: Date },
): Promise<Part[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const found = await db.execute<{
    account_id: string;
    point_id: string;
    first_day: LocalDay;
    last_day: LocalDay;
  }>(sql`
    SELECT t.account_id::text, t.point_id::text,
      greatest((t.valid_from AT TIME ZONE ${zone})::date, ${addDays(lastDay, 1)}::date)::text
        AS first_day,
      ((t.valid_to - interval '1 microsecond') AT TIME ZONE ${zone})::date::text AS last_day
    FROM tenancies t
    WHERE t.project_id = ${projectId}::bigint AND t.valid_to <= ${at}
      AND ((t.valid_to - interval '1 microsecond') AT TIME ZONE ${zone})::date > ${lastDay}::date
      AND NOT EXISTS (SELECT FROM tenancies o
        WHERE o.project_id = t.project_id AND o.point_id = t.point_id
          AND o.account_id = t.account_id AND o.valid_from >= t.valid_to
          AND (o.valid_to IS NULL OR o.valid_to > ${at}))
    ORDER BY t.account_id, t.point_id`);
  if (found.rows.length === 0) return [];
  const points = [...new Set(found.rows.map((row) => row.point_id))];
  const lastDays = found.rows.map((row) => row.last_day).sort();
  const range = { projectId, zone, points, lastDay: lastDays.at(-1) ?? lastDay };
  const firstDays = await firstIntervals(db, questdb, range);
  const parts = found.rows.flatMap(({ account_id: accountId, point_id: pointId, ...row }) => {
    const read = firstDays.get(pointId);
    if (read === undefined || read > row.last_day) return [];
    const days = daysBetween(row.first_day, addDays(row.last_day, 1));
    return days.flatMap((localDay) => (localDay < read ? [] : [{ accountId, pointId, localDay }]));
  });
  const headed = await headedParts(db, { projectId, pointDays: parts });
  return parts.filter((part) => !headed.has(nameOf(part)));
}

/** The parts of point-days that have a header. */
export async function settledParts(
  db: Queryable,
  { projectId, pointDays }: { projectId: string; pointDays: readonly PointDay[] },
): Promise<Part[]> {
  if (pointDays.length === 0) return [];
  return [...(await headedParts(db, { projectId, pointDays }))].map((name) => {
    const [accountId = '', pointId = '', localDay = ''] = name.split('/');
    return { accountId, pointId, localDay };
  });
}

/** What a settlement is asked of parts: nothing else of their days is looked at. */
export function partsAsked(parts: readonly Part[]): {
  pointDays: PointDay[];
  parts: Set<string>;
  lastDay: LocalDay;
} {
  const pointDays = new Map(
    parts.map(({ pointId, localDay }) => [`${pointId}/${localDay}`, { pointId, localDay }]),
  );
  const days = parts.map((part) => part.localDay).sort();
  return {
    pointDays: [...pointDays.values()],
    parts: new Set(parts.map(nameOf)),
    // For who has left the day is over: a minimum of its month is charged with it.
    lastDay: days.at(-1) ?? '',
  };
}

const nameOf = ({ accountId, pointId, localDay }: Part): string =>
  `${accountId}/${pointId}/${localDay}`;

/** A day that is not settled, and why. */
export interface WaitingDay {
  pointId: string | null;
  code: string | null;
  localDay: LocalDay;
  reason: string;
}

/** Days up to `lastDay` that the account has held and no header settles, and why. */
export async function unsettled(
  db: Queryable,
  questdb: Questdb,
  {
    projectId,
    zone,
    accountId,
    lastDay,
  }: { projectId: string; zone: string; accountId: string; lastDay: LocalDay },
): Promise<WaitingDay[]> {
  const due = await duePointDays(db, questdb, {
    ...{ projectId, zone, lastDay, accountId },
    walDeadlineMs: WAL_DEADLINE_MS,
  });
  const headed = await headedParts(db, { projectId, pointDays: due });
  const open = due.filter((d) => !headed.has(`${accountId}/${d.pointId}/${d.localDay}`));
  // Days of its points that others held are named too; those that wait of the account itself are not.
  const found = await db.execute<{
    point_id: string | null;
    code: string | null;
    day: LocalDay;
    reason: string | null;
  }>(sql`
    SELECT w.point_id::text, p.code, w.day::text, x.reason
    FROM jsonb_to_recordset(${JSON.stringify(open.map((d) => ({ point_id: d.pointId, day: d.localDay })))}::jsonb)
      AS w (point_id bigint, day date)
    JOIN points p ON p.project_id = ${projectId}::bigint AND p.id = w.point_id
    LEFT JOIN settlement_waits x ON x.project_id = p.project_id AND x.scope_id = p.id
      AND x.local_day = w.day
    WHERE EXISTS (SELECT FROM tenancies t WHERE t.project_id = p.project_id AND t.point_id = p.id
      AND t.account_id = ${accountId}::bigint
      AND (t.valid_from AT TIME ZONE ${zone})::date <= w.day
      AND (t.valid_to IS NULL
        OR ((t.valid_to - interval '1 microsecond') AT TIME ZONE ${zone})::date >= w.day))
    UNION ALL
    SELECT NULL, NULL, local_day::text, reason FROM settlement_waits
    WHERE project_id = ${projectId}::bigint AND scope_id = ${accountId}::bigint
    ORDER BY 3, 2`);
  return found.rows.map((row) => ({
    ...{ pointId: row.point_id, code: row.code, localDay: row.day },
    reason: row.reason ?? 'not-settled',
  }));
}
