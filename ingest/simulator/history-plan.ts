/**
 * At which instants the generated history has readings: the dated schedule of each meter on the grid of whole minutes,
 * each meter a little later as the live schedule has it, less what was silent.
 */
import { MINUTE_MS } from './readings.ts';

/** A stretch of a meter's schedule [from, to), epoch ms. */
export interface Span {
  from: number;
  to: number;
  seconds: number;
}

export interface PlannedMeter {
  bus: string;
  /** How long after each instant of the grid it is read, ms; less than a minute. */
  staggerMs: number;
  schedule: readonly Span[];
  /** What holds where no stretch does: the project's seconds. */
  usualSeconds: number;
  silentFrom: number | null;
}

/** A stretch [from, to) in which these buses said nothing, epoch ms. */
export interface Silence {
  from: number;
  to: number;
  buses: readonly string[];
}

/**
 * Every reading of [from, until) in order of the minute: the meter, and the instant in epoch ms. Grid points lie on
 * multiples of the schedule's seconds since the epoch; the reading follows by the meter's stagger.
 */
export function* plannedReadings<M extends PlannedMeter>({
  meters,
  silences,
  from,
  until,
}: {
  meters: readonly M[];
  silences: readonly Silence[];
  from: number;
  until: number;
}): Generator<{ meter: M; at: number }> {
  for (let tick = Math.floor(from / MINUTE_MS) * MINUTE_MS; tick < until; tick += MINUTE_MS)
    for (const meter of meters) {
      const span = meter.schedule.find((s) => s.from <= tick && tick < s.to);
      const seconds = span?.seconds ?? meter.usualSeconds;
      if (tick % (seconds * 1000) !== 0) continue;
      const at = tick + meter.staggerMs;
      if (at >= from && at < until && !isSilent(meter, silences, at)) yield { meter, at };
    }
}

function isSilent(meter: PlannedMeter, silences: readonly Silence[], at: number): boolean {
  if (meter.silentFrom !== null && at >= meter.silentFrom) return true;
  return silences.some(({ from, to, buses }) => at >= from && at < to && buses.includes(meter.bus));
}
