/** Steps: the period that they cumulate over, their limits in it, and how a quantity is parted among them. */
import { addMonths, type LocalDay, monthOf } from '../sql/local-day.ts';
import type { Steps } from './tariff.ts';

const DAY_MS = 86_400_000;

/** The period of a day: [from, to). */
export function stepPeriod(steps: Steps, day: LocalDay): { from: LocalDay; to: LocalDay } {
  if (steps.period === 'month') return { from: monthOf(day), to: addMonths(day, 1) };
  const start = steps.yearStart ?? '01-01';
  const year = Number(day.slice(0, 4)) - (day.slice(5) < start ? 1 : 0);
  const from = `${year}-${start}`;
  return { from, to: addMonths(from, 12) };
}

/**
 * The limits that hold on a day for an account (or its point) that opened on `openedOn`: of the period of
 * opening its share, cut to whole base units; by months, that of opening counts as a whole one.
 */
export function limitsOn(
  steps: Steps,
  { day, openedOn }: { day: LocalDay; openedOn: LocalDay },
): readonly number[] {
  const { from, to } = stepPeriod(steps, day);
  if (steps.proRata === 'none' || openedOn <= from || openedOn >= to) return steps.limits;
  const [held, whole] =
    steps.proRata === 'months'
      ? [monthsBetween(monthOf(openedOn), to), monthsBetween(from, to)]
      : [daysFrom(openedOn, to), daysFrom(from, to)];
  // At most 10^12 base units × 366 days: still an exact integer.
  return steps.limits.map((limit) => Math.floor((limit * held) / whole));
}

const monthsBetween = (from: LocalDay, to: LocalDay): number =>
  (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 +
  Number(to.slice(5, 7)) -
  Number(from.slice(5, 7));

/** Days of [from, to). */
export const daysFrom = (from: LocalDay, to: LocalDay): number =>
  (Date.parse(to) - Date.parse(from)) / DAY_MS;

/** Days of a day's month. */
export const daysInMonth = (day: LocalDay): number => daysFrom(monthOf(day), addMonths(day, 1));

/** The step (from 0) that the next base unit falls in once `used` are used. */
export function stepAt(limits: readonly number[], used: number): number {
  let step = 0;
  while (step < limits.length && used >= (limits[step] as number)) step++;
  return step;
}

/** True when [before, before + quantity] is parted alike for both: the lines are then the same. */
export function partedAlike(
  limits: readonly number[],
  { quantity, before, now }: { quantity: number; before: number; now: number },
): boolean {
  if (before === now) return true;
  const [first, last] = [stepAt(limits, before), stepAt(limits, before + quantity)];
  const withinOne = first === last || quantity === 0;
  return (
    withinOne &&
    (quantity === 0 || (stepAt(limits, now) === first && stepAt(limits, now + quantity) === first))
  );
}
