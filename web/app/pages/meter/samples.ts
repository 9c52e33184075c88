/** One-minute samples of a day made ready to draw and to check: primary values, gaps, registers. Pure. */
import type { Channels, Installation, Reading } from '../../api.ts';

/** What a meter's values are multiplied by: 1 where its registers count primary energy already. */
export interface Ratio {
  /** Of power and energy. */
  power: number;
  current: number;
  voltage: number;
}

export const ratioOf = (
  installation: Pick<Installation, 'ct' | 'pt' | 'basis'> | undefined,
): Ratio =>
  installation && installation.basis === 'secondary'
    ? {
        power: installation.ct * installation.pt,
        current: installation.ct,
        voltage: installation.pt,
      }
    : { power: 1, current: 1, voltage: 1 };

export type Curve = 'P' | 'U' | 'I' | 'PF';

/** The lines of a curve: channel, name, and what makes kW, V, A of it. */
export function linesOf(curve: Curve, ratio: Ratio) {
  if (curve === 'U') return phases('voltageAV', 'voltageBV', 'voltageCV', ratio.voltage);
  if (curve === 'I') return phases('currentAA', 'currentBA', 'currentCA', ratio.current);
  if (curve === 'PF') return [{ channel: 'factor', name: 'PF', scale: 1 }];
  return [{ channel: 'powerW', name: 'P', scale: ratio.power / 1000 }];
}

const phases = (a: string, b: string, c: string, scale: number) => [
  { channel: a, name: 'L1', scale },
  { channel: b, name: 'L2', scale },
  { channel: c, name: 'L3', scale },
];

/** [minute of the day, value]; null breaks the line. */
export type Spot = [number, number | null];

export interface Gap {
  fromMs: number;
  toMs: number;
}

/** Longer silences than this many cadences are gaps. */
const CADENCES = 2.5;
const MINUTE_MS = 60_000;

/** Where samples are missing: between two of them, and from the last one to `untilMs`. */
export function gapsOf(readings: readonly Reading[], fromMs: number, untilMs: number): Gap[] {
  const times = [...new Set(readings.map(({ at }) => Date.parse(at)))]
    .filter((at) => at >= fromMs)
    .sort((a, b) => a - b);
  const limit = CADENCES * cadenceMs(times);
  const edges = [fromMs, ...times, untilMs];
  return edges.slice(1).flatMap((toMs, index) => {
    const from = edges[index] ?? toMs;
    return toMs - from > limit ? [{ fromMs: from, toMs }] : [];
  });
}

/** The middle of the distances between samples; a minute where there are too few to tell. */
export function cadenceMs(times: readonly number[]): number {
  const distances = times
    .slice(1)
    .map((at, index) => at - (times[index] ?? at))
    .sort((a, b) => a - b);
  return Math.max(MINUTE_MS, distances[Math.floor(distances.length / 2)] ?? MINUTE_MS);
}

/** A line of the day; it breaks at every gap and never joins over one. */
export function spots(
  readings: readonly Reading[],
  { channel, scale }: { channel: string; scale: number },
  dayStartMs: number,
): Spot[] {
  const times = readings.map(({ at }) => Date.parse(at));
  const limit = CADENCES * cadenceMs(times);
  return readings.flatMap(({ channels }, index): Spot[] => {
    const at = times[index] ?? 0;
    if (at < dayStartMs) return [];
    const before = times[index - 1];
    const value = channels[channel];
    const spot: Spot = [
      (at - dayStartMs) / MINUTE_MS,
      value === null || value === undefined ? null : value * scale,
    ];
    const broken = before !== undefined && before >= dayStartMs && at - before > limit;
    return broken ? [[(before - dayStartMs) / MINUTE_MS + 0.01, null], spot] : [spot];
  });
}

/** A register at an instant, interpolated between the samples around it; null beyond the samples. */
export function registerAt(
  readings: readonly Reading[],
  channel: string,
  atMs: number,
): number | null {
  const known = readings.flatMap(({ at, channels }) => {
    const value = channels[channel];
    return value === null || value === undefined ? [] : [{ ms: Date.parse(at), value }];
  });
  const after = known.findIndex(({ ms }) => ms >= atMs);
  const right = known[after];
  const left = known[after - 1];
  if (right?.ms === atMs) return right.value;
  if (!left || !right) return null;
  const part = (atMs - left.ms) / (right.ms - left.ms);
  return left.value + (right.value - left.value) * part;
}

/** Largest deviation of a phase's current from their mean, per cent; null without load. */
export function unbalance(channels: Channels): number | null {
  const currents = [channels.currentAA, channels.currentBA, channels.currentCA];
  const known = currents.filter((value): value is number => typeof value === 'number');
  const mean = known.reduce((so, value) => so + value, 0) / known.length;
  if (known.length < 3 || !(mean > 0)) return null;
  return (Math.max(...known.map((value) => Math.abs(value - mean))) / mean) * 100;
}
