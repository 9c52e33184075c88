/**
 * When a meter is due: instants aligned to its interval, shifted by a stagger that follows from its
 * id alone, so that a restart, another process or a test computes the same ones.
 */

/** Staggers lie within this much after the aligned instant, so boundaries stay measured. */
const STAGGER_MAX_S = 60;
/** The last quarter stays free, so that a poll of this slot ends before the next one begins. */
const STAGGER_SHARE = 0.75;

export interface Cadence {
  /** Interval between readings. */
  readonly seconds: number;
  readonly meterId: string;
}

/** Milliseconds after each aligned instant at which this meter is read. */
export function staggerMs({ seconds, meterId }: Cadence): number {
  const span = Math.floor(Math.min(seconds, STAGGER_MAX_S) * 1000 * STAGGER_SHARE);
  return hash32(meterId) % Math.max(1, span);
}

/**
 * The first instant after `afterMs` at which the meter is due (epoch ms). With `every` > 1 only each
 * such slot counts, for a meter that has been silent.
 * @example nextDueMs({ seconds: 60, meterId: '12' }, afterMs) // the coming minute plus its stagger
 */
export function nextDueMs(cadence: Cadence, afterMs: number, every = 1): number {
  const periodMs = cadence.seconds * 1000 * every;
  const stagger = staggerMs(cadence);
  return (Math.floor((afterMs - stagger) / periodMs) + 1) * periodMs + stagger;
}

/** How many slots lie in (fromMs, toMs): those that were not read and are not made up for. */
export function slotsBetween(cadence: Cadence, fromMs: number, toMs: number): number {
  const periodMs = cadence.seconds * 1000;
  return Math.max(0, Math.ceil((toMs - fromMs) / periodMs) - 1);
}

/** FNV-1a with a final mix, 32 bit, unsigned. */
function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}
