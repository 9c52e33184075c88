/** The sealed journal as it stands: its head, what waits to be sealed, and its positions one by one. */
import { sql } from 'drizzle-orm';
import { isoOrNull } from '../sql/clock.ts';
import type { LocalDay } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { newestProof, type ShownProof } from './proofs.ts';

export interface JournalHead {
  /** `broken` as the newest proof found it; `unproven` before the first. */
  state: 'holds' | 'broken' | 'unproven';
  position: string;
  hash: string | null;
  sealedAt: string | null;
  /** Committed and not yet sealed. */
  unsealed: number;
  oldestUnsealedAt: string | null;
  brokenPosition: string | null;
  proof: ShownProof | null;
}

export async function journalHead(db: Queryable, projectId: string): Promise<JournalHead> {
  const found = await db.execute<{
    position: string | null;
    hash: string | null;
    sealed_at: string | null;
    unsealed: number;
    oldest: string | null;
  }>(sql`
    WITH head AS (SELECT position, hash, sealed_at FROM seals
      WHERE project_id = ${projectId}::bigint ORDER BY position DESC LIMIT 1),
    unsealed AS (SELECT count(*)::int AS count, min(t.posted_at) AS oldest FROM transactions t
      WHERE t.project_id = ${projectId}::bigint AND NOT EXISTS (SELECT FROM seals s
        WHERE s.project_id = t.project_id AND s.transaction_id = t.id))
    SELECT h.position::text, h.hash, h.sealed_at, u.count AS unsealed, u.oldest
    FROM unsealed u LEFT JOIN head h ON true`);
  const row = found.rows[0];
  if (!row) throw new Error('a count has a row');
  const proof = await newestProof(db, { projectId });
  const proven = proof?.outcome ? proof : await newestProof(db, { projectId, finished: true });
  return {
    state: proven ? (proven.outcome === 'held' ? 'holds' : 'broken') : 'unproven',
    position: row.position ?? '0',
    hash: row.hash,
    sealedAt: isoOrNull(row.sealed_at),
    unsealed: row.unsealed,
    oldestUnsealedAt: isoOrNull(row.oldest),
    brokenPosition: proven?.brokenPosition ?? null,
    proof,
  };
}

export interface JournalRow {
  position: string;
  hash: string;
  sealedAt: string;
  transactionId: string;
  kind: string;
  accountId: string | null;
  accountNumber: string | null;
  accountingDate: LocalDay;
  postedAt: string;
  /** What it moves: the sum of its debits. */
  amount: Money;
  reverses: string | null;
}

/** Sealed positions, newest first, before `cursor`. */
export async function journalRows(
  db: Queryable,
  {
    projectId,
    currency,
    cursor,
    limit,
  }: { projectId: string; currency: string; cursor: string | null; limit: number },
): Promise<JournalRow[]> {
  const found = await db.execute<{
    position: string;
    hash: string;
    sealed_at: string;
    transaction_id: string;
    kind: string;
    account_id: string | null;
    number: string | null;
    accounting_date: string;
    posted_at: string;
    amount: string;
    reverses: string | null;
  }>(sql`
    SELECT s.position::text, s.hash, s.sealed_at, t.id::text AS transaction_id, t.kind,
      t.account_id::text, a.number, t.accounting_date::text, t.posted_at, t.reverses::text,
      (SELECT coalesce(sum(e.amount), 0) FROM entries e WHERE e.project_id = t.project_id
        AND e.transaction_id = t.id AND e.amount > 0)::text AS amount
    FROM seals s JOIN transactions t ON t.project_id = s.project_id AND t.id = s.transaction_id
    LEFT JOIN accounts a ON a.project_id = t.project_id AND a.id = t.account_id
    WHERE s.project_id = ${projectId}::bigint
      AND (${cursor}::bigint IS NULL OR s.position < ${cursor}::bigint)
    ORDER BY s.position DESC LIMIT ${limit}`);
  return found.rows.map((row) => ({
    position: row.position,
    hash: row.hash,
    sealedAt: new Date(row.sealed_at).toISOString(),
    transactionId: row.transaction_id,
    kind: row.kind,
    accountId: row.account_id,
    accountNumber: row.number,
    accountingDate: row.accounting_date,
    postedAt: new Date(row.posted_at).toISOString(),
    amount: money(BigInt(row.amount), currency),
    reverses: row.reverses,
  }));
}
