/** Recharges as they are shown: whose, to which meter, how far, and what proves it. */
import { sql } from 'drizzle-orm';
import { isoOrNull } from '../sql/clock.ts';
import type { LocalDay } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { matches } from '../sql/search.ts';
import { moneyOrNull, only } from './fields.ts';
import type { ProjectTerms } from './project.ts';
import type { RechargeState, RechargeWait } from './recharge.ts';
import { majorText, within } from './shift-list.ts';

export interface ShownRecharge {
  id: string;
  accountId: string;
  accountNumber: string;
  accountName: string;
  meterId: string;
  serial: string;
  pointCode: string;
  saleId: string | null;
  /** Of the sale that it comes of. */
  receipt: string | null;
  amount: Money;
  /** Of the sale, what stayed in the wallet for debts. */
  collected: { code: string; amount: Money }[];
  state: RechargeState;
  waitsFor: RechargeWait | null;
  /** The purchase counter that proves it. */
  counter: number | null;
  commandId: string | null;
  outcome: string | null;
  before: Money | null;
  after: Money | null;
  requestedAt: string;
  requestedBy: string;
  sentAt: string | null;
  resolvedAt: string | null;
  decidedBy: string | null;
  reason: string | null;
}

interface Row extends Record<string, unknown> {
  id: string;
  account_id: string;
  number: string;
  name: string;
  meter_id: string;
  serial: string;
  point_code: string;
  sale_id: string | null;
  receipt: string | null;
  amount_minor: string;
  currency: string;
  collected: { code: string; minor: string }[];
  state: RechargeState;
  waits_for: RechargeWait | null;
  counter: number | null;
  command_id: string | null;
  outcome: string | null;
  before_minor: string | null;
  after_minor: string | null;
  requested_at: string;
  requested_by: string;
  sent_at: string | null;
  resolved_at: string | null;
  decided_by: string | null;
  reason: string | null;
}

/** One recharge. Throws Problem `not-found`. */
export async function rechargeOf(
  db: Queryable,
  { project, id }: { project: ProjectTerms; id: string },
): Promise<ShownRecharge> {
  const [row] = (await listRecharges(db, { project, id, limit: 1 })).data;
  if (!row) throw notFound('recharge');
  return row;
}

/** Of local days [from, to), newest first, before `cursor` (an id). */
export async function listRecharges(
  db: Queryable,
  {
    project,
    id = null,
    accountId = null,
    meterId = null,
    state = null,
    from,
    to,
    q = '',
    cursor = null,
    limit,
  }: {
    project: ProjectTerms;
    id?: string | null;
    accountId?: string | null | undefined;
    meterId?: string | null | undefined;
    state?: RechargeState | null | undefined;
    from?: LocalDay | undefined;
    to?: LocalDay | undefined;
    /** A part of receipt, account, meter, person or amount, in any case. */
    q?: string | undefined;
    cursor?: string | null;
    limit: number;
  },
): Promise<{ data: ShownRecharge[]; totals: { count: number; amount: Money; open: Money } }> {
  const { currency } = project;
  const asked = sql`
    FROM recharges r
    JOIN accounts a ON a.project_id = r.project_id AND a.id = r.account_id
    JOIN meters m ON m.project_id = r.project_id AND m.id = r.meter_id
    JOIN meter_wallets w ON w.project_id = r.project_id AND w.id = r.wallet_id
    JOIN points p ON p.project_id = w.project_id AND p.id = w.point_id
    LEFT JOIN sales s ON s.project_id = r.project_id AND s.id = r.sale_id
    WHERE r.project_id = ${project.id}::bigint
      AND (${id}::bigint IS NULL OR r.id = ${id}::bigint)
      AND (${accountId}::bigint IS NULL OR r.account_id = ${accountId}::bigint)
      AND (${meterId}::bigint IS NULL OR r.meter_id = ${meterId}::bigint)
      AND (${state}::text IS NULL OR r.state = ${state})
      AND ${within(project, { column: sql`r.requested_at`, from, to })}
      AND ${matches(
        q,
        sql`s.receipt, r.requested_by, m.serial, p.code, a.number, a.name, a.name_zh,
          ${majorText(sql`r.amount_minor`, currency)}`,
      )}`;
  const found = await db.execute<Row>(sql`
    SELECT r.id::text, r.account_id::text, a.number, a.name, r.meter_id::text, m.serial,
      p.code AS point_code, r.sale_id::text, s.receipt, r.amount_minor::text, r.currency, r.collected,
      r.state, r.waits_for, r.counter, r.command_id::text, r.outcome, r.before_minor::text,
      r.after_minor::text, r.requested_at, r.requested_by, r.sent_at, r.resolved_at, r.decided_by,
      r.reason
    ${asked} AND (${cursor}::bigint IS NULL OR r.id < ${cursor}::bigint)
    ORDER BY r.id DESC LIMIT ${limit}`);
  const sum = await db.execute<{ count: number; amount: string; open: string }>(sql`
    SELECT count(*)::int AS count, coalesce(sum(r.amount_minor), 0)::text AS amount,
      coalesce(sum(r.amount_minor) FILTER (WHERE r.resolved_at IS NULL), 0)::text AS open ${asked}`);
  const total = only(sum.rows);
  return {
    data: found.rows.map(render),
    totals: {
      count: total.count,
      amount: money(BigInt(total.amount), currency),
      open: money(BigInt(total.open), currency),
    },
  };
}

const render = (row: Row): ShownRecharge => ({
  id: row.id,
  accountId: row.account_id,
  accountNumber: row.number,
  accountName: row.name,
  meterId: row.meter_id,
  serial: row.serial,
  pointCode: row.point_code,
  saleId: row.sale_id,
  receipt: row.receipt,
  amount: money(BigInt(row.amount_minor), row.currency),
  collected: row.collected.map(({ code, minor }) => ({
    code,
    amount: money(BigInt(minor), row.currency),
  })),
  state: row.state,
  waitsFor: row.waits_for,
  counter: row.counter,
  commandId: row.command_id,
  outcome: row.outcome,
  before: moneyOrNull(row.before_minor, row.currency),
  after: moneyOrNull(row.after_minor, row.currency),
  requestedAt: new Date(row.requested_at).toISOString(),
  requestedBy: row.requested_by,
  sentAt: isoOrNull(row.sent_at),
  resolvedAt: isoOrNull(row.resolved_at),
  decidedBy: row.decided_by,
  reason: row.reason,
});
