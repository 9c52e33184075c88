/**
 * What a process counts, for Prometheus. Each room's process writes a snapshot of its registry into the
 * data folder every few seconds; web, which alone is asked from outside, puts them together. So rooms need
 * neither a port nor a table for it, and one that has died shows by the age of its file.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  collectDefaultMetrics,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { Clock } from './clock.ts';
import { type Room, rooms } from './owners.ts';
import { readJson } from './process.ts';

/** Everything that this process counts. A room's metrics file adds to it when it is loaded. */
export const registry = new Registry();

/** Between two snapshots, and the age from which one no longer tells of a living process. */
const SNAPSHOT_MS = 5_000;
export const SNAPSHOT_STALE_MS = 60_000;

let labelled: Room | undefined;

/** Names the process in everything it counts, and counts what it takes of the machine. */
export function labelMetrics(room: Room): void {
  if (labelled === room) return;
  labelled = room;
  registry.setDefaultLabels({ room });
  collectDefaultMetrics({ register: registry });
  // Gauges that are called totals, and only add up what stands beside them: Prometheus warns of the names.
  for (const of of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${of}_total`);
}

const fileOf = (dataDir: string, room: Room): string => join(dataDir, 'metrics', `${room}.json`);

/** Writes snapshots until `stop`; one that cannot be written is told and tried again. */
export function publishMetrics({
  room,
  dataDir,
  clock,
  onError,
}: {
  room: Room;
  dataDir: string;
  clock: Clock;
  onError: (error: unknown) => void;
}): { stop: () => void } {
  labelMetrics(room);
  const publish = async () => {
    mkdirSync(join(dataDir, 'metrics'), { recursive: true });
    const metrics = await registry.getMetricsAsJSON();
    // No fsync: after a power cut there is no process that it would tell of.
    const part = `${fileOf(dataDir, room)}.part`;
    writeFileSync(part, JSON.stringify({ atMs: clock().getTime(), metrics }), { mode: 0o600 });
    renameSync(part, fileOf(dataDir, room));
  };
  const timer = setInterval(() => void publish().catch(onError), SNAPSHOT_MS);
  timer.unref();
  void publish().catch(onError);
  return { stop: () => clearInterval(timer) };
}

export type Metrics = MetricObjectWithValues<MetricValue<string>>[];

export interface Snapshot {
  room: Room;
  atMs: number;
  metrics: Metrics;
}

/** The newest snapshot of each room that has ever written one. */
export function readSnapshots(dataDir: string): Snapshot[] {
  return rooms.flatMap((room) => {
    // Written by `publishMetrics` alone, and whole, since it is put in place by rename.
    const found = readJson(fileOf(dataDir, room)) as Omit<Snapshot, 'room'> | undefined;
    return found ? [{ room, ...found }] : [];
  });
}
