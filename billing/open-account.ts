/** An account at the counter, held while money moves. */
import { type SQL, sql } from 'drizzle-orm';
import type { Rows } from '../sql/flight.ts';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';

export type HeldAccount = Record<'name' | 'number', string>;

/**
 * An account that is open and stays so until commit; `alone`: nobody else sells to it or pays out of it meanwhile.
 * Throws Problem `not-found`, `account-closed`.
 */
export async function holdAccount(tx: Tx, asked: Asked): Promise<HeldAccount> {
  return heldIn((await tx.execute(holding(asked))).rows);
}

interface Asked {
  projectId: string;
  accountId: string;
  alone: boolean;
}

/** The statement that holds it, and what its rows say. Throws as `holdAccount`. */
export const holding = ({ projectId, accountId, alone }: Asked): SQL => sql`
  SELECT name, number, closed_on::text FROM accounts
  WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint
  ${alone ? sql`FOR NO KEY UPDATE` : sql`FOR SHARE`}`;
export function heldIn(rows: Rows): HeldAccount {
  // As `holding` asks for them.
  const account = rows[0] as (HeldAccount & { closed_on: string | null }) | undefined;
  if (!account) throw notFound('account');
  const { closed_on: closedOn, ...held } = account;
  if (closedOn !== null) {
    throw new Problem('account-closed', `The account was closed on ${closedOn}.`);
  }
  return held;
}
