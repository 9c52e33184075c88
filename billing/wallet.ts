/** What moved an account's wallet, and the charges behind it: read from the ledger, never kept twice. */
import { type SQL, sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { chargeKinds, chargeUnits } from '../sql/schema/settlements.ts';
import { readProject } from './project.ts';

export interface ShownEntry {
  id: string;
  transactionId: string;
  kind: string;
  accountingDate: LocalDay;
  postedAt: string;
  /** Above zero: more in the wallet. */
  amount: Money;
  /** The wallet after it, in order of accounting date. */
  balance: Money;
  cause: Record<string, unknown>;
}

/** Throws Problem `not-found` unless the account is one of the project. */
export async function assertAccount(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<void> {
  const found = await db.execute(sql`
    SELECT 1 FROM accounts WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint`);
  if (found.rows.length === 0) throw notFound('account');
}

/** Whether a transaction is sealed at or before a position; all of them are for null: now. */
export const isKnown = (
  transaction: SQL,
  { projectId, position }: { projectId: string; position: string | null },
): SQL =>
  position === null
    ? sql`true`
    : sql`EXISTS (SELECT FROM seals z WHERE z.project_id = ${projectId}::bigint
        AND z.transaction_id = ${transaction} AND z.position <= ${position}::bigint)`;

/** Where an account's own money can be: its wallet, and in meter mode on the way to a meter or with it. */
export const ownCodes = sql`('wallet', 'in-transit', 'on-meter')`;

/** The settled balance of an account, now or at a position, minor units: −Σ of what is its own. */
export async function settledBalance(
  db: Queryable,
  {
    projectId,
    accountId,
    position = null,
  }: { projectId: string; accountId: string; position?: string | null },
): Promise<bigint> {
  const found = await db.execute<{ sum: string }>(sql`
    SELECT coalesce(-sum(e.amount), 0)::text AS sum
    FROM ledger_accounts l JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
    WHERE l.project_id = ${projectId}::bigint AND l.account_id = ${accountId}::bigint
      AND l.code IN ${ownCodes} AND ${isKnown(sql`e.transaction_id`, { projectId, position })}`);
  return BigInt(found.rows[0]?.sum ?? 0);
}

/** The balance of an account's wallet at a position: what was posted by then, nothing provisional. */
export async function balanceAt(
  db: Queryable,
  { projectId, accountId, position }: { projectId: string; accountId: string; position: string },
) {
  await assertAccount(db, { projectId, accountId });
  const { currency } = await readProject(db, projectId);
  const settled = await settledBalance(db, { projectId, accountId, position });
  return {
    settled: money(settled, currency),
    provisional: null,
    live: null,
    settledTo: null,
    newestSampleAt: null,
    ageS: null,
    hoursLeft: null,
    computedAt: null,
  };
}

/** Kinds of transactions as a ledger shows them; what is neither a charge nor a sale is a correction. */
export const entryGroups = ['charges', 'sales', 'corrections'] as const;

/** Entries of the wallet, newest accounting date first. The cursor is 'date/transaction' of the last. */
export async function listEntries(
  db: Queryable,
  {
    projectId,
    accountId,
    cursor,
    limit,
    from = null,
    to = null,
    group = null,
    position = null,
  }: {
    projectId: string;
    accountId: string;
    /** Of the journal, after which nothing is known; null: now. */
    position?: string | null;
    cursor?: string | undefined;
    limit: number;
    from?: LocalDay | null | undefined;
    to?: LocalDay | null | undefined;
    group?: (typeof entryGroups)[number] | null | undefined;
  },
): Promise<{ data: ShownEntry[]; nextCursor: string | null }> {
  await assertAccount(db, { projectId, accountId });
  const [date, transaction] = cursorOf(cursor);
  const found = await db.execute<{
    transaction_id: string;
    leg: number;
    kind: string;
    accounting_date: string;
    posted_at: string;
    amount: string;
    balance: string;
    currency: string;
    cause: Record<string, unknown>;
  }>(sql`
    WITH wallet_entries AS (
      SELECT t.id, e.leg, t.kind, t.accounting_date, t.posted_at, -e.amount AS amount, e.currency,
        t.cause, -sum(e.amount) OVER (ORDER BY t.accounting_date, t.id) AS balance
      FROM ledger_accounts l
      JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
      JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
      WHERE l.project_id = ${projectId}::bigint AND l.account_id = ${accountId}::bigint
        AND l.code = 'wallet' AND ${isKnown(sql`t.id`, { projectId, position })})
    SELECT id::text AS transaction_id, leg, kind, accounting_date::text, posted_at, amount::text,
      balance::text, currency, cause
    FROM wallet_entries
    WHERE (${date}::date IS NULL
        OR (accounting_date, id) < (${date}::date, ${transaction}::bigint))
      AND (${from}::date IS NULL OR accounting_date >= ${from}::date)
      AND (${to}::date IS NULL OR accounting_date < ${to}::date)
      AND (${group}::text IS NULL OR ${group} = CASE kind WHEN 'settlement' THEN 'charges'
        WHEN 'sale' THEN 'sales' WHEN 'refund' THEN 'sales' ELSE 'corrections' END)
    ORDER BY accounting_date DESC, id DESC LIMIT ${limit + 1}`);
  const rows = found.rows.slice(0, limit);
  const last = found.rows.length > limit ? rows.at(-1) : undefined;
  return {
    data: rows.map((row) => ({
      id: `${row.transaction_id}-${row.leg}`,
      transactionId: row.transaction_id,
      kind: row.kind,
      accountingDate: row.accounting_date,
      postedAt: new Date(row.posted_at).toISOString(),
      amount: money(BigInt(row.amount), row.currency),
      balance: money(BigInt(row.balance), row.currency),
      cause: row.cause,
    })),
    nextCursor: last ? `${last.accounting_date}/${last.transaction_id}` : null,
  };
}

function cursorOf(cursor: string | undefined): [string | null, string | null] {
  if (cursor === undefined) return [null, null];
  const match = /^(\d{4}-\d{2}-\d{2})\/(\d{1,18})$/.exec(cursor);
  if (!match) throw new Problem('invalid-request', 'query/cursor: not a cursor');
  return [match[1] ?? null, match[2] ?? null];
}

export interface ShownCharge {
  /** What it is explained by; null for a provisional line. */
  settlementId: string | null;
  serviceDay: LocalDay;
  scopeId: string;
  pointCode: string | null;
  component: string;
  componentName: string | null;
  tariffVersionId: string;
  tariffName: string | null;
  tariffVersion: number | null;
  /** Rank, null where the component knows no period. */
  period: number | null;
  step: number;
  kind: (typeof chargeKinds)[number];
  unit: (typeof chargeUnits)[number];
  /** Of its unit: Wh, litres, W of demand; 1 for the day of a fee. */
  quantity: number;
  /** Per 1,000 of them, or per day. */
  price: string;
  /** Major units, not rounded. */
  exact: string;
  taxRate: string;
  treatment: 'revenue' | 'on-behalf';
  revision: number;
  /** True for a day that is not settled yet: such a line may still change. */
  provisional: boolean;
}

/** Lines of the revisions in force, now or at a position, for service days [from, to), newest day first; `cursor` counts them. */
export async function listCharges(
  db: Queryable,
  {
    projectId,
    accountId,
    from,
    to,
    position = null,
    offset,
    limit,
  }: {
    projectId: string;
    accountId: string;
    position?: string | null;
    from: LocalDay | null;
    to: LocalDay | null;
    offset: number;
    limit: number;
  },
): Promise<ShownCharge[]> {
  const found = await db.execute<{
    settlement_id: string;
    day: string;
    scope: string;
    code: string | null;
    component: string;
    component_name: string | null;
    version_id: string;
    tariff: string;
    version: number;
    period: number;
    step: number;
    kind: ShownCharge['kind'];
    unit: ShownCharge['unit'];
    quantity: string;
    price: string;
    exact: string;
    tax_rate: string;
    treatment: 'revenue' | 'on-behalf';
    revision: number;
  }>(sql`
    SELECT s.id::text AS settlement_id, s.local_day::text AS day, s.scope_id::text AS scope, p.code,
      c.component,
      (SELECT k ->> 'name' FROM jsonb_array_elements(v.definition -> 'components') k
        WHERE k ->> 'code' = c.component) AS component_name,
      v.id::text AS version_id, f.name AS tariff, v.version, c.period, c.step,
      c.kind, c.unit, c.quantity::text, c.price::text, c.exact::text, c.tax_rate::text, c.treatment, s.revision
    FROM settlements s
    JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id
    JOIN tariff_versions v ON v.project_id = c.project_id AND v.id = c.tariff_version_id
    JOIN tariffs f ON f.project_id = v.project_id AND f.id = v.tariff_id
    LEFT JOIN points p ON p.project_id = s.project_id AND p.id = s.scope_id
    WHERE s.project_id = ${projectId}::bigint AND s.account_id = ${accountId}::bigint
      AND (${from}::date IS NULL OR s.local_day >= ${from}::date)
      AND (${to}::date IS NULL OR s.local_day < ${to}::date)
      AND ${isKnown(sql`s.transaction_id`, { projectId, position })}
      AND NOT EXISTS (SELECT 1 FROM settlements n
        WHERE n.project_id = s.project_id AND n.supersedes = s.id
          AND ${isKnown(sql`n.transaction_id`, { projectId, position })})
    ORDER BY s.local_day DESC, p.code, c.component, c.tariff_version_id, c.period, c.step
    OFFSET ${offset} LIMIT ${limit}`);
  return found.rows.map((row) => ({
    settlementId: row.settlement_id,
    serviceDay: row.day,
    scopeId: row.scope,
    pointCode: row.code,
    component: row.component,
    componentName: row.component_name,
    tariffVersionId: row.version_id,
    tariffName: row.tariff,
    tariffVersion: row.version,
    period: row.period === 0 ? null : row.period,
    step: row.step,
    kind: row.kind,
    unit: row.unit,
    quantity: Number(row.quantity),
    price: row.price,
    exact: row.exact,
    taxRate: row.tax_rate,
    treatment: row.treatment,
    revision: row.revision,
    provisional: false,
  }));
}
