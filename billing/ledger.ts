/**
 * Double entry: transactions with all their legs, debit positive, credit negative, in minor units.
 * Set-based, in the caller's transaction; nothing here changes or deletes. The database checks again.
 */
import { type SQL, sql } from 'drizzle-orm';
import { addMonths, type LocalDay, monthOf } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { violatedConstraint } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { LedgerCode } from './chart.ts';

export interface Leg {
  code: LedgerCode;
  detail?: string;
  /** The customer whose own ledger account it is (a wallet), else null. */
  accountId: string | null;
  amountMinor: bigint;
}

export interface TransactionHead {
  kind:
    | 'settlement'
    | 'correction'
    /** Delivered and not settled at the close of a month, and the posting that takes it back. */
    | 'accrual'
    | 'sale'
    | 'refund'
    | 'reversal'
    | 'transfer'
    | 'write-off'
    | 'adjustment'
    /** Security taken, set against what is owed, given back. */
    | 'deposit'
    /** What was left in a closed account's wallet, paid out; or what it owed, paid after all. */
    | 'closing'
    /** Wallet → on its way to a meter → with the meter, or back. */
    | 'recharge'
    /** What a meter has taken for energy that was charged to the wallet. */
    | 'meter-use'
    /** The month's small difference between a meter and its sub-account. */
    | 'true-up';
  accountId: string | null;
  accountingDate: LocalDay;
  postedAt: Date;
  cause: Record<string, unknown>;
  idempotencyKey?: string;
  reverses?: string;
}

/** Posts one transaction and returns its id. Throws as `postAll`. */
export async function post(
  tx: Queryable,
  { head, legs, ...books }: { projectId: string; currency: string } & NewTransaction,
): Promise<string> {
  const [id] = await postAll(tx, { ...books, postings: [{ head, legs }] });
  if (!id) throw new Error('a transaction was not inserted');
  return id;
}

export interface NewTransaction {
  head: TransactionHead;
  legs: readonly Leg[];
}

/**
 * Posts transactions, set-based, and returns their ids in order. Throws Problem `month-closed` when an
 * accounting date lies in a month that takes none.
 */
export async function postAll(
  tx: Queryable,
  {
    projectId,
    currency,
    postings,
  }: { projectId: string; currency: string; postings: readonly NewTransaction[] },
): Promise<string[]> {
  if (postings.length === 0) return [];
  const drawn = await tx.execute<{ id: string }>(
    sql`SELECT nextval('ids')::text AS id FROM generate_series(1, ${postings.length}::int)`,
  );
  const ids = drawn.rows.map((row) => row.id);
  const heads = postings.map(({ head }, i) => ({ ...head, id: ids[i] }));
  await tx
    .execute(sql`
      INSERT INTO transactions (project_id, id, kind, account_id, accounting_date, posted_at,
        idempotency_key, cause, reverses)
      SELECT ${projectId}::bigint, id::bigint, kind, "accountId"::bigint, "accountingDate",
        "postedAt", "idempotencyKey", cause, reverses::bigint
      FROM jsonb_to_recordset(${JSON.stringify(heads)}::jsonb) AS t (id text, kind text,
        "accountId" text, "accountingDate" date, "postedAt" timestamptz, "idempotencyKey" text,
        cause jsonb, reverses text)`)
    .catch(refusedBy(postings.map(({ head }) => head)));
  const entries = await entriesOf(tx, {
    projectId,
    currency,
    postings: postings.map(({ legs }, i) => ({ transactionId: heads[i]?.id ?? '', legs })),
  });
  if (entries.length === 0) return ids;
  await tx.execute(entering({ projectId, currency, entries }));
  return ids;
}

/** For `.catch`: Problem `month-closed` where the month of one of the heads takes none, else the error as it is. */
export const refusedBy =
  (heads: readonly Pick<TransactionHead, 'accountingDate'>[]) =>
  (error: unknown): never => {
    if (violatedConstraint(error) !== 'month_open') throw error;
    const months = [...new Set(heads.map(({ accountingDate }) => accountingDate.slice(0, 7)))];
    const which = months.length === 1 ? `The month ${months} takes` : 'One of the months takes';
    throw new Problem('month-closed', `${which} no postings any more.`, { cause: error });
  };

/** The statements that post one transaction whose id and entries are known; they throw as `refusedBy` says. */
export const posting = ({
  projectId,
  currency,
  id,
  head,
  entries,
}: {
  projectId: string;
  currency: string;
  id: string;
  head: TransactionHead & { idempotencyKey: string };
  entries: readonly Entry[];
}): SQL[] => [
  sql`
    INSERT INTO transactions (project_id, id, kind, account_id, accounting_date, posted_at,
      idempotency_key, cause)
    VALUES (${projectId}::bigint, ${id}::bigint, ${head.kind}, ${head.accountId}::bigint,
      ${head.accountingDate}::date, ${head.postedAt.toISOString()}::timestamptz,
      ${head.idempotencyKey}, ${JSON.stringify(head.cause)}::jsonb)`,
  entering({ projectId, currency, entries }),
];

