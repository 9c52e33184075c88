/**
 * A sale: money comes in at the counter, by transfer or online, and the wallet holds more. One
 * transaction, one receipt numbered without gaps; sent twice with one key it happens once.
 */
import { type SQL, sql } from 'drizzle-orm';
import { recording } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { telling } from '../sql/events.ts';
import { Last, madeIn, type Rows } from '../sql/flight.ts';
import { type Answer, type Keep, onceInFlights } from '../sql/idempotency.ts';
import { localDayOf } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import { personOf } from '../sql/permission.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { drawerIn, holdingShift, shiftIn } from './cash.ts';
import { type Channel, placeOf } from './channel.ts';
import { type By, minorOf, only } from './fields.ts';
import {
  askAccount,
  entriesOf,
  type KnownAccount,
  type Leg,
  posting,
  refusedBy,
} from './ledger.ts';
import { movingLive } from './live-moved.ts';
import { heldIn, holding } from './open-account.ts';
import type { Commodity } from './price-book.ts';
import { askProject, type ProjectTerms, projectIn } from './project.ts';
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
  const { meterId } = sale;
  const beside = [
    askProject(projectId),
    holding({ projectId, accountId, alone: meterId !== null }),
    holdingShift({ projectId, cashierId: personOf(by.actor), use: 'in' }),
    askPlaces({ projectId, accountId, channel: sale.channel, by }),
    drawIds,
  ];
  return await onceInFlights(db, given, beside, async (tx, found, keep) => {
    const [projects = [], accounts = [], shifts = [], places = [], [ids] = []] = found;
    const project = projectIn(projects);
    const now = clock();
    const { name: accountName } = heldIn(accounts);
    const amountMinor = minorOf(sale.amount, project.currency);
    if (amountMinor <= 0n || amountMinor > SALE_MINOR_MAX) {
      throw new Problem('invalid-amount', 'A sale is above zero and below ten million.');
    }
    const soldAt = sale.soldAt === null ? now : new Date(sale.soldAt);
    if (soldAt.getTime() > now.getTime() + AHEAD_MS_MAX) {
      throw new Problem('invalid-request', 'A sale cannot lie in the future.');
    }
    const price = await priceOf(tx, { project, accountId, sale, amountMinor, now });
    const shiftId = shiftIn(shifts);
    const drawer =
      sale.channel === 'cash' ? await drawerIn(tx, { projectId, actor: by.actor, shiftId }) : null;
    const place = placeOf(sale.channel, drawer);
    const idempotencyKey = `${accountId}/${key}`;
    const booking = {
      ...{ project, accountId, accountName, sale, amountMinor, place, soldAt, price, shiftId },
      ...{ idempotencyKey, by, now },
      known: places as unknown as readonly KnownAccount[], // As `askPlaces` asks for them.
    };
    if (meterId === null) {
      const { statements, made, refused } = await saleBooked(tx, {
        ...{ ...booking, ...idsIn(ids), keep },
      });
      return new Last(statements, (rows) => ({ status: 201, body: made(rows).body }), refused);
    }
    const { id } = (await bookSale(tx, booking)).body;
    const sold = { saleId: id, saleMinor: amountMinor, by, now };
    await rechargeBySale(tx, { project, accountId, meterId, ...sold });
    return { status: 201, body: await saleOf(tx, { project, id }) };
  });
}

/** The question for the ledger accounts of a sale, where they are there: the wallet, and where the money goes. */
function askPlaces({
  projectId,
  accountId,
  channel,
  by,
}: {
  projectId: string;
  accountId: string;
  channel: Channel;
  by: By;
}): SQL {
  const currency = sql`(SELECT currency FROM projects WHERE id = ${projectId}::bigint)`;
  const { code } = placeOf(channel, { detail: '', shiftId: null });
  const detail =
    channel === 'cash'
      ? sql`coalesce((SELECT id::text FROM shifts WHERE project_id = ${projectId}::bigint
          AND cashier_id = ${personOf(by.actor)} AND closed_at IS NULL), ${by.actor.id})`
      : sql`''`;
  return sql`${askAccount({ projectId, currency, code: 'wallet', accountId })}
    UNION ALL ${askAccount({ projectId, currency, code, detail, accountId: null })}`;
}

