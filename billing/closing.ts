/**
 * Closing an account: its tenancies end at a quarter-hour, its days are settled up to it at once, and what is
 * left is refunded, written off or carried. A preview is the closing itself, rolled back. Days whose readings
 * are not there yet are asked for and waited for; the closing is completed by whoever settles them.
 */
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { commandObstacles, type Obstacle, requestCommands } from '../sql/commands.ts';
import { tell } from '../sql/events.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { localDayOf, SLOT_MS } from '../sql/local-day.ts';
import { exponentOf, type Money, money } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import * as schema from '../sql/schema/index.ts';
import { currentTrace } from '../sql/trace.ts';
import { readVendingSettings } from '../sql/vending-settings.ts';
import type { Channel } from './channel.ts';
import { readNow } from './closing-read.ts';
import { depositHeld, moveDeposit } from './deposit.ts';
import { partsAsked, unsettled, WAL_DEADLINE_MS, type WaitingDay } from './ended-parts.ts';
import { EXACT_DIGITS, halfEven } from './exact.ts';
import { type By, only } from './fields.ts';
import { post } from './ledger.ts';
import { grossOf, rateOpenDays } from './live.ts';
import { liveMoved } from './live-moved.ts';
import { endWallets } from './meter-mode.ts';
import { openWallets } from './meter-wallet.ts';
import { openPriceBook } from './price-book.ts';
import { holdSettlement, type ProjectTerms, readProject } from './project.ts';
import { heldPayments } from './refundable.ts';
import { moveResidual, residualLegs, residualOf, walletLeg } from './residual.ts';
import { rolledBack } from './rolled-back.ts';
import { settleWithin } from './settlement.ts';
import { boundaryMs, endTenancy } from './tenancies.ts';

export const settleWays = ['refund', 'write-off', 'carry'] as const;

export interface NewClosing {
  /** A local day (its midnight) or a quarter-hour, not in the future; null: the last quarter-hour. */
  at: string | null;
  settle: (typeof settleWays)[number];
  /** How a refund is paid; null for all others. */
  channel: Channel | null;
  usesDeposit: boolean;
  supplyOff: boolean;
  reason: string;
}

export interface ClosingDeps {
  /** As billing's role: what settles copies. */
  pool: pg.Pool;
  questdb: Questdb;
  clock: Clock;
}

/** A point that the account gives back. */
export interface ClosedPoint {
  pointId: string;
  code: string;
  meterId: string | null;
  serial: string | null;
  /** The newest reading of the meter that is there. */
  readAt: string | null;
  /** Why its supply cannot be switched off from here; null: it can. */
  obstacle: Obstacle | 'no-meter' | null;
  /** Of the command that switches it off. */
  commandId: string | null;
}

export interface ClosingPreview {
  at: string;
  /** Settled before, and what is charged up to the end; both exact, tax and all. */
  settled: Money;
  charged: Money;
  /** Of days that wait, what they would cost by what is known of them. */
  provisional: Money;
  deposit: Money;
  /** Of the balance, what was paid online and has not cleared: not refunded at once. */
  uncleared: Money;
  /** settled − charged − provisional: above zero is the customer's, below is owed. */
  balance: Money;
  points: ClosedPoint[];
  waiting: WaitingDay[];
}

/** A closing as it stands. */
export interface ShownClosing {
  id: string;
  accountId: string;
  accountNumber: string;
  accountName: string;
  endedAt: string;
  settle: NewClosing['settle'];
  channel: Channel | null;
  reason: string;
  state: 'waiting' | 'complete';
  requestedBy: string;
  requestedAt: string;
  completedAt: string | null;
  balance: Money | null;
  /** part-refunded: what has not cleared stays as a residual. */
  outcome: 'refunded' | 'part-refunded' | 'written-off' | 'carried' | 'even' | null;
  receipt: string | null;
  points: ClosedPoint[];
}