/** All legs of a transaction come in one statement: the database checks that they sum to zero. */
const entering = ({
  projectId,
  currency,
  entries,
}: {
  projectId: string;
  currency: string;
  entries: readonly Entry[];
}): SQL => sql`
  INSERT INTO entries (project_id, transaction_id, leg, ledger_account_id, amount, currency)
  SELECT ${projectId}::bigint, t.transaction_id, t.leg, t.account, t.amount, ${currency}
  FROM unnest(${columnOf(entries, 'transactionId')}::bigint[],
    ${columnOf(entries, 'leg')}::smallint[], ${columnOf(entries, 'ledgerAccountId')}::bigint[],
    ${columnOf(entries, 'amountMinor')}::bigint[]) AS t (transaction_id, leg, account, amount)`;

const columnOf = (entries: readonly Entry[], key: keyof Entry): string =>
  `{${entries.map((entry) => entry[key]).join()}}`;

/** A leg as it is stored. */
export interface Entry {
  transactionId: string;
  leg: number;
  ledgerAccountId: string;
  amountMinor: bigint;
}

/**
 * The entries of transactions: legs on one ledger account are joined, empty ones left out; ledger accounts
 * that do not exist yet are made, `known` ones not asked for. Throws when a transaction does not sum to zero.
 */
export async function entriesOf(
  tx: Queryable,
  {
    projectId,
    currency,
    postings,
    known = [],
  }: {
    projectId: string;
    currency: string;
    postings: readonly { transactionId: string; legs: readonly Leg[] }[];
    known?: readonly KnownAccount[];
  },
): Promise<Entry[]> {
  const accountOf = await ledgerAccounts(tx, { projectId, currency, postings, known });
  const entries: Entry[] = [];
  for (const { transactionId, legs } of postings) {
    const joined = new Map<string, bigint>();
    let off = 0n;
    for (const leg of legs) {
      if (leg.amountMinor === 0n) continue;
      off += leg.amountMinor;
      const account = accountOf(leg);
      joined.set(account, (joined.get(account) ?? 0n) + leg.amountMinor);
    }
    if (off !== 0n) throw new Error(`transaction ${transactionId} is off balance by ${off}`);
    let leg = 1;
    for (const [ledgerAccountId, amountMinor] of joined) {
      if (amountMinor === 0n) continue;
      entries.push({ transactionId, leg: leg++, ledgerAccountId, amountMinor });
    }
  }
  return entries;
}

const keyOf = ({ code, detail = '', accountId }: Omit<Leg, 'amountMinor'>) =>
  `${code}\u0000${detail}\u0000${accountId ?? ''}`;

export interface KnownAccount {
  id: string;
  code: LedgerCode;
  detail: string;
  account: string | null;
}

/** The question for a ledger account, which may not be there; `detail` may be known to the statement alone. */
export const askAccount = ({
  projectId,
  currency,
  code,
  detail = sql`''`,
  accountId,
}: {
  projectId: string;
  currency: SQL;
  code: LedgerCode;
  detail?: SQL;
  accountId: string | null;
}): SQL => sql`
  SELECT id::text, code, detail, account_id::text AS account FROM ledger_accounts
  WHERE project_id = ${projectId}::bigint AND code = ${code} AND detail = ${detail}
    AND ${accountId === null ? sql`account_id IS NULL` : sql`account_id = ${accountId}::bigint`}
    AND currency = ${currency}`;

