/**
 * The sealer: gives committed transactions gap-free positions in a hash chain per project, in batches,
 * so that posting has no hot row and a later change of history shows.
 */
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Queryable } from '../sql/postgres.ts';
import { SNAPSHOT_EVERY, takeSnapshot } from './snapshots.ts';

/** What a new seal covers; seals of earlier versions stay valid, and a version never goes back. */
const SEAL_VERSION = 2;

/** Transactions sealed in one go. */
export const SEAL_BATCH_MAX = 5000;

/** The hash before the first position. */
const GENESIS = '0'.repeat(64);

interface Sealable extends Record<string, unknown> {
  id: string;
  /** Everything about the transaction and its legs, as one text that Postgres always writes alike. */
  content: string;
}

const head = sql`t.id::text, t.kind, t.account_id::text, t.accounting_date::text,
  to_char(t.posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), t.idempotency_key, t.cause,
  t.reverses::text`;

/** Version 1: the transaction with its legs, which name their ledger accounts by number alone. */
const contentOfNumbers = sql`jsonb_build_array(${head},
  (SELECT coalesce(jsonb_agg(jsonb_build_array(e.leg, e.ledger_account_id::text, e.amount::text,
    e.currency) ORDER BY e.leg), '[]'::jsonb) FROM entries e
   WHERE e.project_id = t.project_id AND e.transaction_id = t.id))::text`;

/** Version 2: also what each leg's ledger account is; nulls where there is none such. */
const contentOf = sql`jsonb_build_array(${SEAL_VERSION}::int, ${head},
  (SELECT coalesce(jsonb_agg(jsonb_build_array(e.leg, e.ledger_account_id::text, e.amount::text,
    e.currency, l.code, l.detail, l.account_id::text, l.currency) ORDER BY e.leg), '[]'::jsonb)
   FROM entries e
   LEFT JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
   WHERE e.project_id = t.project_id AND e.transaction_id = t.id))::text`;

/**
 * Seals up to SEAL_BATCH_MAX transactions of a project in order of id; returns how many. Two sealers
 * at once are harmless: the second finds the project busy and seals nothing.
 */
export async function seal(
  db: Db,
  {
    projectId,
    at,
    snapshotEvery = SNAPSHOT_EVERY,
  }: { projectId: string; at: Date; snapshotEvery?: number },
): Promise<number> {
  return await db.transaction(async (tx) => {
    const free = await tx.execute<{ free: boolean }>(
      sql`SELECT pg_try_advisory_xact_lock(hashtextextended(${`wattledger.seal/${projectId}`}, 0)) AS free`,
    );
    if (!free.rows[0]?.free) return 0;
    const open = await tx.execute<Sealable>(sql`
      SELECT t.id::text, ${contentOf} AS content FROM transactions t
      WHERE t.project_id = ${projectId}::bigint AND NOT EXISTS (
        SELECT 1 FROM seals s WHERE s.project_id = t.project_id AND s.transaction_id = t.id)
      ORDER BY t.id LIMIT ${SEAL_BATCH_MAX}`);
    if (open.rows.length === 0) return 0;
    const last = await tx.execute<{ position: string; hash: string; later: string }>(sql`
      SELECT position::text, hash, greatest(sealed_at, ${at.toISOString()}::timestamptz)::text AS later
      FROM seals WHERE project_id = ${projectId}::bigint
      ORDER BY seals.position DESC LIMIT 1`);
    let position = BigInt(last.rows[0]?.position ?? 0);
    let before = last.rows[0]?.hash ?? GENESIS;
    // Positions and instants run the same way even when the clock is set back.
    const sealedAt = last.rows[0]?.later ?? at.toISOString();
    const sealed = open.rows.map(({ id, content }) => {
      position += 1n;
      before = chain(before, position, content);
      return { position: position.toString(), id, hash: before };
    });
    await tx.execute(sql`
      INSERT INTO seals (project_id, position, transaction_id, hash, sealed_at, version)
      SELECT ${projectId}::bigint, position::bigint, id::bigint, hash, ${sealedAt}::timestamptz,
        ${SEAL_VERSION}::smallint
      FROM jsonb_to_recordset(${JSON.stringify(sealed)}::jsonb)
        AS t (position text, id text, hash text)`);
    await takeSnapshot(tx, { projectId, position, every: snapshotEvery });
    return sealed.length;
  });
}

const chain = (before: string, position: bigint, content: string): string =>
  createHash('sha256').update(`${before}\n${position}\n${content}`).digest('hex');

/** A chain that was walked: how far it holds, and where it does not. */
export interface Chain {
  /** Positions that were looked at. */
  positions: bigint;
  /** The hash of the last one. */
  hash: string;
  broken: { position: bigint; why: string } | null;
}

/**
 * Walks the chain from its beginning and recomputes every hash from what stands in the tables. Stops at
 * the first position that does not hold: altered, lost, or out of order.
 */
export async function walkChain(
  db: Queryable,
  projectId: string,
  onProgress: (positions: bigint) => Promise<void> | void = () => {},
): Promise<Chain> {
  let before = GENESIS;
  let expected = 1n;
  let newest = 1;
  const broken = (why: string): Chain => ({
    positions: expected - 1n,
    hash: before,
    broken: { position: expected, why },
  });
  for (;;) {
    const rows = await db.execute<
      Record<'position' | 'hash' | 'transaction_id', string> & {
        version: number;
        id: string | null;
        content: string | null;
      }
    >(sql`
      SELECT s.position::text, s.hash, s.version, s.transaction_id::text, t.id::text,
        CASE s.version WHEN 1 THEN ${contentOfNumbers} WHEN 2 THEN ${contentOf} END AS content
      FROM seals s LEFT JOIN transactions t ON t.project_id = s.project_id AND t.id = s.transaction_id
      WHERE s.project_id = ${projectId}::bigint AND s.position >= ${expected.toString()}::bigint
      ORDER BY s.position LIMIT ${SEAL_BATCH_MAX}`);
    if (rows.rows.length === 0) return { positions: expected - 1n, hash: before, broken: null };
    for (const { position, hash, version, transaction_id: sealed, id, content } of rows.rows) {
      if (BigInt(position) !== expected) return broken('the position is missing');
      if (id === null) return broken(`transaction ${sealed} is missing`);
      if (version < newest || content === null) {
        return broken(`the seal is of version ${version}, the one before of version ${newest}`);
      }
      newest = version;
      const next = chain(before, expected, content);
      if (hash !== next)
        return broken(
          `transaction ${sealed}, a leg or ledger account of it or its seal was altered`,
        );
      before = next;
      expected += 1n;
    }
    await onProgress(expected - 1n);
  }
}
