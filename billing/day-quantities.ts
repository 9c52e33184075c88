/** What QuestDB's intervals come to by point and local day: one row each, as it stands now. */
import { type DaySpan, dayFromNumber, type LocalDay } from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';

export interface DayQuantity {
  pointId: string;
  day: LocalDay;
  /** Base units; null where every quarter-hour is missing. */
  quantity: string | null;
  /** Quarter-hours that have a quantity. */
  known: number;
}

const TIMEOUT_MS = 60_000;

/** Consecutive days of a project, all points that have an interval there. */
export async function readDayQuantities(
  questdb: Questdb,
  { projectId, spans }: { projectId: string; spans: readonly DaySpan[] },
): Promise<DayQuantity[]> {
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) return [];
  const { rows } = await questdb.exec(
    `SELECT point, local_day, sum(quantity), count(quantity) FROM intervals
     WHERE project = '${projectId}' AND ts >= '${new Date(first.startMs).toISOString()}'
       AND ts < '${new Date(last.endMs).toISOString()}' AND quality != 'missing'`,
    { timeoutMs: TIMEOUT_MS },
  );
  return rows.map(([point, day, quantity, known]) => ({
    pointId: String(point),
    day: dayFromNumber(Number(day)),
    quantity: quantity === null ? null : String(quantity),
    known: Number(known),
  }));
}