/** Ids of the ledger accounts that legs name; those that do not exist yet are made. */
async function ledgerAccounts(
  tx: Queryable,
  {
    projectId,
    currency,
    postings,
    known,
  }: {
    projectId: string;
    currency: string;
    postings: readonly { legs: readonly Leg[] }[];
    known: readonly KnownAccount[];
  },
): Promise<(leg: Leg) => string> {
  const wanted = new Map<string, { code: LedgerCode; detail: string; account: string | null }>();
  for (const { legs } of postings) {
    for (const leg of legs) {
      const { code, detail = '', accountId: account, amountMinor } = leg;
      if (amountMinor !== 0n) wanted.set(keyOf(leg), { code, detail, account });
    }
  }
  const found = new Map<string, string>();
  const learn = (rows: readonly KnownAccount[]) => {
    for (const { id, account, ...place } of rows)
      found.set(keyOf({ ...place, accountId: account }), id);
  };
  learn(known);
  const look = async () => {
    const missing = [...wanted].filter(([key]) => !found.has(key)).map(([, value]) => value);
    if (missing.length === 0) return missing;
    const rows = await tx.execute<KnownAccount & Record<string, unknown>>(sql`
      WITH wanted AS (SELECT code, detail, account::bigint
        FROM jsonb_to_recordset(${JSON.stringify(missing)}::jsonb)
          AS t (code text, detail text, account text)),
      found AS (
        SELECT l.* FROM wanted w JOIN ledger_accounts l ON l.project_id = ${projectId}::bigint
          AND l.code = w.code AND l.detail = w.detail AND l.account_id = w.account
        UNION ALL
        SELECT l.* FROM wanted w JOIN ledger_accounts l ON l.project_id = ${projectId}::bigint
          AND l.code = w.code AND l.detail = w.detail AND l.account_id IS NULL AND w.account IS NULL)
      SELECT id::text, code, detail, account_id::text AS account FROM found
      WHERE currency = ${currency}`);
    learn(rows.rows);
    return [...wanted].filter(([key]) => !found.has(key)).map(([, value]) => value);
  };
  const missing = await look();
  if (missing.length > 0) {
    // In one order for all, so that two who make the same accounts cannot wait for each other.
    await tx.execute(sql`
      INSERT INTO ledger_accounts (project_id, code, detail, account_id, currency)
      SELECT ${projectId}::bigint, code, detail, account::bigint, ${currency}
      FROM jsonb_to_recordset(${JSON.stringify(missing)}::jsonb)
        AS t (code text, detail text, account text)
      ORDER BY code, detail, account ON CONFLICT DO NOTHING`);
    await look();
  }
  return (leg) => {
    const id = found.get(keyOf(leg));
    if (!id) throw new Error(`ledger account ${leg.code} was not made`);
    return id;
  };
}

/**
 * Undoes a transaction by its mirror image. Settlements are not reversed but settled anew, and
 * nothing is reversed twice: Problem `conflict`. Returns the id of the reversal.
 */
export async function reverse(
  tx: Queryable,
  {
    projectId,
    transactionId,
    accountingDate,
    at,
    reason,
  }: {
    projectId: string;
    transactionId: string;
    accountingDate: LocalDay;
    at: Date;
    reason: string;
  },
): Promise<string> {
  const found = await tx.execute<{ kind: string; account_id: string | null }>(sql`
    SELECT kind, account_id::text FROM transactions
    WHERE project_id = ${projectId}::bigint AND id = ${transactionId}::bigint`);
  const original = found.rows[0];
  if (!original) throw notFound('transaction');
  if (['settlement', 'correction', 'accrual', 'reversal'].includes(original.kind)) {
    throw new Problem('conflict', `A ${original.kind} is not reversed; settle or post anew.`);
  }
  const legs = await tx.execute<{
    code: LedgerCode;
    detail: string;
    account: string | null;
    amount: string;
    currency: string;
  }>(sql`
    SELECT l.code, l.detail, l.account_id::text AS account, e.amount::text, e.currency
    FROM entries e JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
    WHERE e.project_id = ${projectId}::bigint AND e.transaction_id = ${transactionId}::bigint
    ORDER BY e.leg`);
  const currency = legs.rows[0]?.currency;
  if (!currency) throw new Problem('conflict', 'The transaction has no legs to undo.');
  return await post(tx, {
    projectId,
    currency,
    head: {
      kind: 'reversal',
      accountId: original.account_id,
      accountingDate,
      postedAt: at,
      cause: { reverses: transactionId, reason },
      reverses: transactionId,
    },
    legs: legs.rows.map(({ code, detail, account, amount }) => ({
      code,
      detail,
      accountId: account,
      amountMinor: -BigInt(amount),
    })),
  }).catch((error: unknown) => {
    if (violatedConstraint(error)?.includes('reverses')) {
      throw new Problem('conflict', 'The transaction is reversed already.', { cause: error });
    }
    throw error;
  });
}

/** Months that take no settlement any more (or are in other states), as their first days. */
export async function closedMonths(
  tx: Queryable,
  projectId: string,
  states: readonly string[] = ['closed'],
): Promise<Set<LocalDay>> {
  const found = await tx.execute<{ month: string }>(sql`
    SELECT month::text FROM billing_months
    WHERE project_id = ${projectId}::bigint AND state = ANY (${`{${states.join()}}`}::text[])`);
  return new Set(found.rows.map((r) => r.month));
}

/** The accounting date of a service day: itself while its month is open, else the first open day. */
export function accountingDateOf(day: LocalDay, closed: ReadonlySet<LocalDay>): LocalDay {
  let month = monthOf(day);
  if (!closed.has(month)) return day;
  while (closed.has(month)) month = addMonths(month, 1);
  return month;
}
