/** Money that enters or leaves a wallet shows in its live balance at once, not a minute later. */
import { sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';

/** Brings the newest generation up by minor units; above zero: more in the wallet. */
export async function liveMoved(
  tx: Queryable,
  { projectId, accountId, minor }: { projectId: string; accountId: string; minor: bigint },
): Promise<void> {
  await tx.execute(sql`
    UPDATE live_balances b SET settled_minor = settled_minor + ${minor.toString()}::bigint
    FROM live_balance_generations g
    WHERE g.project_id = ${projectId}::bigint AND b.project_id = g.project_id
      AND b.generation = g.generation AND b.account_id = ${accountId}::bigint`);
}
