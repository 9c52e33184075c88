/**
 * What the sales report asks Postgres: receipts one by one, who had sold what was reversed, and what
 * is not settled yet. Few rows each, by an index.
 */
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../../sql/local-day.ts';
import { money } from '../../sql/money.ts';
import type { Db } from '../../sql/postgres.ts';

/** Gaps that are listed; more are only said to be. */
const GAPS_MAX = 50;

export interface Receipts {
  first: string | null;
  last: string | null;
  /** Of this project's receipts between the first and the last that were sold in the range. */
  count: number;
  amountMinor: bigint;
  gaps: { from: string; to: string }[];
  gapsMore: boolean;
  doubles: number;
}

/** Of the series of receipts, as billing writes them. */
const numbered = (table: string) => sql.raw(`${table}.receipt ~ '^R[0-9]{8,17}$'`);
const textOf = (number: string | bigint): string => `R${String(number).padStart(8, '0')}`;

/**
 * Walks the receipts from `first` to `last`, with their neighbours, in the series of the legal entity,
 * which several projects may share: numbers that none has are gaps. Sums this project's own.
 */
export async function readReceipts(
  db: Db,
  {
    projectId,
    fromMs,
    toMs,
    first,
    last,
    position = null,
  }: {
    projectId: string;
    /** Epoch ms, half-open. */
    fromMs: number;
    toMs: number;
    first: bigint | null;
    last: bigint | null;
    /** Of the journal: only this project's receipts known by then count; null: now. */
    position?: string | null;
  },
): Promise<Receipts> {
  const none = { count: 0, amountMinor: 0n, gaps: [], gapsMore: false, doubles: 0 };
  if (first === null || last === null) return { first: null, last: null, ...none };
  const [low, high] = [textOf(first), textOf(last)];
  const within = sql`s.sold_at >= ${new Date(fromMs).toISOString()}::timestamptz
    AND s.sold_at < ${new Date(toMs).toISOString()}::timestamptz
    AND (${position}::bigint IS NULL OR EXISTS (SELECT FROM seals z WHERE z.project_id = s.project_id
      AND z.transaction_id = s.transaction_id AND z.position <= ${position}::bigint))`;
  const found = await db.execute<{
    count: number;
    amount: string;
    doubles: number;
    gaps: { from: string; to: string }[] | null;
    gap_count: number;
  }>(sql`
    WITH entity AS (
      SELECT o.id, o.legal_entity_id FROM projects p
      JOIN projects o ON o.legal_entity_id = p.legal_entity_id
      WHERE p.id = ${projectId}::bigint),
    walked AS (
      SELECT s.receipt, s.amount_minor AS amount,
        s.project_id = ${projectId}::bigint AND ${within} AS is_ours
      FROM entity e JOIN sales s ON s.project_id = e.id
      WHERE s.receipt BETWEEN ${low} AND ${high} AND ${numbered('s')}),
    -- What stands before the first and after the last: a gap may lie right beside them.
    neighbours AS (
      SELECT coalesce(max(substring((SELECT max(b.receipt) FROM sales b
          WHERE b.project_id = e.id AND b.receipt < ${low} AND ${numbered('b')}) FROM 2)::bigint), 0)
        AS number
      FROM entity e
      UNION ALL
      SELECT coalesce(
        min(substring((SELECT min(b.receipt) FROM sales b
          WHERE b.project_id = e.id AND b.receipt > ${high} AND ${numbered('b')}) FROM 2)::bigint),
        (SELECT d.last_number + 1 FROM document_series d
          WHERE d.legal_entity_id = min(e.legal_entity_id) AND d.series = 'receipt'),
        ${last.toString()}::bigint + 1)
      FROM entity e),
    chain AS (
      SELECT number, lag(number) OVER (ORDER BY number) AS before
      FROM (SELECT substring(receipt FROM 2)::bigint AS number FROM walked
        UNION ALL SELECT number FROM neighbours) AS numbers),
    gaps AS (SELECT before + 1 AS low, number - 1 AS high FROM chain WHERE number > before + 1)
    SELECT
      (SELECT count(*)::int FROM walked WHERE is_ours) AS count,
      (SELECT coalesce(sum(amount), 0)::text FROM walked WHERE is_ours) AS amount,
      (SELECT count(*)::int FROM chain WHERE number = before) AS doubles,
      (SELECT count(*)::int FROM gaps) AS gap_count,
      (SELECT jsonb_agg(jsonb_build_object('from', low::text, 'to', high::text) ORDER BY low)
        FROM (SELECT * FROM gaps ORDER BY low LIMIT ${GAPS_MAX}) AS told) AS gaps`);
  const row = found.rows[0];
  if (!row) throw new Error('the receipts were not counted');
  return {
    first: low,
    last: high,
    count: row.count,
    amountMinor: BigInt(row.amount),
    doubles: row.doubles,
    gaps: (row.gaps ?? []).map((gap) => ({ from: textOf(gap.from), to: textOf(gap.to) })),
    gapsMore: row.gap_count > GAPS_MAX,
  };
}

/** Reversals of sales in [from, to) of accounting dates, and who had sold what each of them undoes. */
export async function readReturns(
  db: Db,
  { projectId, from, to }: { projectId: string; from: LocalDay; to: LocalDay },
): Promise<{ transactionId: string; cashier: string }[]> {
  const found = await db.execute<{ id: string; sold_by: string }>(sql`
    SELECT t.id::text, s.sold_by
    FROM transactions t
    JOIN sales s ON s.project_id = t.project_id AND s.transaction_id = t.reverses
    WHERE t.project_id = ${projectId}::bigint AND t.reverses IS NOT NULL AND t.kind = 'reversal'
      AND s.sold_by <> '' AND t.accounting_date >= ${from}::date AND t.accounting_date < ${to}::date`);
  return found.rows.map((row) => ({ transactionId: row.id, cashier: row.sold_by }));
}

/** What was used and is not settled, from the live balances in force; null before there are any. */
export async function readProvisional(
  db: Db,
  { projectId, currency }: { projectId: string; currency: string },
) {
  const found = await db.execute<{
    amount: string;
    accounts: number;
    computed_at: string;
    newest: string | null;
    settled_to: string | null;
  }>(sql`
    SELECT sum(b.provisional_minor)::text AS amount, count(*)::int AS accounts,
      min(g.computed_at) AS computed_at, max(b.newest_sample_at) AS newest,
      min(b.settled_to)::text AS settled_to
    FROM live_balance_generations g
    JOIN live_balances b ON b.project_id = g.project_id AND b.generation = g.generation
    WHERE g.project_id = ${projectId}::bigint
    HAVING count(*) > 0`);
  const row = found.rows[0];
  if (!row) return null;
  return {
    amount: money(BigInt(row.amount), currency),
    accounts: row.accounts,
    computedAt: new Date(row.computed_at).toISOString(),
    newestSampleAt: row.newest && new Date(row.newest).toISOString(),
    settledTo: row.settled_to,
  };
}
