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

/** Rates the parts of one account's day, given in order of point. Throws when a sum is no exact integer. */
export function rateParts(parts: readonly DayPart[]): RatedPart[] {
  const sums = parts.map(({ steps }) => ({
    /** By step and rank. */
    cells: new Float64Array(((steps?.limits.length ?? 0) + 1) * RANK_COLUMNS),
    quantity: 0,
    peak: 0,
    stepBefore: steps?.counter.used ?? 0,
  }));
  for (let slot = 0; slot < SLOTS_MAX; slot++) {
    for (const [n, part] of parts.entries()) {
      if (!part.slots.some(([from, to]) => from <= slot && slot < to)) continue;
      const quantity = part.quantities[part.row * SLOTS_MAX + slot] as number; // in range
      if (Number.isNaN(quantity)) continue;
      const sum = sums[n] as (typeof sums)[number]; // one for each part
      const rank = part.ranks === null ? 0 : (part.ranks[slot] as number); // one rank per slot
      sum.quantity += quantity;
      sum.peak = Math.max(sum.peak, quantity);
      addParted(sum.cells, { quantity, rank, steps: part.steps });
    }
  }
  return parts.map((part, n) => {
    const { cells, quantity, peak, stepBefore } = sums[n] as (typeof sums)[number];
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

/** Adds a quarter-hour to the cells of its rank; one that straddles a step is parted, the lower first. */
function addParted(
  cells: Float64Array,
  { quantity, rank, steps }: { quantity: number; rank: number; steps: DayPart['steps'] },
): void {
  const add = (step: number, units: number) => {
    const cell = step * RANK_COLUMNS + rank;
    cells[cell] = (cells[cell] as number) + units; // step and rank are within the cells
  };
  if (!steps) {
    add(0, quantity);
    return;
  }
  const { counter, limits } = steps;
  if (quantity < 0) {
    add(stepAt(limits, counter.used), quantity);
    counter.used += quantity;
    return;
  }
  let left = quantity;
  while (left > 0) {
    const step = stepAt(limits, counter.used);
    const units = Math.min(left, (limits[step] ?? Number.POSITIVE_INFINITY) - counter.used);
    add(step, units);
    counter.used += units;
    left -= units;
  }
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
  const sum = (inStep: (step: number) => boolean, inRank: (rank: number) => boolean): number => {
    let total = 0;
    cells.forEach((units, cell) => {
      if (inStep(Math.floor(cell / RANK_COLUMNS)) && inRank(cell % RANK_COLUMNS)) total += units;
    });
    return total;
  };
  for (let step = 0; step < (bySteps ? steps : 1); step++) {
    const prices = bySteps ? bySteps[step] : priced.price;
    for (const period of byPeriod ? RANKS : [0]) {
      const units = sum(
        (s) => !bySteps || s === step,
        (rank) => !byPeriod || rank === period,
      );
      if (units === 0) continue;
      const line = { period, step: bySteps ? step + 1 : 0, quantity: BigInt(units) };
      lines.push(lineOf(priced, { ...line, price: prices?.[period] }));
    }
  }
  return lines;
}
