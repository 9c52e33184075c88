/**
 * Sums by ledger account at a position of the journal: a snapshot, which the sealer takes now and then, and
 * what was sealed after it. Snapshots only save work; every proof of the ledger sums the entries again.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';

/** Positions from one snapshot to the next: about a second's work where a transaction has ten legs. */
export const SNAPSHOT_EVERY = 100_000;

/** As it was at a position (null: now, what is not sealed yet with it), up to an accounting date. */
export interface AsOf {
  position: string | null;
  accountingDate: LocalDay | null;
}

/**
 * The statement that sums by ledger account the entries that count: debit and credit above zero, balance =
 * debit − credit. `accounts` joins what is wanted of `e`, which has project_id and ledger_account_id.
 */
export async function sumsOf(
  db: Queryable,
  {
    projectId,
    asOf: { position, accountingDate },
    accounts = sql``,
  }: { projectId: string; asOf: AsOf; accounts?: SQL },
): Promise<SQL> {
  const project = sql`${projectId}::bigint`;
  if (accountingDate !== null) {
    // Snapshots know positions, no dates.
    return sql`SELECT e.ledger_account_id AS id, e.currency, count(*)::int AS entries, ${sides},
        sum(e.amount) AS balance
      FROM entries e ${accounts}
      JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
        AND t.accounting_date <= ${accountingDate}::date
      ${
        position === null
          ? sql``
          : sql`JOIN seals s ON s.project_id = e.project_id AND s.transaction_id = e.transaction_id
              AND s.position <= ${position}::bigint`
      }
      WHERE e.project_id = ${project} GROUP BY e.ledger_account_id, e.currency`;
  }
  const cursor = await newestSnapshot(db, { projectId, position });
  const moved = (
    of: SQL,
  ) => sql`SELECT e.ledger_account_id, e.currency, count(*) AS entries, ${sides}
    FROM entries e ${accounts} ${of} WHERE e.project_id = ${project} GROUP BY 1, 2`;
  const parts = [moved(await sealedAfter(db, { projectId, cursor, position }))];
  if (cursor !== '0') {
    parts.push(sql`SELECT e.ledger_account_id, e.currency, e.entries, e.debit, e.credit
      FROM balance_snapshots e ${accounts}
      WHERE e.project_id = ${project} AND e.position = ${cursor}::bigint`);
  }
  if (position === null) {
    parts.push(
      moved(sql`JOIN (SELECT t.id FROM transactions t WHERE t.project_id = ${project}
        AND NOT EXISTS (SELECT FROM seals s WHERE s.project_id = t.project_id
          AND s.transaction_id = t.id)) t ON t.id = e.transaction_id`),
    );
  }
  return sql`SELECT ledger_account_id AS id, currency, sum(entries)::int AS entries, sum(debit) AS debit,
      sum(credit) AS credit, sum(debit) - sum(credit) AS balance
    FROM (${sql.join(parts, sql` UNION ALL `)}) summed GROUP BY 1, 2`;
}

const sides = sql`coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0) AS debit,
  coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0) AS credit`;

/**
 * Of `e`, what was sealed after one position and up to another (null is the end). Between two positions ids of
 * transactions lie close together: told in which range, Postgres reads that part of the entries alone.
 */
async function sealedAfter(
  db: Queryable,
  { projectId, cursor, position }: { projectId: string; cursor: string; position: string | null },
): Promise<SQL> {
  const within = sql`s.position > ${cursor}::bigint
    ${position === null ? sql`` : sql`AND s.position <= ${position}::bigint`}`;
  const found = await db.execute<{ first: string; last: string }>(sql`
    SELECT coalesce(min(s.transaction_id), 0)::text AS first,
      coalesce(max(s.transaction_id), 0)::text AS last
    FROM seals s WHERE s.project_id = ${projectId}::bigint AND ${within}`);
  const { first, last } = found.rows[0] ?? { first: '0', last: '0' };
  return sql`JOIN seals s ON s.project_id = e.project_id AND s.transaction_id = e.transaction_id
    AND ${within} AND e.transaction_id BETWEEN ${first}::bigint AND ${last}::bigint`;
}

/** The position of the newest snapshot up to one; '0' before the first. */
async function newestSnapshot(
  db: Queryable,
  { projectId, position }: { projectId: string; position: string | null },
): Promise<string> {
  const found = await db.execute<{ position: string }>(sql`
    SELECT coalesce(max(position), 0)::text AS position FROM balance_snapshots
    WHERE project_id = ${projectId}::bigint
      AND (${position}::bigint IS NULL OR position <= ${position}::bigint)`);
  return found.rows[0]?.position ?? '0';
}

/** Takes a snapshot at a position that was just sealed, when the newest is `every` positions behind. */
export async function takeSnapshot(
  tx: Queryable,
  { projectId, position, every }: { projectId: string; position: bigint; every: number },
): Promise<void> {
  const newest = await newestSnapshot(tx, { projectId, position: position.toString() });
  if (position - BigInt(newest) < BigInt(every)) return;
  const asOf = { position: position.toString(), accountingDate: null };
  await tx.execute(sql`
    INSERT INTO balance_snapshots (project_id, position, ledger_account_id, currency, entries, debit,
      credit)
    SELECT ${projectId}::bigint, ${position.toString()}::bigint, id, currency, entries, debit, credit
    FROM (${await sumsOf(tx, { projectId, asOf })}) s`);
}
