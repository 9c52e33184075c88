/**
 * A recharge: money out of the wallet, on its way to a meter by a command that carries the purchase counter after
 * it, and with the meter once balance and counter prove it. A meter has one on its way at a time; the others wait.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { commandObstacles, obstacleProblem, requestCommand } from '../sql/commands.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { localDayOf } from '../sql/local-day.ts';
import { formatMinor, type Money } from '../sql/money.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { rechargeStates, rechargeWaits } from '../sql/schema/meter-mode.ts';
import { readVendingSettings } from '../sql/vending-settings.ts';
import { collect, type Debt, debtsOf } from './debts.ts';
import { type By, minorOf, only } from './fields.ts';
import { post } from './ledger.ts';
import { takeMeterUse } from './meter-use.ts';
import { holdWallet, type MeterWallet, moved, walletMinor } from './meter-wallet.ts';
import { holdAccount } from './open-account.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { rechargeOf, type ShownRecharge } from './recharge-list.ts';

export type RechargeState = (typeof rechargeStates)[number];
export type RechargeWait = (typeof rechargeWaits)[number];

/** Largest recharge, minor units: as the largest sale. */
const RECHARGE_MINOR_MAX = 1_000_000_000n;
/** What a meter's counter holds. */
const COUNTER_MAX = 0xffff;

/**
 * Sends money out of the wallet to a meter, once per key. Throws Problem `not-meter-mode`, `account-closed`,
 * `invalid-amount`, `balance-too-low`, what stands in the way of the command, and those of the idempotency key.
 */
export async function recharge(
  db: Db,
  {
    projectId,
    accountId,
    wanted,
    key,
    by,
    clock,
  }: {
    projectId: string;
    accountId: string;
    wanted: { meterId: string; amount: Money };
    key: string | undefined;
    by: By;
    clock: Clock;
  },
): Promise<Answer<ShownRecharge>> {
  const route = `POST /accounts/${accountId}/recharges`;
  const given = { projectId, route, key, actorId: by.actor.id, request: wanted };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    await holdAccount(tx, { projectId, accountId, alone: true });
    const amountMinor = minorOf(wanted.amount, project.currency);
    if (amountMinor <= 0n || amountMinor > RECHARGE_MINOR_MAX) {
      throw new Problem('invalid-amount', 'A recharge is above zero and below ten million.');
    }
    const free = await freeMinor(tx, { projectId, accountId });
    if (amountMinor > free) {
      const left = formatMinor(free > 0n ? free : 0n, project.currency);
      throw new Problem('balance-too-low', `The wallet has ${left} that can go to a meter.`);
    }
    const { meterId } = wanted;
    const id = await makeRecharge(tx, {
      ...{ project, accountId, meterId, amountMinor, by, now: clock() },
      ...{ saleId: null, collected: [] },
    });
    return { status: 201, body: await rechargeOf(tx, { project, id }) };
  });
}

/** Sends a sale on to a meter, less what of it pays debts of the wallet. The account is held, the sale is posted. */
export async function rechargeBySale(
  tx: Tx,
  {
    saleMinor,
    ...sold
  }: {
    project: ProjectTerms;
    accountId: string;
    meterId: string;
    saleId: string;
    saleMinor: bigint;
    by: By;
    now: Date;
  },
): Promise<void> {
  const { project, accountId } = sold;
  const projectId = project.id;
  await takeMeterUse(tx, { project, accountId, now: sold.now });
  const settings = await readVendingSettings(tx, projectId);
  const free = await freeMinor(tx, { projectId, accountId });
  const owed = saleMinor - free;
  const collected = collect({
    ...{ saleMinor, sharePercent: settings.debtSharePercent, priority: settings.debtPriority },
    debts: owed > 0n ? await debtsOf(tx, { project, accountId, owed }) : [],
  });
  const amountMinor = collected.reduce((left, { minor }) => left - minor, saleMinor);
  if (amountMinor > 0n) await makeRecharge(tx, { ...sold, amountMinor, collected });
}

/** Throws Problem `conflict` while the money of a sale is with a meter or may get there: it is not ours to give back. */
export async function assertNotWithMeter(
  tx: Tx,
  { projectId, saleId }: { projectId: string; saleId: string },
): Promise<void> {
  const found = await tx.execute(sql`
    SELECT 1 FROM recharges r
    JOIN meter_wallets w ON w.project_id = r.project_id AND w.id = r.wallet_id
    WHERE r.project_id = ${projectId}::bigint AND r.sale_id = ${saleId}::bigint
      AND (r.resolved_at IS NULL OR (r.state = 'confirmed' AND w.closed_at IS NULL))`);
  if (found.rows.length === 0) return;
  throw new Problem('conflict', 'The money of this sale went to a meter, which holds it.');
}

