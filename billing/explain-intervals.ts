/**
 * The quarter-hours of a settled point-day: as they were settled, as they are now, and as its readings give
 * them when they are added up once more, by other code than built them.
 */
import { type Boundary, billedRegisters, boundaryAt, withoutError } from '../sql/boundary.ts';
import { type DaySpan, SLOT_MS } from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';
import type { DayReadings, ExplainedCorrection, ExplainedMeter } from './explain-readings.ts';

/** Versions of quarter-hours of a day that are looked at. */
const VERSIONS_MAX = 20_000;

export interface StoredSlot {
  /** Base units; null: missing. */
  quantity: bigint | null;
  quality: string;
  gapS: number | null;
  version: number;
  knownMs: number;
}

/** Each local slot's current row and the one that was newest when the day was settled. */
export interface StoredSlots {
  current: Map<number, StoredSlot>;
  settled: Map<number, StoredSlot>;
}

/** Reads the quarter-hours of a point-day; `knownMs` is the newest that the settlement knew. */
export async function readStoredSlots(
  questdb: Questdb,
  {
    projectId,
    pointId,
    span,
    knownMs,
  }: { projectId: string; pointId: string; span: DaySpan; knownMs: number },
): Promise<StoredSlots> {
  const range = `project = '${projectId}' AND point = '${pointId}'
    AND ts >= '${new Date(span.startMs).toISOString()}' AND ts < '${new Date(span.endMs).toISOString()}'`;
  const ask = async (table: 'intervals' | 'interval_versions') => {
    const { rows } = await questdb.exec(
      `SELECT ts, quantity, quality, gap_s, version, known_at FROM ${table} WHERE ${range} LIMIT ${VERSIONS_MAX}`,
    );
    return rows.map(([ts, quantity, quality, gap, version, known]) => {
      const slot = (Date.parse(String(ts)) - span.startMs) / SLOT_MS;
      const row: StoredSlot = {
        quantity: quantity === null || quality === 'missing' ? null : BigInt(Number(quantity)),
        quality: String(quality),
        gapS: gap === null ? null : Number(gap),
        version: Number(version ?? 1),
        knownMs: known === null ? 0 : Date.parse(String(known)),
      };
      return [slot, row] as const;
    });
  };
  const [now, versions] = await Promise.all([ask('intervals'), ask('interval_versions')]);
  const current = new Map(now);
  const settled = new Map<number, StoredSlot>();
  const kept = new Set(versions.map(([slot]) => slot));
  for (const [slot, row] of versions) {
    if (row.knownMs > knownMs) continue;
    const best = settled.get(slot);
    if (!best || best.version < row.version) settled.set(slot, row);
  }
  for (const [slot, row] of current) {
    // Where no versions are kept, what is there now is what was there then, unless it came later.
    if (!kept.has(slot) && row.knownMs <= knownMs) settled.set(slot, row);
  }
  return { current, settled };
}

/** What of a quarter-hour one meter measured. */
export interface Piece {
  meter: ExplainedMeter;
  from: Boundary;
  to: Boundary;
  /** Primary base units, before a correction of the meter's error. */
  quantity: bigint;
}

/** A quarter-hour put together from readings. */
export interface Recomputed {
  pieces: Piece[];
  /** Each with its part of the time that meters stood here: 1 where none of them changes. */
  errors: (ExplainedCorrection & { share: number })[];
  /** Base units; null where readings do not say. */
  quantity: bigint | null;
}

