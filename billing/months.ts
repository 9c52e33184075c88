/**
 * Months of the books: open → soft-closed (settlement only) → closed. Here a month changes its state;
 * what it leaves unsettled is accrued when it is closed, and taken back on the first day of the next
 * open one.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { tell } from '../sql/events.ts';
import { addDays, addMonths, type LocalDay, localDayOf, monthOf } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { accrualsOf } from './accrual.ts';
import { type By, moneyOrNull, only } from './fields.ts';
import { closedMonths, postAll } from './ledger.ts';
import { openDaysOfMonth } from './month-gate.ts';
import { holdSettlement, type ProjectTerms, readProject } from './project.ts';

export const monthStates = ['open', 'soft-closed', 'closed'] as const;
export type MonthState = (typeof monthStates)[number];

export interface ShownMonth {
  /** 'YYYY-MM'. */
  month: string;
  state: MonthState;
  /** True when its last local day is over. */
  isOver: boolean;
  changedAt: string | null;
  changedBy: string | null;
  reason: string | null;
  /** What was accrued when it was closed; null while it is not. */
  accrued: Money | null;
}

/** Which states a month may go to from where it is; a closed one stays closed. */
const ways: Record<MonthState, readonly MonthState[]> = {
  open: ['soft-closed'],
  'soft-closed': ['open', 'closed'],
  closed: [],
};

/** From the month of the first posting or tenancy to the current one, newest first. */
export async function listMonths(
  db: Queryable,
  { project, now }: { project: ProjectTerms; now: Date },
): Promise<ShownMonth[]> {
  const current = monthOf(localDayOf(project.zone, now.getTime()));
  const found = await db.execute<{
    month: string;
    state: MonthState;
    changed_at: string | null;
    changed_by: string | null;
    reason: string | null;
    accrued_minor: string | null;
  }>(sql`
    WITH first AS (SELECT least(
      (SELECT min(accounting_date) FROM transactions WHERE project_id = ${project.id}::bigint),
      (SELECT min(month) FROM billing_months WHERE project_id = ${project.id}::bigint),
      (SELECT min(valid_from AT TIME ZONE ${project.zone})::date FROM tenancies
        WHERE project_id = ${project.id}::bigint),
      ${current}::date) AS day)
    SELECT m.month::date::text AS month, coalesce(b.state, 'open') AS state, b.changed_at, b.changed_by,
      b.reason, b.accrued_minor::text
    FROM first, generate_series(date_trunc('month', first.day::timestamp), ${current}::timestamp,
      '1 month') AS m (month)
    LEFT JOIN billing_months b ON b.project_id = ${project.id}::bigint AND b.month = m.month::date
    ORDER BY m.month DESC`);
  return found.rows.map((row) => ({
    month: row.month.slice(0, 7),
    state: row.state,
    isOver: row.month < current,
    changedAt: row.changed_at === null ? null : new Date(row.changed_at).toISOString(),
    changedBy: row.changed_by,
    reason: row.reason,
    accrued: moneyOrNull(row.accrued_minor, project.currency),
  }));
}

/** Why a month cannot go to a state now; null when it can. */
export function refusalOf(
  months: readonly ShownMonth[],
  { month, to }: { month: string; to: MonthState },
): string | null {
  const own = months.find((m) => m.month === month);
  if (!own) return `${month} is no month of these books.`;
  if (own.state === to) return `${month} is ${to} already.`;
  if (own.state === 'closed') {
    return `${month} is closed and stays so: what it lacks is posted in the first open month.`;
  }
  if (!ways[own.state].includes(to)) {
    return `${month} is ${own.state}: it has to be soft-closed before it is closed.`;
  }
  if (to === 'open') return null;
  if (!own.isOver) return `${month} is not over yet.`;
  const earlier = months.findLast((m) => m.month < month && m.state !== 'closed');
  if (to === 'closed' && earlier) return `${earlier.month} is ${earlier.state}: it goes first.`;
  return null;
}

/**
 * Changes the state of a month. Waits for postings under way in it, and keeps others out until commit.
 * Throws Problem `conflict` with the reason when it cannot go there now.
 */
