/**
 * The real one-minute readings that the park replays: 56 days of one house, turned so that they begin on a Monday
 * and can be repeated for ever (8 whole weeks). Origin and licence: data/README.md.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export const MINUTE_MS = 60_000;
export const DAY_MINUTES = 1_440;
/** Eight whole weeks: long enough not to be noticed, and every weekday falls on itself again. */
export const CYCLE_MINUTES = 56 * DAY_MINUTES;

/** The slice used begins on Saturday 2008-01-05; its first Monday is two days later. */
const FIRST_DAY = '2008-01-05 00:00';
const MONDAY_OFFSET_MINUTES = 2 * DAY_MINUTES;

/** What is kept of the house, by minute of the cycle (0 = Monday 00:00 local). */
export interface Readings {
  /** Power of the minute ÷ mean power of the slice. */
  relativePower: Float32Array;
  /** Voltage of the minute ÷ mean voltage of the slice. */
  relativeVoltage: Float32Array;
  /** Active ÷ apparent power of the minute, 0…1. */
  factor: Float32Array;
}

/** Reads the shipped slice (or another file of the same columns); throws when it does not hold 56 whole days. */
export function loadReadings(file: URL | string = shippedSlice): Readings {
  return parseReadings(gunzipSync(readFileSync(file)).toString('latin1'));
}

const shippedSlice = new URL('./data/household-2008-01-02.csv.gz', import.meta.url);

/** Parses `minute,active_power_kw,reactive_power_kvar,voltage_v,current_a` lines in order of time, one a minute. */
export function parseReadings(csv: string): Readings {
  const start = csv.indexOf(`\n${FIRST_DAY},`);
  const lines = csv.slice(start + 1).split('\n', CYCLE_MINUTES);
  if (start < 0 || lines.length < CYCLE_MINUTES)
    throw new Error(`readings: 56 whole days from ${FIRST_DAY} expected`);
  const relativePower = new Float32Array(CYCLE_MINUTES);
  const relativeVoltage = new Float32Array(CYCLE_MINUTES);
  const factor = new Float32Array(CYCLE_MINUTES);
  let powerSum = 0;
  let voltageSum = 0;
  lines.forEach((line, read) => {
    const [, kw, kvar, volt] = line.split(',').map(Number);
    if (!(kw && kw > 0 && volt && volt > 0 && kvar !== undefined && kvar >= 0))
      throw new Error(`readings: not a reading: ${line.slice(0, 60)}`);
    const minute = (read - MONDAY_OFFSET_MINUTES + CYCLE_MINUTES) % CYCLE_MINUTES;
    relativePower[minute] = kw;
    relativeVoltage[minute] = volt;
    factor[minute] = kw / Math.hypot(kw, kvar);
    powerSum += kw;
    voltageSum += volt;
  });
  return {
    relativePower: relativePower.map((kw) => (kw * CYCLE_MINUTES) / powerSum),
    relativeVoltage: relativeVoltage.map((volt) => (volt * CYCLE_MINUTES) / voltageSum),
    factor,
  };
}
