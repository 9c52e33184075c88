/**
 * What a point may have used in quarter-hours that nothing measured: on a line, as on like days, or by the
 * point's own profile. Where the registers on both sides give a total, it is kept to the last base unit.
 */
import { SLOT_MS } from '../sql/local-day.ts';

export type EstimateMethod = 'linear' | 'like-day' | 'profile';

/** A quarter-hour to be estimated, or one of the past that was measured. */
export interface Slot {
  startMs: number;
  /** yyyymmdd */
  localDay: number;
  localSlot: number;
}
export interface Measured extends Slot {
  quantity: number;
}

/** How far back history is looked at. */
export const HISTORY_DAYS = 28;
/** As many values of a quarter-hour make a mean that is believed. */
const VALUES_MIN = 3;
/** A straight line is worth half after so long. */
const LINE_HALF_MS = 6 * 3_600_000;

export interface Estimate {
  /** Base units, in the order of `slots`. */
  quantities: number[];
  /**
   * 0 to 100. From history: the share of the quarter-hours that at least three days know, divided by one plus
   * their usual spread (standard deviation by mean). On a line: halved after six hours. With a known total, the
   * mean of that and 100: only the split is guessed.
   */
  confidence: number;
}

/** Estimates `slots`; `total` is what the registers say in all, null where they do not. */
export function estimate(
  method: EstimateMethod,
  {
    slots,
    history,
    total,
    around,
  }: {
    slots: readonly Slot[];
    history: readonly Measured[];
    total: number | null;
    /** The quarter-hours before and after, where known. */
    around: readonly [number | null, number | null];
  },
): Estimate {
  const shape =
    method === 'linear' ? lineOf(slots, around) : shapeOf(slots, likeOf(method, slots, history));
  const { weights, confidence } = shape;
  const quantities = spread(weights, total ?? Math.round(weights.reduce((a, b) => a + b, 0)));
  const told = total === null ? confidence : (confidence + 1) / 2;
  return { quantities, confidence: Math.round(100 * told) };
}

interface Shape {
  weights: number[];
  /** 0 to 1. */
  confidence: number;
}

function lineOf(
  slots: readonly Slot[],
  [before, after]: readonly [number | null, number | null],
): Shape {
  const [from, to] = [before ?? after ?? 0, after ?? before ?? 0];
  const steps = slots.length + 1;
  return {
    weights: slots.map((_, i) => from + ((to - from) * (i + 1)) / steps),
    confidence: 1 / (1 + (slots.length * SLOT_MS) / LINE_HALF_MS),
  };
}

/** The values of history that speak for each quarter-hour. */
function likeOf(
  method: 'like-day' | 'profile',
  slots: readonly Slot[],
  history: readonly Measured[],
): number[][] {
  const kindOf = (day: number) => (method === 'like-day' ? isWeekend(day) : false);
  const known = new Map<string, number[]>();
  for (const { localDay, localSlot, quantity } of history) {
    const key = `${localSlot}/${kindOf(localDay)}`;
    const values = known.get(key);
    if (values) values.push(quantity);
    else known.set(key, [quantity]);
  }
  return slots.map((slot) => known.get(`${slot.localSlot}/${kindOf(slot.localDay)}`) ?? []);
}

function shapeOf(slots: readonly Slot[], values: readonly number[][]): Shape {
  const all = values.flat();
  const mean = meanOf(all);
  const believed = values.filter((v) => v.length >= VALUES_MIN);
  const spreads = believed.flatMap((v) => {
    const own = meanOf(v);
    return own > 0 ? [Math.sqrt(meanOf(v.map((x) => (x - own) ** 2))) / own] : [];
  });
  return {
    weights: values.map((v) => (v.length > 0 ? meanOf(v) : mean)),
    confidence: slots.length === 0 ? 0 : believed.length / slots.length / (1 + meanOf(spreads)),
  };
}

const meanOf = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;

const isWeekend = (day: number): boolean => {
  const text = String(day);
  const date = Date.UTC(
    Number(text.slice(0, 4)),
    Number(text.slice(4, 6)) - 1,
    Number(text.slice(6)),
  );
  return [0, 6].includes(new Date(date).getUTCDay());
};

/** Parts a whole number by weights, cumulated and rounded, so that the parts sum to it exactly. */
export function spread(weights: readonly number[], total: number): number[] {
  const whole = weights.reduce((a, b) => a + b, 0);
  let [sum, given] = [0, 0];
  return weights.map((weight, i) => {
    sum += weight;
    const share = whole > 0 ? sum / whole : (i + 1) / weights.length;
    const upTo = i === weights.length - 1 ? total : Math.round(total * share);
    const part = upTo - given;
    given = upTo;
    return part;
  });
}
