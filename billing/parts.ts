/**
 * Who pays for which quarter-hours of a point's local day, and whether they are complete. A slot
 * belongs to the account that holds the point when it begins, and is expected while a meter is there.
 */
import { type DaySpan, SLOT_MS } from '../sql/local-day.ts';
import { ESTIMATED, type Matrix, MISSING, NONE } from './intervals.ts';
import { SLOTS_MAX, type SlotRanges } from './rate.ts';

/** A dated row, epoch ms; open-ended when `toMs` is null. */
export interface Dated {
  fromMs: number;
  toMs: number | null;
}
export interface Tenancy extends Dated {
  accountId: string;
}

/** The slots of a day that each account pays for; accounts without any are left out. */
export function partsOfDay(
  span: DaySpan,
  { tenancies, installations }: { tenancies: readonly Tenancy[]; installations: readonly Dated[] },
): { accountId: string; slots: SlotRanges }[] {
  const holder = tenancies.find((t) => spans(t, span));
  if (holder && installations.some((i) => spans(i, span))) {
    return [{ accountId: holder.accountId, slots: [[0, span.slots]] }];
  }
  const parts = new Map<string, [number, number][]>();
  for (let slot = 0; slot < span.slots; slot++) {
    const at = span.startMs + slot * SLOT_MS;
    const tenancy = tenancies.find((t) => holds(t, at));
    if (!tenancy) continue;
    // A meter may be replaced within the slot, but one must be there at its start and at its end.
    const metered = [at, at + SLOT_MS - 1].every((ms) => installations.some((i) => holds(i, ms)));
    if (!metered) continue;
    const ranges = parts.get(tenancy.accountId) ?? [];
    parts.set(tenancy.accountId, ranges);
    const last = ranges.at(-1);
    if (last?.[1] === slot) last[1] = slot + 1;
    else ranges.push([slot, slot + 1]);
  }
  return [...parts].map(([accountId, slots]) => ({ accountId, slots }));
}

const holds = ({ fromMs, toMs }: Dated, atMs: number): boolean =>
  fromMs <= atMs && (toMs === null || atMs < toMs);

/** Most days are held and metered as a whole: ranges do not overlap, so no other one counts. */
const spans = ({ fromMs, toMs }: Dated, { startMs, endMs }: DaySpan): boolean =>
  fromMs <= startMs && (toMs === null || toMs >= endMs);

/** Why a part cannot be settled yet. */
export const waitReasons = [
  'no-tariff',
  'no-reading-after',
  'missing-intervals',
  /** An index that its price follows has no value for the month. */
  'no-index',
  /** Another point that its steps cumulate with is not complete. */
  'other-points',
  /** A minimum is charged once all days of the month are settled. */
  'earlier-days',
] as const;
export type WaitReason = (typeof waitReasons)[number];

export interface Completeness {
  slots: number;
  estimated: number;
  missing: number;
  wait: WaitReason | null;
}

/**
 * Counts a part's slots. It waits while its end is unread or a quarter-hour inside is missing (a
 * quarantine holds it back). What lies before the first register ever read cannot come any more: it
 * is counted as missing, and the rest is settled.
 */
export function completeness(matrix: Matrix, row: number, slots: SlotRanges): Completeness {
  const counted: Completeness = { slots: 0, estimated: 0, missing: 0, wait: null };
  let begun = false;
  let last = NONE;
  for (const [from, to] of slots) {
    for (let slot = from; slot < to; slot++) {
      last = matrix.qualities[row * SLOTS_MAX + slot] ?? NONE;
      counted.slots++;
      if (last === NONE || last === MISSING) {
        counted.missing++;
        if (begun) counted.wait = 'missing-intervals';
        continue;
      }
      begun = true;
      if (last === ESTIMATED) counted.estimated++;
    }
  }
  if (last === NONE || last === MISSING) counted.wait = 'no-reading-after';
  return counted;
}
