/** Sales as they are shown, with what became of them: reversed, waiting to be, printed how often. */
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

/** waiting: a second person has to agree to its reversal. */
export const saleStates = ['sold', 'waiting', 'reversed'] as const;

export interface ShownSale {
  id: string;
  accountId: string;
  accountName: string;
  receipt: string;
  channel: Channel;
  amount: Money;
  /** Base units, where it was sold by quantity, and the price per 1,000 of them that held. */
  quantity: number | null;
  commodity: 'electricity' | 'water' | null;
  price: string | null;
  soldAt: string;
  soldBy: string;
  shiftId: string | null;
  reference: string | null;
  note: string | null;
  state: (typeof saleStates)[number];
  /** The newest wish to reverse it. */
  reversalId: string | null;
  /** How often its receipt was printed. */
  prints: number;
  /** Of its money to a meter; null where it went to none. */
  rechargeId: string | null;
}

interface Row extends Record<string, unknown> {
  id: string;
  account_id: string;
  name: string;
  receipt: string;
  channel: Channel;
  amount_minor: string;
  currency: string;
  quantity: string | null;
  commodity: ShownSale['commodity'];
  price: string | null;
  sold_at: string;
  sold_by: string;
  shift_id: string | null;
  reference: string | null;
  note: string | null;
  state: ShownSale['state'];
  reversal_id: string | null;
  prints: number;
  recharge_id: string | null;
}

/** One sale. Throws Problem `not-found`. */
export async function saleOf(
  db: Queryable,
  { project, id }: { project: ProjectTerms; id: string },
): Promise<ShownSale> {
  const found = await db.execute<Row>(sql`
    ${shown} WHERE s.project_id = ${project.id}::bigint AND s.id = ${id}::bigint`);
  const row = found.rows[0];
  if (!row) throw notFound('sale');
  return render(row);
}

/** Sales of local days [from, to), newest first, after `cursor` (an id). */
export async function listSales(
  db: Queryable,
  {
    project,
    accountId = null,
    shiftId = null,
    from,
    to,
    q = '',
    cursor = null,
    limit,
  }: {
    project: ProjectTerms;
    accountId?: string | null | undefined;
    shiftId?: string | null | undefined;
    from?: LocalDay | undefined;
    to?: LocalDay | undefined;
    /** A part of receipt, account, point, meter, telephone, cashier, note or amount, in any case. */
    q?: string | undefined;
    cursor?: string | null;
    limit: number;
  },
): Promise<{ data: ShownSale[]; totals: { count: number; amount: Money } }> {
  const asked = sql`s.project_id = ${project.id}::bigint
    AND (${accountId}::bigint IS NULL OR s.account_id = ${accountId}::bigint)
    AND (${shiftId}::bigint IS NULL OR s.shift_id = ${shiftId}::bigint)
    AND ${within(project, { column: sql`s.sold_at`, from, to })}
    ${q.trim() === '' ? sql`` : sql`AND ${matches(q, searched(project.currency))}`}`;
  const found = await db.execute<Row>(sql`
    ${shown} WHERE ${asked} AND (${cursor}::bigint IS NULL
      OR (s.sold_at, s.id) < (SELECT c.sold_at, c.id FROM sales c
        WHERE c.project_id = s.project_id AND c.id = ${cursor}::bigint))
    ORDER BY s.sold_at DESC, s.id DESC LIMIT ${limit}`);
  const sum = await db.execute<{ count: number; amount: string }>(sql`
    SELECT count(*)::int AS count, coalesce(sum(s.amount_minor), 0)::text AS amount
    FROM sales s JOIN accounts a ON a.project_id = s.project_id AND a.id = s.account_id
    WHERE ${asked}`);
  const total = only(sum.rows);
  return {
    data: found.rows.map(render),
    totals: { count: total.count, amount: money(BigInt(total.amount), project.currency) },
  };
}

const searched = (
  currency: string,
): SQL => sql`s.receipt, s.sold_by, s.reference, s.note, a.number, a.name,
  a.name_zh, ${majorText(sql`s.amount_minor`, currency)}, ${heldText(sql`s.sold_at`)}`;

const shown: SQL = sql`
  SELECT s.id::text, s.account_id::text, a.name, s.receipt, s.channel, s.amount_minor::text,
    s.currency, s.quantity::text, s.commodity, s.price::text, s.sold_at, s.sold_by, s.shift_id::text,
    s.reference, s.note, v.id::text AS reversal_id,
    CASE WHEN v.decision = 'approve' THEN 'reversed' WHEN v.id IS NOT NULL AND v.decision IS NULL
      THEN 'waiting' ELSE 'sold' END AS state,
    (SELECT count(*)::int FROM receipt_prints p
      WHERE p.project_id = s.project_id AND p.receipt = s.receipt) AS prints,
    (SELECT c.id::text FROM recharges c
      WHERE c.project_id = s.project_id AND c.sale_id = s.id) AS recharge_id
  FROM sales s JOIN accounts a ON a.project_id = s.project_id AND a.id = s.account_id
  LEFT JOIN LATERAL (
    SELECT r.id, d.decision FROM sale_reversals r
    LEFT JOIN sale_reversal_decisions d ON d.project_id = r.project_id AND d.reversal_id = r.id
    WHERE r.project_id = s.project_id AND r.sale_id = s.id ORDER BY r.id DESC LIMIT 1) v ON true`;

const render = (row: Row): ShownSale => ({
  id: row.id,
  accountId: row.account_id,
  accountName: row.name,
  receipt: row.receipt,
  channel: row.channel,
  amount: money(BigInt(row.amount_minor), row.currency),
  quantity: row.quantity === null ? null : Number(row.quantity),
  commodity: row.commodity,
  price: row.price,
  soldAt: new Date(row.sold_at).toISOString(),
  soldBy: row.sold_by,
  shiftId: row.shift_id,
  reference: row.reference,
  note: row.note,
  state: row.state,
  reversalId: row.reversal_id,
  prints: row.prints,
  rechargeId: row.recharge_id,
});
