/**
 * Deposits: security that a customer leaves, held apart from the wallet. Taken, set against what the wallet
 * owes, given back; each is a balanced transaction with a receipt of its own series.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { dayStart, type LocalDay, localDayOf } from '../sql/local-day.ts';
import { formatMinor, type Money, money } from '../sql/money.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { type Drawer, drawerFor } from './cash.ts';
import { type Channel, placeOf } from './channel.ts';
import { type By, minorOf, only } from './fields.ts';
import { type Leg, post } from './ledger.ts';
import { liveMoved } from './live-moved.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { nextReceipt } from './receipt.ts';
import { SALE_MINOR_MAX } from './sale.ts';

export const depositKinds = ['taken', 'offset', 'returned'] as const;
export type DepositKind = (typeof depositKinds)[number];

export interface NewDeposit {
  kind: DepositKind;
  amount: Money;
  /** How it is paid; null for an offset, which moves no money. */
  channel: Channel | null;
  note: string | null;
}

export interface ShownDeposit {
  id: string;
  accountId: string;
  accountName: string;
  accountNumber: string;
  kind: DepositKind;
  receipt: string;
  channel: Channel | null;
  amount: Money;
  bookedAt: string;
  bookedBy: string;
  note: string | null;
}

/** What is held as deposit of an account, minor units. */
export async function depositHeld(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<bigint> {
  const found = await db.execute<{ sum: string }>(sql`
    SELECT coalesce(-sum(e.amount), 0)::text AS sum
    FROM ledger_accounts l JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
    WHERE l.project_id = ${projectId}::bigint AND l.account_id = ${accountId}::bigint
      AND l.code = 'deposit'`);
  return BigInt(found.rows[0]?.sum ?? 0);
}

/**
 * Books a deposit once per key. Throws Problem `account-closed` (taking), `invalid-amount` (not above zero,
 * more than is held), `month-closed`, and those of the idempotency key.
 */
export async function bookDeposit(
  db: Db,
  {
    projectId,
    accountId,
    deposit,
    key,
    by,
    clock,
  }: {
    projectId: string;
    accountId: string;
    deposit: NewDeposit;
    key: string | undefined;
    by: By;
    clock: Clock;
  },
): Promise<Answer<ShownDeposit>> {
  const route = `POST /accounts/${accountId}/deposits`;
  const given = { projectId, route, key, actorId: by.actor.id, request: deposit };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const amountMinor = minorOf(deposit.amount, project.currency);
    const asked = { project, accountId, amountMinor, by, now: clock() };
    return { status: 201, body: await moveDeposit(tx, { ...asked, ...deposit }) };
  });
}

/** The same within a transaction of the caller's. */
export async function moveDeposit(
  tx: Tx,
  {
    project,
    accountId,
    kind,
    amountMinor,
    channel,
    note,
    by,
    now,
  }: {
    project: ProjectTerms;
    accountId: string;
    kind: DepositKind;
    amountMinor: bigint;
    channel: Channel | null;
    note: string | null;
    by: By;
    now: Date;
  },
): Promise<ShownDeposit> {
  const { id: projectId, currency } = project;
  // The account's row keeps two who give back the same deposit apart.
  const found = await tx.execute<{ name: string; number: string; closed_on: string | null }>(sql`
    SELECT name, number, closed_on::text FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint FOR UPDATE`);
  const account = found.rows[0];
  if (!account) throw notFound('account');
  if ((channel === null) !== (kind === 'offset')) {
    throw new Problem(
      'invalid-request',
      'An offset moves no money; all others say how it is paid.',
    );
  }
  if (amountMinor <= 0n || amountMinor > SALE_MINOR_MAX) {
    throw new Problem('invalid-amount', 'A deposit is above zero and below ten million.');
  }
  if (kind === 'taken') {
    if (account.closed_on !== null) {
      throw new Problem('account-closed', `The account was closed on ${account.closed_on}.`);
    }
  } else {
    const held = await depositHeld(tx, { projectId, accountId });
    if (amountMinor > held) {
      const detail = `${formatMinor(held, currency)} ${currency} is held: no more can leave it.`;
      throw new Problem('invalid-amount', detail);
    }
  }
  const use = kind === 'taken' ? 'in' : 'out';
  const drawer = await drawerFor(tx, { project, channel, amountMinor, use, by });
  const receipt = await nextReceipt(tx, project, 'deposit');
  const transactionId = await post(tx, {
    projectId,
    currency,
    head: {
      kind: 'deposit',
      accountId,
      accountingDate: localDayOf(project.zone, now.getTime()),
      postedAt: now,
      cause: { deposit: kind, receipt, ...(channel && { channel }) },
    },
    legs: legsOf({ kind, accountId, amountMinor, channel, drawer }),
  });
  const made = await tx.execute<{ id: string }>(sql`
    INSERT INTO deposits (project_id, account_id, kind, transaction_id, receipt, channel,
      amount_minor, currency, booked_at, booked_by, note)
    VALUES (${projectId}::bigint, ${accountId}::bigint, ${kind}, ${transactionId}::bigint,
      ${receipt}, ${channel}, ${amountMinor.toString()}::bigint, ${currency},
      ${now.toISOString()}::timestamptz, ${by.actor.name}, ${note})
    RETURNING id::text`);
  const { id } = only(made.rows);
  if (kind === 'offset') await liveMoved(tx, { projectId, accountId, minor: amountMinor });
  const amount = money(amountMinor, currency);
  await record(tx, {
    projectId,
    ...by,
    action: `deposit.${kind}`,
    subjectKind: 'account',
    subjectId: accountId,
    detail: { receipt, amount, channel, note },
  });
  return {
    ...{ id, accountId, accountName: account.name, accountNumber: account.number, kind, receipt },
    ...{ channel, amount, bookedAt: now.toISOString(), bookedBy: by.actor.name, note },
  };
}