/** Puts the quarter-hours of a day together from its readings; slots are ordinals of the day. */
export function recomputeSlots(span: DaySpan, { meters, corrections }: DayReadings): Recomputed[] {
  const billed = meters.map(billedRegisters);
  return Array.from({ length: span.slots }, (_, slot) => {
    const fromMs = span.startMs + slot * SLOT_MS;
    const toMs = fromMs + SLOT_MS;
    const there = meters.flatMap((meter, m) =>
      meter.startMs < toMs && meter.endMs > fromMs ? [{ meter, billed: billed[m] ?? [] }] : [],
    );
    const pieces = there.flatMap(({ meter, billed: registers }): Piece[] => {
      const from = boundaryAt(meter, registers, fromMs);
      const to = boundaryAt(meter, registers, toMs);
      if (!from || !to || from.ms >= toMs || to.ms < fromMs) return [];
      return [{ meter, from, to, quantity: to.register - from.register }];
    });
    const stood = ({ startMs, endMs }: ExplainedMeter) =>
      Math.min(endMs, toMs) - Math.max(startMs, fromMs);
    const wholeMs = there.reduce((sum, { meter }) => sum + stood(meter), 0);
    // Errors begin and end on quarter-hours.
    const errors = there.flatMap(({ meter }) =>
      corrections
        .filter(
          (c) =>
            c.kind === 'error' && c.meterId === meter.meterId && c.fromMs < toMs && c.toMs > fromMs,
        )
        .map((c) => ({ ...c, stoodMs: stood(meter), share: stood(meter) / wholeMs })),
    );
    if (there.length === 0 || pieces.length < there.length)
      return { pieces, errors, quantity: null };
    const sum = pieces.reduce((total, { quantity }) => total + quantity, 0n);
    const ppm = Math.round(errors.reduce((all, e) => all + e.value * e.stoodMs, 0) / wholeMs);
    const quantity = errors.length === 0 ? sum : withoutError(sum, BigInt(ppm));
    return { pieces, errors, quantity };
  });
}

/** Why a quarter-hour is not what its readings give, or what was settled. */
export const slotReasons = [
  /** The stored interval is not what the readings give. */
  'interval-differs',
  /** The interval got a new version after the settlement: the day is to be settled anew. */
  'changed-since',
  /** The interval is another one than any version that was ever built. */
  'without-version',
  /** An edit in force says another quantity. */
  'edit-differs',
  /** It was missing when the day was settled, and readings tell it now. */
  'missing-then',
  /** There are no readings any more (or none on one side): it cannot be recomputed. */
  'samples-gone',
  /** It was billed, and what it rests on has come into doubt: a person has to decide. */
  'held-back',
] as const;
export type SlotReason = (typeof slotReasons)[number];

export interface ExplainedSlot {
  slot: number;
  startMs: number;
  /** As settled; null: missing. */
  used: StoredSlot | null;
  current: StoredSlot | null;
  /** What the quantity comes from. */
  origin: 'readings' | 'edit' | 'held' | 'none';
  recomputed: bigint | null;
  reason: SlotReason | null;
}

/** Compares what was settled with what is there and what readings and edits give. */
export function compareSlots(
  span: DaySpan,
  {
    stored,
    recomputed,
    edits,
    held,
  }: { stored: StoredSlots; recomputed: readonly Recomputed[] } & Pick<
    DayReadings,
    'edits' | 'held'
  >,
): ExplainedSlot[] {
  return recomputed.map(({ quantity }, slot) => {
    const startMs = span.startMs + slot * SLOT_MS;
    const used = stored.settled.get(slot) ?? null;
    const current = stored.current.get(slot) ?? null;
    const edit = edits.findLast((e) => e.slots.has(startMs));
    const isEdited = used !== null && edit !== undefined && isOfEdit(used.quality);
    const isHeld = held.some((h) => h.fromMs <= startMs && startMs < h.toMs);
    const value = isEdited ? (edit.slots.get(startMs) ?? null) : isHeld ? null : quantity;
    const origin = isEdited ? 'edit' : isHeld ? 'held' : value === null ? 'none' : 'readings';
    return {
      ...{ slot, startMs, used, current, origin, recomputed: value },
      reason: reasonOf({ used, current, value, origin }),
    };
  });
}

const isOfEdit = (quality: string): boolean =>
  quality === 'edited' || /^estimated:(like-day|profile|linear)$/.test(quality);

function reasonOf({
  used,
  current,
  value,
  origin,
}: {
  used: StoredSlot | null;
  current: StoredSlot | null;
  value: bigint | null;
  origin: ExplainedSlot['origin'];
}): SlotReason | null {
  const settled = used?.quantity ?? null;
  const now = current?.quantity ?? null;
  if (now !== settled) {
    return current && used && current.version <= used.version ? 'without-version' : 'changed-since';
  }
  if (settled === null) return value === null ? null : 'missing-then';
  if (value === null) return origin === 'held' ? 'held-back' : 'samples-gone';
  if (value === settled) return null;
  return origin === 'edit' ? 'edit-differs' : 'interval-differs';
}
