/** Money that enters or leaves a wallet shows in its live balance at once, not a minute later. */
import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';

/** Brings the newest generation up by minor units; above zero: more in the wallet. */
export async function liveMoved(tx: Queryable, moved: Moved): Promise<void> {
  await tx.execute(movingLive(moved));
}

interface Moved {
  projectId: string;
  accountId: string;
  minor: bigint;
}

/** The same as a statement, or a part of one. */
export const movingLive = ({ projectId, accountId, minor }: Moved): SQL => sql`
  UPDATE live_balances b SET settled_minor = settled_minor + ${minor.toString()}::bigint
  FROM live_balance_generations g
  WHERE g.project_id = ${projectId}::bigint AND b.project_id = g.project_id
    AND b.generation = g.generation AND b.account_id = ${accountId}::bigint`;
