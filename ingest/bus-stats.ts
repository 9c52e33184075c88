/** What a bus did since it started, and how punctual its last polls were. */
import type { Connected } from './connection.ts';

export interface BusStats {
  readings: number;
  /** Polls that gave no sample, by kind. */
  failures: Record<string, number>;
  /** Slots that passed without a poll. */
  skippedSlots: number;
  connects: number;
  connectFailures: number;
  /** Meters whose last poll failed. */
  silentMeters: number;
  /** Start of a poll after it was due, and its duration; over the last polls. */
  delayP95Ms: number;
  durationP50Ms: number;
  durationP95Ms: number;
}

const REMEMBERED = 256;

export function createBusStats() {
  const failures: Record<string, number> = {};
  const delays: number[] = [];
  const durations: number[] = [];
  let readings = 0;
  let skippedSlots = 0;
  let connects = 0;
  let connectFailures = 0;
  return {
    read: ({ delayMs, durationMs }: { delayMs: number; durationMs: number }) => {
      delays[readings % REMEMBERED] = delayMs;
      durations[readings % REMEMBERED] = durationMs;
      readings++;
    },
    failed: (kind: string) => {
      failures[kind] = (failures[kind] ?? 0) + 1;
    },
    skipped: (slots: number) => {
      skippedSlots += slots;
    },
    connected: ({ outcome }: Connected) => {
      if (outcome === 'connected') connects++;
      else connectFailures++;
    },
    snapshot: (silentMeters: number): BusStats => ({
      readings,
      failures: { ...failures },
      skippedSlots,
      connects,
      connectFailures,
      silentMeters,
      delayP95Ms: percentile(delays, 0.95),
      durationP50Ms: percentile(durations, 0.5),
      durationP95Ms: percentile(durations, 0.95),
    }),
  };
}

/** The nearest-rank percentile; 0 of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
