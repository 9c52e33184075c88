/** Rows of an index month by month: the newest row of a month holds, the others came before it. Pure. */
import type { PriceIndex } from '../../../tariff-shapes.ts';

export interface IndexMonth {
  month: string;
  holds: PriceIndex;
  earlier: PriceIndex[];
}

export function monthsOf(rows: readonly PriceIndex[]): IndexMonth[] {
  const months = new Map<string, PriceIndex[]>();
  for (const row of rows) months.set(row.month, [...(months.get(row.month) ?? []), row]);
  return [...months]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .flatMap(([month, all]) => {
      const [holds, ...earlier] = all.sort(
        (a, b) => Number(b.holds) - Number(a.holds) || (a.at < b.at ? 1 : -1),
      );
      return holds ? [{ month, holds, earlier }] : [];
    });
}
