/**
 * What the readings of a bus need of its line's time, against what the line can carry: from the planned
 * reads of each model, the bytes of their frames, the line's speed and the meters' time to answer.
 */
import type { MeterModel } from './models.ts';
import { planReads } from './plan.ts';

/** A serial line as its gateway is set: bits a second, parity, stop bits. */
export interface SerialLine {
  readonly baud: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

export interface BusBudget {
  /** The line that is reckoned with. */
  baud: number;
  /** True when nobody has said how the line is set: then it is taken for the usual one. */
  assumed: boolean;
  /** Milliseconds of a minute in which the line is busy with readings. */
  busyMsPerMinute: number;
  /** Milliseconds of a minute that readings may take; the rest is for commands and repetitions. */
  limitMsPerMinute: number;
  fits: boolean;
}

/** How meters are set when they are delivered (meters.md 2.1). */
const USUAL_LINE: SerialLine = { baud: 9600, parity: 'none', stopBits: 1 };
/** From the request's end to the answer's begin: no source tells; what simulated meters take. */
const TURNAROUND_MS = 60;
/** Unit, function, address, count, CRC. */
const REQUEST_BYTES = 8;
/** Unit, function, byte count, CRC, beside two bytes a word. */
const ANSWER_BYTES = 5;
/** Characters of silence that end a frame, and the least it lasts on a fast line. */
const GAP_CHARACTERS = 3.5;
const GAP_FAST_MS = 1.75;
const FAST_BAUD = 19_200;
/** A fifth of the time is left for commands, repetitions and meters that do not answer. */
const LIMIT_SHARE = 0.8;
const MINUTE_MS = 60_000;

/**
 * Milliseconds for which one reading of a model keeps the line busy.
 * @example readingMs(models.DTSY1352, { baud: 9600, parity: 'none', stopBits: 1 }) // 48 words: 181 ms
 */
export function readingMs(model: MeterModel, line: SerialLine): number {
  const bits = 1 + 8 + (line.parity === 'none' ? 0 : 1) + line.stopBits;
  const characterMs = (bits * 1000) / line.baud;
  const gapMs = line.baud > FAST_BAUD ? GAP_FAST_MS : GAP_CHARACTERS * characterMs;
  return planReads(model).reduce((sum, { words }) => {
    const bytes = REQUEST_BYTES + ANSWER_BYTES + 2 * words;
    return sum + bytes * characterMs + 2 * gapMs + TURNAROUND_MS;
  }, 0);
}

/** The budget of a bus with these meters, each read every so many seconds. */
export function budgetOf(
  meters: readonly { model: MeterModel; seconds: number }[],
  stated: SerialLine | null,
): BusBudget {
  const line = stated ?? USUAL_LINE;
  const busy = meters.reduce(
    (sum, { model, seconds }) => sum + (readingMs(model, line) * MINUTE_MS) / (seconds * 1000),
    0,
  );
  const limitMsPerMinute = MINUTE_MS * LIMIT_SHARE;
  return {
    baud: line.baud,
    assumed: stated === null,
    busyMsPerMinute: Math.round(busy),
    limitMsPerMinute,
    fits: busy <= limitMsPerMinute,
  };
}
