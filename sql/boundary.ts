/**
 * What the register of a meter stood at on a boundary between two readings, and what flowed between two
 * boundaries: whole base units, half up, on milliseconds. Pure; how a charge is explained reading by reading,
 * beside the set-based statement that intervals are built with.
 */

/** A register as it was read, base units before CT/PT. */
export interface Reading {
  /** When it counts; a clock that was off has been put right. */
  ms: number;
  register: bigint;
  /** A sample, a register noted when the meter came or left, or one that a person read. */
  source: 'sample' | 'noted' | 'manual';
  /** What its instant was moved by, ms. */
  shiftMs: number;
  /** True where a person decided that counting begins anew here: nothing flowed since the one before. */
  opens: boolean;
}

/** A meter at a point for a time, with the readings that are known of it, oldest first. */
export interface Stretch {
  startMs: number;
  /** Infinity while it stands. */
  endMs: number;
  /** CT × PT, or 1 where the register counts primary energy. */
  multiplier: bigint;
  /** Base units after which the register begins again at 0, before CT/PT. */
  span: bigint;
  readings: readonly Reading[];
  /** True when there is no reading before the first of them. */
  isWhole: boolean;
}

/** How the register of a boundary was found. */
export interface Boundary {
  ms: number;
  /** The last reading at or before it, and the first after it; null where there is none. */
  before: Reading | null;
  after: Reading | null;
  /** Primary base units: what was billed up to it, the first reading's register being its beginning. */
  register: bigint;
  /** How far apart the two readings are, ms; 0 where a reading stands on it. */
  bridgeMs: number;
  /** True when the register began again at 0 between them. */
  rolledOver: boolean;
}

/** A register this close to its span's end (99 %) that falls has begun again; else it contradicts itself. */
const NEARLY_FULL = { of: 100n, at: 99n };

/** What is billed up to each reading, primary base units. */
export function billedRegisters({ readings, multiplier, span }: Stretch): bigint[] {
  const billed: bigint[] = [];
  readings.forEach((reading, i) => {
    const before = readings[i - 1];
    const so = billed[i - 1] ?? 0n;
    if (!before) billed.push(reading.register * multiplier);
    else if (reading.opens) billed.push(so);
    else {
      const again = isRollover(before, reading, span) ? span : 0n;
      billed.push(so + (reading.register - before.register + again) * multiplier);
    }
  });
  return billed;
}

const isRollover = (before: Reading, after: Reading, span: bigint): boolean =>
  after.register < before.register && before.register * NEARLY_FULL.of >= span * NEARLY_FULL.at;

/**
 * The register on the line between the readings around an instant; where a meter's first or last word lies
 * inside of the quarter-hour, that. Null when a reading before or after it is not known.
 */
export function boundaryAt(
  stretch: Stretch,
  billed: readonly bigint[],
  ms: number,
): Boundary | null {
  const { readings } = stretch;
  const i = lastAtOrBefore(readings, ms);
  const [before, after] = [readings[i] ?? null, readings[i + 1] ?? null];
  const [q0, q1] = [billed[i], billed[i + 1]];
  const at = { ms, before, after, bridgeMs: 0, rolledOver: false };
  // Where a meter begins to count, its first reading stands on the boundary.
  if (!before) {
    if (!after || q1 === undefined || !stretch.isWhole) return null;
    return { ...at, ms: after.ms, before: after, after: null, register: q1 };
  }
  if (q0 === undefined) return null;
  if (before.ms === ms) return { ...at, register: q0 };
  if (!after || q1 === undefined) {
    return stretch.endMs <= ms ? { ...at, ms: before.ms, register: q0 } : null;
  }
  const bridge = BigInt(after.ms - before.ms);
  const register = q0 + halfUp((q1 - q0) * BigInt(ms - before.ms), bridge);
  const rolledOver = isRollover(before, after, stretch.span);
  return { ...at, register, bridgeMs: after.ms - before.ms, rolledOver };
}

/** numerator ÷ denominator (positive), half up: floor((2n + d) ÷ 2d). */
function halfUp(numerator: bigint, denominator: bigint): bigint {
  const [n, d] = [2n * numerator + denominator, 2n * denominator];
  const quotient = n / d;
  return n % d < 0n ? quotient - 1n : quotient;
}

function lastAtOrBefore(readings: readonly Reading[], ms: number): number {
  let [low, high] = [0, readings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((readings[middle] as Reading).ms <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What a meter that counts `ppm` too much in truth let through, each quarter-hour by itself, half up. */
export const withoutError = (quantity: bigint, ppm: bigint): bigint =>
  halfUp(quantity * 1_000_000n, 1_000_000n + ppm);
