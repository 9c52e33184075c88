/** What a project has of places and devices, by the names that papers use: what an import is held against. */
import { sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';
import type { SerialLine } from './bus-budget.ts';
import { lineOf } from './bus-budgets.ts';

interface Known {
  /** Null until it is entered. */
  id: string | null;
  retired: boolean;
}
export interface KnownPlace extends Known {
  name: string;
}
export interface KnownGateway extends Known {
  building: string | null;
}
export interface KnownBus extends Known {
  framing: string;
  host: string;
  port: number;
  line: SerialLine | null;
  /** Meters by unit. */
  units: Map<number, { serial: string; model: string; seconds: number }>;
}
export interface KnownPoint extends Known {
  name: string;
  commodity: 'electricity' | 'water';
  class: string;
  role: string;
  building: string | null;
  floor: number | null;
  room: string | null;
  overloadW: number | null;
  /** The meter that stands there for good, and its ratios. */
  installed: { serial: string; ct: number; pt: number } | null;
  /** Epoch ms from which on nothing stands there. */
  freeFromMs: number;
}
export interface KnownMeter extends Known {
  model: string;
  bus: string | null;
  unit: number | null;
  seconds: number;
  /** The point at which it stands for good. */
  point: string | null;
  freeFromMs: number;
}

/** Keys are those of `keyOf`. */
export interface ImportState {
  zone: string;
  pollSeconds: number;
  buildings: Map<string, KnownPlace>;
  floors: Map<string, KnownPlace>;
  rooms: Map<string, KnownPlace>;
  gateways: Map<string, KnownGateway>;
  buses: Map<string, KnownBus>;
  points: Map<string, KnownPoint>;
  meters: Map<string, KnownMeter>;
}

/** One text of several names: no name holds the character between them. */
export const keyOf = (...names: readonly (string | number)[]): string => names.join('\u0000');

/** Everything at an instant. */
export async function readState(
  db: Queryable,
  { projectId, at }: { projectId: string; at: Date },
): Promise<ImportState> {
  const project = sql`${projectId}::bigint`;
  const now = sql`${at.toISOString()}::timestamptz`;
  const [own] = (
    await db.execute<{ zone: string; poll_seconds: number }>(
      sql`SELECT zone, poll_seconds FROM projects WHERE id = ${project}`,
    )
  ).rows;
  const state: ImportState = {
    zone: own?.zone ?? 'UTC',
    pollSeconds: own?.poll_seconds ?? 60,
    buildings: new Map(),
    floors: new Map(),
    rooms: new Map(),
    gateways: new Map(),
    buses: new Map(),
    points: new Map(),
    meters: new Map(),
  };
  await readPlaces(db, state, project);
  await readLines(db, state, { project, now });
  await readPoints(db, state, project);
  return state;
}

type Sql = ReturnType<typeof sql>;

async function readPlaces(db: Queryable, state: ImportState, project: Sql): Promise<void> {
  const buildings = await db.execute<{ id: string; code: string; name: string; retired: boolean }>(
    sql`SELECT id::text, code, name, retired_at IS NOT NULL AS retired FROM buildings
      WHERE project_id = ${project}`,
  );
  for (const { code, ...place } of buildings.rows) state.buildings.set(code, place);
  const floors = await db.execute<{
    id: string;
    building: string;
    level: number;
    name: string;
    retired: boolean;
  }>(sql`SELECT f.id::text, b.code AS building, f.level, f.name, f.retired_at IS NOT NULL AS retired
    FROM floors f JOIN buildings b ON b.project_id = f.project_id AND b.id = f.building_id
    WHERE f.project_id = ${project}`);
  for (const { building, level, ...place } of floors.rows) {
    state.floors.set(keyOf(building, level), place);
  }
  const rooms = await db.execute<{
    id: string;
    building: string;
    level: number;
    code: string;
    name: string;
    retired: boolean;
  }>(sql`SELECT r.id::text, b.code AS building, f.level, r.code, r.name,
      r.retired_at IS NOT NULL AS retired
    FROM rooms r JOIN floors f ON f.project_id = r.project_id AND f.id = r.floor_id
    JOIN buildings b ON b.project_id = f.project_id AND b.id = f.building_id
    WHERE r.project_id = ${project}`);
  for (const { building, level, code, ...place } of rooms.rows) {
    state.rooms.set(keyOf(building, level, code), place);
  }
}

async function readLines(
  db: Queryable,
  state: ImportState,
  { project, now }: { project: Sql; now: Sql },
): Promise<void> {
  const gateways = await db.execute<{
    id: string;
    name: string;
    building: string | null;
    retired: boolean;
  }>(sql`SELECT g.id::text, g.name, b.code AS building, g.retired_at IS NOT NULL AS retired
    FROM gateways g LEFT JOIN buildings b ON b.project_id = g.project_id AND b.id = g.building_id
    WHERE g.project_id = ${project}`);
  for (const { name, ...gateway } of gateways.rows) state.gateways.set(name, gateway);
  const buses = await db.execute<{
    id: string;
    gateway: string;
    name: string;
    framing: string;
    host: string;
    port: number;
    line: Parameters<typeof lineOf>[0];
    retired: boolean;
  }>(sql`SELECT b.id::text, g.name AS gateway, b.name, b.framing, b.host, b.port, b.line,
      b.retired_at IS NOT NULL AS retired
    FROM buses b JOIN gateways g ON g.project_id = b.project_id AND g.id = b.gateway_id
    WHERE b.project_id = ${project}`);
  for (const { gateway, name, line, ...bus } of buses.rows) {
    state.buses.set(keyOf(gateway, name), { ...bus, line: lineOf(line), units: new Map() });
  }
  const meters = await db.execute<{
    id: string;
    serial: string;
    model: string;
    gateway: string | null;
    bus: string | null;
    unit: number | null;
    seconds: number;
    retired: boolean;
  }>(sql`SELECT m.id::text, m.serial, m.model, g.name AS gateway, b.name AS bus, m.unit,
      coalesce(c.seconds, r.poll_seconds) AS seconds, m.retired_at IS NOT NULL AS retired
    FROM meters m JOIN projects r ON r.id = m.project_id
    LEFT JOIN buses b ON b.project_id = m.project_id AND b.id = m.bus_id
    LEFT JOIN gateways g ON g.project_id = b.project_id AND g.id = b.gateway_id
    LEFT JOIN schedules c ON c.project_id = m.project_id AND c.meter_id = m.id
      AND c.valid_from <= ${now} AND (c.valid_to IS NULL OR c.valid_to > ${now})
    WHERE m.project_id = ${project}`);
  for (const { serial, gateway, bus: name, ...meter } of meters.rows) {
    const { model, unit, seconds, retired } = meter;
    const bus = gateway === null || name === null ? null : keyOf(gateway, name);
    state.meters.set(serial, { ...meter, bus, point: null, freeFromMs: 0 });
    if (bus !== null && unit !== null && !retired) {
      state.buses.get(bus)?.units.set(unit, { serial, model, seconds });
    }
  }
}

async function readPoints(db: Queryable, state: ImportState, project: Sql): Promise<void> {
  const points = await db.execute<{
    id: string;
    code: string;
    name: string;
    commodity: 'electricity' | 'water';
    class: string;
    role: string;
    building: string | null;
    floor: number | null;
    room: string | null;
    overload_w: number | null;
    retired: boolean;
  }>(sql`SELECT p.id::text, p.code, p.name, p.commodity, p.class, p.role, b.code AS building,
      f.level AS floor, r.code AS room, p.overload_w, p.retired_at IS NOT NULL AS retired
    FROM points p
    LEFT JOIN buildings b ON b.project_id = p.project_id AND b.id = p.building_id
    LEFT JOIN floors f ON f.project_id = p.project_id AND f.id = p.floor_id
    LEFT JOIN rooms r ON r.project_id = p.project_id AND r.id = p.room_id
    WHERE p.project_id = ${project}`);
  for (const { code, overload_w: overloadW, ...point } of points.rows) {
    state.points.set(code, { ...point, overloadW, installed: null, freeFromMs: 0 });
  }
  const installations = await db.execute<{
    point: string;
    serial: string;
    ct: number;
    pt: number;
    to_ms: number | null;
  }>(sql`SELECT p.code AS point, m.serial, i.ct, i.pt,
      (extract(epoch FROM i.valid_to) * 1000)::float8 AS to_ms
    FROM installations i
    JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
    WHERE i.project_id = ${project}`);
  for (const { point: code, serial, ct, pt, to_ms: toMs } of installations.rows) {
    const [point, meter] = [state.points.get(code), state.meters.get(serial)];
    if (!point || !meter) continue;
    if (toMs === null) {
      point.installed = { serial, ct, pt };
      meter.point = code;
    }
    point.freeFromMs = Math.max(point.freeFromMs, toMs ?? Number.POSITIVE_INFINITY);
    meter.freeFromMs = Math.max(meter.freeFromMs, toMs ?? Number.POSITIVE_INFINITY);
  }
}
