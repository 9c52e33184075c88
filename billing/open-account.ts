/** An account at the counter, held while money moves. */
import { sql } from 'drizzle-orm';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';

export type HeldAccount = Record<'name' | 'number', string>;

/**
 * An account that is open and stays so until commit; `alone`: nobody else sells to it or pays out of it meanwhile.
 * Throws Problem `not-found`, `account-closed`.
 */
export async function holdAccount(
  tx: Tx,
  { projectId, accountId, alone }: { projectId: string; accountId: string; alone: boolean },
): Promise<HeldAccount> {
  const found = await tx.execute<HeldAccount & { closed_on: string | null }>(sql`
    SELECT name, number, closed_on::text FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint
    ${alone ? sql`FOR NO KEY UPDATE` : sql`FOR SHARE`}`);
  const account = found.rows[0];
  if (!account) throw notFound('account');
  const { closed_on: closedOn, ...held } = account;
  if (closedOn !== null) {
    throw new Problem('account-closed', `The account was closed on ${closedOn}.`);
  }
  return held;
}
