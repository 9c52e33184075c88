/**
 * Whether one energy price holds for an account, so that it can be sold by quantity; else why not. What comes besides
 * the energy (fees, demand, minimums) is named: it will be taken out of the same wallet.
 */

import { sql } from 'drizzle-orm';
import { exponentOf, type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { dayOf } from './cash.ts';
import type { Priced } from './components.ts';
import { halfEven, PRICE_DIGITS, RATE_DIGITS, scaled, unscaled } from './exact.ts';
import { type Commodity, openPriceBook, type Rated } from './price-book.ts';
import type { ProjectTerms } from './project.ts';

export const priceObstacles = [
  'no-point',
  'no-tariff',
  'periods',
  'steps',
  'allowance',
  'event-days',
  'index',
  'differs',
] as const;
export type PriceObstacle = (typeof priceObstacles)[number];

export interface SinglePrice {
  commodity: Commodity;
  /** Per 1,000 base units, with tax; null where there is not one. */
  price: string | null;
  obstacle: PriceObstacle | null;
  tariffName: string | null;
  /** Names of what is charged besides the energy. */
  besides: string[];
}

/** Decimals of a price with its tax on top. */
const WITH_TAX_DIGITS = PRICE_DIGITS + RATE_DIGITS;

/** The one energy price of an account's points of a commodity today. */
export async function singlePrice(
  db: Queryable,
  {
    project,
    accountId,
    commodity,
    now,
  }: { project: ProjectTerms; accountId: string; commodity: Commodity; now: Date },
): Promise<SinglePrice> {
  const held = await db.execute<{ point: string }>(sql`
    SELECT t.point_id::text AS point FROM tenancies t
    JOIN points p ON p.project_id = t.project_id AND p.id = t.point_id AND p.commodity = ${commodity}
    WHERE t.project_id = ${project.id}::bigint AND t.account_id = ${accountId}::bigint
      AND t.valid_from <= ${now.toISOString()}::timestamptz
      AND (t.valid_to IS NULL OR t.valid_to > ${now.toISOString()}::timestamptz)`);
  const none = { commodity, price: null, tariffName: null, besides: [] };
  if (held.rows.length === 0) return { ...none, obstacle: 'no-point' };
  const book = await openPriceBook(db, { projectId: project.id, zone: project.zone });
  const day = dayOf(project, now);
  const prices = new Set<bigint>();
  const besides = new Set<string>();
  let tariffName: string | null = null;
  for (const { point: pointId } of held.rows) {
    const rated = book.find({ pointId, accountId, commodity, day });
    if (!rated) return { ...none, obstacle: 'no-tariff' };
    tariffName = book.title(rated.versionId).tariffName;
    const { price, obstacle, names } = priceOf(rated, day);
    for (const name of names) besides.add(name);
    if (obstacle) return { ...none, tariffName, besides: [...besides], obstacle };
    prices.add(price);
  }
  const [price, ...others] = prices;
  if (price === undefined || others.length > 0) {
    return { ...none, tariffName, besides: [...besides], obstacle: 'differs' };
  }
  const text = unscaled(price, WITH_TAX_DIGITS);
  return { commodity, price: text, obstacle: null, tariffName, besides: [...besides] };
}

type Found = { names: string[] } & (
  | { price: bigint; obstacle: null }
  | { price: null; obstacle: PriceObstacle }
);

/** The sum of all prices per quantity of a version on a day, or what stands against there being one. */
function priceOf(rated: Rated, day: string): Found {
  const terms = rated.on(day);
  if (!terms) return { price: null, obstacle: 'index', names: [] };
  const names = terms.prices.filter(({ kind }) => kind !== 'usage').map(({ name }) => name);
  let sum = 0n;
  for (const priced of terms.prices) {
    if (priced.kind === 'allowance') return { price: null, obstacle: 'allowance', names };
    if (priced.source.kind !== 'usage') continue;
    const obstacle = obstacleOf(priced);
    if (obstacle) return { price: null, obstacle, names };
    const one = priced.price.find((each) => each !== undefined) ?? 0n;
    const rate = scaled(priced.taxRate, RATE_DIGITS);
    const unit = 10n ** BigInt(RATE_DIGITS);
    sum += one * (priced.taxIncluded ? unit : unit + rate);
  }
  return { price: sum, obstacle: null, names };
}

function obstacleOf({ source, bySteps, price }: Priced): PriceObstacle | null {
  if (source.kind !== 'usage') return null;
  if (bySteps) return 'steps';
  if (source.onlyOnEventDays !== undefined) return 'event-days';
  if (source.follows) return 'index';
  return new Set(price.filter((each) => each !== undefined)).size > 1 ? 'periods' : null;
}

/** What a quantity costs at a price per 1,000 base units, rounded half to even. */
export function costOf(quantity: number, price: string, currency: string): bigint {
  const exact = BigInt(quantity) * scaled(price, WITH_TAX_DIGITS);
  return halfEven(exact, 10n ** BigInt(WITH_TAX_DIGITS + 3 - exponentOf(currency)));
}

/**
 * Holds a sale by quantity to the price that is in force: its amount must be what the quantity costs. Returns the
 * price. Throws Problem `no-single-price`, `conflict` when the amount is another.
 */
export async function assertQuantity(
  db: Queryable,
  asked: { project: ProjectTerms; accountId: string; commodity: Commodity; now: Date },
  { quantity, amountMinor }: { quantity: number; amountMinor: bigint },
): Promise<string> {
  const { price, obstacle } = await singlePrice(db, asked);
  if (price === null) {
    throw new Problem('no-single-price', sentences[obstacle ?? 'no-tariff']);
  }
  const { currency } = asked.project;
  const cost = costOf(quantity, price, currency);
  if (cost === amountMinor) return price;
  const { amount }: Money = money(cost, currency);
  throw new Problem('conflict', `At ${price} that quantity costs ${amount} ${currency} now.`);
}

const sentences: Record<PriceObstacle, string> = {
  'no-point': 'The account holds no such point.',
  'no-tariff': 'No tariff holds for a point of the account.',
  periods: 'The price depends on the time of use.',
  steps: 'The price depends on the steps of consumption.',
  allowance: 'A part of the consumption is free.',
  'event-days': 'A price is charged on certain days only.',
  index: 'The price follows a published index that changes by month.',
  differs: 'The points of the account have different prices.',
};
