/**
 * Rating a day of which the price of a quantity depends on what was used before: steps, demand, allowances,
 * and fees. All parts of one account are rated together, quarter-hour by quarter-hour, points in order of
 * id. Pure.
 */
import type { LocalDay } from '../sql/local-day.ts';
import { RANKS } from '../sql/period-calendar.ts';
import type { Priced } from './components.ts';
import { feeOf, freeIn, freeOf } from './fees.ts';
import { type Line, lineOf, SLOTS_MAX, type SlotRanges } from './rate.ts';
import { stepAt } from './steps.ts';

/** What steps have cumulated, shared by all parts that cumulate together; advanced as they are rated. */
export interface Counter {
  used: number;
}

/** Some slots of a point's day under one tariff version. */
export interface DayPart {
  localDay: LocalDay;
  quantities: Float64Array;
  row: number;
  slots: SlotRanges;
  ranks: Int8Array | null;
  prices: readonly Priced[];
  /** Null where the tariff has no steps. */
  steps: { counter: Counter; limits: readonly number[] } | null;
  /** Base units of the month, and W of its highest quarter-hour, before this day. */
  monthBefore: number;
  demandBefore: number;
  /** When the account began to hold the point: allowances are pro-rata in that month. */
  openedOn: LocalDay;
  /** True for the part that pays the point's fees of the day: the first to hold it. */
  paysFees: boolean;
}

export interface RatedPart {
  lines: Line[];
  quantity: number;
  /** What steps had cumulated when the day began. */
  stepBefore: number;
  /** W of the day's highest quarter-hour. */
  demand: number;
}

/** Quarter-hours an hour: Wh of one × this is its mean power in W. */
const SLOTS_AN_HOUR = 4;
const RANK_COLUMNS = RANKS.length + 1;

/** What a part adds up to. */
interface Sums {
  /** Base units by step and rank. */
  cells: Float64Array;
  quantity: number;
  /** The highest quarter-hour. */
  peak: number;
  stepBefore: number;
}

/** Rates the parts of one account's day, given in order of point. Throws when a sum is no exact integer. */
export function rateParts(parts: readonly DayPart[]): RatedPart[] {
  const sums = parts.map(
    ({ steps }): Sums => ({
      cells: new Float64Array(((steps?.limits.length ?? 0) + 1) * RANK_COLUMNS),
      quantity: 0,
      peak: 0,
      stepBefore: steps?.counter.used ?? 0,
    }),
  );
  for (let slot = 0; slot < SLOTS_MAX; slot++) {
    for (let n = 0; n < parts.length; n++) {
      addSlot(sums[n] as Sums, parts[n] as DayPart, slot); // n counts both
    }
  }
  return parts.map((part, n) => {
    const { cells, quantity, peak, stepBefore } = sums[n] as Sums; // one for each part
    for (const sum of [quantity, ...cells]) {
      if (!Number.isSafeInteger(sum)) throw new Error(`a quantity of ${sum} is no exact integer`);
    }
    const demand = peak * SLOTS_AN_HOUR;
    const lines = part.prices.flatMap((priced) =>
      linesOf(priced, { part, cells, quantity, demand }),
    );
    return { lines, quantity, stepBefore, demand };
  });
}

/** Adds a quarter-hour, if it is one of the part's and known; one that straddles a step is parted. */
function addSlot(sums: Sums, part: DayPart, slot: number): void {
  if (!holds(part.slots, slot)) return;
  const quantity = part.quantities[part.row * SLOTS_MAX + slot] as number; // in range
  if (Number.isNaN(quantity)) return;
  sums.quantity += quantity;
  if (quantity > sums.peak) sums.peak = quantity;
  const { cells } = sums;
  const rank = part.ranks === null ? 0 : (part.ranks[slot] as number); // one rank per slot
  if (!part.steps) {
    cells[rank] = (cells[rank] as number) + quantity; // rank is within the cells
    return;
  }
  const { counter, limits } = part.steps;
  let left = quantity;
  do {
    const step = stepAt(limits, counter.used);
    // The lower step first; what is taken back (below zero) is taken from the step it lies in.
    const units = Math.min(left, (limits[step] ?? Number.POSITIVE_INFINITY) - counter.used);
    const cell = step * RANK_COLUMNS + rank;
    cells[cell] = (cells[cell] as number) + units; // step and rank are within the cells
    counter.used += units;
    left -= units;
  } while (left > 0);
}

function holds(slots: SlotRanges, slot: number): boolean {
  for (const [from, to] of slots) if (from <= slot && slot < to) return true;
  return false;
}

function linesOf(
  priced: Priced,
  {
    part,
    cells,
    quantity,
    demand,
  }: { part: DayPart; cells: Float64Array; quantity: number; demand: number },
): Line[] {
  const { source } = priced;
  const [price] = priced.price;
  switch (source.kind) {
    case 'usage':
      return usageLines(priced, cells);
    case 'demand': {
      const rise = demand - part.demandBefore;
      return rise > 0 ? [lineOf(priced, { ...whole, quantity: BigInt(rise), price })] : [];
    }
    case 'allowance': {
      const free = freeOf(freeIn(priced, { day: part.localDay, openedOn: part.openedOn }), {
        before: part.monthBefore,
        quantity,
      });
      return free > 0 ? [lineOf(priced, { ...whole, quantity: -BigInt(free), price })] : [];
    }
    case 'fixed':
      return source.scope === 'point' && part.paysFees ? feeOf(priced, part.localDay) : [];
    case 'minimum':
      return [];
  }
}

const whole = { period: 0, step: 0 };

function usageLines(priced: Priced, cells: Float64Array): Line[] {
  const { bySteps, byPeriod } = priced;
  const lines: Line[] = [];
  const steps = cells.length / RANK_COLUMNS;
  for (let step = 0; step < (bySteps ? steps : 1); step++) {
    const prices = bySteps ? bySteps[step] : priced.price;
    const [first, last] = bySteps ? [step, step] : [0, steps - 1];
    for (const period of byPeriod ? RANKS : NO_PERIOD) {
      let units = 0;
      for (let s = first; s <= last; s++) units += inPeriod(cells, s, byPeriod ? period : null);
      if (units === 0) continue;
      const line = { period, step: bySteps ? step + 1 : 0, quantity: BigInt(units) };
      lines.push(lineOf(priced, { ...line, price: prices?.[period] }));
    }
  }
  return lines;
}

const NO_PERIOD = [0];

/** Base units of a step in a rank, or in all of them. */
function inPeriod(cells: Float64Array, step: number, rank: number | null): number {
  const start = step * RANK_COLUMNS;
  if (rank !== null) return cells[start + rank] as number; // rank is within the cells
  let units = 0;
  for (let r = 0; r < RANK_COLUMNS; r++) units += cells[start + r] as number; // likewise
  return units;
}
