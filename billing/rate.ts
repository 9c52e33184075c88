/**
 * The rating core of plain tariffs: quantities of quarter-hours × ranks × prices → lines with exact amounts.
 * Pure, over columns; no float touches money, and quantities are integers that a double holds exactly.
 */
import { RANKS } from '../sql/period-calendar.ts';
import type { Priced } from './components.ts';
import { amountOf } from './exact.ts';
import { taxExact } from './rounding.ts';

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

export interface Line {
  priced: Priced;
  /** Rank, or 0 where the component knows no period. */
  period: number;
  /** 1, 2 …, or 0 where the component knows no step. */
  step: number;
  /** Base units, W of demand, or 1 for the day of a fee; below zero for what an allowance takes off. */
  quantity: bigint;
  /** 10^-8 per 1,000 of them, or per day. */
  price: bigint;
  /** 10^-15 major units. */
  exact: bigint;
  taxExact: bigint;
}

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
  return lineOf(priced, { period, step: 0, quantity: BigInt(sum), price: priced.price[period] });
}

/** A line of base units (or W) at a price per 1,000. Throws where the component has no such price. */
export function lineOf(
  priced: Priced,
  {
    period,
    step,
    quantity,
    price,
  }: { period: number; step: number; quantity: bigint; price: bigint | undefined },
): Line {
  if (price === undefined) {
    throw new Error(`tariff version ${priced.tariffVersionId} has no price for period ${period}`);
  }
  const exact = amountOf(quantity, price);
  return { priced, period, step, quantity, price, exact, taxExact: taxExact(exact, priced) };
}