/** What closing would do now. Throws as `closeAccount`, but changes nothing. */
export async function previewClosing(
  deps: ClosingDeps,
  {
    projectId,
    accountId,
    at,
    by,
  }: { projectId: string; accountId: string; at: string | null; by: By },
): Promise<ClosingPreview> {
  return await rolledBack(deps.pool, async ({ client, tx }) => {
    const now = deps.clock();
    const project = await readProject(tx, projectId);
    const ended = await endAll(deps, { client, tx }, { project, accountId, at, by, now });
    const book = await openPriceBook(tx, { projectId, zone: project.zone });
    const open = await rateOpenDays(tx, deps, { project, book, now, accountId });
    const exact = open.flatMap((day) => day.lines).reduce((sum, line) => sum + grossOf(line), 0n);
    const provisional = halfEven(exact, 10n ** BigInt(EXACT_DIGITS - exponentOf(project.currency)));
    const deposit = await depositHeld(tx, { projectId, accountId });
    const balance = ended.settled - provisional;
    const uncleared = await heldBack(tx, { projectId, accountId, balance: balance + deposit, now });
    const of = (minor: bigint) => money(minor, project.currency);
    return {
      at: new Date(ended.endMs).toISOString(),
      settled: of(ended.settledBefore),
      charged: of(ended.settledBefore - ended.settled),
      provisional: of(provisional),
      deposit: of(deposit),
      balance: of(balance),
      uncleared: of(uncleared),
      points: ended.points,
      waiting: ended.waiting,
    };
  });
}

/**
 * Closes once per key. Throws Problem `account-closed`, `conflict` (a tenancy begins later, money is on its way to a meter), `invalid-request`
 * (a closing in the future, a channel that does not fit), `correction-needed` where it reaches into
 * settled days, `settlement-busy`, `month-closed`, and those of the idempotency key.
 */
export async function closeAccount(
  deps: ClosingDeps,
  {
    projectId,
    accountId,
    closing,
    key,
    by,
  }: {
    projectId: string;
    accountId: string;
    closing: NewClosing;
    key: string | undefined;
    by: By;
  },
): Promise<Answer<{ id: string }>> {
  if ((closing.channel !== null) !== (closing.settle === 'refund')) {
    throw new Problem('invalid-request', 'A refund says how it is paid; nothing else moves money.');
  }
  const client = await deps.pool.connect();
  const route = `POST /accounts/${accountId}/close`;
  const given = { projectId, route, key, actorId: by.actor.id, request: closing };
  try {
    return await once(drizzle(client, { schema }), given, async (tx) => {
      const now = deps.clock();
      const project = await readProject(tx, projectId);
      const { at, reason } = closing;
      const ended = await endAll(deps, { client, tx }, { project, accountId, at, by, now });
      const waits = new Set(ended.waiting.map(({ pointId }) => pointId));
      await readNow(tx, {
        ...{ projectId, accountId, by, now, reason },
        points: ended.points.filter(({ pointId }) => waits.has(pointId)),
      });
      const points = closing.supplyOff
        ? await supplyOff(tx, { projectId, points: ended.points, by, now, reason, accountId })
        : ended.points;
      const id = await begin(tx, { project, accountId, closing, points, ended, by, now });
      if (ended.waiting.length === 0) {
        await complete(tx, { project, id, by, now, atCounter: true });
      }
      return { status: 201, body: { id } };
    });
  } finally {
    client.release();
  }
}

interface Ended {
  endMs: number;
  /** The wallet before and after its days were settled, minor units. */
  settledBefore: bigint;
  settled: bigint;
  points: ClosedPoint[];
  waiting: WaitingDay[];
}

