/**
 * What became of recharges: their commands are looked at, and each is resolved once, in one transaction with its
 * posting. Confirmed by ingest means balance and counter fit; a counter that does not is a person's to decide.
 */
import { sql } from 'drizzle-orm';
import { type Alarming, raiseAlarms } from '../sql/alarms.ts';
import type { CommandState } from '../sql/command-functions.ts';
import { localDayOf } from '../sql/local-day.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { holdWallet } from './meter-wallet.ts';
import type { ProjectTerms } from './project.ts';
import { type RechargeState, resolve, trySend } from './recharge.ts';

/** Recharges that one round resolves or sends. */
const ROUND_MAX = 500;
/** Who sends what has waited. */
const BILLING: Actor = { kind: 'system', id: 'billing', name: 'Billing' };
/** Outcomes that leave open whose the money on the meter is. */
const DOUBTFUL: ReadonlySet<string> = new Set(['counter-used', 'counter-differs', 'differs']);

/** What energy of a point has cost on the local day so far; major units, exact. */
export type CostOfToday = (of: { accountId: string; pointId: string }) => Promise<string>;

/** Resolves what is over and sends what has waited. Returns how many rows moved on. */
export async function followRecharges(
  db: Db,
  {
    project,
    costOfToday,
    clock,
  }: { project: ProjectTerms; costOfToday: CostOfToday; clock: () => Date },
): Promise<number> {
  const open = await db.execute<{ id: string; account_id: string; meter_id: string }>(sql`
    SELECT r.id::text, r.account_id::text, r.meter_id::text FROM recharges r
    JOIN command_states s ON s.project_id = r.project_id AND s.command_id = r.command_id
    WHERE r.project_id = ${project.id}::bigint AND r.state IN ('sent', 'unknown')
      AND (s.state IN ('confirmed', 'refused', 'expired') OR (s.state = 'unknown') <> (r.state = 'unknown'))
    ORDER BY r.id LIMIT ${ROUND_MAX}`);
  let moved = 0;
  for (const { id, account_id: accountId, meter_id: meterId } of open.rows) {
    if (await follow(db, { project, id, accountId, meterId, costOfToday, now: clock() })) moved++;
  }
  const waiting = await db.execute<{ id: string; account_id: string; meter_id: string }>(sql`
    SELECT DISTINCT ON (meter_id) id::text, account_id::text, meter_id::text FROM recharges w
    WHERE project_id = ${project.id}::bigint AND state = 'waiting'
      AND NOT EXISTS (SELECT FROM recharges o WHERE o.project_id = w.project_id
        AND o.meter_id = w.meter_id AND o.state IN ('sent', 'unknown', 'held'))
    ORDER BY meter_id, id LIMIT ${ROUND_MAX}`);
  for (const { id, account_id: accountId, meter_id: meterId } of waiting.rows) {
    const ids = { projectId: project.id, accountId, meterId };
    const isSent = await db.transaction(async (tx) => {
      const wallet = await holdWallet(tx, ids);
      const held = await tx.execute<{ amount_minor: string }>(sql`
        SELECT amount_minor::text FROM recharges WHERE project_id = ${project.id}::bigint
          AND id = ${id}::bigint AND state = 'waiting' FOR UPDATE`);
      const row = held.rows[0];
      if (!row) return false;
      const amountMinor = BigInt(row.amount_minor);
      return await trySend(tx, { project, wallet, id, amountMinor, actor: BILLING, now: clock() });
    });
    if (isSent) moved++;
  }
  return moved;
}

/** One recharge whose command has moved; false when somebody else was faster. */
async function follow(
  db: Db,
  {
    project,
    id,
    accountId,
    meterId,
    costOfToday,
    now,
  }: {
    project: ProjectTerms;
    id: string;
    accountId: string;
    meterId: string;
    costOfToday: CostOfToday;
    now: Date;
  },
): Promise<boolean> {
  const projectId = project.id;
  return await db.transaction(async (tx) => {
    const wallet = await holdWallet(tx, { projectId, accountId, meterId });
    const found = await tx.execute<{
      state: RechargeState;
      amount_minor: string;
      counter: number;
      told: CommandState;
      outcome: string | null;
      before: { remainingMinor?: number } | null;
      after: { remainingMinor?: number; counter?: number } | null;
    }>(sql`
      SELECT r.state, r.amount_minor::text, r.counter, s.state AS told, s.outcome, s.before, s.after
      FROM recharges r
      JOIN command_states s ON s.project_id = r.project_id AND s.command_id = r.command_id
      WHERE r.project_id = ${projectId}::bigint AND r.id = ${id}::bigint
        AND r.state IN ('sent', 'unknown') FOR UPDATE OF r`);
    const row = found.rows[0];
    if (!row) return false;
    const { told, counter, outcome, before, after } = row;
    const of = { id, accountId, meterId, amountMinor: BigInt(row.amount_minor) };
    const read = {
      beforeMinor: before?.remainingMinor ?? null,
      afterMinor: after?.remainingMinor ?? null,
    };
    const resolution = { ...read, outcome, decidedBy: null, reason: null };
    if (told === 'confirmed' && after?.counter === counter) {
      await resolve(tx, { project, of, resolution: { ...resolution, to: 'meter' }, now });
      const begins = wallet.beganAt === null;
      const opening = begins ? await costOfToday({ accountId, pointId: wallet.pointId }) : null;
      const instant = sql`${now.toISOString()}::timestamptz`;
      await tx.execute(sql`
        UPDATE meter_wallets SET counter = ${counter}::int, counter_at = ${instant},
          began_at = coalesce(began_at, ${instant}),
          first_day = coalesce(first_day, ${localDayOf(project.zone, now.getTime())}::date),
          opening_exact = coalesce(${opening}::numeric, opening_exact)
        WHERE project_id = ${projectId}::bigint AND id = ${wallet.id}::bigint`);
      return true;
    }
    if (told === 'unknown') {
      await tx.execute(sql`UPDATE recharges SET state = 'unknown', outcome = ${outcome}
        WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
      return true;
    }
    // Read, found not to have happened, and on its way again.
    if (told === 'requested' || told === 'sent') {
      await tx.execute(sql`UPDATE recharges SET state = 'sent', outcome = ${outcome}
        WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
      return true;
    }
    if (told === 'confirmed' || DOUBTFUL.has(outcome ?? '')) {
      const why = told === 'confirmed' ? 'counter-differs' : outcome;
      await tx.execute(sql`
        UPDATE recharges SET state = 'held', outcome = ${why},
          before_minor = ${read.beforeMinor}::bigint, after_minor = ${read.afterMinor}::bigint
        WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
      await doubt(tx, {
        projectId,
        meterId,
        now,
        detail: { recharge: id, outcome: why, expected: counter, found: after?.counter ?? null },
      });
      return true;
    }
    await resolve(tx, { project, of, resolution: { ...resolution, to: 'wallet' }, now });
    return true;
  });
}

/** Says that a meter's counter is not what it should be: somebody else may have put money on it. */
async function doubt(
  tx: Tx,
  {
    projectId,
    meterId,
    now,
    detail,
  }: { projectId: string; meterId: string; now: Date; detail: Alarming['detail'] },
): Promise<void> {
  await raiseAlarms(tx, {
    ...{ projectId, kind: 'meter.counter-differs', at: now },
    subjects: [
      { subjectKind: 'meter', subjectId: meterId, severity: 'critical', ...(detail && { detail }) },
    ],
  });
}
