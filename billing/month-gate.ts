/** What stands in a month before it is closed: counted, with money where it is known. Nothing of it blocks. */
import { sql } from 'drizzle-orm';
import { addDays, addMonths, dayStart, type LocalDay, localDayOf } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { accrualsOf } from './accrual.ts';
import { duePointDays } from './due.ts';
import { type OpenDay, rateOpenDays } from './live.ts';
import { openPriceBook } from './price-book.ts';
import type { ProjectTerms } from './project.ts';

/** Unsettled point-days that are priced for a gate or accrued at a close; above it only counted. */
export const OPEN_POINT_DAYS_MAX = 20_000;
const WAL_DEADLINE_MS = 10_000;

export const gateKinds = [
  'unsettled',
  'waiting',
  'outdated',
  'quarantined',
  'findings',
  'unsealed',
  'unreconciled',
  'differences',
] as const;

export interface GateItem {
  kind: (typeof gateKinds)[number];
  count: number;
  /** What it is worth; null where nobody knows. */
  money: Money | null;
}

/** Unsettled point-days of a month up to yesterday, and their lines; null above OPEN_POINT_DAYS_MAX. */
export async function openDaysOfMonth(
  db: Queryable,
  questdb: Questdb,
  { project, month, now }: { project: ProjectTerms; month: LocalDay; now: Date },
): Promise<{ count: number; lines: OpenDay[] | null }> {
  const { id: projectId, zone } = project;
  const yesterday = addDays(localDayOf(zone, now.getTime()), -1);
  const monthEnd = addDays(addMonths(month, 1), -1);
  const lastDay = [yesterday, monthEnd].sort()[0] ?? monthEnd;
  if (lastDay < month) return { count: 0, lines: [] };
  const due = await duePointDays(db, questdb, {
    ...{ projectId, zone, lastDay, walDeadlineMs: WAL_DEADLINE_MS },
  });
  const count = due.filter((d) => d.localDay >= month).length;
  if (due.length > OPEN_POINT_DAYS_MAX) return { count, lines: null };
  if (count === 0) return { count, lines: [] };
  const book = await openPriceBook(db, { projectId, zone });
  // As it was when the last of these days ended: later ones are nobody's concern here.
  const end = new Date(dayStart(zone, addDays(lastDay, 1)) - 1);
  const open = await rateOpenDays(db, { questdb }, { project, book, now: end });
  return { count, lines: open.filter((d) => d.localDay >= month && d.localDay <= lastDay) };
}

