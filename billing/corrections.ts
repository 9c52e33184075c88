/** What re-settlements changed, line by line: the old revision beside the new, the cause and who it was. */
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { chargeKinds, chargeUnits } from '../sql/schema/settlements.ts';
import { isKnown } from './wallet.ts';

export interface ShownCorrection {
  settlementId: string;
  supersedes: string;
  accountId: string;
  accountNumber: string;
  /** Null where it belongs to the account and no point. */
  pointId: string | null;
  pointCode: string | null;
  serviceDay: LocalDay;
  accountingDate: LocalDay;
  component: string;
  kind: (typeof chargeKinds)[number];
  unit: (typeof chargeUnits)[number];
  /** Rank, null where the component knows no period. */
  period: number | null;
  step: number;
  oldQuantity: number;
  newQuantity: number;
  /** Null where there was, or is, no such line. */
  oldPrice: string | null;
  newPrice: string | null;
  /** Exact, major units. */
  oldAmount: string;
  newAmount: string;
  difference: string;
  /** Why, in words: of the readings, the tariff, the tenancy that changed. */
  cause: string[];
  /** Who did what caused it; null where nobody did. */
  by: string | null;
  transactionId: string;
  runId: string;
  traceId: string | null;
  at: string;
}

/** Filters; dates are accounting dates, [from, to). */
export interface CorrectionsAsked {
  projectId: string;
  from: LocalDay | null;
  to: LocalDay | null;
  accountId: string | null;
  pointId: string | null;
  /** Of the journal, after which nothing is known; null: now. */
  position?: string | null;
  cursor?: string;
  limit: number;
}

/** Corrections, newest header first; the cursor is the place of the last line. */
export async function listCorrections(
  db: Queryable,
  { projectId, from, to, accountId, pointId, position = null, cursor, limit }: CorrectionsAsked,
): Promise<{ data: ShownCorrection[]; nextCursor: string | null }> {
  const [settlement, component, period, step] = cursorOf(cursor);
  const found = await db.execute<{
    settlement_id: string;
    supersedes: string;
    account_id: string;
    number: string;
    point_id: string | null;
    code: string | null;
    service_day: LocalDay;
    accounting_date: LocalDay;
    component: string;
    kind: (typeof chargeKinds)[number];
    unit: (typeof chargeUnits)[number];
    period: number;
    step: number;
    old_quantity: string;
    new_quantity: string;
    old_price: string | null;
    new_price: string | null;
    old_amount: string;
    new_amount: string;
    difference: string;
    why: string[] | null;
    by: string | null;
    transaction_id: string;
    run_id: string;
    trace_id: string | null;
    at: string;
  }>(sql`
    SELECT c.settlement_id::text, c.supersedes::text, c.account_id::text, a.number,
      p.id::text AS point_id, p.code, c.service_day::text, c.accounting_date::text, c.component,
      c.kind, c.unit, c.period, c.step, c.old_quantity::text, c.new_quantity::text,
      c.old_price::text, c.new_price::text, trim_scale(c.old_amount)::text AS old_amount,
      trim_scale(c.new_amount)::text AS new_amount, trim_scale(c.difference)::text AS difference,
      c.cause -> 'why' AS why,
      (SELECT u.actor_name FROM audit u WHERE u.project_id = c.project_id
        AND u.trace_id = c.trace_id ORDER BY u.id LIMIT 1) AS by,
      c.transaction_id::text, c.run_id::text, c.trace_id, c.at
    FROM charge_corrections c
    JOIN accounts a ON a.project_id = c.project_id AND a.id = c.account_id
    LEFT JOIN points p ON p.project_id = c.project_id AND p.id = c.scope_id
    WHERE c.project_id = ${projectId}::bigint
      AND (${from}::date IS NULL OR c.accounting_date >= ${from}::date)
      AND (${to}::date IS NULL OR c.accounting_date < ${to}::date)
      AND (${accountId}::bigint IS NULL OR c.account_id = ${accountId}::bigint)
      AND (${pointId}::bigint IS NULL OR c.scope_id = ${pointId}::bigint)
      AND ${isKnown(sql`c.transaction_id`, { projectId, position })}
      AND (${settlement}::bigint IS NULL OR c.settlement_id < ${settlement}::bigint
        OR (c.settlement_id = ${settlement}::bigint AND (c.component, c.period, c.step)
          > (${component}::text, ${period}::smallint, ${step}::smallint)))
    ORDER BY c.settlement_id DESC, c.component, c.period, c.step LIMIT ${limit + 1}`);
  const rows = found.rows.slice(0, limit);
  const last = found.rows.length > limit ? rows.at(-1) : undefined;
  return {
    data: rows.map((row) => ({
      settlementId: row.settlement_id,
      supersedes: row.supersedes,
      accountId: row.account_id,
      accountNumber: row.number,
      pointId: row.point_id,
      pointCode: row.code,
      serviceDay: row.service_day,
      accountingDate: row.accounting_date,
      component: row.component,
      kind: row.kind,
      unit: row.unit,
      period: row.period === 0 ? null : row.period,
      step: row.step,
      oldQuantity: Number(row.old_quantity),
      newQuantity: Number(row.new_quantity),
      oldPrice: row.old_price,
      newPrice: row.new_price,
      oldAmount: row.old_amount,
      newAmount: row.new_amount,
      difference: row.difference,
      cause: row.why ?? [],
      by: row.by,
      transactionId: row.transaction_id,
      runId: row.run_id,
      traceId: row.trace_id,
      at: new Date(row.at).toISOString(),
    })),
    nextCursor: last ? `${last.settlement_id}/${last.component}/${last.period}/${last.step}` : null,
  };
}

function cursorOf(cursor: string | undefined): (string | null)[] {
  if (cursor === undefined) return [null, null, null, null];
  const match = /^(\d{1,18})\/([a-z0-9-]{1,40})\/(\d)\/(\d{1,2})$/.exec(cursor);
  if (!match) throw new Problem('invalid-request', 'query/cursor: not a cursor');
  return match.slice(1);
}
