/**
 * Undoing a wrong sale: the whole of it, once, with a reason. What is small is booked at once; above the project's
 * limit (alone, or with what the same person reversed that day), or when the wallet would owe, a second person agrees.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { tell } from '../sql/events.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { dayStart } from '../sql/local-day.ts';
import { personOf } from '../sql/permission.ts';
import { type Db, type Tx, violatedConstraint } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { saleReversalDecisions, saleReversals } from '../sql/schema/index.ts';
import { readVendingSettings } from '../sql/vending-settings.ts';
import { addAct, holdBank, lineOfSale } from './bank-line.ts';
import { assertHeld, type Drawer, dayOf, openShiftOf } from './cash.ts';
import { type Channel, placeOf } from './channel.ts';
import { type By, only } from './fields.ts';
import { post } from './ledger.ts';
import { liveMoved } from './live-moved.ts';
import { holdAccount } from './open-account.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { nextReceipt } from './receipt.ts';
import { assertNotWithMeter } from './recharge.ts';
import { liveMinor } from './refundable.ts';
import { reversalOf, type ShownReversal } from './reversal-list.ts';

export const reversalDecisions = saleReversalDecisions.decision.enumValues;
export type ReversalDecision = (typeof reversalDecisions)[number];

interface Keyed {
  projectId: string;
  key: string | undefined;
  by: By;
  clock: Clock;
}

/**
 * Wants a sale undone; books it at once where no second person has to agree. Throws Problem `not-found`,
 * `already-reversed`, `conflict` while a wish for the same sale waits, `account-closed`, `month-closed`, `shift-needed`.
 */
export async function reverseSale(
  db: Db,
  { projectId, saleId, reason, key, by, clock }: Keyed & { saleId: string; reason: string },
): Promise<Answer<ShownReversal>> {
  const route = `POST /sales/${saleId}/reversals`;
  const given = { projectId, route, key, actorId: by.actor.id, request: { reason } };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const person = personOf(by.actor);
    // Two small ones at once must see each other's sum.
    await tx.execute(
      sql`SELECT pg_advisory_xact_lock(hashtextextended(${`wattledger.reversal/${projectId}/${person}`}, 0))`,
    );
    const sale = await heldSale(tx, { project, saleId });
    if (sale.state === 'approve') {
      throw new Problem('already-reversed', `Receipt ${sale.receipt} is reversed already.`);
    }
    if (sale.state === 'waiting') {
      throw new Problem(
        'conflict',
        `The reversal of receipt ${sale.receipt} waits for a decision.`,
      );
    }
    await assertNotWithMeter(tx, { projectId, saleId });
    const approval = await approvalFor(tx, { project, sale, person, now });
    const made = await tx
      .insert(saleReversals)
      .values({
        ...{ projectId, saleId, accountId: sale.accountId, reason, approval },
        ...{ proposedById: person, proposedBy: by.actor.name, proposedAt: now },
      })
      .returning({ id: saleReversals.id });
    const { id } = only(made);
    if (approval === null) {
      await book(tx, {
        ...{ project, sale, id, proposedById: person, isSamePerson: false, reason: null, by, now },
      });
    } else {
      await record(tx, {
        ...{ projectId, ...by, action: 'sale-reversal.proposed' },
        ...{ subjectKind: 'account', subjectId: sale.accountId },
        detail: { receipt: sale.receipt, reversalId: id, reason, approval },
      });
    }
    return { status: 201, body: await reversalOf(tx, { project, id }) };
  });
}

/**
 * A second person agrees to a reversal or refuses it, or who wanted it takes it back. Throws Problem `not-found`,
 * `conflict` when it is decided, `own-approval` unless one person may do both, `forbidden` for taking back another's;
 * and what booking throws.
 */