interface Booking {
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
  /** Ledger accounts that were looked up already. */
  known?: readonly KnownAccount[];
}

interface Booked {
  body: ShownSale;
  transactionId: string;
}

/**
 * Books a sale to an account that is held: money from a place into its wallet, a receipt, what the log and others are
 * told. Throws Problem `month-closed`, `conflict` when a sale of that channel and reference stands.
 */
export async function bookSale(tx: Tx, booking: Booking): Promise<Booked> {
  const [ids] = (await tx.execute(drawIds)).rows;
  return await madeIn(tx, await saleBooked(tx, { ...booking, ...idsIn(ids), keep: null }));
}

/** The ids of a sale and of its transaction. */
const drawIds = sql`SELECT nextval('ids')::text AS id, nextval('ids')::text AS "transactionId"`;
function idsIn(row: Rows[number] | undefined) {
  if (!row) throw new Error('ids were not drawn');
  return row as Record<'id' | 'transactionId', string>; // As `drawIds` asks for them.
}

/**
 * The statements that book a sale. The number is drawn behind what needs none, as whoever else sells waits from there
 * to the commit; with `keep` the answer is kept by the same statement.
 */
async function saleBooked(
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
    known = [],
    id,
    transactionId,
    keep,
  }: Booking & { id: string; transactionId: string; keep: Keep | null },
): Promise<Last<Booked>> {
  const { id: projectId, currency } = project;
  await assertReferenceFree(tx, { projectId, sale });
  const head = {
    ...({ kind: 'sale', accountId } as const),
    ...{ postedAt: now, idempotencyKey },
    accountingDate: localDayOf(project.zone, soldAt.getTime()),
    cause: { channel: sale.channel },
  };
  const legs = [
    { ...place, amountMinor },
    { code: 'wallet', accountId, amountMinor: -amountMinor },
  ] as const;
  const postings = [{ transactionId, legs }];
  const entries = await entriesOf(tx, { projectId, currency, postings, known });
  const act = {
    ...{ projectId, ...by, action: 'sale.posted', subjectKind: 'account', subjectId: accountId },
    detail: { ...sale, soldAt: soldAt.toISOString() },
  };
  const body = {
    ...{ id, accountId, accountName, channel: sale.channel, price, shiftId, soldBy: by.actor.name },
    ...{ amount: money(amountMinor, currency), soldAt: soldAt.toISOString() },
    ...{ quantity: sale.quantity?.quantity ?? null, commodity: sale.quantity?.commodity ?? null },
    ...{ reference: sale.reference, note: sale.note, state: 'sold' as const },
    ...{ reversalId: null, prints: 0, rechargeId: null },
  };
  const numbered = sql`(SELECT jsonb_build_object('receipt', receipt) FROM drawn)`;
  const kept = keep?.(201, sql`${JSON.stringify(body)}::jsonb || ${numbered}`);
  const statements = [
    ...posting({ projectId, currency, id: transactionId, head, entries }),
    movingLive({ projectId, accountId, minor: amountMinor }),
    telling({ projectId, kind: 'sale.posted', subjectId: id, payload: { accountId } }),
    sql`WITH ${drawing(project, 'receipt')},
      sold AS (
        INSERT INTO sales (project_id, id, account_id, transaction_id, receipt, channel,
          amount_minor, currency, quantity, commodity, price, sold_at, sold_by, shift_id,
          reference, note)
        SELECT ${projectId}::bigint, ${id}::bigint, ${accountId}::bigint, ${transactionId}::bigint,
          receipt, ${body.channel}, ${amountMinor.toString()}::bigint, ${currency},
          ${body.quantity}::bigint, ${body.commodity}, ${price}::numeric,
          ${body.soldAt}::timestamptz, ${body.soldBy}, ${shiftId}::bigint, ${sale.reference},
          ${sale.note}
        FROM drawn),
      logged AS (${recording(act, numbered)})
      ${kept ? sql`, kept AS (${kept})` : sql``}
      SELECT receipt FROM drawn`,
  ];
  const made = (rows: Rows): Booked => {
    const { receipt } = only(rows) as { receipt: string }; // As the last statement selects it.
    return { body: { ...body, receipt }, transactionId };
  };
  return new Last(statements, made, refusedBy([head]));
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
