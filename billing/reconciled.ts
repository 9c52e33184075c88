/**
 * What the newest reconciliation of each day found, kept as counts: made once a day is settled, and again
 * within the hour whenever something of it was, with an alarm while anything has no reason.
 */
import { sql } from 'drizzle-orm';
import { syncAlarms } from '../sql/alarms.ts';
import type { Clock } from '../sql/clock.ts';
import { addDays, type LocalDay, localDayOf } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import type { ProjectTerms } from './project.ts';
import { type DifferenceKind, dayAfter, differenceKinds, reconcile } from './reconciliation.ts';

/** How often a project is reconciled; a day that was just settled is at once. */
export const RECONCILE_EVERY_MS = 3_600_000;
/** Days that are looked at again in one go, the newest first. */
export const RECONCILED_AT_ONCE_MAX = 62;
/** A run that committed a little before the last reconciliation may not have been seen by it. */
const OVERLAP_MS = 600_000;

/** Reconciles what is due in a project; returns the days, or undefined when nothing is due yet. */
export async function reconcileDue(
  { db, questdb, clock }: { db: Db; questdb: Questdb; clock: Clock },
  project: ProjectTerms,
): Promise<LocalDay[] | undefined> {
  const now = clock();
  const projectId = project.id;
  const found = await db.execute<{ checked_at: string | null }>(sql`
    SELECT max(checked_at) AS checked_at FROM reconciliation_days
    WHERE project_id = ${projectId}::bigint`);
  const checkedAt = found.rows[0]?.checked_at ?? null;
  const lastMs = checkedAt === null ? null : new Date(checkedAt).getTime();
  const isDue = lastMs === null || now.getTime() - lastMs >= RECONCILE_EVERY_MS;
  const yesterday = addDays(localDayOf(project.zone, now.getTime()), -1);
  const days = await db.execute<{ day: string }>(sql`
    SELECT day::text FROM (
      SELECT ${yesterday}::date AS day
      UNION SELECT (payload ->> 'localDay')::date FROM events
      WHERE project_id = ${projectId}::bigint AND kind IN ('day.settled', 'day.corrected')
        AND at > ${new Date(lastMs === null ? 0 : lastMs - OVERLAP_MS).toISOString()}::timestamptz
      UNION SELECT local_day FROM reconciliation_days
      WHERE project_id = ${projectId}::bigint AND unexplained > 0) d
    WHERE day <= ${yesterday}::date AND (${isDue} OR NOT EXISTS (SELECT FROM reconciliation_days r
      WHERE r.project_id = ${projectId}::bigint AND r.local_day = d.day))
    ORDER BY day DESC LIMIT ${RECONCILED_AT_ONCE_MAX}`);
  const looked = days.rows.map((row) => row.day);
  if (looked.length === 0) return undefined;
  for (const day of looked) await reconcileDay({ db, questdb }, { project, day, now });
  await alarm(db, { projectId, now });
  return looked;
}

/** Reconciles a day and keeps what was found. */
async function reconcileDay(
  deps: { db: Db; questdb: Questdb },
  { project, day, now }: { project: ProjectTerms; day: LocalDay; now: Date },
): Promise<void> {
  const { differences, compared } = await reconcile(deps, {
    project,
    from: day,
    to: dayAfter(day),
  });
  const rows = differenceKinds.map((kind) => {
    const own = differences.filter((d) => d.kind === kind && d.day === day);
    const unexplained = own.filter((d) => d.reason === null);
    const known = unexplained.flatMap((d) => d.moneyMinor ?? []);
    return {
      kind,
      compared: compared.find((c) => c.kind === kind && c.day === day)?.compared ?? 0,
      differences: own.length,
      unexplained: unexplained.length,
      money: known.length === 0 ? null : known.reduce((a, b) => a + b).toString(),
    };
  });
  await deps.db.execute(sql`
    INSERT INTO reconciliation_days AS r (project_id, local_day, kind, checked_at, compared,
      differences, unexplained, money_minor)
    SELECT ${project.id}::bigint, ${day}::date, kind, ${now.toISOString()}::timestamptz, compared,
      differences, unexplained, money::bigint
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (kind text, compared int,
      differences int, unexplained int, money text)
    ON CONFLICT (project_id, local_day, kind) DO UPDATE SET checked_at = excluded.checked_at,
      compared = excluded.compared, differences = excluded.differences,
      unexplained = excluded.unexplained, money_minor = excluded.money_minor`);
}

/** One alarm for a project while a difference of any of its days has no reason. */
async function alarm(
  db: Queryable,
  { projectId, now }: { projectId: string; now: Date },
): Promise<void> {
  const found = await db.execute<{
    unexplained: number;
    first: string | null;
    last: string | null;
  }>(sql`
    SELECT coalesce(sum(unexplained), 0)::int AS unexplained, min(local_day)::text AS first,
      max(local_day)::text AS last
    FROM reconciliation_days WHERE project_id = ${projectId}::bigint AND unexplained > 0`);
  const { unexplained = 0, first = null, last = null } = found.rows[0] ?? {};
  await syncAlarms(db, {
    ...{ projectId, kind: 'reconciliation.difference', at: now },
    subjects:
      unexplained === 0
        ? []
        : [
            {
              subjectKind: 'reconciliation',
              subjectId: projectId,
              severity: 'warning',
              detail: { unexplained, first, last },
            },
          ],
  });
}

export interface ReconciledDay {
  day: LocalDay;
  kind: DifferenceKind;
  checkedAt: string;
  compared: number;
  differences: number;
  unexplained: number;
  money: Money | null;
}

/** What the newest reconciliations of days [from, to) found, newest day first. */
export async function reconciledDays(
  db: Queryable,
  { project, from, to }: { project: ProjectTerms; from: LocalDay; to: LocalDay },
): Promise<ReconciledDay[]> {
  const found = await db.execute<{
    day: string;
    kind: DifferenceKind;
    checked_at: string;
    compared: number;
    differences: number;
    unexplained: number;
    money_minor: string | null;
  }>(sql`
    SELECT local_day::text AS day, kind, checked_at, compared, differences, unexplained,
      money_minor::text
    FROM reconciliation_days WHERE project_id = ${project.id}::bigint
      AND local_day >= ${from}::date AND local_day < ${to}::date
    ORDER BY local_day DESC, array_position(${`{${differenceKinds.join()}}`}::text[], kind)`);
  return found.rows.map((row) => ({
    ...{ day: row.day, kind: row.kind, checkedAt: new Date(row.checked_at).toISOString() },
    ...{ compared: row.compared, differences: row.differences, unexplained: row.unexplained },
    money: row.money_minor === null ? null : money(BigInt(row.money_minor), project.currency),
  }));
}
