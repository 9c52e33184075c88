/**
 * A sale: money comes in at the counter, by transfer or online, and the wallet holds more. One
 * transaction, one receipt numbered without gaps; sent twice with one key it happens once.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { tell } from '../sql/events.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { dayStart, type LocalDay, localDayOf } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { LedgerCode } from './chart.ts';
import { type By, minorOf, only } from './fields.ts';
import { post } from './ledger.ts';
import { type ProjectTerms, readProject } from './project.ts';

export const channels = ['cash', 'transfer', 'online'] as const;
export type Channel = (typeof channels)[number];

/** Largest sale, in minor units: a slip of the finger must not become a fortune. */
export const SALE_MINOR_MAX = 1_000_000_000n;
/** How far a counter's clock may be ahead of ours. */
const AHEAD_MS_MAX = 60_000;

export interface NewSale {
  channel: Channel;
  amount: Money;
  /** When it was sold; a past date is taken while its month is open. Now when it is not said. */
  soldAt: string | null;
  note: string | null;
}

export interface ShownSale {
  id: string;
  accountId: string;
  accountName: string;
  receipt: string;
  channel: Channel;
  amount: Money;
  soldAt: string;
  soldBy: string;
  note: string | null;
}

/**
 * Sells. Throws Problem `account-closed`, `month-closed`, `invalid-amount`, and those of the
 * idempotency key.
 */
export async function sell(
  db: Db,
  {
    projectId,
    accountId,
    sale,
    key,
    by,
    clock,
  }: {
    projectId: string;
    accountId: string;
    sale: NewSale;
    key: string | undefined;
    by: By;
    clock: Clock;
  },
): Promise<Answer<ShownSale>> {
  const route = `POST /accounts/${accountId}/sales`;
  const given = { projectId, route, key, actorId: by.actor.id, request: sale };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const account = await openAccountName(tx, { projectId, accountId });
    const amountMinor = minorOf(sale.amount, project.currency);
    if (amountMinor <= 0n || amountMinor > SALE_MINOR_MAX) {
      throw new Problem('invalid-amount', 'A sale is above zero and below ten million.');
    }
    const soldAt = sale.soldAt === null ? now : new Date(sale.soldAt);
    if (soldAt.getTime() > now.getTime() + AHEAD_MS_MAX) {
      throw new Problem('invalid-request', 'A sale cannot lie in the future.');
    }
    const transactionId = await post(tx, {
      projectId,
      currency: project.currency,
      head: {
        kind: 'sale',
        accountId,
        accountingDate: localDayOf(project.zone, soldAt.getTime()),
        postedAt: now,
        cause: { channel: sale.channel },
        idempotencyKey: `${accountId}/${key}`,
      },
      legs: [
        { ...debitOf(sale.channel, by.actor.id), accountId: null, amountMinor },
        { code: 'wallet', accountId, amountMinor: -amountMinor },
      ],
    });
    const receipt = await nextReceipt(tx, project);
    const made = await tx.execute<{ id: string }>(sql`
      INSERT INTO sales (project_id, account_id, transaction_id, receipt, channel, amount_minor,
        currency, sold_at, sold_by, note)
      VALUES (${projectId}::bigint, ${accountId}::bigint, ${transactionId}::bigint, ${receipt},
        ${sale.channel}, ${amountMinor.toString()}::bigint, ${project.currency},
        ${soldAt.toISOString()}::timestamptz, ${by.actor.name}, ${sale.note})
      RETURNING id::text`);
    const { id } = only(made.rows);
    // In force at once, not a minute later: the newest generation is brought up with the sale.
    await tx.execute(sql`
      UPDATE live_balances b SET settled_minor = settled_minor + ${amountMinor.toString()}::bigint
      FROM live_balance_generations g
      WHERE g.project_id = ${projectId}::bigint AND b.project_id = g.project_id
        AND b.generation = g.generation AND b.account_id = ${accountId}::bigint`);
    await record(tx, {
      projectId,
      ...by,
      action: 'sale.posted',
      subjectKind: 'account',
      subjectId: accountId,
      detail: { receipt, ...sale, soldAt: soldAt.toISOString() },
    });
    await tell(tx, [{ projectId, kind: 'sale.posted', subjectId: id, payload: { accountId } }]);
    const body: ShownSale = {
      id,
      accountId,
      accountName: account.name,
      receipt,
      channel: sale.channel,
      amount: money(amountMinor, project.currency),
      soldAt: soldAt.toISOString(),
      soldBy: by.actor.name,
      note: sale.note,
    };
    return { status: 201, body };
  });
}

