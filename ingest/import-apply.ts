/**
 * What an import has planned, done: kind by kind for all of its rows at once, by the same rules as by hand, each
 * thing with its line of the system log.
 */
import { sql } from 'drizzle-orm';
import { makeBuildings, makeFloors, makeRooms } from '../sql/places.ts';
import { type Tx, violatedConstraint } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { buses, gateways, meters, points } from '../sql/schema/index.ts';
import type { MeterValues, PlannedRow, PointValues } from './import-acts.ts';
import { actsOf, type Doing, give, giveOne, idOf, log, refusing } from './import-doing.ts';
import { type ImportState, keyOf } from './import-state.ts';
import { installAll } from './installation-rows.ts';
import { takePlaces } from './meters.ts';
import { type Acting, inSlices } from './rows.ts';
import { setPollSeconds } from './schedules.ts';

/**
 * Does all rows. `state` is as the plan has left it: what has no id there gets one here. Throws Problem
 * `import-refused` naming the row when something stands in the way that the plan did not see, `conflict` when
 * somebody entered the same in the meantime.
 */
export async function applyImport(
  tx: Tx,
  acting: Acting,
  { state, rows, at }: { state: ImportState; rows: readonly PlannedRow[]; at: Date },
): Promise<void> {
  const doing = { tx, acting, state, rows, at };
  try {
    // Each kind stands on those before it.
    await enterPlaces(doing);
    await enterLines(doing);
    await enterPoints(doing);
    await enterMeters(doing);
    await enterInstallations(doing);
  } catch (cause) {
    if (violatedConstraint(cause) === undefined) throw cause;
    const why = 'Somebody entered the same while this was imported: look at it again.';
    throw new Problem('conflict', why, { cause });
  }
}

async function enterPlaces({ tx, acting, state, rows }: Doing): Promise<void> {
  const newBuildings = actsOf(rows, 'create', 'building').map(({ act }) => act);
  const buildingIds = await makeBuildings(
    tx,
    acting,
    newBuildings.map(({ code, name }) => ({ code, name, nameZh: null })),
  );
  give(buildingIds, (nth) => state.buildings.get(newBuildings[nth]?.code ?? ''));

  const newFloors = actsOf(rows, 'create', 'floor').map(({ act }) => act);
  const floorIds = await makeFloors(
    tx,
    acting,
    newFloors.map(({ building, level, name }) => ({
      ...{ buildingId: idOf(state.buildings.get(building)), level, name },
    })),
  );
  const floorKeys = newFloors.map(({ building, level }) => keyOf(building, level));
  give(floorIds, (nth) => state.floors.get(floorKeys[nth] ?? ''));

  const newRooms = actsOf(rows, 'create', 'room').map(({ act }) => act);
  const roomIds = await makeRooms(
    tx,
    acting,
    newRooms.map(({ building, level, code }) => ({
      ...{ floorId: idOf(state.floors.get(keyOf(building, level))) },
      ...{ code, name: code, nameZh: null },
    })),
  );
  const roomKeys = newRooms.map(({ building, level, code }) => keyOf(building, level, code));
  give(roomIds, (nth) => state.rooms.get(roomKeys[nth] ?? ''));
}

async function enterLines(doing: Doing): Promise<void> {
  const { tx, acting, state, rows } = doing;
  const { projectId } = acting;
  const newGateways = actsOf(rows, 'create', 'gateway').map(({ act: { name, building } }) => ({
    ...{ projectId, name, nameZh: null },
    buildingId: building === null ? null : idOf(state.buildings.get(building)),
  }));
  const madeGateways = await inSlices(newGateways, (some) =>
    tx.insert(gateways).values(some).returning({ id: gateways.id, name: gateways.name }),
  );
  for (const { id, name } of madeGateways) giveOne(state.gateways.get(name), id);
  await log(
    doing,
    'gateway',
    'created',
    newGateways.map(({ projectId: _, ...to }) => ({
      ...{ id: idOf(state.gateways.get(to.name)), detail: { to } },
    })),
  );

  const newBuses = actsOf(rows, 'create', 'bus').map(({ act }) => ({
    key: keyOf(act.gateway, act.name),
    to: {
      ...{ gatewayId: idOf(state.gateways.get(act.gateway)), name: act.name },
      ...{ framing: act.framing, host: act.host, port: act.port, line: act.line },
    },
  }));
  const keys = new Map(newBuses.map(({ key, to }) => [keyOf(to.gatewayId, to.name), key]));
  const madeBuses = await inSlices(newBuses, (some) =>
    tx
      .insert(buses)
      .values(some.map(({ to }) => ({ projectId, ...to })))
      .returning({ id: buses.id, gatewayId: buses.gatewayId, name: buses.name }),
  );
  for (const { id, gatewayId, name } of madeBuses) {
    giveOne(state.buses.get(keys.get(keyOf(gatewayId, name)) ?? ''), id);
  }
  await log(
    doing,
    'bus',
    'created',
    newBuses.map(({ key, to }) => ({ id: idOf(state.buses.get(key)), detail: { to } })),
  );
}

