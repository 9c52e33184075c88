/**
 * The park twice: the simulated devices, and the same meters as someone entered them in Postgres. Matched by serial, in
 * the project that has most of them.
 */
import { and, eq, inArray, isNull } from 'drizzle-orm';
import type { Queryable } from '../../sql/postgres.ts';
import { installations, meters, projects, schedules } from '../../sql/schema/index.ts';
import type { Block, MeterRef } from '../blocks.ts';
import { modelOf } from '../models.ts';
import { planReads } from '../plan.ts';
import { staggerMs } from '../schedule.ts';
import { type Device, type DeviceState, devicesOf } from './device.ts';
import type { PlannedMeter, Silence, Span } from './history-plan.ts';
import { registersAt } from './meter.ts';
import { buildPark } from './park.ts';
import { curvesOf } from './profile.ts';
import { loadReadings } from './readings.ts';
import { type Sheet, silentFromOf } from './sheet.ts';

export interface MeterInPostgres extends PlannedMeter {
  serial: string;
  device: Device;
  ref: MeterRef;
  /** Which point it stood at, and when: [from, to), epoch ms. */
  points: { pointId: string; from: number; to: number }[];
}

export interface ParkInPostgres {
  projectId: string;
  zone: string;
  meters: MeterInPostgres[];
  silences: Silence[];
}

/** The end of what has no end. */
const FOREVER = Number.MAX_SAFE_INTEGER;

/**
 * Reads the demo's project and joins it with the devices of the sheet. `state` is the simulator's own file (trips are
 * part of the past). Throws when no project has a meter of the sheet.
 */
export async function readPark({
  db,
  sheet,
  state,
}: {
  db: Queryable;
  sheet: Sheet;
  state: unknown;
}): Promise<ParkInPostgres> {
  const found = await findProject(db, sheet);
  const readings = loadReadings();
  // The state was written by the simulator next door; nothing else writes there.
  const kept = (state as { devices?: Record<string, DeviceState> } | undefined)?.devices;
  const park = buildPark(sheet.seed);
  const devices = devicesOf(park, { curves: curvesOf(readings), readings, kept });
  const spans = await spansByMeter(db, found.projectId);
  const points = await pointsByMeter(db, found.projectId);
  const startedAt = Date.parse(sheet.startedAt);
  return {
    projectId: found.projectId,
    zone: found.zone,
    meters: found.meters.flatMap(({ id, serial, model, clockZone }) => {
      const device = devices.get(serial);
      const known = modelOf(model);
      if (!device || !known) return [];
      const { bus } = device.meter;
      const { projectId } = found;
      return [
        {
          ...{ bus, serial, device },
          staggerMs: staggerMs({ seconds: 60, meterId: id }),
          schedule: spans.get(id) ?? usualSchedule(sheet),
          usualSeconds: found.pollSeconds,
          silentFrom: silentFromOf(device.meter, startedAt),
          ref: { id, projectId, model: known.name, zone: clockZone ?? found.zone },
          points: points.get(id) ?? [],
        },
      ];
    }),
    silences: sheet.dirt.map(({ from, to, buses }) => ({
      from: Date.parse(from),
      to: Date.parse(to),
      buses,
    })),
  };
}

/** What a master reads of a meter at an instant: one block per planned read of its model. */
export function blocksAt({ device, ref, serial }: MeterInPostgres, at: number): Block[] {
  return readsOf(ref.model).map(({ address, words: count }) => {
    const words = registersAt(device, { address, count, at });
    if (!words) throw new Error(`history: ${serial} has no registers at ${address}`);
    return { address, words };
  });
}

const reads = new Map<string, ReturnType<typeof planReads>>();

function readsOf(model: MeterRef['model']): ReturnType<typeof planReads> {
  const known = reads.get(model);
  if (known) return known;
  const map = modelOf(model);
  const planned = map ? planReads(map) : [];
  reads.set(model, planned);
  return planned;
}

/** The sheet's own: every 15 minutes, and every minute for the last two days. */
function usualSchedule({ history }: Sheet): Span[] {
  const from = Date.parse(history.from);
  const minuteFrom = Date.parse(history.minuteFrom);
  return [
    { from, to: minuteFrom, seconds: 900 },
    { from: minuteFrom, to: FOREVER, seconds: 60 },
  ];
}

async function findProject(db: Queryable, sheet: Sheet) {
  const serials = sheet.meters.map(({ serial }) => serial);
  const rows = await db
    .select({
      projectId: meters.projectId,
      zone: projects.zone,
      pollSeconds: projects.pollSeconds,
      id: meters.id,
      serial: meters.serial,
      model: meters.model,
      clockZone: meters.clockZone,
    })
    .from(meters)
    .innerJoin(projects, eq(projects.id, meters.projectId))
    .where(and(inArray(meters.serial, serials), isNull(meters.retiredAt)));
  const byProject = grouped(rows, ({ projectId }) => projectId);
  const [most] = [...byProject.values()].sort((a, b) => b.length - a.length);
  const first = most?.[0];
  if (!most || !first)
    throw new Error('history: no project has a meter of the commissioning sheet');
  const { projectId, zone, pollSeconds } = first;
  return { projectId, zone, pollSeconds, meters: most };
}

async function spansByMeter(db: Queryable, projectId: string): Promise<Map<string, Span[]>> {
  const rows = await db.select().from(schedules).where(eq(schedules.projectId, projectId));
  const byMeter = grouped(rows, ({ meterId }) => meterId);
  return new Map(
    [...byMeter].map(([meterId, spans]) => [
      meterId,
      spans.map(({ validFrom, validTo, seconds }) => ({
        from: validFrom.getTime(),
        to: validTo?.getTime() ?? FOREVER,
        seconds,
      })),
    ]),
  );
}

async function pointsByMeter(db: Queryable, projectId: string) {
  const rows = await db.select().from(installations).where(eq(installations.projectId, projectId));
  const byMeter = grouped(rows, ({ meterId }) => meterId);
  return new Map(
    [...byMeter].map(([meterId, dated]) => [
      meterId,
      dated.map(({ pointId, validFrom, validTo }) => ({
        pointId,
        from: validFrom.getTime(),
        to: validTo?.getTime() ?? FOREVER,
      })),
    ]),
  );
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
