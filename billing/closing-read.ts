/** Readings asked for when an account closes: its last quarter-hour is known once its meters were read after it. */
import { sql } from 'drizzle-orm';
import type { Clock } from '../sql/clock.ts';
import { commandObstacles, type Obstacle, requestCommands } from '../sql/commands.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { type By, only } from './fields.ts';
import { assertAccount } from './wallet.ts';

/** What was asked of the meter of a point; without a command, why not. */
export interface AskedReading {
  pointId: string;
  commandId: string | null;
  obstacle: Obstacle | 'no-meter' | null;
}

/** Asks the meters of points to be read now, as far as they can be; within the transaction of the act. */
export async function readNow(
  tx: Tx,
  {
    projectId,
    accountId,
    points,
    by,
    now,
    reason,
  }: {
    projectId: string;
    accountId: string;
    points: readonly { pointId: string; meterId: string | null }[];
    by: By;
    now: Date;
    reason: string;
  },
): Promise<AskedReading[]> {
  const meterIds = points.flatMap(({ meterId }) => meterId ?? []);
  const asked = { projectId, function: 'read-now', at: now } as const;
  const obstacles =
    meterIds.length > 0 ? await commandObstacles(tx, { ...asked, meterIds }) : new Map();
  const made = await requestCommands(tx, {
    ...{ ...asked, reason, actor: by.actor },
    meterIds: meterIds.filter((id) => !obstacles.has(id)),
    cause: { closing: accountId },
  });
  const commandOf = new Map(made.map(({ id, meterId }) => [meterId, id]));
  return points.map(({ pointId, meterId }) => ({
    pointId,
    commandId: commandOf.get(meterId ?? '') ?? null,
    obstacle: meterId === null ? 'no-meter' : (obstacles.get(meterId) ?? null),
  }));
}

/** Asks all meters of an account to be read now, once per key. Throws Problem `not-found`, and those of the key. */
export async function readAccountNow(
  db: Db,
  {
    projectId,
    accountId,
    key,
    by,
    clock,
  }: { projectId: string; accountId: string; key: string | undefined; by: By; clock: Clock },
): Promise<Answer<{ data: AskedReading[] }>> {
  const route = `POST /accounts/${accountId}/closing/readings`;
  const given = { projectId, route, key, actorId: by.actor.id, request: {} };
  return await once(db, given, async (tx) => {
    await assertAccount(tx, { projectId, accountId });
    const now = clock();
    const at = sql`${now.toISOString()}::timestamptz`;
    const found = await tx.execute<{ point_id: string; meter_id: string | null }>(sql`
      SELECT t.point_id::text, i.meter_id::text FROM tenancies t
      LEFT JOIN installations i ON i.project_id = t.project_id AND i.point_id = t.point_id
        AND i.valid_from <= ${at} AND (i.valid_to IS NULL OR i.valid_to > ${at})
      WHERE t.project_id = ${projectId}::bigint AND t.account_id = ${accountId}::bigint
        AND t.valid_from <= ${at} AND (t.valid_to IS NULL OR t.valid_to > ${at})
      ORDER BY t.point_id`);
    const name = await tx.execute<{ number: string }>(sql`
      SELECT number FROM accounts
      WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint`);
    const data = await readNow(tx, {
      ...{ projectId, accountId, by, now },
      points: found.rows.map((row) => ({ pointId: row.point_id, meterId: row.meter_id })),
      reason: `closing of ${only(name.rows).number}`,
    });
    return { status: 201, body: { data } };
  });
}
