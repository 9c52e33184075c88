/** Rows of the quality report as the cells of a map and the days that have gaps. Pure. */
import type { HeatRow } from '../../parts/heat-map.tsx';
import type { QualityRow } from '../../reports.ts';

export interface QualityGrid {
  days: string[];
  rows: HeatRow[];
  /** By row and column, to be told. */
  at: Map<string, QualityRow>;
  /** Points without a gap in the range. */
  whole: number;
}

export const isWhole = ({ measured, expected }: QualityRow): boolean => measured >= expected;

/** Part of the quarter-hours that were measured; null where none was due. */
export const completenessOf = ({
  measured,
  expected,
}: Pick<QualityRow, 'measured' | 'expected'>): number | null =>
  expected ? measured / expected : null;

export const cellKey = (pointId: string, day: string): string => `${pointId} ${day}`;

/**
 * A row per point, a column per day of the range; `withGaps` leaves out points that are whole throughout.
 * The order is that of the codes, or the worst first.
 */
export function gridOf(
  data: readonly QualityRow[],
  { withGaps, worstFirst }: { withGaps: boolean; worstFirst: boolean },
): QualityGrid {
  const days = [...new Set(data.map(({ day }) => day))].sort();
  const column = new Map(days.map((day, index) => [day, index]));
  const at = new Map<string, QualityRow>();
  const points = new Map<string, HeatRow & { lost: number; cells: HeatRow['cells'][number][] }>();
  for (const row of data) {
    at.set(cellKey(row.pointId, row.day), row);
    const known = points.get(row.pointId) ?? {
      key: row.pointId,
      label: row.code,
      lost: 0,
      cells: days.map(() => null),
    };
    if (row.expected) {
      known.cells[column.get(row.day) ?? 0] = {
        estimated: row.estimated / row.expected,
        missing: row.missing / row.expected,
      };
    }
    // A missing quarter-hour weighs more than any number of estimated ones.
    known.lost += row.missing * 1000 + row.estimated;
    points.set(row.pointId, known);
  }
  const all = [...points.values()];
  const gaps = all.filter(({ lost }) => lost > 0);
  const rows = withGaps ? gaps : all;
  rows.sort((a, b) => (worstFirst ? b.lost - a.lost : 0) || collator.compare(a.label, b.label));
  return { days, rows, at, whole: all.length - gaps.length };
}

const collator = new Intl.Collator('en', { numeric: true });
