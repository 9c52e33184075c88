/** Papers numbered without gaps, per legal entity and series; and where money lies that a counter moves. */
import { sql } from 'drizzle-orm';
import type { Tx } from '../sql/postgres.ts';
import type { LedgerCode } from './chart.ts';
import { only } from './fields.ts';
import type { ProjectTerms } from './project.ts';
import type { Channel } from './sale.ts';

/** Series beside that of sales, with the letter that their numbers begin with. */
const letters = { deposit: 'D', closing: 'C' } as const;

/**
 * The next number of a series. Its row stays locked until commit and rolls back with it: no gaps.
 */
export async function nextNumber(
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

/** The ledger account of a channel: the cashier's drawer, the bank, or what a provider owes. */
export function tillOf(channel: Channel, cashier: string): { code: LedgerCode; detail?: string } {
  switch (channel) {
    case 'cash':
      return { code: 'cash', detail: cashier };
    case 'transfer':
      return { code: 'bank' };
    case 'online':
      return { code: 'online-clearing' };
  }
}
