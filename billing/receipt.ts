/** Numbers of papers, gap-free per legal entity and series. */
import { type SQL, sql } from 'drizzle-orm';
import type { Tx } from '../sql/postgres.ts';
import { only } from './fields.ts';
import type { ProjectTerms } from './project.ts';

/** A series and the letters before its numbers. */
const letters = { receipt: 'R', refund: 'RF', reversal: 'RV', deposit: 'D', closing: 'C' } as const;

/**
 * The next paper of a series of the legal entity. The row stays locked until commit and rolls back with it, so
 * numbers have no gaps.
 */
export async function nextReceipt(
  tx: Tx,
  project: ProjectTerms,
  series: keyof typeof letters,
): Promise<string> {
  const made = await tx.execute<{ receipt: string }>(
    sql`WITH ${drawing(project, series)} SELECT receipt FROM drawn`,
  );
  return only(made.rows).receipt;
}

/**
 * The same as a beginning of a statement, which reads `receipt` of `drawn`. Whoever comes next waits from here to the
 * commit: where many draw at once it stands last. An update first: who waits for it queues for the row, while those
 * who wait for a conflicting insert are woken all at once.
 */
export const drawing = ({ legalEntityId }: ProjectTerms, series: keyof typeof letters): SQL => sql`
  next AS (
    UPDATE document_series SET last_number = last_number + 1
    WHERE legal_entity_id = ${legalEntityId}::bigint AND series = ${series}
    RETURNING last_number),
  first AS (
    INSERT INTO document_series AS s (legal_entity_id, series, last_number)
    SELECT ${legalEntityId}::bigint, ${series}, 1 WHERE NOT EXISTS (SELECT FROM next)
    ON CONFLICT (legal_entity_id, series) DO UPDATE SET last_number = s.last_number + 1
    RETURNING last_number),
  drawn AS (
    SELECT ${letters[series]}::text
      || lpad(last_number::text, greatest(8, length(last_number::text)), '0') AS receipt
    FROM (SELECT * FROM next UNION ALL SELECT * FROM first) numbered)`;
