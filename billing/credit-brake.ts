/**
 * The brake: automatic trips of an hour are counted, and above the policy's number or share they stop until a
 * person releases it. Counting and tripping happen under one lock of the project, which is taken after that of the
 * case and by nothing else.
 */
import { sql } from 'drizzle-orm';
import { raiseAlarms, syncAlarms } from '../sql/alarms.ts';
import { record } from '../sql/audit.ts';
import { tell } from '../sql/events.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { creditBrakeActs } from '../sql/schema/index.ts';
import type { CreditPolicy } from './credit-policy.ts';
import type { By } from './fields.ts';

const HOUR_MS = 3_600_000;
/** Who acts where nobody does. */
export const SYSTEM: Actor = { kind: 'system', id: 'credit', name: 'Credit control' };

export interface Brake {
  engaged: boolean;
  since: Date | null;
  /** Accounts tripped by itself in the last hour, and since it was last released. */
  trips: number;
  sinceRelease: number;
  /** Open accounts that hold a point: what a share is a share of. */
  accounts: number;
}

/** How the brake stands. */
export async function brakeOf(
  db: Queryable,
  { projectId, now }: { projectId: string; now: Date },
): Promise<Brake> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const hourAgo = sql`${new Date(now.getTime() - HOUR_MS).toISOString()}::timestamptz`;
  const found = await db.execute<{
    act: 'engaged' | 'released' | null;
    since: string | null;
    trips: number;
    since_release: number;
    accounts: number;
  }>(sql`
    WITH newest AS (
      SELECT act, at FROM credit_brake_acts WHERE project_id = ${projectId}::bigint
      ORDER BY id DESC LIMIT 1),
    tripped AS (
      SELECT at FROM credit_decisions WHERE project_id = ${projectId}::bigint AND at > ${hourAgo}
        AND decision = 'trip' AND actor_kind = 'system')
    SELECT n.act, n.at AS since, (SELECT count(*)::int FROM tripped) AS trips,
      (SELECT count(*)::int FROM tripped
        WHERE n.act IS NULL OR n.act = 'engaged' OR tripped.at > n.at) AS since_release,
      (SELECT count(DISTINCT t.account_id)::int FROM tenancies t
        WHERE t.project_id = ${projectId}::bigint AND t.valid_from <= ${at}
          AND (t.valid_to IS NULL OR t.valid_to > ${at})) AS accounts
    FROM (VALUES (1)) one (n) LEFT JOIN newest n ON true`);
  const row = found.rows[0];
  return {
    engaged: row?.act === 'engaged',
    since: row?.since ? new Date(row.since) : null,
    ...{ trips: row?.trips ?? 0, sinceRelease: row?.since_release ?? 0 },
    accounts: row?.accounts ?? 0,
  };
}

/** How many accounts may be tripped within an hour: by number and by share, one at the least. */
export const tripsAllowed = (
  { tripsPerHour, sharePercentPerHour }: CreditPolicy['brake'],
  accounts: number,
): number =>
  Math.min(tripsPerHour, Math.max(1, Math.floor((accounts * sharePercentPerHour) / 100)));

/** Keeps others from counting and tripping until commit. */
export async function holdBrake(tx: Tx, projectId: string): Promise<void> {
  await tx.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${`wattledger.credit/${projectId}`}, 0))`,
  );
}

/** Stops automatic trips before `accountId` would be next, and calls a person; nothing when it is engaged already. */
export async function engageBrake(
  tx: Tx,
  {
    projectId,
    policy,
    accountId,
    at,
  }: { projectId: string; policy: CreditPolicy; accountId: string; at: Date },
): Promise<void> {
  const { engaged, sinceRelease, accounts } = await brakeOf(tx, { projectId, now: at });
  if (engaged) return;
  const data = { trips: sinceRelease, allowed: tripsAllowed(policy.brake, accounts), accounts };
  await tx.insert(creditBrakeActs).values({
    ...{ projectId, act: 'engaged', reason: 'too-many-trips', data, at },
    ...{ actorKind: SYSTEM.kind, actorId: SYSTEM.id, actorName: SYSTEM.name },
  });
  await record(tx, {
    ...{ projectId, actor: SYSTEM, action: 'credit-brake.engaged' },
    ...{ subjectKind: 'project', subjectId: projectId, detail: data },
  });
  await raiseAlarms(tx, {
    ...{ projectId, kind: 'credit.brake', at },
    subjects: [
      { subjectKind: 'project', subjectId: projectId, severity: 'critical', detail: data },
    ],
  });
  await tell(tx, [
    {
      ...{ projectId, kind: 'credit.brake-engaged', subjectId: projectId },
      payload: { ...data, accountId },
    },
  ]);
}

/** A person lets automatic trips go on; the hour is counted anew. Throws Problem `conflict` when it is not engaged. */
export async function releaseBrake(
  db: Db,
  {
    projectId,
    reason,
    key,
    by,
    at,
  }: { projectId: string; reason: string; key: string | undefined; by: By; at: Date },
): Promise<Answer<{ released: true }>> {
  const route = 'POST /credit-brake/release';
  const given = { projectId, route, key, actorId: by.actor.id, request: { reason } };
  return await once(db, given, async (tx) => {
    await holdBrake(tx, projectId);
    if (!(await brakeOf(tx, { projectId, now: at })).engaged) {
      throw new Problem('conflict', 'The brake is not engaged.');
    }
    const { actor } = by;
    await tx.insert(creditBrakeActs).values({
      ...{ projectId, act: 'released', reason, at },
      ...{ actorKind: actor.kind, actorId: actor.id, actorName: actor.name },
    });
    await record(tx, {
      ...{ projectId, ...by, action: 'credit-brake.released' },
      ...{ subjectKind: 'project', subjectId: projectId, detail: { reason } },
    });
    await syncAlarms(tx, { projectId, kind: 'credit.brake', at, subjects: [] });
    return { status: 200, body: { released: true } };
  });
}