export async function decideReversal(
  db: Db,
  {
    projectId,
    id,
    decision,
    reason,
    key,
    by,
    clock,
  }: Keyed & { id: string; decision: ReversalDecision; reason: string },
): Promise<Answer<ShownReversal>> {
  const route = `POST /reversals/${id}/decisions`;
  const given = { projectId, route, key, actorId: by.actor.id, request: { decision, reason } };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const found = await tx.execute<{ sale_id: string; proposed_by_id: string }>(sql`
      SELECT sale_id::text, proposed_by_id FROM sale_reversals
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
    const wish = found.rows[0];
    if (!wish) throw notFound('reversal');
    const sale = await heldSale(tx, { project, saleId: wish.sale_id });
    const decided = await tx.execute(sql`
      SELECT 1 FROM sale_reversal_decisions
      WHERE project_id = ${projectId}::bigint AND reversal_id = ${id}::bigint`);
    if (decided.rows.length > 0) throw new Problem('conflict', 'The reversal is decided already.');
    const person = personOf(by.actor);
    const isSamePerson = decision === 'approve' && wish.proposed_by_id === person;
    if (isSamePerson && !(await readVendingSettings(tx, projectId)).singlePersonApproves) {
      throw new Problem('own-approval', 'Who wants a reversal does not approve it.');
    }
    if (decision === 'withdraw' && wish.proposed_by_id !== person) {
      throw new Problem('forbidden', 'Who wanted a reversal takes it back; others reject it.');
    }
    if (decision === 'approve') {
      const proposedById = wish.proposed_by_id;
      await book(tx, { project, sale, id, proposedById, isSamePerson, reason, by, now });
    } else {
      await tx.insert(saleReversalDecisions).values({
        ...{ projectId, reversalId: id, saleId: sale.id, decision, reason },
        ...{ decidedById: person, decidedBy: by.actor.name, decidedAt: now },
      });
      await record(tx, {
        ...{ projectId, ...by, subjectKind: 'account', subjectId: sale.accountId },
        action: decision === 'reject' ? 'sale-reversal.rejected' : 'sale-reversal.withdrawn',
        detail: { receipt: sale.receipt, reversalId: id, reason },
      });
    }
    return { status: 201, body: await reversalOf(tx, { project, id }) };
  });
}

interface HeldSale {
  id: string;
  accountId: string;
  transactionId: string;
  receipt: string;
  channel: Channel;
  amountMinor: bigint;
  shiftId: string | null;
  /** The ledger's detail of the drawer that its cash went into; null for other channels. */
  drawer: string | null;
  state: 'sold' | 'waiting' | 'approve';
}

/** A sale of an open account, which nobody else pays out of until commit. */
async function heldSale(
  tx: Tx,
  { project, saleId }: { project: ProjectTerms; saleId: string },
): Promise<HeldSale> {
  const projectId = project.id;
  const owner = await tx.execute<{ account_id: string; channel: Channel }>(sql`
    SELECT account_id::text, channel FROM sales
    WHERE project_id = ${projectId}::bigint AND id = ${saleId}::bigint`);
  const paid = owner.rows[0];
  if (paid === undefined) throw notFound('sale');
  const accountId = paid.account_id;
  // Before the account, as whoever claims a line: two who wait for each other would wait for ever.
  if (paid.channel !== 'cash') await holdBank(tx, projectId);
  await holdAccount(tx, { projectId, accountId, alone: true });
  const found = await tx.execute<{
    transaction_id: string;
    receipt: string;
    channel: Channel;
    amount: string;
    shift_id: string | null;
    drawer: string | null;
    state: HeldSale['state'];
  }>(sql`
    SELECT s.transaction_id::text, s.receipt, s.channel, s.amount_minor::text AS amount,
      s.shift_id::text,
      (SELECT l.detail FROM entries e JOIN ledger_accounts l ON l.project_id = e.project_id
          AND l.id = e.ledger_account_id AND l.code = 'cash'
        WHERE e.project_id = s.project_id AND e.transaction_id = s.transaction_id) AS drawer,
      CASE WHEN EXISTS (SELECT FROM transactions t
          WHERE t.project_id = s.project_id AND t.reverses = s.transaction_id) THEN 'approve'
        WHEN EXISTS (SELECT FROM sale_reversals r
          WHERE r.project_id = s.project_id AND r.sale_id = s.id AND NOT EXISTS (
            SELECT FROM sale_reversal_decisions d
            WHERE d.project_id = r.project_id AND d.reversal_id = r.id)) THEN 'waiting'
        ELSE 'sold' END AS state
    FROM sales s WHERE s.project_id = ${projectId}::bigint AND s.id = ${saleId}::bigint`);
  const row = only(found.rows);
  return {
    ...{ id: saleId, accountId, transactionId: row.transaction_id, receipt: row.receipt },
    ...{ channel: row.channel, amountMinor: BigInt(row.amount), shiftId: row.shift_id },
    ...{ drawer: row.drawer, state: row.state },
  };
}

/** Why a second person has to agree; null where none has to. */
async function approvalFor(
  tx: Tx,
  {
    project,
    sale,
    person,
    now,
  }: { project: ProjectTerms; sale: HeldSale; person: string; now: Date },
): Promise<'amount' | 'day' | 'overdrawn' | null> {
  const settings = await readVendingSettings(tx, project.id);
  const limit = BigInt(settings.reversalApprovalMinor);
  if (sale.amountMinor > limit) return 'amount';
  const today = new Date(dayStart(project.zone, dayOf(project, now))).toISOString();
  const found = await tx.execute<{ sum: string }>(sql`
    SELECT coalesce(sum(s.amount_minor), 0)::text AS sum
    FROM sale_reversals r
    JOIN sale_reversal_decisions d ON d.project_id = r.project_id AND d.reversal_id = r.id
      AND d.decision = 'approve'
    JOIN sales s ON s.project_id = r.project_id AND s.id = r.sale_id
    WHERE r.project_id = ${project.id}::bigint AND r.proposed_by_id = ${person}
      AND r.approval IS NULL AND r.proposed_at >= ${today}::timestamptz`);
  if (BigInt(only(found.rows).sum) + sale.amountMinor > limit) return 'day';
  const live = await liveMinor(tx, { projectId: project.id, accountId: sale.accountId });
  return live - sale.amountMinor < 0n ? 'overdrawn' : null;
}

/** Posts the mirror of a sale on today's date, out of the drawer that pays, and numbers its receipt. */
async function book(
  tx: Tx,
  {
    project,
    sale,
    id,
    proposedById,
    isSamePerson,
    reason,
    by,
    now,
  }: {
    project: ProjectTerms;
    sale: HeldSale;
    id: string;
    proposedById: string;
    /** Whether who wanted it has agreed to what a second person should have. */
    isSamePerson: boolean;
    reason: string | null;
    by: By;
    now: Date;
  },
): Promise<void> {
  const projectId = project.id;
  const { amountMinor, accountId } = sale;
  await assertNotWithMeter(tx, { projectId, saleId: sale.id });
  const drawer = await payingDrawer(tx, { projectId, sale, proposedById });
  // Money that a line of the bank speaks of did come: it is nobody's again until that line is.
  const line = await lineOfSale(tx, { projectId, saleId: sale.id });
  const place = line
    ? ({ code: 'unidentified', accountId: null } as const)
    : placeOf(sale.channel, drawer);
  if (drawer) await assertHeld(tx, { project, drawer, amountMinor });
  const receipt = await nextReceipt(tx, project, 'reversal');
  const transactionId = await post(tx, {
    projectId,
    currency: project.currency,
    head: {
      ...{ kind: 'reversal', accountId, postedAt: now, reverses: sale.transactionId },
      accountingDate: dayOf(project, now),
      cause: { reverses: sale.transactionId, channel: sale.channel, receipt, of: sale.receipt },
    },
    legs: [
      { code: 'wallet', accountId, amountMinor },
      { ...place, amountMinor: -amountMinor },
    ],
  }).catch((error: unknown) => {
    if (!violatedConstraint(error)?.includes('reverses')) throw error;
    throw new Problem('already-reversed', `Receipt ${sale.receipt} is reversed already.`, {
      cause: error,
    });
  });
  if (line) {
    const target = { saleId: sale.id };
    await addAct(tx, { projectId, line, kind: 'reopen', target, reason, transactionId, by, now });
  }
  await liveMoved(tx, { projectId, accountId, minor: -amountMinor });
  await tx.insert(saleReversalDecisions).values({
    ...{ projectId, reversalId: id, saleId: sale.id, decision: 'approve', reason, receipt },
    ...{ decidedById: personOf(by.actor), decidedBy: by.actor.name, decidedAt: now },
    ...{ shiftId: drawer?.shiftId ?? null, transactionId },
  });
  await record(tx, {
    ...{ projectId, ...by, action: 'sale.reversed', subjectKind: 'account', subjectId: accountId },
    detail: {
      ...{ receipt, of: sale.receipt, reversalId: id, channel: sale.channel, reason },
      ...(isSamePerson && { bySamePerson: true }),
    },
  });
  const payload = { accountId, reversalId: id };
  await tell(tx, [{ projectId, kind: 'sale.reversed', subjectId: sale.id, payload }]);
}

/**
 * Whose drawer gives the cash back: that of the sale while its shift is open, else the open one of who wants the
 * reversal; where the project asks for no shifts, the drawer that took it. Null for other channels.
 */
async function payingDrawer(
  tx: Tx,
  { projectId, sale, proposedById }: { projectId: string; sale: HeldSale; proposedById: string },
): Promise<Drawer | null> {
  if (sale.channel !== 'cash') return null;
  if (sale.shiftId !== null) {
    const open = await tx.execute(sql`
      SELECT 1 FROM shifts WHERE project_id = ${projectId}::bigint AND id = ${sale.shiftId}::bigint
        AND closed_at IS NULL FOR NO KEY UPDATE`);
    if (open.rows.length > 0) return { detail: sale.shiftId, shiftId: sale.shiftId };
  }
  const own = await openShiftOf(tx, { projectId, cashierId: proposedById, use: 'out' });
  if (own !== null) return { detail: own, shiftId: own };
  const { cashNeedsShift } = await readVendingSettings(tx, projectId);
  if (cashNeedsShift || sale.shiftId !== null || sale.drawer === null) {
    throw new Problem(
      'shift-needed',
      'The cash comes out of the drawer of who wants the reversal: his shift has to be open.',
    );
  }
  return { detail: sale.drawer, shiftId: null };
}