/** Where the money is now: in the cashier's drawer, in the bank, or still with the provider. */
function debitOf(channel: Channel, cashier: string): { code: LedgerCode; detail?: string } {
  switch (channel) {
    case 'cash':
      return { code: 'cash', detail: cashier };
    case 'transfer':
      return { code: 'bank' };
    case 'online':
      return { code: 'online-clearing' };
  }
}

async function openAccountName(
  tx: Tx,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<{ name: string }> {
  const found = await tx.execute<{ name: string; closed_on: string | null }>(sql`
    SELECT name, closed_on::text FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint FOR SHARE`);
  const account = found.rows[0];
  if (!account) throw notFound('account');
  if (account.closed_on !== null) {
    throw new Problem('account-closed', `The account was closed on ${account.closed_on}.`);
  }
  return account;
}

/**
 * The next receipt of the legal entity. The row stays locked until commit and rolls back with it, so
 * numbers have no gaps.
 */
async function nextReceipt(tx: Tx, { legalEntityId }: ProjectTerms): Promise<string> {
  const made = await tx.execute<{ last_number: string }>(sql`
    INSERT INTO document_series AS s (legal_entity_id, series, last_number)
    VALUES (${legalEntityId}::bigint, 'receipt', 1)
    ON CONFLICT (legal_entity_id, series) DO UPDATE SET last_number = s.last_number + 1
    RETURNING last_number::text`);
  return `R${only(made.rows).last_number.padStart(8, '0')}`;
}

/** Sales of local days [from, to), newest first, after `cursor` (an id). */
export async function listSales(
  db: Queryable,
  {
    projectId,
    accountId,
    from,
    to,
    cursor,
    limit,
  }: {
    projectId: string;
    accountId?: string;
    from?: LocalDay;
    to?: LocalDay;
    cursor?: string;
    limit: number;
  },
): Promise<{ data: ShownSale[]; totals: { count: number; amount: Money } }> {
  const project = await readProject(db, projectId);
  const start = from === undefined ? null : new Date(dayStart(project.zone, from)).toISOString();
  const end = to === undefined ? null : new Date(dayStart(project.zone, to)).toISOString();
  const within = sql`s.project_id = ${projectId}::bigint
    AND (${accountId ?? null}::bigint IS NULL OR s.account_id = ${accountId ?? null}::bigint)
    AND (${start}::timestamptz IS NULL OR s.sold_at >= ${start}::timestamptz)
    AND (${end}::timestamptz IS NULL OR s.sold_at < ${end}::timestamptz)`;
  const found = await db.execute<{
    id: string;
    account_id: string;
    name: string;
    receipt: string;
    channel: Channel;
    amount_minor: string;
    currency: string;
    sold_at: string;
    sold_by: string;
    note: string | null;
  }>(sql`
    SELECT s.id::text, s.account_id::text, a.name, s.receipt, s.channel, s.amount_minor::text,
      s.currency, s.sold_at, s.sold_by, s.note
    FROM sales s JOIN accounts a ON a.project_id = s.project_id AND a.id = s.account_id
    WHERE ${within} AND (${cursor ?? null}::bigint IS NULL
      OR (s.sold_at, s.id) < (SELECT c.sold_at, c.id FROM sales c
        WHERE c.project_id = s.project_id AND c.id = ${cursor ?? null}::bigint))
    ORDER BY s.sold_at DESC, s.id DESC LIMIT ${limit}`);
  const sum = await db.execute<{ count: number; amount: string }>(sql`
    SELECT count(*)::int AS count, coalesce(sum(s.amount_minor), 0)::text AS amount FROM sales s
    WHERE ${within}`);
  const total = only(sum.rows);
  return {
    data: found.rows.map((row) => ({
      id: row.id,
      accountId: row.account_id,
      accountName: row.name,
      receipt: row.receipt,
      channel: row.channel,
      amount: money(BigInt(row.amount_minor), row.currency),
      soldAt: new Date(row.sold_at).toISOString(),
      soldBy: row.sold_by,
      note: row.note,
    })),
    totals: { count: total.count, amount: money(BigInt(total.amount), project.currency) },
  };
}
