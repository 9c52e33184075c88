/**
 * A sale: money comes in at the counter, by transfer or online, and the wallet holds more. One
 * transaction, one receipt numbered without gaps; sent twice with one key it happens once.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { tell } from '../sql/events.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { localDayOf } from '../sql/local-day.ts';
import type { Money } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { tillOf } from './cash.ts';
import { type Channel, placeOf } from './channel.ts';
import { type By, minorOf, only } from './fields.ts';
import { post } from './ledger.ts';
import { liveMoved } from './live-moved.ts';
import { holdAccount } from './open-account.ts';
import type { Commodity } from './price-book.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { nextReceipt } from './receipt.ts';
import { type ShownSale, saleOf } from './sale-list.ts';
import { assertQuantity } from './single-price.ts';

/** Largest sale, in minor units: a slip of the finger must not become a fortune. */
export const SALE_MINOR_MAX = 1_000_000_000n;
/** How far a counter's clock may be ahead of ours. */
const AHEAD_MS_MAX = 60_000;

export interface NewSale {
  channel: Channel;
  amount: Money;
  /** When it was sold; a past date is taken while its month is open. Now when it is not said. */
  soldAt: string | null;
  note: string | null;
  /** Where it is sold by quantity: base units; the amount is what they cost. */
  quantity: { commodity: Commodity; quantity: number } | null;
}

/**
 * Sells. Throws Problem `account-closed`, `month-closed`, `invalid-amount`, `shift-needed` for cash without an open
 * shift where the project asks for one, `no-single-price` and `conflict` for a quantity that is not sold so, and those
 * of the idempotency key.
 */
export async function sell(
  db: Db,
  {
    projectId,
    accountId,
    sale,
    key,
    by,
    clock,
  }: {
    projectId: string;
    accountId: string;
    sale: NewSale;
    key: string | undefined;
    by: By;
    clock: Clock;
  },
): Promise<Answer<ShownSale>> {
  const route = `POST /accounts/${accountId}/sales`;
  const given = { projectId, route, key, actorId: by.actor.id, request: sale };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    await holdAccount(tx, { projectId, accountId, alone: false });
    const amountMinor = minorOf(sale.amount, project.currency);
    if (amountMinor <= 0n || amountMinor > SALE_MINOR_MAX) {
      throw new Problem('invalid-amount', 'A sale is above zero and below ten million.');
    }
    const soldAt = sale.soldAt === null ? now : new Date(sale.soldAt);
    if (soldAt.getTime() > now.getTime() + AHEAD_MS_MAX) {
      throw new Problem('invalid-request', 'A sale cannot lie in the future.');
    }
    const price = await priceOf(tx, { project, accountId, sale, amountMinor, now });
    const { drawer, shiftId } = await tillOf(tx, {
      project,
      channel: sale.channel,
      amountMinor,
      use: 'in',
      by,
    });
    const transactionId = await post(tx, {
      projectId,
      currency: project.currency,
      head: {
        kind: 'sale',
        accountId,
        accountingDate: localDayOf(project.zone, soldAt.getTime()),
        postedAt: now,
        cause: { channel: sale.channel },
        idempotencyKey: `${accountId}/${key}`,
      },
      legs: [
        { ...placeOf(sale.channel, drawer), amountMinor },
        { code: 'wallet', accountId, amountMinor: -amountMinor },
      ],
    });
    const receipt = await nextReceipt(tx, project, 'receipt');
    const made = await tx.execute<{ id: string }>(sql`
      INSERT INTO sales (project_id, account_id, transaction_id, receipt, channel, amount_minor,
        currency, quantity, commodity, price, sold_at, sold_by, shift_id, note)
      VALUES (${projectId}::bigint, ${accountId}::bigint, ${transactionId}::bigint, ${receipt},
        ${sale.channel}, ${amountMinor.toString()}::bigint, ${project.currency},
        ${sale.quantity?.quantity ?? null}::bigint, ${sale.quantity?.commodity ?? null},
        ${price}::numeric, ${soldAt.toISOString()}::timestamptz, ${by.actor.name}, ${shiftId}::bigint, ${sale.note})
      RETURNING id::text`);
    const { id } = only(made.rows);
    await liveMoved(tx, { projectId, accountId, minor: amountMinor });
    await record(tx, {
      projectId,
      ...by,
      action: 'sale.posted',
      subjectKind: 'account',
      subjectId: accountId,
      detail: { receipt, ...sale, soldAt: soldAt.toISOString() },
    });
    await tell(tx, [{ projectId, kind: 'sale.posted', subjectId: id, payload: { accountId } }]);
    return { status: 201, body: await saleOf(tx, { project, id }) };
  });
}

/** The price that a sale by quantity is held to; null for one by amount. */
async function priceOf(
  tx: Tx,
  {
    sale,
    amountMinor,
    ...asked
  }: { project: ProjectTerms; accountId: string; sale: NewSale; amountMinor: bigint; now: Date },
): Promise<string | null> {
  if (!sale.quantity) return null;
  const { commodity, quantity } = sale.quantity;
  return await assertQuantity(tx, { ...asked, commodity }, { quantity, amountMinor });
}
