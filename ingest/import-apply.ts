/** What an import has planned, done: each act by the same functions as by hand, with its line of the system log. */
import { and, eq } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { makeBuilding, makeFloor, makeRoom } from '../sql/places.ts';
import type { Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { buses, gateways, meters, points } from '../sql/schema/index.ts';
import type { ImportAct, MeterValues, PlannedRow, PointValues } from './import-plan.ts';
import { type ImportState, keyOf } from './import-state.ts';
import { install } from './installation-rows.ts';
import { takePlace } from './meters.ts';
import { type Acting, only } from './rows.ts';
import { setPollSeconds } from './schedules.ts';

/**
 * Does all rows. `state` is as the plan has left it: what has no id there gets one here. Throws Problem
 * `import-refused` naming the row when something stands in the way that the plan did not see.
 */
export async function applyImport(
  tx: Tx,
  acting: Acting,
  { state, rows, at }: { state: ImportState; rows: readonly PlannedRow[]; at: Date },
): Promise<void> {
  for (const { row, acts } of rows) {
    for (const act of acts) {
      try {
        await apply(tx, acting, { state, act, at });
      } catch (cause) {
        if (!(cause instanceof Problem)) throw cause;
        const fault = { at: `row/${row}`, message: cause.detail, code: cause.code };
        const detail = `Row ${row}: ${cause.detail}`;
        throw new Problem('import-refused', detail, { faults: [fault], cause });
      }
    }
  }
}

async function apply(
  tx: Tx,
  acting: Acting,
  { state, act, at }: { state: ImportState; act: ImportAct; at: Date },
): Promise<void> {
  const { projectId } = acting;
  const log = (subjectKind: string, subjectId: string, verb: string, detail: object) =>
    record(tx, {
      ...acting,
      action: `${subjectKind}.${verb}`,
      ...{ subjectKind, subjectId },
      detail: { ...detail, by: 'import' },
    });
  switch (act.kind) {
    case 'building': {
      const { code, name } = act;
      const id = await makeBuilding(tx, acting, { code, name, nameZh: null });
      return give(state.buildings.get(code), id);
    }
    case 'floor': {
      const { building, level, name } = act;
      const buildingId = idOf(state.buildings.get(building));
      const id = await makeFloor(tx, acting, { buildingId, level, name });
      return give(state.floors.get(keyOf(building, level)), id);
    }
    case 'room': {
      const { building, level, code } = act;
      const floorId = idOf(state.floors.get(keyOf(building, level)));
      const id = await makeRoom(tx, acting, { floorId, code, name: code, nameZh: null });
      return give(state.rooms.get(keyOf(building, level, code)), id);
    }
    case 'gateway': {
      const { name, building } = act;
      const buildingId = building === null ? null : idOf(state.buildings.get(building));
      const values = { name, nameZh: null, buildingId };
      const made = tx.insert(gateways).values({ projectId, ...values });
      const { id } = only(await made.returning({ id: gateways.id }));
      await log('gateway', id, 'created', { to: values });
      return give(state.gateways.get(name), id);
    }
    case 'bus': {
      const { gateway, name, framing, host, port, line } = act;
      const gatewayId = idOf(state.gateways.get(gateway));
      const values = { name, framing, host, port, line };
      const made = tx.insert(buses).values({ projectId, gatewayId, ...values });
      const { id } = only(await made.returning({ id: buses.id }));
      await log('bus', id, 'created', { to: { gatewayId, ...values } });
      return give(state.buses.get(keyOf(gateway, name)), id);
    }
    case 'point': {
      const { code, to } = act;
      if (act.act === 'create') {
        const made = tx.insert(points).values({ projectId, code, ...pointRow(state, to) });
        const { id } = only(await made.returning({ id: points.id }));
        await log('point', id, 'created', { to: { code, ...to } });
        return give(state.points.get(code), id);
      }
      const id = idOf(state.points.get(code));
      const which = and(eq(points.projectId, projectId), eq(points.id, id));
      await tx.update(points).set(pointRow(state, to)).where(which);
      return await log('point', id, 'changed', { from: act.from, to });
    }
    case 'meter': {
      const { serial, to } = act;
      const known = state.meters.get(serial);
      const meterId = act.act === 'create' ? null : idOf(known);
      const place = { busId: busIdOf(state, to), unit: to.unit };
      await takePlace(tx, { projectId, meterId, ...place });
      const { model } = to;
      if (meterId === null) {
        const made = tx.insert(meters).values({ projectId, serial, model, ...place });
        const { id } = only(await made.returning({ id: meters.id }));
        await readEvery(tx, { projectId, meterId: id, to, at });
        await log('meter', id, 'created', { to: { serial, ...shown(to) } });
        return give(known, id);
      }
      const which = and(eq(meters.projectId, projectId), eq(meters.id, meterId));
      await tx.update(meters).set(place).where(which);
      await readEvery(tx, { projectId, meterId, to, at });
      const from = act.act === 'change' ? shown(act.from) : {};
      return await log('meter', meterId, 'changed', { from, to: shown(to) });
    }
    case 'installation': {
      const { serial, point, ct, pt, firstRegister, fromMs } = act;
      const from = fromMs === null ? at : new Date(fromMs);
      await install(tx, acting, {
        pointId: idOf(state.points.get(point)),
        meterId: idOf(state.meters.get(serial)),
        ...{ validFrom: from, validTo: null, firstRegister, lastRegister: null, ct, pt },
        ...{ registerSpan: null, ratedPerHour: null },
      });
    }
  }
}

/** Everything that a plan names is there by then. */
function idOf(known: { id: string | null } | undefined): string {
  if (!known?.id) throw new Error('an import names what is not there');
  return known.id;
}

function give(known: { id: string | null } | undefined, id: string): void {
  if (!known) throw new Error('an import made what it did not plan');
  known.id = id;
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

const busIdOf = (state: ImportState, { bus }: MeterValues): string | null =>
  bus === null ? null : idOf(state.buses.get(bus));

const readEvery = async (
  tx: Tx,
  { to, ...which }: { projectId: string; meterId: string; to: MeterValues; at: Date },
): Promise<void> => {
  if (to.pollSeconds !== null) await setPollSeconds(tx, { ...which, seconds: to.pollSeconds });
};

/** Keys are for machines: the log names gateway and bus. */
const shown = ({ bus, ...values }: MeterValues) => ({
  ...values,
  bus: bus === null ? null : bus.split('\u0000').join(' / '),
});
