/**
 * The rating core: quantities of quarter-hours × ranks × prices → lines with exact amounts. Pure, over
 * columns; no float touches money, and quantities are integers that a double holds exactly.
 */
import { RANKS } from '../sql/period-calendar.ts';
import { amountOf, scaled } from './exact.ts';
import { type Tax, taxExact } from './rounding.ts';
import { type Component, PRICE_DIGITS, type TariffDefinition, type Usage } from './tariff.ts';

/** Columns of a day in the matrix of quantities; the longest local day has 100 quarter-hours. */
export const SLOTS_MAX = 100;

/** Half-open ranges of local slots. */
export type SlotRanges = readonly (readonly [from: number, to: number])[];

/** What is rated as one: some slots of one row (a point's local day) under one tariff version. */
export interface Part {
  row: number;
  slots: SlotRanges;
  /** Rank per local slot; null where the tariff knows no periods. */
  ranks: Int8Array | null;
  prices: readonly Priced[];
}

/** A component with its prices as scaled integers, index 0 for “no period”, else the rank. */
export interface Priced extends Tax {
  component: string;
  name: string;
  tariffVersionId: string;
  taxCode: string;
  treatment: Component['treatment'];
  byPeriod: boolean;
  price: readonly (bigint | undefined)[];
}

export interface Line {
  priced: Priced;
  /** Rank, or 0 where the component knows no period. */
  period: number;
  step: number;
  /** Base units. */
  quantity: bigint;
  /** 10^-8 per 1,000 base units. */
  price: bigint;
  /** 10^-15 major units. */
  exact: bigint;
  taxExact: bigint;
}

/** The components of a version, ready for `rate`. */
export function priceList(tariffVersionId: string, definition: TariffDefinition): Priced[] {
  return definition.components.map((c) => {
    if (!isRated(c)) throw new Error(`a component of kind ${c.kind} is not rated yet`);
    return {
      component: c.code,
      name: c.name,
      tariffVersionId,
      taxCode: c.taxCode,
      taxRate: c.taxRate,
      taxIncluded: c.taxIncluded,
      treatment: c.treatment,
      byPeriod: c.prices !== undefined,
      price: [c.price, ...RANKS.map((rank) => c.prices?.[`${rank}`])].map((text) =>
        text === undefined ? undefined : scaled(text, PRICE_DIGITS),
      ),
    };
  });
}

/** What can be rated so far; other kinds can be checked, not stored. */
export const isRated = (c: Component): c is Usage =>
  c.kind === 'usage' && !c.stepPrices && !c.stepAdders && !c.follows && !c.onlyOnEventDays;

/**
 * Lines of a part, in order of component and period; periods without use have none. `quantities` holds
 * SLOTS_MAX columns a row, NaN where an interval is missing (it adds nothing here; the caller decides
 * whether the part may be rated at all). Throws when a sum leaves the exact integers.
 */
export function rate(quantities: Float64Array, part: Part): Line[] {
  const sums = sumByRank(quantities, part);
  const total = sums.reduce((a, b) => a + b, 0);
  const lines: Line[] = [];
  for (const priced of part.prices) {
    if (!priced.byPeriod) {
      if (total !== 0) lines.push(line(priced, 0, total));
      continue;
    }
    for (const rank of RANKS) {
      const quantity = sums[rank] ?? 0;
      if (quantity !== 0) lines.push(line(priced, rank, quantity));
    }
  }
  return lines;
}

/** Base units per rank (index 1 to 5), index 0 where the part has no ranks. */
export function sumByRank(quantities: Float64Array, part: Part): Float64Array {
  const sums = new Float64Array(RANKS.length + 1);
  const start = part.row * SLOTS_MAX;
  for (const [from, to] of part.slots) {
    for (let slot = from; slot < to; slot++) {
      const quantity = quantities[start + slot] as number; // in range: the matrix has SLOTS_MAX columns
      if (Number.isNaN(quantity)) continue;
      const rank = part.ranks === null ? 0 : (part.ranks[slot] as number); // one rank per slot of the day
      sums[rank] = (sums[rank] as number) + quantity; // rank is an index of sums
    }
  }
  for (const sum of sums) {
    if (!Number.isSafeInteger(sum)) throw new Error(`a quantity of ${sum} is no exact integer`);
  }
  return sums;
}

function line(priced: Priced, period: number, sum: number): Line {
  const price = priced.price[period];
  if (price === undefined) {
    throw new Error(`tariff version ${priced.tariffVersionId} has no price for period ${period}`);
  }
  const quantity = BigInt(sum);
  const exact = amountOf(quantity, price);
  return { priced, period, step: 0, quantity, price, exact, taxExact: taxExact(exact, priced) };
}
