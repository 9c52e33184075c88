/** Steps of a load profile that a range allows, and gaps as runs of steps. Pure. */
import type { LoadRow } from '../../reports.ts';

export type Step = 'minute' | 'quarter' | 'hour' | 'day';

/** Longest ranges by step, in days; a minute is only of one point. */
const DAYS_MAX: Record<Step, number> = { minute: 2, quarter: 62, hour: 400, day: 3660 };
/** A curve of more steps is hard to read: the next coarser one is usual then. */
const USUAL_DAYS: readonly [Step, number][] = [
  ['quarter', 8],
  ['hour', 62],
  ['day', 3660],
];

export function stepsFor(days: number, ofPoint: boolean): { steps: Step[]; usual: Step } {
  const all: Step[] = ['minute', 'quarter', 'hour', 'day'];
  const steps = all.filter(
    (step) =>
      days <= DAYS_MAX[step] && (step !== 'minute' || ofPoint) && (step !== 'day' || days > 1),
  );
  return { steps, usual: USUAL_DAYS.find(([, most]) => days <= most)?.[0] ?? 'day' };
}

export interface Run {
  /** Indices of rows, both included. */
  from: number;
  to: number;
}

/** Neighbouring rows for which something holds. */
export function runsOf(rows: readonly LoadRow[], holds: (row: LoadRow) => boolean): Run[] {
  const runs: Run[] = [];
  rows.forEach((row, index) => {
    if (!holds(row)) return;
    const last = runs.at(-1);
    if (last && last.to === index - 1) last.to = index;
    else runs.push({ from: index, to: index });
  });
  return runs;
}

/** Nothing is known of it. */
export const isGap = (row: LoadRow): boolean => row.averagePowerW === null && row.missing > 0;
/** A part of the places is not known: the sum is too low. */
export const isPartial = (row: LoadRow): boolean => row.averagePowerW !== null && row.missing > 0;
export const isEstimated = (row: LoadRow): boolean =>
  row.averagePowerW !== null && row.estimated > 0 && row.missing === 0;
