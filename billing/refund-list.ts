/** Refunds as they are shown. */
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

export interface ShownRefund {
  id: string;
  receipt: string;
  accountId: string;
  accountName: string;
  channel: Channel;
  amount: Money;
  reason: string;
  /** Why it did not go back the way it came; null where it did. */
  otherChannelReason: string | null;
  shiftId: string | null;
  refundedBy: string;
  refundedAt: string;
  transactionId: string;
  prints: number;
}

interface Row extends Record<string, unknown> {
  id: string;
  receipt: string;
  account_id: string;
  name: string;
  channel: Channel;
  amount_minor: string;
  reason: string;
  other_channel_reason: string | null;
  shift_id: string | null;
  refunded_by: string;
  refunded_at: string;
  transaction_id: string;
  prints: number;
}

/** One refund. Throws Problem `not-found`. */
export async function refundOf(
  db: Queryable,
  { project, id }: { project: ProjectTerms; id: string },
): Promise<ShownRefund> {
  const [row] = (await listRefunds(db, { project, id, limit: 1 })).data;
  if (!row) throw notFound('refund');
  return row;
}

/** Of local days [from, to), newest first, before `cursor` (an id). */
export async function listRefunds(
  db: Queryable,
  {
    project,
    id = null,
    accountId = null,
    from,
    to,
    q = '',
    cursor = null,
    limit,
  }: {
    project: ProjectTerms;
    id?: string | null;
    accountId?: string | null | undefined;
    from?: LocalDay | undefined;
    to?: LocalDay | undefined;
    /** A part of receipt, account, point, meter, telephone, person, reason or amount, in any case. */
    q?: string | undefined;
    cursor?: string | null;
    limit: number;
  },
): Promise<{ data: ShownRefund[]; totals: { count: number; amount: Money } }> {
  const { currency } = project;
  const asked = sql`
    FROM refunds r JOIN accounts a ON a.project_id = r.project_id AND a.id = r.account_id
    WHERE r.project_id = ${project.id}::bigint
      AND (${id}::bigint IS NULL OR r.id = ${id}::bigint)
      AND (${accountId}::bigint IS NULL OR r.account_id = ${accountId}::bigint)
      AND ${within(project, { column: sql`r.refunded_at`, from, to })}
      AND ${q.trim() === '' ? sql`true` : matches(q, searched(currency))}`;
  const found = await db.execute<Row>(sql`
    SELECT r.id::text, r.receipt, r.account_id::text, a.name, r.channel, r.amount_minor::text,
      r.reason, r.other_channel_reason, r.shift_id::text, r.refunded_by, r.refunded_at,
      r.transaction_id::text, (SELECT count(*)::int FROM receipt_prints p
        WHERE p.project_id = r.project_id AND p.receipt = r.receipt) AS prints
    ${asked} AND (${cursor}::bigint IS NULL OR r.id < ${cursor}::bigint)
    ORDER BY r.id DESC LIMIT ${limit}`);
  const sum = await db.execute<{ count: number; amount: string }>(sql`
    SELECT count(*)::int AS count, coalesce(sum(r.amount_minor), 0)::text AS amount ${asked}`);
  const total = only(sum.rows);
  return {
    data: found.rows.map((row) => ({
      id: row.id,
      receipt: row.receipt,
      accountId: row.account_id,
      accountName: row.name,
      channel: row.channel,
      amount: money(BigInt(row.amount_minor), currency),
      reason: row.reason,
      otherChannelReason: row.other_channel_reason,
      shiftId: row.shift_id,
      refundedBy: row.refunded_by,
      refundedAt: new Date(row.refunded_at).toISOString(),
      transactionId: row.transaction_id,
      prints: row.prints,
    })),
    totals: { count: total.count, amount: money(BigInt(total.amount), currency) },
  };
}

const searched = (currency: string): SQL => sql`r.receipt, r.refunded_by, r.reason,
  r.other_channel_reason, a.number, a.name, a.name_zh, ${majorText(sql`r.amount_minor`, currency)},
  ${heldText(sql`r.refunded_at`)}`;