/** Ends the account's tenancies and settles its days up to there, within the transaction. */
async function endAll(
  { questdb }: ClosingDeps,
  { client, tx }: { client: pg.PoolClient; tx: Tx },
  {
    project,
    accountId,
    at,
    by,
    now,
  }: { project: ProjectTerms; accountId: string; at: string | null; by: By; now: Date },
): Promise<Ended> {
  const { id: projectId, zone } = project;
  const nowMs = now.getTime();
  const endMs = at === null ? nowMs - (nowMs % SLOT_MS) : boundaryMs(at, zone);
  if (endMs > nowMs) throw new Problem('invalid-request', 'An account is not closed ahead.');
  await holdSettlement(tx, projectId);
  const account = await tx.execute<{ closed_on: string | null; opened_on: string }>(sql`
    SELECT closed_on::text, opened_on::text FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint FOR UPDATE`);
  const row = account.rows[0];
  if (!row) throw notFound('account');
  if (row.closed_on !== null) {
    throw new Problem('account-closed', `The account was closed on ${row.closed_on}.`);
  }
  const end = new Date(endMs).toISOString();
  const held = await tx.execute<{ id: string; point_id: string; code: string; later: boolean }>(sql`
    SELECT t.id::text, t.point_id::text, p.code, t.valid_from >= ${end}::timestamptz AS later
    FROM tenancies t JOIN points p ON p.project_id = t.project_id AND p.id = t.point_id
    WHERE t.project_id = ${projectId}::bigint AND t.account_id = ${accountId}::bigint
      AND (t.valid_to IS NULL OR t.valid_to > ${end}::timestamptz)
    ORDER BY p.code`);
  const later = held.rows.find((tenancy) => tenancy.later);
  if (later) {
    throw new Problem('conflict', `The account holds ${later.code} from a later time on.`);
  }
  const wallets = await openWallets(tx, { projectId, accountId });
  await endWallets(tx, { questdb }, { project, wallets, now: new Date(nowMs) });
  const settledBefore = (await residualOf(tx, { projectId, accountId })).wallet;
  for (const { id } of held.rows) {
    // What begins a transaction of its own begins a savepoint here.
    const within = tx as unknown as Db;
    await endTenancy(within, { projectId, id, to: end, correction: null, by });
  }
  const lastDay = localDayOf(zone, endMs - 1);
  const open = await unsettled(tx, questdb, { projectId, zone, accountId, lastDay });
  const parts = open.flatMap(({ pointId, localDay }) =>
    pointId === null ? [] : [{ accountId, pointId, localDay }],
  );
  if (parts.length > 0) {
    await settleWithin(
      { source: { questdb }, walDeadlineMs: WAL_DEADLINE_MS },
      // Both are the one transaction that is under way.
      { client, db: tx as unknown as Db },
      project,
      { ...partsAsked(parts), cause: 'manual', at: now, lastDay },
    );
  }
  return {
    endMs,
    settledBefore,
    settled: (await residualOf(tx, { projectId, accountId })).wallet,
    points: await closedPoints(tx, { projectId, points: held.rows.map((t) => t.point_id), now }),
    waiting: await unsettled(tx, questdb, { projectId, zone, accountId, lastDay }),
  };
}

/** The meters of points, how fresh they are, and whether they can switch the supply off. */
async function closedPoints(
  tx: Tx,
  { projectId, points, now }: { projectId: string; points: readonly string[]; now: Date },
): Promise<ClosedPoint[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const found = await tx.execute<{
    id: string;
    code: string;
    commodity: string;
    meter_id: string | null;
    serial: string | null;
    read_at: string | null;
  }>(sql`
    SELECT p.id::text, p.code, p.commodity, m.id::text AS meter_id, m.serial, s.last_ok_at AS read_at
    FROM points p
    LEFT JOIN installations i ON i.project_id = p.project_id AND i.point_id = p.id
      AND i.valid_from <= ${at} AND (i.valid_to IS NULL OR i.valid_to > ${at})
    LEFT JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
    LEFT JOIN meter_states s ON s.project_id = m.project_id AND s.meter_id = m.id
    WHERE p.project_id = ${projectId}::bigint AND p.id = ANY(${`{${points.join()}}`}::bigint[])
    ORDER BY p.code`);
  const obstacles = new Map<string, Obstacle>();
  for (const [commodity, name] of offs) {
    const meterIds = found.rows.flatMap((row) =>
      row.commodity === commodity && row.meter_id !== null ? [row.meter_id] : [],
    );
    if (meterIds.length === 0) continue;
    const met = await commandObstacles(tx, { projectId, function: name, meterIds, at: now });
    for (const [meterId, obstacle] of met) obstacles.set(meterId, obstacle);
  }
  return found.rows.map((row) => ({
    ...{ pointId: row.id, code: row.code, meterId: row.meter_id, serial: row.serial },
    readAt: row.read_at && new Date(row.read_at).toISOString(),
    obstacle: row.meter_id === null ? 'no-meter' : (obstacles.get(row.meter_id) ?? null),
    commandId: null,
  }));
}

