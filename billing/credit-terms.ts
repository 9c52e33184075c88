/** What people set for one account: a limit of its own, that it is never cut, and disputes that hold a trip. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import type { Money } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { creditOverrides, disputes } from '../sql/schema/index.ts';
import { type CaseDetail, overrideOf, readCase } from './credit-list.ts';
import { type By, minorOf } from './fields.ts';
import { readProject } from './project.ts';
import { assertAccount } from './wallet.ts';

interface Keyed {
  projectId: string;
  accountId: string;
  reason: string;
  key: string | undefined;
  by: By;
  at: Date;
}

/** Longest dispute, and longest override with an end. */
const DAYS_MAX = 3_660;

function assertEnd(until: Date, at: Date): void {
  const days = (until.getTime() - at.getTime()) / 86_400_000;
  if (days <= 0) throw new Problem('invalid-request', 'json/until: lies in the past');
  if (days > DAYS_MAX) throw new Problem('invalid-request', 'json/until: lies too far ahead');
}

/** What holds for the account instead of the policy, from now on. Throws Problem `not-found`, `invalid-amount`. */
export async function setOverride(
  db: Db,
  {
    projectId,
    accountId,
    creditLimit,
    isProtected,
    until,
    reason,
    key,
    by,
    at,
  }: Keyed & { creditLimit: Money | null; isProtected: boolean; until: string | null },
): Promise<Answer<CaseDetail>> {
  const route = `PUT /credit-cases/${accountId}/override`;
  const request = { creditLimit, isProtected, until, reason };
  return await once(db, { projectId, route, key, actorId: by.actor.id, request }, async (tx) => {
    const project = await readProject(tx, projectId);
    await assertAccount(tx, { projectId, accountId });
    const minor = creditLimit === null ? null : minorOf(creditLimit, project.currency);
    if (minor !== null && minor < 0n) {
      throw new Problem('invalid-amount', 'A credit limit is not below zero.');
    }
    const end = until === null ? null : new Date(until);
    if (end) assertEnd(end, at);
    const before = await overrideOf(tx, { project, accountId, now: at });
    await tx.insert(creditOverrides).values({
      ...{ projectId, accountId, creditLimitMinor: minor, protected: isProtected, until: end },
      ...{ reason, setById: by.actor.id, setBy: by.actor.name, setAt: at },
    });
    await record(tx, {
      ...{ projectId, ...by, action: 'credit-override.set' },
      ...{ subjectKind: 'account', subjectId: accountId },
      detail: {
        creditLimit: { from: before?.creditLimit ?? null, to: creditLimit },
        protected: { from: before?.protected ?? false, to: isProtected },
        until: { from: before?.until ?? null, to: end?.toISOString() ?? null },
        reason,
      },
    });
    return { status: 200, body: await readCase(tx, { project, accountId, now: at }) };
  });
}

/**
 * Nothing is cut for the account until the dispute ends, and the payment that it is about, if it is, is not refunded.
 * Throws Problem `not-found`, `conflict` (the payment is reversed or in dispute already).
 */
export async function raiseDispute(
  db: Db,
  {
    projectId,
    accountId,
    until,
    receipt,
    reason,
    key,
    by,
    at,
  }: Keyed & { until: string; receipt: string | null },
): Promise<Answer<CaseDetail>> {
  const route = `POST /accounts/${accountId}/disputes`;
  const request = { until, reason, ...(receipt !== null && { receipt }) };
  return await once(db, { projectId, route, key, actorId: by.actor.id, request }, async (tx) => {
    const project = await readProject(tx, projectId);
    await assertAccount(tx, { projectId, accountId });
    // A refund that is being measured goes first, or finds the payment in dispute.
    await tx.execute(sql`SELECT FROM accounts WHERE project_id = ${projectId}::bigint
      AND id = ${accountId}::bigint FOR NO KEY UPDATE`);
    const end = new Date(until);
    assertEnd(end, at);
    const saleId =
      receipt === null ? null : await contestable(tx, { projectId, accountId, receipt, at });
    await tx.insert(disputes).values({
      ...{ projectId, accountId, saleId, reason, until: end },
      ...{ raisedById: by.actor.id, raisedBy: by.actor.name, raisedAt: at },
    });
    await record(tx, {
      ...{ projectId, ...by, action: 'dispute.raised' },
      ...{ subjectKind: 'account', subjectId: accountId, detail: request },
    });
    return { status: 201, body: await readCase(tx, { project, accountId, now: at }) };
  });
}

/** The payment of a receipt, which is neither reversed nor in dispute. */
async function contestable(
  tx: Tx,
  {
    projectId,
    accountId,
    receipt,
    at,
  }: { projectId: string; accountId: string; receipt: string; at: Date },
): Promise<string> {
  const found = await tx.execute<{ id: string; reversed: boolean; disputed: boolean }>(sql`
    SELECT s.id::text,
      EXISTS (SELECT FROM transactions v
        WHERE v.project_id = s.project_id AND v.reverses = s.transaction_id) AS reversed,
      EXISTS (SELECT FROM disputes u WHERE u.project_id = s.project_id AND u.sale_id = s.id
        AND u.ended_at IS NULL AND u.until > ${at.toISOString()}::timestamptz) AS disputed
    FROM sales s WHERE s.project_id = ${projectId}::bigint
      AND s.account_id = ${accountId}::bigint AND s.receipt = ${receipt}`);
  const sale = found.rows[0];
  if (!sale) throw notFound('payment');
  if (sale.reversed) throw new Problem('conflict', 'The payment is reversed.');
  if (sale.disputed) throw new Problem('conflict', 'The payment is in dispute already.');
  return sale.id;
}

/** Ends one before its date. Throws Problem `not-found`, `conflict` when it has ended. */
export async function endDispute(
  db: Db,
  { projectId, accountId, id, reason, key, by, at }: Keyed & { id: string },
): Promise<Answer<CaseDetail>> {
  const route = `POST /accounts/${accountId}/disputes/${id}/end`;
  const given = { projectId, route, key, actorId: by.actor.id, request: { reason } };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const found = await tx.execute<{ ended: boolean }>(sql`
      SELECT ended_at IS NOT NULL AS ended FROM disputes
      WHERE project_id = ${projectId}::bigint AND account_id = ${accountId}::bigint
        AND id = ${id}::bigint FOR UPDATE`);
    const row = found.rows[0];
    if (!row) throw notFound('dispute');
    if (row.ended) throw new Problem('conflict', 'The dispute has ended already.');
    await tx.execute(sql`
      UPDATE disputes SET ended_at = ${at.toISOString()}::timestamptz, ended_by = ${by.actor.name},
        end_reason = ${reason}
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
    await record(tx, {
      ...{ projectId, ...by, action: 'dispute.ended' },
      ...{ subjectKind: 'account', subjectId: accountId, detail: { dispute: id, reason } },
    });
    return { status: 200, body: await readCase(tx, { project, accountId, now: at }) };
  });
}