async function enterPoints(doing: Doing): Promise<void> {
  const { tx, acting, state, rows } = doing;
  const { projectId } = acting;
  const created = actsOf(rows, 'create', 'point').map(({ act }) => act);
  const made = await inSlices(created, (some) =>
    tx
      .insert(points)
      .values(some.map(({ code, to }) => ({ projectId, code, ...pointRow(state, to) })))
      .returning({ id: points.id, code: points.code }),
  );
  for (const { id, code } of made) giveOne(state.points.get(code), id);
  const pointId = (code: string) => idOf(state.points.get(code));
  await log(
    doing,
    'point',
    'created',
    created.map(({ code, to }) => ({ id: pointId(code), detail: { to: { code, ...to } } })),
  );

  const changed = actsOf(rows, 'change', 'point').map(({ act }) => act);
  if (changed.length === 0) return;
  const values = changed.map(({ code, to }) => ({ id: pointId(code), ...pointRow(state, to) }));
  await tx.execute(sql`
    UPDATE points p SET name = t.name, class = t.class, role = t.role, overload_w = t."overloadW",
      building_id = t."buildingId", floor_id = t."floorId", room_id = t."roomId"
    FROM jsonb_to_recordset(${JSON.stringify(values)}::jsonb) AS t (id bigint, name text,
      class text, role text, "overloadW" int, "buildingId" bigint, "floorId" bigint, "roomId" bigint)
    WHERE p.project_id = ${projectId}::bigint AND p.id = t.id`);
  await log(
    doing,
    'point',
    'changed',
    changed.map(({ code, from, to }) => ({ id: pointId(code), detail: { from, to } })),
  );
}

async function enterMeters(doing: Doing): Promise<void> {
  const { tx, acting, state, rows, at } = doing;
  const { projectId } = acting;
  const created = actsOf(rows, 'create', 'meter');
  const changed = actsOf(rows, 'change', 'meter');
  const placeOf = ({ bus, unit }: MeterValues) => ({
    ...{ busId: bus === null ? null : idOf(state.buses.get(bus)), unit },
  });
  const meterId = (serial: string) => idOf(state.meters.get(serial));
  const all = [...changed, ...created];
  const places = all.map(({ act }) => ({
    meterId: act.act === 'create' ? null : meterId(act.serial),
    ...placeOf(act.to),
  }));
  await takePlaces(tx, { projectId, places }, refusing(all));

  // Those that move give up their addresses first: two may change places, one after the other.
  const moved = changed
    .filter(({ act: { from, to } }) => from.bus !== to.bus || from.unit !== to.unit)
    .map(({ act }) => ({ id: meterId(act.serial), ...placeOf(act.to) }));
  if (moved.length > 0) {
    const ids = `{${moved.map(({ id }) => id).join(',')}}`;
    await tx.execute(sql`UPDATE meters SET bus_id = NULL, unit = NULL
      WHERE project_id = ${projectId}::bigint AND id = ANY (${ids}::bigint[])`);
    await tx.execute(sql`
      UPDATE meters m SET bus_id = t."busId", unit = t.unit
      FROM jsonb_to_recordset(${JSON.stringify(moved)}::jsonb)
        AS t (id bigint, "busId" bigint, unit smallint)
      WHERE m.project_id = ${projectId}::bigint AND m.id = t.id`);
  }
  const made = await inSlices(created, (some) =>
    tx
      .insert(meters)
      .values(
        some.map(({ act: { serial, to } }) => ({
          ...{ projectId, serial, model: to.model, ...placeOf(to) },
        })),
      )
      .returning({ id: meters.id, serial: meters.serial }),
  );
  for (const { id, serial } of made) giveOne(state.meters.get(serial), id);
  const wanted = all.flatMap(({ act: { serial, to } }) =>
    to.pollSeconds === null ? [] : [{ meterId: meterId(serial), seconds: to.pollSeconds }],
  );
  await setPollSeconds(tx, { projectId, wanted, at });
  await log(
    doing,
    'meter',
    'created',
    created.map(({ act: { serial, to } }) => ({
      ...{ id: meterId(serial), detail: { to: { serial, ...shown(to) } } },
    })),
  );
  await log(
    doing,
    'meter',
    'changed',
    changed.map(({ act: { serial, from, to } }) => ({
      ...{ id: meterId(serial), detail: { from: shown(from), to: shown(to) } },
    })),
  );
}

async function enterInstallations({ tx, acting, state, rows, at }: Doing): Promise<void> {
  const created = actsOf(rows, 'create', 'installation');
  const wanted = created.map(({ act: { serial, point, ct, pt, firstRegister, fromMs } }) => ({
    pointId: idOf(state.points.get(point)),
    meterId: idOf(state.meters.get(serial)),
    ...{ validFrom: fromMs === null ? at : new Date(fromMs), validTo: null },
    ...{ firstRegister, lastRegister: null, ct, pt, registerSpan: null, ratedPerHour: null },
  }));
  await installAll(tx, acting, wanted, { refuse: refusing(created) });
}

function pointRow(state: ImportState, values: PointValues) {
  const { building, floor, room, name, commodity, overloadW } = values;
  return {
    ...{ name, commodity, overloadW },
    // As the columns' schemas have read them.
    class: values.class as (typeof points.$inferInsert)['class'],
    role: values.role as (typeof points.$inferInsert)['role'],
    buildingId: building === null ? null : idOf(state.buildings.get(building)),
    floorId:
      building === null || floor === null ? null : idOf(state.floors.get(keyOf(building, floor))),
    roomId:
      building === null || floor === null || room === null
        ? null
        : idOf(state.rooms.get(keyOf(building, floor, room))),
  };
}

/** Keys are for machines: the log names gateway and bus. */
const shown = ({ bus, ...values }: MeterValues) => ({
  ...values,
  bus: bus === null ? null : bus.split('\u0000').join(' / '),
});
