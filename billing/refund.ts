/**
 * A refund: money goes out of a wallet, no more than can be refunded, back the way it came unless a reason is
 * given. Two at once for one account come one after the other; sent twice with one key it happens once.
 */
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { tell } from '../sql/events.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { type Money, money } from '../sql/money.ts';
import { personOf } from '../sql/permission.ts';
import type { Db } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { refunds } from '../sql/schema/index.ts';
import { readVendingSettings } from '../sql/vending-settings.ts';
import { dayOf, tillOf } from './cash.ts';
import { type Channel, placeOf } from './channel.ts';
import { type By, minorOf, only } from './fields.ts';
import { post } from './ledger.ts';
import { liveMoved } from './live-moved.ts';
import { holdAccount } from './open-account.ts';
import { readProject } from './project.ts';
import { nextReceipt } from './receipt.ts';
import { refundOf, type ShownRefund } from './refund-list.ts';
import { type Refundable, refundable, shownRefundable } from './refundable.ts';

export interface NewRefund {
  channel: Channel;
  amount: Money;
  reason: string;
  /** Why not the way the money came; needed where more goes by a channel than came by it. */
  otherChannelReason: string | null;
}

/**
 * Refunds. Throws Problem `account-closed`, `invalid-amount`, `not-refundable`, `not-built` while no balance is
 * computed, `conflict` (another channel without a reason, a drawer with too little), `shift-needed`, `month-closed`.
 */
export async function refund(
  db: Db,
  {
    projectId,
    accountId,
    refund: asked,
    key,
    by,
    clock,
  }: {
    projectId: string;
    accountId: string;
    refund: NewRefund;
    key: string | undefined;
    by: By;
    clock: Clock;
  },
): Promise<Answer<ShownRefund>> {
  const route = `POST /accounts/${accountId}/refunds`;
  const given = { projectId, route, key, actorId: by.actor.id, request: asked };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const { currency } = project;
    await holdAccount(tx, { projectId, accountId, alone: true });
    const amountMinor = minorOf(asked.amount, currency);
    if (amountMinor <= 0n) throw new Problem('invalid-amount', 'A refund is above zero.');
    const { unclearedHours } = await readVendingSettings(tx, projectId);
    const found = await refundable(tx, { project, accountId, unclearedHours, now });
    assertRefundable(found, { amountMinor, currency });
    assertChannel(found, { asked, amountMinor, currency });
    const { drawer, shiftId } = await tillOf(tx, {
      project,
      channel: asked.channel,
      amountMinor,
      use: 'out',
      by,
    });
    const receipt = await nextReceipt(tx, project, 'refund');
    const transactionId = await post(tx, {
      projectId,
      currency,
      head: {
        ...{ kind: 'refund', accountId, accountingDate: dayOf(project, now), postedAt: now },
        cause: { channel: asked.channel, receipt, reason: asked.reason },
        idempotencyKey: `${accountId}/${key}`,
      },
      legs: [
        { code: 'wallet', accountId, amountMinor },
        { ...placeOf(asked.channel, drawer), amountMinor: -amountMinor },
      ],
    });
    const made = await tx
      .insert(refunds)
      .values({
        ...{ projectId, accountId, transactionId, receipt, channel: asked.channel, amountMinor },
        ...{ currency, reason: asked.reason, otherChannelReason: asked.otherChannelReason },
        basis: { ...shownRefundable(found, currency) },
        ...{ shiftId, refundedById: personOf(by.actor), refundedBy: by.actor.name },
        refundedAt: now,
      })
      .returning({ id: refunds.id });
    const { id } = only(made);
    await liveMoved(tx, { projectId, accountId, minor: -amountMinor });
    await record(tx, {
      ...{ projectId, ...by, action: 'refund.posted' },
      ...{ subjectKind: 'account', subjectId: accountId, detail: { receipt, ...asked } },
    });
    await tell(tx, [{ projectId, kind: 'refund.posted', subjectId: id, payload: { accountId } }]);
    return { status: 201, body: await refundOf(tx, { project, id }) };
  });
}

function assertRefundable(
  { refundableMinor, unknown }: Refundable,
  { amountMinor, currency }: { amountMinor: bigint; currency: string },
): void {
  if (unknown === 'no-balance') {
    throw new Problem('not-built', 'The live balance of the account is not computed yet.');
  }
  if (unknown === 'never-read' || refundableMinor === null) {
    throw new Problem(
      'not-refundable',
      'A point of the account was never read: nobody knows what it has used.',
    );
  }
  if (amountMinor <= refundableMinor) return;
  const { amount } = money(refundableMinor, currency);
  throw new Problem('not-refundable', `At most ${amount} ${currency} can be refunded now.`);
}

function assertChannel(
  { channels }: Refundable,
  { asked, amountMinor, currency }: { asked: NewRefund; amountMinor: bigint; currency: string },
): void {
  if (asked.otherChannelReason !== null) return;
  const came = channels.find(({ channel }) => channel === asked.channel)?.minor ?? 0n;
  if (amountMinor <= came) return;
  const { amount } = money(came > 0n ? came : 0n, currency);
  throw new Problem(
    'conflict',
    `Only ${amount} ${currency} came by ${asked.channel}: refund it the way it came, or say why not.`,
  );
}