/** The gate of a month, every kind in its place, and what closing it now would accrue. */
export async function monthGate(
  { db, questdb }: { db: Queryable; questdb: Questdb },
  { project, month, now }: { project: ProjectTerms; month: LocalDay; now: Date },
): Promise<{ items: GateItem[]; accrual: Money | null }> {
  const { id: projectId, currency, zone } = project;
  const next = addMonths(month, 1);
  const inMonth = (day: ReturnType<typeof sql>) =>
    sql`${day} >= ${month}::date AND ${day} < ${next}::date`;
  const start = new Date(dayStart(zone, month)).toISOString();
  const end = new Date(dayStart(zone, next)).toISOString();
  const found = await db.execute<{
    waits: { point: string; day: string }[] | null;
    waiting: number;
    outdated: number;
    quarantined: number;
    quarantined_minor: string | null;
    findings: number;
    findings_minor: string | null;
    unsealed: number;
    unsealed_minor: string;
    unreconciled: number;
    differences: number;
    differences_minor: string | null;
  }>(sql`
    SELECT
      (SELECT jsonb_agg(jsonb_build_object('point', scope_id::text, 'day', local_day::text))
        FROM (SELECT scope_id, local_day FROM settlement_waits
          WHERE project_id = ${projectId}::bigint AND ${inMonth(sql`local_day`)}
          LIMIT ${OPEN_POINT_DAYS_MAX}) w) AS waits,
      (SELECT count(*)::int FROM settlement_waits
        WHERE project_id = ${projectId}::bigint AND ${inMonth(sql`local_day`)}) AS waiting,
      (SELECT count(DISTINCT (d.point_id, d.local_day))::int FROM dirty_days d
        WHERE d.project_id = ${projectId}::bigint AND ${inMonth(sql`d.local_day`)}
          AND EXISTS (SELECT FROM settlements s WHERE s.project_id = d.project_id
            AND s.scope_id = d.point_id AND s.local_day = d.local_day)
          AND NOT EXISTS (SELECT FROM dirty_days_done e WHERE e.project_id = d.project_id
            AND e.consumer = 'rating' AND e.dirty_id = d.id)) AS outdated,
      q.quarantined, q.quarantined_minor::text, f.findings, f.findings_minor::text,
      u.unsealed, u.unsealed_minor::text,
      (SELECT count(*)::int FROM (SELECT DISTINCT local_day FROM settlements
        WHERE project_id = ${projectId}::bigint AND ${inMonth(sql`local_day`)}) s
        WHERE NOT EXISTS (SELECT FROM reconciliation_days r WHERE r.project_id = ${projectId}::bigint
          AND r.local_day = s.local_day)) AS unreconciled,
      r.differences, r.differences_minor::text
    FROM (SELECT count(*)::int AS quarantined, sum(s.money_minor) AS quarantined_minor
      FROM quarantines q
      LEFT JOIN exception_stakes s ON s.project_id = q.project_id AND s.exception_id = q.id
      WHERE q.project_id = ${projectId}::bigint AND q.at >= ${start}::timestamptz
        AND q.at < ${end}::timestamptz AND coalesce((SELECT decision = 'reopened'
          FROM quarantine_decisions d WHERE d.project_id = q.project_id AND d.quarantine_id = q.id
          ORDER BY d.id DESC LIMIT 1), true)) q,
      (SELECT count(*)::int AS findings, sum(s.money_minor) AS findings_minor
      FROM quality_findings f
      LEFT JOIN exception_stakes s ON s.project_id = f.project_id AND s.exception_id = f.id
      WHERE f.project_id = ${projectId}::bigint AND ${inMonth(sql`f.local_day`)}
        AND coalesce((SELECT decision = 'reopened' FROM quality_finding_decisions d
          WHERE d.project_id = f.project_id AND d.finding_id = f.id
          ORDER BY d.id DESC LIMIT 1), true)) f,
      (SELECT count(DISTINCT t.id)::int AS unsealed,
        coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0) AS unsealed_minor
      FROM transactions t
      LEFT JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
      WHERE t.project_id = ${projectId}::bigint AND ${inMonth(sql`t.accounting_date`)}
        AND NOT EXISTS (SELECT FROM seals s WHERE s.project_id = t.project_id
          AND s.transaction_id = t.id)) u,
      (SELECT coalesce(sum(unexplained), 0)::int AS differences, sum(money_minor) AS differences_minor
      FROM reconciliation_days
      WHERE project_id = ${projectId}::bigint AND ${inMonth(sql`local_day`)}) r`);
  const row = found.rows[0];
  if (!row) throw new Error('counts have a row');
  const { count, lines } = await openDaysOfMonth(db, questdb, { project, month, now });
  const worth = (open: readonly OpenDay[]) =>
    money(
      accrualsOf(open, currency).reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
      currency,
    );
  const waits = new Set((row.waits ?? []).map(({ point, day }) => `${point}/${day}`));
  const isWaiting = (d: OpenDay) => waits.has(`${d.pointId}/${d.localDay}`);
  const minor = (text: string | null) => (text === null ? null : money(BigInt(text), currency));
  return {
    accrual: lines && worth(lines),
    items: [
      {
        ...{ kind: 'unsettled', count: Math.max(0, count - row.waiting) },
        money: lines && worth(lines.filter((d) => !isWaiting(d))),
      },
      { kind: 'waiting', count: row.waiting, money: lines && worth(lines.filter(isWaiting)) },
      { kind: 'outdated', count: row.outdated, money: null },
      { kind: 'quarantined', count: row.quarantined, money: minor(row.quarantined_minor) },
      { kind: 'findings', count: row.findings, money: minor(row.findings_minor) },
      { kind: 'unsealed', count: row.unsealed, money: minor(row.unsealed_minor) },
      { kind: 'unreconciled', count: row.unreconciled, money: null },
      { kind: 'differences', count: row.differences, money: minor(row.differences_minor) },
    ],
  };
}