export async function changeMonth(
  { db, questdb }: { db: Db; questdb: Questdb },
  {
    projectId,
    month,
    state,
    reason,
    by,
    now,
  }: {
    projectId: string;
    month: string;
    state: MonthState;
    reason: string;
    by: By;
    now: Date;
  },
): Promise<ShownMonth> {
  return await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    // Settlement first, then the month, here and wherever both are taken.
    await holdSettlement(tx, projectId);
    await holdMonth(tx, { projectId, month });
    const months = await listMonths(tx, { project, now });
    const refusal = refusalOf(months, { month, to: state });
    if (refusal) throw new Problem('conflict', refusal);
    const from = only(months.filter((m) => m.month === month)).state;
    const first: LocalDay = `${month}-01`;
    const accruedMinor =
      state === 'closed' ? await accrue(tx, { questdb, project, month: first, now }) : null;
    await tx.execute(sql`
      INSERT INTO billing_months AS m (project_id, month, state, changed_at, changed_by, reason,
        accrued_minor)
      VALUES (${projectId}::bigint, ${first}::date, ${state}, ${now.toISOString()}::timestamptz,
        ${by.actor.name}, ${reason}, ${accruedMinor?.toString() ?? null}::bigint)
      ON CONFLICT (project_id, month) DO UPDATE SET state = excluded.state,
        changed_at = excluded.changed_at, changed_by = excluded.changed_by, reason = excluded.reason,
        accrued_minor = excluded.accrued_minor`);
    const accrued = accruedMinor === null ? null : money(accruedMinor, project.currency);
    await record(tx, {
      ...{ projectId, ...by, action: `month.${state}` },
      ...{ subjectKind: 'month', subjectId: month },
      detail: { from, to: state, reason, ...(accrued && { accrued }) },
    });
    await tell(tx, [
      { projectId, kind: 'month.changed', subjectId: month, payload: { from, to: state } },
    ]);
    return {
      ...{
        month,
        state,
        reason,
        accrued,
        isOver: state !== 'open' || monthIsOver(project, month, now),
      },
      changedAt: now.toISOString(),
      changedBy: by.actor.name,
    };
  });
}

const monthIsOver = ({ zone }: ProjectTerms, month: string, now: Date) =>
  month < localDayOf(zone, now.getTime()).slice(0, 7);

/** Waits until no posting of the month is under way and keeps others out until commit (migration 0006). */
async function holdMonth(
  tx: Tx,
  { projectId, month }: { projectId: string; month: string },
): Promise<void> {
  const name = `wattledger.month/${projectId}/${month}`;
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
}

/** Posts what a month leaves unsettled, and its mirror in the next open month; returns what was accrued. */
async function accrue(
  tx: Tx,
  {
    questdb,
    project,
    month,
    now,
  }: { questdb: Questdb; project: ProjectTerms; month: LocalDay; now: Date },
): Promise<bigint> {
  const { lines } = await openDaysOfMonth(tx, questdb, { project, month, now });
  if (lines === null) {
    throw new Problem(
      'conflict',
      `${month.slice(0, 7)} leaves too many days unsettled to be accrued: settle them first.`,
    );
  }
  const accruals = accrualsOf(lines, project.currency);
  const notOpen = await closedMonths(tx, project.id, ['soft-closed', 'closed']);
  let next = addMonths(month, 1);
  while (notOpen.has(next)) next = addMonths(next, 1);
  const books = { projectId: project.id, currency: project.currency };
  const of = month.slice(0, 7);
  const ids = await postAll(tx, {
    ...books,
    postings: accruals.map(({ accountId, legs, days }) => ({
      head: {
        ...{ kind: 'accrual', accountId, accountingDate: addDays(addMonths(month, 1), -1) },
        ...{ postedAt: now, cause: { month: of, days } },
        idempotencyKey: `accrual/${of}/${accountId}`,
      },
      legs,
    })),
  });
  await postAll(tx, {
    ...books,
    postings: accruals.map(({ accountId, legs, days }, i) => ({
      head: {
        ...{ kind: 'accrual', accountId, accountingDate: next },
        ...{ postedAt: now, cause: { month: of, days, reverses: ids[i] } },
        idempotencyKey: `accrual-back/${of}/${accountId}`,
        reverses: ids[i],
      },
      legs: legs.map((leg) => ({ ...leg, amountMinor: -leg.amountMinor })),
    })),
  });
  return accruals.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}
