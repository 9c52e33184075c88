/** Reversals of sales as they are shown: wanted, agreed to or not, and booked. */
import { type SQL, sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { matches } from '../sql/search.ts';
import type { Channel } from './channel.ts';
import { only } from './fields.ts';
import { heldText } from './held-search.ts';
import type { ProjectTerms } from './project.ts';
import { majorText, within } from './shift-list.ts';

export const reversalStates = ['waiting', 'reversed', 'rejected', 'withdrawn'] as const;
export const approvalReasons = ['amount', 'day', 'overdrawn'] as const;

export interface ShownReversal {
  id: string;
  state: (typeof reversalStates)[number];
  /** Its own; null until it is booked. */
  receipt: string | null;
  saleId: string;
  saleReceipt: string;
  soldAt: string;
  soldBy: string;
  accountId: string;
  accountName: string;
  channel: Channel;
  amount: Money;
  reason: string;
  approval: (typeof approvalReasons)[number] | null;
  proposedById: string;
  proposedBy: string;
  proposedAt: string;
  decidedBy: string | null;
  decidedAt: string | null;
  decisionReason: string | null;
  /** It needed a second person, and who wanted it agreed to it. */
  approvedBySamePerson: boolean;
  shiftId: string | null;
  transactionId: string | null;
  prints: number;
}

interface Asked {
  project: ProjectTerms;
  id?: string | null;
  from?: LocalDay | undefined;
  to?: LocalDay | undefined;
  state?: ShownReversal['state'] | null | undefined;
  accountId?: string | null | undefined;
  q?: string | undefined;
  cursor?: string | null;
  limit: number;
}

/** One reversal. Throws Problem `not-found`. */
export async function reversalOf(
  db: Queryable,
  { project, id }: { project: ProjectTerms; id: string },
): Promise<ShownReversal> {
  const [row] = (await listReversals(db, { project, id, limit: 1 })).data;
  if (!row) throw notFound('reversal');
  return row;
}

/** Wanted on local days [from, to), newest first, before `cursor` (an id); `booked` is of those that are. */
export async function listReversals(
  db: Queryable,
  {
    project,
    id = null,
    from,
    to,
    state = null,
    accountId = null,
    q = '',
    cursor = null,
    limit,
  }: Asked,
): Promise<{ data: ShownReversal[]; totals: { count: number; amount: Money; booked: Money } }> {
  const { currency } = project;
  const asked = sql`
    SELECT r.id, r.sale_id, s.receipt AS sale_receipt, s.sold_at, s.sold_by, r.account_id, a.name,
      a.number, s.channel, s.amount_minor, r.reason, r.approval, r.proposed_by_id, r.proposed_by,
      r.proposed_at, d.receipt, d.decided_by, d.decided_at, d.reason AS decision_reason, d.shift_id,
      d.transaction_id, coalesce(r.approval IS NOT NULL AND d.decision = 'approve'
        AND d.decided_by_id = r.proposed_by_id, false) AS same_person,
      CASE d.decision WHEN 'approve' THEN 'reversed' WHEN 'reject' THEN 'rejected'
        WHEN 'withdraw' THEN 'withdrawn' ELSE 'waiting' END AS state,
      (SELECT count(*)::int FROM receipt_prints p
        WHERE p.project_id = d.project_id AND p.receipt = d.receipt) AS prints
    FROM sale_reversals r
    JOIN sales s ON s.project_id = r.project_id AND s.id = r.sale_id
    JOIN accounts a ON a.project_id = r.project_id AND a.id = r.account_id
    LEFT JOIN sale_reversal_decisions d ON d.project_id = r.project_id AND d.reversal_id = r.id
    WHERE r.project_id = ${project.id}::bigint
      AND (${id}::bigint IS NULL OR r.id = ${id}::bigint)
      AND (${accountId}::bigint IS NULL OR r.account_id = ${accountId}::bigint)
      AND ${within(project, { column: sql`r.proposed_at`, from, to })}
      AND ${q.trim() === '' ? sql`true` : matches(q, searched(currency))}`;
  const found = await db.execute<Row>(sql`
    SELECT *, id::text, sale_id::text, account_id::text, amount_minor::text, shift_id::text,
      transaction_id::text
    FROM (${asked}) asked
    WHERE (${state}::text IS NULL OR state = ${state})
      AND (${cursor}::bigint IS NULL OR asked.id < ${cursor}::bigint)
    ORDER BY asked.id DESC LIMIT ${limit}`);
  const sum = await db.execute<{ count: number; amount: string; booked: string }>(sql`
    SELECT count(*)::int AS count, coalesce(sum(amount_minor), 0)::text AS amount,
      coalesce(sum(amount_minor) FILTER (WHERE state = 'reversed'), 0)::text AS booked
    FROM (${asked}) asked WHERE ${state}::text IS NULL OR state = ${state}`);
  const total = only(sum.rows);
  return {
    data: found.rows.map((row) => render(row, currency)),
    totals: {
      count: total.count,
      amount: money(BigInt(total.amount), currency),
      booked: money(BigInt(total.booked), currency),
    },
  };
}

interface Row extends Record<string, unknown> {
  id: string;
  state: ShownReversal['state'];
  receipt: string | null;
  sale_id: string;
  sale_receipt: string;
  sold_at: string;
  sold_by: string;
  account_id: string;
  name: string;
  channel: Channel;
  amount_minor: string;
  reason: string;
  approval: ShownReversal['approval'];
  proposed_by_id: string;
  proposed_by: string;
  proposed_at: string;
  decided_by: string | null;
  decided_at: string | null;
  decision_reason: string | null;
  same_person: boolean;
  shift_id: string | null;
  transaction_id: string | null;
  prints: number;
}

const render = (row: Row, currency: string): ShownReversal => ({
  id: row.id,
  state: row.state,
  receipt: row.receipt,
  saleId: row.sale_id,
  saleReceipt: row.sale_receipt,
  soldAt: new Date(row.sold_at).toISOString(),
  soldBy: row.sold_by,
  accountId: row.account_id,
  accountName: row.name,
  channel: row.channel,
  amount: money(BigInt(row.amount_minor), currency),
  reason: row.reason,
  approval: row.approval,
  proposedById: row.proposed_by_id,
  proposedBy: row.proposed_by,
  proposedAt: new Date(row.proposed_at).toISOString(),
  decidedBy: row.decided_by,
  decidedAt: row.decided_at === null ? null : new Date(row.decided_at).toISOString(),
  decisionReason: row.decision_reason,
  approvedBySamePerson: row.same_person,
  shiftId: row.shift_id,
  transactionId: row.transaction_id,
  prints: row.prints,
});

const searched = (currency: string): SQL => sql`s.receipt, d.receipt, s.sold_by, r.proposed_by,
  d.decided_by, r.reason, d.reason, a.number, a.name, a.name_zh,
  ${majorText(sql`s.amount_minor`, currency)}, ${heldText(sql`s.sold_at`)}`;
