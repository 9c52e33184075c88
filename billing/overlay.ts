/** Quantities laid over those that are stored, to see what a day would cost with them. */
import { dayStart, type LocalDay, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import type { PointDay } from './due.ts';
import { EDITED, type Matrix, MISSING } from './intervals.ts';
import { SLOTS_MAX } from './rate.ts';

/** By `point/epoch ms of the slot's start`: base units; null: it would be missing. */
export type Overlay = ReadonlyMap<string, number | null>;

/** Puts the overlay's cells into the rows of these point-days, as edited; others are left out. */
export function layOver(
  matrix: Matrix,
  { overlay, zone, pointDays }: { overlay: Overlay; zone: string; pointDays: readonly PointDay[] },
): void {
  const rows = new Map<string, number>();
  for (const { pointId, localDay } of pointDays) {
    rows.set(`${pointId}/${localDay}`, matrix.rowOf(pointId, localDay));
  }
  // Points share their quarter-hours, and to find a zone's day costs more than to look it up.
  const known = new Map<number, { day: LocalDay; slot: number }>();
  const placeOf = (startMs: number) => {
    const day = localDayOf(zone, startMs);
    const place = { day, slot: (startMs - dayStart(zone, day)) / SLOT_MS };
    known.set(startMs, place);
    return place;
  };
  for (const [key, quantity] of overlay) {
    const [pointId = '', start = ''] = key.split('/');
    const startMs = Number(start);
    const { day, slot } = known.get(startMs) ?? placeOf(startMs);
    const row = rows.get(`${pointId}/${day}`);
    if (row === undefined) continue;
    if (quantity !== null && !Number.isSafeInteger(quantity))
      throw new Error(`${quantity} is no exact quantity`);
    const cell = row * SLOTS_MAX + slot;
    matrix.quantities[cell] = quantity ?? Number.NaN;
    matrix.qualities[cell] = quantity === null ? MISSING : EDITED;
  }
}