/** What switches a commodity off. */
const offs = [
  ['electricity', 'trip'],
  ['water', 'valve-close'],
] as const;

async function supplyOff(
  tx: Tx,
  {
    projectId,
    points,
    by,
    now,
    reason,
    accountId,
  }: {
    projectId: string;
    points: readonly ClosedPoint[];
    by: By;
    now: Date;
    reason: string;
    accountId: string;
  },
): Promise<ClosedPoint[]> {
  const able = points.filter((p) => p.obstacle === null);
  const found = await tx.execute<{ id: string; commodity: string }>(sql`
    SELECT id::text, commodity FROM points WHERE project_id = ${projectId}::bigint
      AND id = ANY(${`{${able.map((p) => p.pointId).join()}}`}::bigint[])`);
  const commodityOf = new Map(found.rows.map((row) => [row.id, row.commodity]));
  const commandOf = new Map<string, string>();
  for (const [commodity, name] of offs) {
    const made = await requestCommands(tx, {
      ...{ projectId, actor: by.actor, at: now, function: name, reason },
      meterIds: able.flatMap((p) =>
        commodityOf.get(p.pointId) === commodity ? (p.meterId ?? []) : [],
      ),
      cause: { closing: accountId },
    });
    for (const command of made) commandOf.set(command.meterId, command.id);
  }
  return points.map((p) => ({ ...p, commandId: commandOf.get(p.meterId ?? '') ?? null }));
}

async function begin(
  tx: Tx,
  {
    project,
    accountId,
    closing,
    points,
    ended,
    by,
    now,
  }: {
    project: ProjectTerms;
    accountId: string;
    closing: NewClosing;
    points: readonly ClosedPoint[];
    ended: Ended;
    by: By;
    now: Date;
  },
): Promise<string> {
  const projectId = project.id;
  const made = await tx
    .insert(schema.accountClosings)
    .values({
      ...{ projectId, accountId, endedAt: new Date(ended.endMs), settle: closing.settle },
      ...{ channel: closing.channel, usesDeposit: closing.usesDeposit, reason: closing.reason },
      ...{ requestedBy: by.actor.name, requestedAt: now, points: points.map((p) => ({ ...p })) },
    })
    .returning({ id: schema.accountClosings.id });
  const { id } = only(made);
  // From now on nothing is sold to it; corrections still reach its wallet.
  const closedOn = localDayOf(project.zone, ended.endMs);
  await tx.execute(sql`
    UPDATE accounts SET closed_on = ${closedOn}::date
    WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint`);
  await record(tx, {
    projectId,
    ...by,
    action: 'account.closed',
    subjectKind: 'account',
    subjectId: accountId,
    detail: { ...closing, at: new Date(ended.endMs).toISOString(), closing: id },
  });
  await tell(tx, [{ projectId, kind: 'account.closed', subjectId: accountId }]);
  return id;
}

/**
 * Settles what is left once the last day is. A refund is only paid by who stands at the counter: one that
 * had to wait for readings is carried, and paid from the list of residuals.
 */
