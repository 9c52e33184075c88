/** Taking back what a person said of a meter: one route, one row and one shape for every kind of it. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Permission } from '../sql/permission.ts';
import type { Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { idSchema, makes, needs, projectParams, takes } from '../sql/route.ts';
import { textSchema } from './fields.ts';
import type { Acting } from './rows.ts';

/** What is sent to take something back. */
export const takeBackBody = z.strictObject({ reason: textSchema });

/** The route that takes one of `path` back, answered with it as it is then. */
export const withdrawalRoute = <Path extends string, Row extends z.ZodType>({
  path,
  summary,
  permission,
  row,
}: {
  path: Path;
  summary: string;
  permission: Permission;
  row: Row;
}) =>
  createRoute({
    method: 'post',
    path: `/projects/{projectId}/${path}/{correctionId}/withdrawals`,
    summary,
    ...needs(permission),
    request: {
      params: projectParams.extend({ correctionId: idSchema }),
      body: takes(takeBackBody),
    },
    responses: makes(row),
  });

/** A correction, a reading by hand or a change no longer holds. Throws Problem `conflict` when it was withdrawn already. */
export async function withdrawCorrection(
  tx: Tx,
  { projectId, actor, traceId }: Acting,
  { id, reason }: { id: string; reason: string },
): Promise<void> {
  const { rows } = await tx.execute(sql`
    INSERT INTO correction_withdrawals (project_id, correction_id, reason, withdrawn_by)
    VALUES (${projectId}::bigint, ${id}::bigint, ${reason}, ${actor.id})
    ON CONFLICT DO NOTHING RETURNING correction_id`);
  if (rows.length === 0) throw new Problem('conflict', 'It was withdrawn already.');
  await record(tx, {
    ...{ projectId, actor, traceId, action: 'correction.withdrawn' },
    ...{ subjectKind: 'correction', subjectId: id, detail: { reason } },
  });
}

/** What each of them says of its withdrawal. */
export const withdrawalFields = {
  withdrawnAt: z.string().nullable(),
  withdrawnBy: z.string().nullable(),
  withdrawalReason: z.string().nullable(),
};

/** The same as columns and join of a query whose own table is `c`, and as its rows bring it. */
export const WITHDRAWAL = {
  columns: sql`w.created_at AS withdrawn_at, w.withdrawn_by, w.reason AS withdrawal_reason`,
  join: sql`LEFT JOIN correction_withdrawals w ON w.project_id = c.project_id AND w.correction_id = c.id`,
};
export interface WithdrawalRow extends Record<string, unknown> {
  withdrawn_at: string | null;
  withdrawn_by: string | null;
  withdrawal_reason: string | null;
}
export const withdrawalOf = (row: WithdrawalRow) => ({
  withdrawnAt: row.withdrawn_at && new Date(row.withdrawn_at).toISOString(),
  withdrawnBy: row.withdrawn_by,
  withdrawalReason: row.withdrawal_reason,
});
