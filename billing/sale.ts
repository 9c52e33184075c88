/**
 * A sale: money comes in at the counter, by transfer or online, and the wallet holds more. One
 * transaction, one receipt numbered without gaps; sent twice with one key it happens once.
 */
import { sql } from 'drizzle-orm';
import { recording } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { tell } from '../sql/events.ts';
import { type Answer, type Keep, once } from '../sql/idempotency.ts';
import { localDayOf } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { tillOf } from './cash.ts';
import { type Channel, placeOf } from './channel.ts';
import { type By, minorOf, only } from './fields.ts';
import { type Leg, post } from './ledger.ts';
import { liveMoved } from './live-moved.ts';
import { holdAccount } from './open-account.ts';
import type { Commodity } from './price-book.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { drawing } from './receipt.ts';
import { rechargeBySale } from './recharge.ts';
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
  /** What the bank or the channel calls the payment, where that is known: sold once. */
  reference: string | null;
  note: string | null;
  /** Where it is sold by quantity: base units; the amount is what they cost. */
  quantity: { commodity: Commodity; quantity: number } | null;
  /** In meter mode: the meter that it goes to, but for what pays debts; null leaves it in the wallet. */
  meterId: string | null;
}

/**
 * Sells. Throws Problem `account-closed`, `month-closed`, `invalid-amount`, `shift-needed` for cash without an open
 * shift where the project asks for one, `no-single-price` and `conflict` for a quantity that is not sold so, what stands
 * in the way of a recharge, and those of the idempotency key.
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
  return await once(db, given, async (tx, keep) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const alone = sale.meterId !== null;
    const { name: accountName } = await holdAccount(tx, { projectId, accountId, alone });
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
    const place = placeOf(sale.channel, drawer);
    const idempotencyKey = `${accountId}/${key}`;
    const { meterId } = sale;
    const { body } = await bookSale(tx, {
      ...{ project, accountId, sale, amountMinor, place, soldAt, price, shiftId, idempotencyKey },
      ...{ accountName, by, now, keep: meterId === null ? keep : null },
    });
    if (meterId === null) return { status: 201, body };
    const { id } = body;
    const sold = { saleId: id, saleMinor: amountMinor, by, now };
    await rechargeBySale(tx, { project, accountId, meterId, ...sold });
    return { status: 201, body: await saleOf(tx, { project, id }) };
  });
}

/**
 * Books a sale to an account that is held: money from a place into its wallet, a receipt, what the log and others are
 * told. Its number is drawn by the last statement, as whoever else sells waits from there to the commit; with `keep`
 * the answer is kept by it, too. Throws Problem `month-closed`, `conflict` when a sale of that channel and reference stands.
 */
export async function bookSale(
  tx: Tx,
  {
    project,
    accountId,
    accountName,
    sale,
    amountMinor,
    place,
    soldAt,
    price,
    shiftId,
    idempotencyKey,
    by,
    now,
    keep,
  }: {
    project: ProjectTerms;
    accountId: string;
    accountName: string;
    sale: Omit<NewSale, 'meterId'>;
    amountMinor: bigint;
    place: Omit<Leg, 'amountMinor'>;
    soldAt: Date;
    price: string | null;
    shiftId: string | null;
    idempotencyKey: string;
    by: By;
    now: Date;
    keep: Keep | null;
  },
): Promise<{ body: ShownSale; transactionId: string }> {
  const projectId = project.id;
  await assertReferenceFree(tx, { projectId, sale });
  const transactionId = await post(tx, {
    projectId,
    currency: project.currency,
    head: {
      kind: 'sale',
      accountId,
      accountingDate: localDayOf(project.zone, soldAt.getTime()),
      postedAt: now,
      cause: { channel: sale.channel },
      idempotencyKey,
    },
    legs: [
      { ...place, amountMinor },
      { code: 'wallet', accountId, amountMinor: -amountMinor },
    ],
  });
  const drawn = await tx.execute<{ id: string }>(sql`SELECT nextval('ids')::text AS id`);
  const { id } = only(drawn.rows);
  await liveMoved(tx, { projectId, accountId, minor: amountMinor });
  await tell(tx, [{ projectId, kind: 'sale.posted', subjectId: id, payload: { accountId } }]);
  const act = {
    ...{ projectId, ...by, action: 'sale.posted', subjectKind: 'account', subjectId: accountId },
    detail: { ...sale, soldAt: soldAt.toISOString() },
  };
  const body = {
    ...{ id, accountId, accountName, channel: sale.channel, price, shiftId, soldBy: by.actor.name },
    ...{ amount: money(amountMinor, project.currency), soldAt: soldAt.toISOString() },
    ...{ quantity: sale.quantity?.quantity ?? null, commodity: sale.quantity?.commodity ?? null },
    ...{ reference: sale.reference, note: sale.note, state: 'sold' as const },
    ...{ reversalId: null, prints: 0, rechargeId: null },
  };
  const numbered = sql`(SELECT jsonb_build_object('receipt', receipt) FROM drawn)`;
  const kept =
    keep &&
    sql`,
    kept AS (${keep(201, sql`${JSON.stringify(body)}::jsonb || ${numbered}`)})`;
  const made = await tx.execute<{ receipt: string }>(sql`
    WITH ${drawing(project, 'receipt')},
    sold AS (
      INSERT INTO sales (project_id, id, account_id, transaction_id, receipt, channel, amount_minor,
        currency, quantity, commodity, price, sold_at, sold_by, shift_id, reference, note)
      SELECT ${projectId}::bigint, ${id}::bigint, ${accountId}::bigint, ${transactionId}::bigint,
        receipt, ${body.channel}, ${amountMinor.toString()}::bigint, ${project.currency},
        ${body.quantity}::bigint, ${body.commodity}, ${price}::numeric,
        ${body.soldAt}::timestamptz, ${body.soldBy},
        ${shiftId}::bigint, ${sale.reference}, ${sale.note}
      FROM drawn),
    logged AS (${recording(act, numbered)})${kept ?? sql``}
    SELECT receipt FROM drawn`);
  return { body: { ...body, receipt: only(made.rows).receipt }, transactionId };
}

/** A payment is sold once: two who enter one reference at once come one after the other. */
async function assertReferenceFree(
  tx: Tx,
  { projectId, sale }: { projectId: string; sale: Pick<NewSale, 'channel' | 'reference'> },
): Promise<void> {
  if (sale.reference === null) return;
  const lock = `wattledger.reference/${projectId}/${sale.channel}/${sale.reference}`;
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))`);
  const found = await tx.execute<{ receipt: string }>(sql`
    SELECT s.receipt FROM sales s
    WHERE s.project_id = ${projectId}::bigint AND s.channel = ${sale.channel}
      AND s.reference = ${sale.reference} AND NOT EXISTS (SELECT FROM transactions v
        WHERE v.project_id = s.project_id AND v.reverses = s.transaction_id)`);
  const receipt = found.rows[0]?.receipt;
  if (receipt === undefined) return;
  throw new Problem('conflict', `Receipt ${receipt} is of the payment ${sale.reference} already.`);
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