/** What the wallet holds beside what waits to go to a meter, minor units. */
async function freeMinor(
  tx: Tx,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<bigint> {
  const waiting = await tx.execute<{ minor: string }>(sql`
    SELECT coalesce(sum(amount_minor), 0)::text AS minor FROM recharges
    WHERE project_id = ${projectId}::bigint AND account_id = ${accountId}::bigint
      AND state = 'waiting'`);
  const held = await walletMinor(tx, { projectId, accountId });
  return held - BigInt(waiting.rows[0]?.minor ?? 0);
}

/**
 * Makes a recharge in the transaction of the act that pays for it, and sends it when its meter is free. The account
 * is held by the caller. Returns its id.
 */
export async function makeRecharge(
  tx: Tx,
  {
    project,
    accountId,
    meterId,
    saleId,
    amountMinor,
    collected,
    by,
    now,
  }: {
    project: ProjectTerms;
    accountId: string;
    meterId: string;
    saleId: string | null;
    amountMinor: bigint;
    /** Of the sale, what stays in the wallet for debts. */
    collected: readonly Debt[];
    by: By;
    now: Date;
  },
): Promise<string> {
  const projectId = project.id;
  const wallet = await holdWallet(tx, { projectId, accountId, meterId });
  const obstacle = await obstacleOf(tx, { projectId, meterId, now });
  if (obstacle) throw obstacleProblem(obstacle);
  const kept = collected.map(({ code, minor }) => ({ code, minor: minor.toString() }));
  const made = await tx.execute<{ id: string }>(sql`
    INSERT INTO recharges (project_id, account_id, meter_id, wallet_id, sale_id, amount_minor, currency,
      collected, state, waits_for, requested_at, requested_by_id, requested_by)
    VALUES (${projectId}::bigint, ${accountId}::bigint, ${meterId}::bigint, ${wallet.id}::bigint,
      ${saleId}::bigint, ${amountMinor.toString()}::bigint, ${project.currency},
      ${JSON.stringify(kept)}::jsonb, 'waiting', 'other-recharge', ${now.toISOString()}::timestamptz,
      ${by.actor.id}, ${by.actor.name})
    RETURNING id::text`);
  const { id } = only(made.rows);
  await record(tx, {
    projectId,
    ...by,
    action: 'recharge.requested',
    subjectKind: 'account',
    subjectId: accountId,
    detail: { recharge: id, meterId, amount: formatMinor(amountMinor, project.currency) },
  });
  await trySend(tx, { project, wallet, id, amountMinor, actor: by.actor, now });
  return id;
}

const obstacleOf = async (
  tx: Tx,
  { projectId, meterId, now }: { projectId: string; meterId: string; now: Date },
) => {
  const asked = { projectId, function: 'recharge' as const, meterIds: [meterId], at: now };
  return (await commandObstacles(tx, asked)).get(meterId);
};

/**
 * Sends a recharge that waits, or writes down what it waits for: the wallet's money is in transit and the command is
 * asked for, both or neither. The sub-account is held by the caller. True when it was sent.
 */
export async function trySend(
  tx: Tx,
  {
    project,
    wallet,
    id,
    amountMinor,
    actor,
    now,
  }: {
    project: ProjectTerms;
    wallet: MeterWallet;
    id: string;
    amountMinor: bigint;
    actor: Actor;
    now: Date;
  },
): Promise<boolean> {
  const projectId = project.id;
  const { meterId, accountId } = wallet;
  const waitsFor = await waitOf(tx, { projectId, wallet, id, now });
  if (waitsFor !== null || wallet.counter === null) {
    await tx.execute(sql`
      UPDATE recharges SET waits_for = ${waitsFor} WHERE project_id = ${projectId}::bigint
        AND id = ${id}::bigint AND state = 'waiting' AND waits_for <> ${waitsFor}`);
    return false;
  }
  const counter = wallet.counter + 1;
  const command = await requestCommand(tx, {
    ...{ projectId, meterId, actor, at: now, function: 'recharge' },
    arguments: { amountMinor: Number(amountMinor), counter },
    reason: `recharge ${id}`,
    cause: { recharge: id },
  });
  const transactionId = await post(tx, {
    projectId,
    currency: project.currency,
    head: {
      ...{ kind: 'recharge', accountId, postedAt: now, idempotencyKey: `${id}/sent` },
      accountingDate: localDayOf(project.zone, now.getTime()),
      cause: { recharge: id, meter: meterId, step: 'sent' },
    },
    legs: moved(wallet, { from: 'wallet', to: 'in-transit', minor: amountMinor }),
  });
  await tx.execute(sql`
    UPDATE recharges SET state = 'sent', waits_for = NULL, counter = ${counter}::int,
      command_id = ${command.id}::bigint, sent_at = ${now.toISOString()}::timestamptz,
      sent_transaction_id = ${transactionId}::bigint
    WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
  return true;
}

async function waitOf(
  tx: Tx,
  { projectId, wallet, id, now }: { projectId: string; wallet: MeterWallet; id: string; now: Date },
): Promise<RechargeWait | null> {
  const { meterId } = wallet;
  // Those that are on their way, and those that have waited longer.
  const others = await tx.execute(sql`
    SELECT 1 FROM recharges WHERE project_id = ${projectId}::bigint AND meter_id = ${meterId}::bigint
      AND (state IN ('sent', 'unknown', 'held') OR (state = 'waiting' AND id < ${id}::bigint)) LIMIT 1`);
  if (others.rows.length > 0) return 'other-recharge';
  if (wallet.mustBeRead) return 'restored';
  if (wallet.counter === null) return 'counter-unread';
  const obstacle = await obstacleOf(tx, { projectId, meterId, now });
  return obstacle || wallet.counter >= COUNTER_MAX ? 'unable' : null;
}

/** What became of the money of a recharge that was on its way. */
export interface Resolution {
  to: 'meter' | 'wallet';
  outcome: string | null;
  /** The register before and after, as ingest read it. */
  beforeMinor: number | null;
  afterMinor: number | null;
  /** Who decided, where the meter alone could not tell. */
  decidedBy: string | null;
  reason: string | null;
}

/** Ends a recharge: its money is with the meter, or back in the wallet. The caller holds its row. */
export async function resolve(
  tx: Tx,
  {
    project,
    of: { id, accountId, meterId, amountMinor },
    resolution: { to, outcome, beforeMinor, afterMinor, decidedBy, reason },
    now,
  }: {
    project: ProjectTerms;
    of: { id: string; accountId: string; meterId: string; amountMinor: bigint };
    resolution: Resolution;
    now: Date;
  },
): Promise<void> {
  const place = to === 'meter' ? 'on-meter' : 'wallet';
  const transactionId = await post(tx, {
    projectId: project.id,
    currency: project.currency,
    head: {
      ...{ kind: 'recharge', accountId, postedAt: now, idempotencyKey: `${id}/resolved` },
      accountingDate: localDayOf(project.zone, now.getTime()),
      cause: { recharge: id, meter: meterId, step: to === 'meter' ? 'confirmed' : 'returned' },
    },
    legs: moved({ accountId, meterId }, { from: 'in-transit', to: place, minor: amountMinor }),
  });
  await tx.execute(sql`
    UPDATE recharges SET state = ${to === 'meter' ? 'confirmed' : 'returned'}, outcome = ${outcome},
      before_minor = ${beforeMinor}::bigint, after_minor = ${afterMinor}::bigint,
      resolved_at = ${now.toISOString()}::timestamptz, decided_by = ${decidedBy}, reason = ${reason},
      resolved_transaction_id = ${transactionId}::bigint
    WHERE project_id = ${project.id}::bigint AND id = ${id}::bigint`);
}

/**
 * A person's word on a recharge whose counter does not fit, or takes back one that waits. Throws Problem `not-found`,
 * `conflict` for one that is still being found out, or is over.
 */
export async function decideRecharge(
  db: Db,
  {
    projectId,
    id,
    to,
    reason,
    by,
    clock,
  }: {
    projectId: string;
    id: string;
    to: Resolution['to'];
    reason: string;
    by: By;
    clock: Clock;
  },
): Promise<ShownRecharge> {
  return await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    // The sub-account first, as everybody who moves its money does.
    await tx.execute(sql`
      SELECT 1 FROM meter_wallets w JOIN recharges r ON r.project_id = w.project_id AND r.wallet_id = w.id
      WHERE r.project_id = ${projectId}::bigint AND r.id = ${id}::bigint FOR UPDATE OF w`);
    const found = await tx.execute<{
      account_id: string;
      meter_id: string;
      amount_minor: string;
      state: RechargeState;
      outcome: string | null;
    }>(sql`
      SELECT account_id::text, meter_id::text, amount_minor::text, state, outcome FROM recharges
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint FOR UPDATE`);
    const row = found.rows[0];
    if (!row) throw notFound('recharge');
    const { state, outcome, account_id: accountId, meter_id: meterId } = row;
    if (state === 'waiting' && to === 'wallet') {
      await tx.execute(sql`
        UPDATE recharges SET state = 'returned', waits_for = NULL, outcome = 'withdrawn',
          resolved_at = ${now.toISOString()}::timestamptz, decided_by = ${by.actor.name},
          reason = ${reason} WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
    } else if (state === 'held') {
      await resolve(tx, {
        ...{ project, now, of: { id, accountId, meterId, amountMinor: BigInt(row.amount_minor) } },
        resolution: {
          ...{ to, outcome, reason, decidedBy: by.actor.name },
          ...{ beforeMinor: null, afterMinor: null },
        },
      });
      // What the meter shows is what counts from here on: it is read before anything is sent.
      await tx.execute(sql`
        UPDATE meter_wallets SET counter = NULL, counter_at = NULL
        WHERE project_id = ${projectId}::bigint AND meter_id = ${meterId}::bigint
          AND closed_at IS NULL`);
    } else {
      throw new Problem('conflict', `The recharge is ${state}: there is nothing to decide.`);
    }
    await record(tx, {
      projectId,
      ...by,
      action: 'recharge.decided',
      subjectKind: 'account',
      subjectId: accountId,
      detail: { recharge: id, from: state, outcome, to, reason },
    });
    return await rechargeOf(tx, { project, id });
  });
}
