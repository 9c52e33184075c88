/**
 * Residuals: what a closed account is still owed or still owes – carried at its closing, or left by
 * corrections that came later. Wallet and receivable together; settled by a refund, a payment, a write-off.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { type LocalDay, localDayOf } from '../sql/local-day.ts';
import { formatMinor, type Money, money } from '../sql/money.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { readVendingSettings } from '../sql/vending-settings.ts';
import { drawerFor } from './cash.ts';
import { type Channel, placeOf } from './channel.ts';
import { type By, minorOf, only } from './fields.ts';
import { type Leg, post } from './ledger.ts';
import { liveMoved } from './live-moved.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { nextReceipt } from './receipt.ts';
import { heldPayments } from './refundable.ts';

export const residualKinds = ['refund', 'write-off', 'collect'] as const;
export type ResidualKind = (typeof residualKinds)[number];

export interface NewResidualAct {
  kind: ResidualKind;
  amount: Money;
  /** How it is paid; null for a write-off, which moves no money. */
  channel: Channel | null;
  reason: string;
}

export interface ShownResidualAct {
  id: string;
  accountId: string;
  kind: ResidualKind;
  receipt: string;
  channel: Channel | null;
  amount: Money;
  reason: string;
  bookedAt: string;
  bookedBy: string;
}

interface Residual {
  /** Credit of the wallet and debit of the receivable, minor units; the residual is the one less the other. */
  wallet: bigint;
  receivable: bigint;
}

/** Wallet and receivable of an account. */
export async function residualOf(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<Residual> {
  const found = await db.execute<{ wallet: string; receivable: string }>(sql`
    SELECT coalesce(-sum(e.amount) FILTER (WHERE l.code = 'wallet'), 0)::text AS wallet,
      coalesce(sum(e.amount) FILTER (WHERE l.code = 'receivable'), 0)::text AS receivable
    FROM ledger_accounts l JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
    WHERE l.project_id = ${projectId}::bigint AND l.account_id = ${accountId}::bigint
      AND l.code IN ('wallet', 'receivable')`);
  const row = only(found.rows);
  return { wallet: BigInt(row.wallet), receivable: BigInt(row.receivable) };
}

/**
 * Legs after which nothing is left in the wallet but what is owed to the customer, and nothing in the
 * receivable but what he owes; `paid` is the leg that moves the residual, none when it is only carried.
 */
export function residualLegs(
  { wallet, receivable }: Residual,
  { accountId, paid }: { accountId: string; paid: Leg | null },
): Leg[] {
  const left = wallet - receivable + (paid?.amountMinor ?? 0n);
  const owed = left < 0n ? -left : 0n;
  const moved: Leg = { code: 'receivable', accountId, amountMinor: owed - receivable };
  const walletMinor = -moved.amountMinor - (paid?.amountMinor ?? 0n);
  const own: Leg = { code: 'wallet', accountId, amountMinor: walletMinor };
  return paid ? [paid, moved, own] : [moved, own];
}

/**
 * Settles a residual or a part of it, once per key. Throws Problem `conflict` (the account is open),
 * `invalid-amount` (more than is owed, or the wrong way), `month-closed`, and those of the key.
 */
export async function settleResidual(
  db: Db,
  {
    projectId,
    accountId,
    act,
    key,
    by,
    clock,
  }: {
    projectId: string;
    accountId: string;
    act: NewResidualAct;
    key: string | undefined;
    by: By;
    clock: Clock;
  },
): Promise<Answer<ShownResidualAct>> {
  const route = `POST /accounts/${accountId}/residual`;
  const given = { projectId, route, key, actorId: by.actor.id, request: act };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const found = await tx.execute<{ closed_on: string | null; waiting: boolean }>(sql`
      SELECT a.closed_on::text, EXISTS (SELECT FROM account_closings c
        WHERE c.project_id = a.project_id AND c.account_id = a.id AND c.state = 'waiting') AS waiting
      FROM accounts a
      WHERE a.project_id = ${projectId}::bigint AND a.id = ${accountId}::bigint FOR UPDATE`);
    const account = found.rows[0];
    if (!account) throw notFound('account');
    if (account.closed_on === null) {
      throw new Problem('conflict', 'The account is open: it has a balance, not a residual.');
    }
    if (account.waiting) {
      throw new Problem('conflict', 'The closing still waits for readings: nothing is final yet.');
    }
    const amountMinor = minorOf(act.amount, project.currency);
    const asked = { project, accountId, amountMinor, by, now: clock() };
    return { status: 201, body: await moveResidual(tx, { ...asked, ...act }) };
  });
}

