/**
 * The trial balance and the balances behind it, as they are or as they were at a position: an old one comes
 * out as it did then.
 */
import { sql } from 'drizzle-orm';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { chart, type LedgerCode, ledgerCodes } from './chart.ts';
import { type AsOf, sumsOf } from './snapshots.ts';

export interface TrialRow {
  id: string;
  code: LedgerCode;
  name: string;
  nameZh: string;
  kind: (typeof chart)[LedgerCode]['kind'];
  detail: string;
  /** True for the wallets that are in debit: owed to us, shown apart and never netted. */
  inDebit: boolean;
  /** Ledger accounts in the row. */
  accounts: number;
  debit: Money;
  credit: Money;
  /** Debit less credit. */
  balance: Money;
}

export interface TrialBalance {
  rows: TrialRow[];
  /** By currency; the balance is zero, or the ledger is broken. */
  currencies: { currency: string; debit: Money; credit: Money; balance: Money }[];
}

/** The trial balance of a project, in the order of the chart. */
export async function trialBalance(
  db: Queryable,
  { projectId, asOf }: { projectId: string; asOf: AsOf },
): Promise<TrialBalance> {
  const found = await db.execute<{
    code: LedgerCode;
    detail: string;
    currency: string;
    in_debit: boolean;
    accounts: number;
    debit: string;
    credit: string;
    balance: string;
  }>(sql`
    WITH sums AS (${await sumsOf(db, { projectId, asOf })})
    SELECT l.code, l.detail, s.currency, l.code = 'wallet' AND s.balance > 0 AS in_debit,
      count(*)::int AS accounts, sum(s.debit)::text AS debit, sum(s.credit)::text AS credit,
      sum(s.balance)::text AS balance
    FROM sums s JOIN ledger_accounts l ON l.project_id = ${projectId}::bigint AND l.id = s.id
    GROUP BY 1, 2, 3, 4
    ORDER BY s.currency, array_position(${`{${ledgerCodes.join()}}`}::text[], l.code), 4, l.detail`);
  const totals = new Map<string, { debit: bigint; credit: bigint }>();
  const rows = found.rows.map((row): TrialRow => {
    const total = totals.get(row.currency) ?? { debit: 0n, credit: 0n };
    totals.set(row.currency, total);
    total.debit += BigInt(row.debit);
    total.credit += BigInt(row.credit);
    const { name, nameZh, kind } = row.in_debit ? walletsInDebit : chart[row.code];
    const inCurrency = (minor: string) => money(BigInt(minor), row.currency);
    return {
      id: [row.currency, row.code, row.in_debit ? 'in-debit' : '', row.detail].join('/'),
      ...{ code: row.code, name, nameZh, kind, detail: row.detail },
      inDebit: row.in_debit,
      accounts: row.accounts,
      debit: inCurrency(row.debit),
      credit: inCurrency(row.credit),
      balance: inCurrency(row.balance),
    };
  });
  const currencies = [...totals].map(([currency, { debit, credit }]) => ({
    currency,
    debit: money(debit, currency),
    credit: money(credit, currency),
    balance: money(debit - credit, currency),
  }));
  return { rows, currencies };
}

const walletsInDebit = {
  name: 'Customer wallets in debit',
  nameZh: '用户钱包欠费',
  kind: 'asset',
} as const;

export interface LedgerAccountRow {
  id: string;
  code: LedgerCode;
  name: string;
  nameZh: string;
  detail: string;
  accountId: string | null;
  accountNumber: string | null;
  accountName: string | null;
  entries: number;
  debit: Money;
  credit: Money;
  balance: Money;
}

/** Ledger accounts with their balances, by id after `cursor`; one more than `limit` tells of a next page. */
export async function ledgerBalances(
  db: Queryable,
  {
    projectId,
    asOf,
    code = null,
    accountId = null,
    side = null,
    cursor,
    limit,
  }: {
    projectId: string;
    asOf: AsOf;
    code?: LedgerCode | null;
    accountId?: string | null;
    /** Only those whose balance stands there. */
    side?: 'debit' | 'credit' | null;
    cursor: string;
    limit: number;
  },
): Promise<LedgerAccountRow[]> {
  const wanted = sql`JOIN ledger_accounts l ON l.project_id = e.project_id
    AND l.id = e.ledger_account_id AND l.id > ${cursor}::bigint
    AND (${code}::text IS NULL OR l.code = ${code}::text)
    AND (${accountId}::bigint IS NULL OR l.account_id = ${accountId}::bigint)`;
  const found = await db.execute<{
    id: string;
    code: LedgerCode;
    detail: string;
    account_id: string | null;
    number: string | null;
    name: string | null;
    currency: string;
    entries: number;
    debit: string;
    credit: string;
    balance: string;
  }>(sql`
    WITH sums AS (${await sumsOf(db, { projectId, asOf, accounts: wanted })})
    SELECT l.id::text, l.code, l.detail, l.account_id::text, a.number, a.name, s.currency, s.entries,
      s.debit::text, s.credit::text, s.balance::text
    FROM sums s JOIN ledger_accounts l ON l.project_id = ${projectId}::bigint AND l.id = s.id
    LEFT JOIN accounts a ON a.project_id = l.project_id AND a.id = l.account_id
    WHERE ${side}::text IS NULL
      OR CASE ${side}::text WHEN 'debit' THEN s.balance > 0 ELSE s.balance < 0 END
    ORDER BY l.id LIMIT ${limit}`);
  return found.rows.map((row) => ({
    id: row.id,
    code: row.code,
    name: chart[row.code].name,
    nameZh: chart[row.code].nameZh,
    detail: row.detail,
    accountId: row.account_id,
    accountNumber: row.number,
    accountName: row.name,
    entries: row.entries,
    debit: money(BigInt(row.debit), row.currency),
    credit: money(BigInt(row.credit), row.currency),
    balance: money(BigInt(row.balance), row.currency),
  }));
}
