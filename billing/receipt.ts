/** Numbers of papers, gap-free per legal entity and series. */
import { sql } from 'drizzle-orm';
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
  { legalEntityId }: ProjectTerms,
  series: keyof typeof letters,
): Promise<string> {
  const made = await tx.execute<{ last_number: string }>(sql`
    INSERT INTO document_series AS s (legal_entity_id, series, last_number)
    VALUES (${legalEntityId}::bigint, ${series}, 1)
    ON CONFLICT (legal_entity_id, series) DO UPDATE SET last_number = s.last_number + 1
    RETURNING last_number::text`);
  return `${letters[series]}${only(made.rows).last_number.padStart(8, '0')}`;
}