/** The same within a transaction of the caller's, who holds the account. */
export async function moveResidual(
  tx: Tx,
  {
    project,
    accountId,
    kind,
    amountMinor,
    channel,
    reason,
    by,
    now,
  }: {
    project: ProjectTerms;
    accountId: string;
    kind: ResidualKind;
    amountMinor: bigint;
    channel: Channel | null;
    reason: string;
    by: By;
    now: Date;
  },
): Promise<ShownResidualAct> {
  const { id: projectId, currency } = project;
  const residual = await residualOf(tx, { projectId, accountId });
  const left = residual.wallet - residual.receivable;
  const { unclearedHours } = await readVendingSettings(tx, projectId);
  const { unclearedMinor, disputedMinor } = await heldPayments(tx, {
    ...{ projectId, accountId, unclearedHours, now },
  });
  const heldMinor = unclearedMinor + disputedMinor;
  if (kind === 'refund' && amountMinor <= left && amountMinor > left - heldMinor) {
    const held = formatMinor(heldMinor, currency);
    const detail = `${held} ${currency} were paid online and have not cleared, or are in dispute: refund the rest, or later.`;
    throw new Problem('not-refundable', detail);
  }
  const most = kind === 'refund' ? left : -left;
  if (amountMinor <= 0n || amountMinor > most) {
    const can = formatMinor(most > 0n ? most : 0n, currency);
    const detail =
      kind === 'refund'
        ? `${can} ${currency} can be refunded, and an amount is above zero.`
        : `${can} ${currency} is owed, and an amount is above zero.`;
    throw new Problem('invalid-amount', detail);
  }
  if ((channel === null) !== (kind === 'write-off')) {
    throw new Problem(
      'invalid-request',
      'A write-off moves no money; all others say how it is paid.',
    );
  }
  const receipt = await nextReceipt(tx, project, 'closing');
  const use = kind === 'refund' ? 'out' : 'in';
  const drawer = await drawerFor(tx, { project, channel, amountMinor, use, by });
  const till =
    channel === null ? { code: 'bad-debt' as const, accountId: null } : placeOf(channel, drawer);
  const paid = {
    ...till,
    amountMinor: kind === 'refund' ? -amountMinor : amountMinor,
  };
  const legs = residualLegs(residual, { accountId, paid });
  const transactionId = await post(tx, {
    projectId,
    currency,
    head: {
      kind: kind === 'write-off' ? 'write-off' : 'closing',
      accountId,
      accountingDate: localDayOf(project.zone, now.getTime()),
      postedAt: now,
      cause: { residual: kind, receipt, reason, ...(channel && { channel }) },
    },
    legs,
  });
  const made = await tx.execute<{ id: string }>(sql`
    INSERT INTO residual_acts (project_id, account_id, kind, transaction_id, receipt, channel,
      amount_minor, currency, reason, booked_at, booked_by)
    VALUES (${projectId}::bigint, ${accountId}::bigint, ${kind}, ${transactionId}::bigint,
      ${receipt}, ${channel}, ${amountMinor.toString()}::bigint, ${currency}, ${reason},
      ${now.toISOString()}::timestamptz, ${by.actor.name})
    RETURNING id::text`);
  const { id } = only(made.rows);
  await liveMoved(tx, { projectId, accountId, minor: -walletLeg(legs) });
  const amount = money(amountMinor, currency);
  await record(tx, {
    projectId,
    ...by,
    action: `residual.${kind}`,
    subjectKind: 'account',
    subjectId: accountId,
    detail: { receipt, amount, channel, reason },
  });
  return {
    ...{ id, accountId, kind, receipt, channel, amount, reason },
    ...{ bookedAt: now.toISOString(), bookedBy: by.actor.name },
  };
}

