/** What a corrected line says of itself: its unit, whether it was there, and whether sums foot. Pure. */
import type { Correction } from '../../books.ts';
import { negate, sum } from '../../format.ts';
import { isNothing } from './exact.ts';

/** How the base unit is shown, and by how much it is divided. */
export const shownUnit: Record<Correction['unit'], { name: string; by: number; decimals: number }> =
  {
    wh: { name: 'kWh', by: 1000, decimals: 3 },
    l: { name: 'm³', by: 1000, decimals: 3 },
    w: { name: 'kW', by: 1000, decimals: 3 },
    day: { name: '', by: 1, decimals: 0 },
  };

/** Whether the old, or the new, settlement had this line at all. */
export const wasThere = (row: Correction, side: 'old' | 'new'): boolean =>
  side === 'old'
    ? row.oldPrice !== null || row.oldQuantity !== 0 || !isNothing(row.oldAmount)
    : row.newPrice !== null || row.newQuantity !== 0 || !isNothing(row.newAmount);

export const lineKey = (row: Correction): string =>
  [row.settlementId, row.component, row.kind, row.period ?? '', row.step].join('/');

export interface CorrectionSums {
  before: string | null;
  now: string | null;
  difference: string | null;
  foots: boolean;
}

/** Sums of lines; they foot when now less before is the difference, to the last digit. */
export function sumsOf(rows: readonly Correction[]): CorrectionSums {
  const before = sum(rows.map(({ oldAmount }) => oldAmount));
  const now = sum(rows.map(({ newAmount }) => newAmount));
  const difference = sum(rows.map((row) => row.difference));
  const rest = sum([now, before && negate(before), difference && negate(difference)]);
  return { before, now, difference, foots: isNothing(rest) };
}