async function complete(
  tx: Tx,
  {
    project,
    id,
    by,
    now,
    atCounter,
  }: { project: ProjectTerms; id: string; by: By; now: Date; atCounter: boolean },
): Promise<void> {
  const { id: projectId, currency } = project;
  const found = await tx.execute<{
    account_id: string;
    settle: NewClosing['settle'];
    channel: Channel | null;
    uses_deposit: boolean;
    reason: string;
  }>(sql`
    SELECT account_id::text, settle, channel, uses_deposit, reason FROM account_closings
    WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint AND state = 'waiting' FOR UPDATE`);
  const closing = only(found.rows);
  const accountId = closing.account_id;
  const held = await depositHeld(tx, { projectId, accountId });
  if (closing.uses_deposit && held > 0n) {
    const note = closing.reason;
    const whole = { project, accountId, amountMinor: held, channel: null, note, by, now };
    await moveDeposit(tx, { ...whole, kind: 'offset' });
  }
  const residual = await residualOf(tx, { projectId, accountId });
  const balance = residual.wallet - residual.receivable;
  const { reason, channel } = closing;
  const act = { project, accountId, reason, by, now };
  let outcome: ShownClosing['outcome'] = balance === 0n ? 'even' : 'carried';
  if (balance > 0n && closing.settle === 'refund' && atCounter) {
    // What was paid online and has not cleared stays, to be paid from the list of residuals.
    const amountMinor = balance - (await heldBack(tx, { projectId, accountId, balance, now }));
    if (amountMinor > 0n) {
      await moveResidual(tx, { ...act, kind: 'refund', amountMinor, channel });
      outcome = amountMinor === balance ? 'refunded' : 'part-refunded';
    }
  } else if (balance < 0n && closing.settle === 'write-off') {
    const owed = { ...act, amountMinor: -balance, channel: null };
    await moveResidual(tx, { ...owed, kind: 'write-off' });
    outcome = 'written-off';
  } else if (balance < 0n) {
    const legs = residualLegs(residual, { accountId, paid: null });
    await post(tx, {
      projectId,
      currency,
      head: {
        kind: 'transfer',
        ...{ accountId, postedAt: now, cause: { closing: id, reason } },
        accountingDate: localDayOf(project.zone, now.getTime()),
      },
      legs,
    });
    await liveMoved(tx, { projectId, accountId, minor: -walletLeg(legs) });
  }
  await tx.execute(sql`
    UPDATE account_closings SET state = 'complete', completed_at = ${now.toISOString()}::timestamptz,
      balance_minor = ${balance.toString()}::bigint, outcome = ${outcome}
    WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
  await record(tx, {
    projectId,
    ...by,
    action: 'closing.completed',
    subjectKind: 'account',
    subjectId: accountId,
    detail: { closing: id, balance: money(balance, currency), outcome },
  });
}

/** Of a balance, what may still be taken back from us; never more than there is. */
async function heldBack(
  tx: Tx,
  {
    projectId,
    accountId,
    balance,
    now,
  }: { projectId: string; accountId: string; balance: bigint; now: Date },
): Promise<bigint> {
  if (balance <= 0n) return 0n;
  const { unclearedHours } = await readVendingSettings(tx, projectId);
  const asked = { projectId, accountId, unclearedHours, now };
  const { unclearedMinor, disputedMinor } = await heldPayments(tx, asked);
  const held = unclearedMinor + disputedMinor;
  return held < balance ? held : balance;
}

const system = { kind: 'system' as const, id: 'billing', name: 'billing' };

/** Completes the closings of a project whose last days have been settled; returns how many. */
export async function completeClosings(
  db: Db,
  questdb: Questdb,
  project: ProjectTerms,
  now: Date,
): Promise<number> {
  const { id: projectId, zone } = project;
  const found = await db.execute<{ id: string; account_id: string; ended_at: string }>(sql`
    SELECT id::text, account_id::text, ended_at FROM account_closings
    WHERE project_id = ${projectId}::bigint AND state = 'waiting' ORDER BY account_closings.id`);
  let completed = 0;
  for (const { id, account_id: accountId, ended_at: endedAt } of found.rows) {
    const lastDay = localDayOf(zone, new Date(endedAt).getTime() - 1);
    const open = await unsettled(db, questdb, { projectId, zone, accountId, lastDay });
    if (open.length > 0) continue;
    const by = { actor: system, traceId: currentTrace() ?? '' };
    await db.transaction((tx) => complete(tx, { project, id, by, now, atCounter: false }));
    completed++;
  }
  return completed;
}