function legsOf({
  kind,
  accountId,
  amountMinor,
  channel,
  drawer,
}: {
  kind: DepositKind;
  accountId: string;
  amountMinor: bigint;
  channel: Channel | null;
  drawer: Drawer | null;
}): Leg[] {
  const sign = kind === 'taken' ? 1n : -1n;
  const held: Leg = { code: 'deposit', accountId, amountMinor: -sign * amountMinor };
  if (channel === null) return [held, { code: 'wallet', accountId, amountMinor: -amountMinor }];
  return [{ ...placeOf(channel, drawer), amountMinor: sign * amountMinor }, held];
}

/** Deposits booked on local days [from, to), newest first, after `cursor` (an id); totals of all. */
export async function listDeposits(
  db: Queryable,
  {
    projectId,
    accountId = null,
    from,
    to,
    cursor = null,
    limit,
  }: {
    projectId: string;
    accountId?: string | null | undefined;
    from?: LocalDay | undefined;
    to?: LocalDay | undefined;
    cursor?: string | null | undefined;
    limit: number;
  },
): Promise<{ data: ShownDeposit[]; totals: { count: number; held: Money } }> {
  const { zone, currency } = await readProject(db, projectId);
  const at = (day: LocalDay | undefined) =>
    day === undefined ? null : new Date(dayStart(zone, day)).toISOString();
  const within = sql`d.project_id = ${projectId}::bigint
    AND (${accountId}::bigint IS NULL OR d.account_id = ${accountId}::bigint)
    AND (${at(from)}::timestamptz IS NULL OR d.booked_at >= ${at(from)}::timestamptz)
    AND (${at(to)}::timestamptz IS NULL OR d.booked_at < ${at(to)}::timestamptz)`;
  const found = await db.execute<{
    id: string;
    account_id: string;
    name: string;
    number: string;
    kind: DepositKind;
    receipt: string;
    channel: Channel | null;
    amount: string;
    booked_at: string;
    booked_by: string;
    note: string | null;
  }>(sql`
    SELECT d.id::text, d.account_id::text, a.name, a.number, d.kind, d.receipt, d.channel,
      d.amount_minor::text AS amount, d.booked_at, d.booked_by, d.note
    FROM deposits d JOIN accounts a ON a.project_id = d.project_id AND a.id = d.account_id
    WHERE ${within} AND (${cursor}::bigint IS NULL OR d.id < ${cursor}::bigint)
    ORDER BY d.id DESC LIMIT ${limit}`);
  const sums = await db.execute<{ count: number; held: string }>(sql`
    SELECT count(*)::int AS count, coalesce(sum(CASE WHEN d.kind = 'taken' THEN d.amount_minor
      ELSE -d.amount_minor END), 0)::text AS held
    FROM deposits d WHERE ${within}`);
  const total = only(sums.rows);
  return {
    data: found.rows.map((row) => ({
      ...{
        id: row.id,
        accountId: row.account_id,
        accountName: row.name,
        accountNumber: row.number,
      },
      ...{ kind: row.kind, receipt: row.receipt, channel: row.channel },
      amount: money(BigInt(row.amount), currency),
      bookedAt: new Date(row.booked_at).toISOString(),
      ...{ bookedBy: row.booked_by, note: row.note },
    })),
    totals: { count: total.count, held: money(BigInt(total.held), currency) },
  };
}
