/** The quarter-hours of a point as they stand in QuestDB, and those of a range that may lack there. */
import { dayNumber, daySpan, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';
import { HISTORY_DAYS, type Measured, type Slot } from './estimate.ts';

export interface Current extends Slot {
  /** Base units; null: missing, or not built. */
  quantity: number | null;
  quality: string;
}

const DAY_MS = 86_400_000;

/** Every quarter-hour of [fromMs, toMs), whether there is an interval or not. */
export async function slotsOf(
  questdb: Questdb,
  {
    projectId,
    pointId,
    zone,
    fromMs,
    toMs,
  }: { projectId: string; pointId: string; zone: string; fromMs: number; toMs: number },
): Promise<Current[]> {
  const stored = await stand(questdb, { projectId, pointId, fromMs, toMs });
  const known = new Map(stored.map((row) => [row.startMs, row]));
  const slots: Current[] = [];
  for (let ms = fromMs; ms < toMs; ) {
    const { day, startMs, endMs } = daySpan(zone, localDayOf(zone, ms));
    for (; ms < Math.min(endMs, toMs); ms += SLOT_MS) {
      const localSlot = (ms - startMs) / SLOT_MS;
      const none = { quantity: null, quality: 'missing' };
      slots.push(known.get(ms) ?? { startMs: ms, localDay: dayNumber(day), localSlot, ...none });
    }
  }
  return slots;
}

/** What was measured in the days before an instant. */
export async function historyOf(
  questdb: Questdb,
  { projectId, pointId, untilMs }: { projectId: string; pointId: string; untilMs: number },
): Promise<Measured[]> {
  const range = { fromMs: untilMs - HISTORY_DAYS * DAY_MS, toMs: untilMs };
  const rows = await stand(questdb, { projectId, pointId, ...range });
  return rows.flatMap(({ quantity, quality, ...slot }) =>
    quantity !== null && quality === 'measured' ? [{ ...slot, quantity }] : [],
  );
}

async function stand(
  questdb: Questdb,
  {
    projectId,
    pointId,
    fromMs,
    toMs,
  }: { projectId: string; pointId: string; fromMs: number; toMs: number },
): Promise<Current[]> {
  const { rows } = await questdb.exec(
    `SELECT ts, local_day, local_slot, quantity, quality FROM intervals
     WHERE project = '${projectId}' AND point = '${pointId}' AND ts >= '${new Date(fromMs).toISOString()}'
       AND ts < '${new Date(toMs).toISOString()}' ORDER BY ts`,
  );
  return rows.map(([ts, day, slot, quantity, quality]) => ({
    startMs: Date.parse(String(ts)),
    localDay: Number(day),
    localSlot: Number(slot),
    quantity: quantity === null ? null : Number(quantity),
    quality: String(quality),
  }));
}