/** What legs do to the wallet's ledger account, minor units. */
export const walletLeg = (legs: readonly Leg[]): bigint =>
  legs.reduce((sum, leg) => (leg.code === 'wallet' ? sum + leg.amountMinor : sum), 0n);

export interface ShownResidual {
  id: string;
  number: string;
  name: string;
  nameZh: string | null;
  closedOn: LocalDay;
  /** refund: owed to the customer; chase: owed by him. */
  side: 'refund' | 'chase';
  /** Above zero: owed to the customer. */
  residual: Money;
  /** When it last changed, and by what kind of transaction. */
  changedAt: string;
  changedBy: string;
  phone: string | null;
}

/** Closed accounts with a residual, in order of id after `cursor`; totals of all on both sides. */
export async function listResiduals(
  db: Queryable,
  {
    projectId,
    side = null,
    cursor,
    limit,
  }: {
    projectId: string;
    side?: ShownResidual['side'] | null | undefined;
    cursor: string;
    limit: number;
  },
): Promise<{ data: ShownResidual[]; totals: { count: number; refund: Money; chase: Money } }> {
  const { currency } = await readProject(db, projectId);
  const residuals = sql`
    WITH residuals AS (
      SELECT a.id, a.number, a.name, a.name_zh, a.closed_on, p.phone, -sum(e.amount) AS minor,
        max(t.id) AS last
      FROM accounts a
      JOIN ledger_accounts l ON l.project_id = a.project_id AND l.account_id = a.id
        AND l.code IN ('wallet', 'receivable')
      JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
      JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
      LEFT JOIN people p ON p.project_id = a.project_id AND p.id = a.person_id
      WHERE a.project_id = ${projectId}::bigint AND a.closed_on IS NOT NULL
        AND NOT EXISTS (SELECT FROM account_closings c
          WHERE c.project_id = a.project_id AND c.account_id = a.id AND c.state = 'waiting')
      GROUP BY a.id, a.number, a.name, a.name_zh, a.closed_on, p.phone
      HAVING sum(e.amount) <> 0)`;
  const found = await db.execute<{
    id: string;
    number: string;
    name: string;
    name_zh: string | null;
    closed_on: LocalDay;
    phone: string | null;
    minor: string;
    posted_at: string;
    kind: string;
  }>(sql`${residuals}
    SELECT r.id::text, r.number, r.name, r.name_zh, r.closed_on::text, r.phone, r.minor::text,
      t.posted_at, t.kind
    FROM residuals r JOIN transactions t ON t.project_id = ${projectId}::bigint AND t.id = r.last
    WHERE r.id > ${cursor}::bigint
      AND (${side}::text IS NULL OR ${side} = CASE WHEN r.minor > 0 THEN 'refund' ELSE 'chase' END)
    ORDER BY r.id LIMIT ${limit}`);
  const sums = await db.execute<{ count: number; refund: string; chase: string }>(sql`${residuals}
    SELECT count(*)::int AS count, coalesce(sum(minor) FILTER (WHERE minor > 0), 0)::text AS refund,
      coalesce(-sum(minor) FILTER (WHERE minor < 0), 0)::text AS chase
    FROM residuals
    WHERE ${side}::text IS NULL OR ${side} = CASE WHEN minor > 0 THEN 'refund' ELSE 'chase' END`);
  const total = only(sums.rows);
  return {
    data: found.rows.map((row) => ({
      ...{ id: row.id, number: row.number, name: row.name, nameZh: row.name_zh },
      closedOn: row.closed_on,
      side: BigInt(row.minor) > 0n ? ('refund' as const) : ('chase' as const),
      residual: money(BigInt(row.minor), currency),
      changedAt: new Date(row.posted_at).toISOString(),
      ...{ changedBy: row.kind, phone: row.phone },
    })),
    totals: {
      count: total.count,
      refund: money(BigInt(total.refund), currency),
      chase: money(BigInt(total.chase), currency),
    },
  };
}
