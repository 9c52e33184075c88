/** The place and the line of an import's row: buildings, floors, rooms; gateways and their buses. */
import type { SerialLine } from './bus-budget.ts';
import type { ImportAct } from './import-acts.ts';
import type { ImportColumn } from './import-columns.ts';
import type { RowPlan } from './import-row.ts';
import { type KnownBus, keyOf } from './import-state.ts';

export function planPlace(plan: RowPlan): void {
  const { building, buildingName, floor, floorName, room } = plan.values;
  if (building === undefined) {
    if (floor !== undefined) plan.fault('building', 'needed', '', 'floor');
    else if (room !== undefined) plan.fault('building', 'needed', '', 'room');
    return;
  }
  placeThere(plan, 'building', plan.state.buildings, building, {
    title: building,
    name: buildingName,
    nameColumn: 'buildingName',
    make: (name) => ({ act: 'create', kind: 'building', code: building, name }),
  });
  if (floor === undefined) {
    if (room !== undefined) plan.fault('floor', 'needed', '', 'room');
    return;
  }
  placeThere(plan, 'floor', plan.state.floors, keyOf(building, floor), {
    title: String(floor),
    name: floorName,
    nameColumn: 'floorName',
    make: (name) => ({ act: 'create', kind: 'floor', building, level: floor, name }),
  });
  if (room === undefined) return;
  placeThere(plan, 'room', plan.state.rooms, keyOf(building, floor, room), {
    title: room,
    name: undefined,
    nameColumn: 'room',
    make: () => ({ act: 'create', kind: 'room', building, level: floor, code: room }),
  });
}

/** A place that is there as it is said, or one more to make. */
function placeThere(
  plan: RowPlan,
  column: ImportColumn,
  places: Map<string, { id: string | null; name: string; retired: boolean }>,
  key: string,
  {
    title,
    name,
    nameColumn,
    make,
  }: {
    title: string;
    name: string | undefined;
    nameColumn: ImportColumn;
    make: (name: string) => ImportAct;
  },
): void {
  const found = places.get(key);
  if (found?.retired) plan.fault(column, 'retired', title);
  else if (found) {
    if (name !== undefined && name !== found.name) {
      plan.fault(nameColumn, 'differs', name, found.name);
    }
  } else {
    plan.acts.push(make(name ?? title));
    plan.takes.push(() => places.set(key, { id: null, name: name ?? title, retired: false }));
  }
}

export function planLine(plan: RowPlan): void {
  const { gateway, bus, framing, host, port, baud, building = null } = plan.values;
  const { gateways, buses } = plan.state;
  if (gateway === undefined) {
    const needs = plan.said('bus', 'address', 'host', 'port', 'baud', 'framing');
    if (needs) plan.fault('gateway', 'needed', '', needs);
    return;
  }
  const known = gateways.get(gateway);
  if (known?.retired) {
    plan.fault('gateway', 'retired', gateway);
    return;
  }
  if (!known) {
    plan.acts.push({ act: 'create', kind: 'gateway', name: gateway, building });
    plan.takes.push(() => gateways.set(gateway, { id: null, building, retired: false }));
  }
  if (bus === undefined) {
    const needs = plan.said('address', 'host', 'port', 'baud', 'framing');
    if (needs) plan.fault('bus', 'needed', '', needs);
    return;
  }
  const found = buses.get(keyOf(gateway, bus));
  if (found) {
    sameLine(plan, found, bus);
    return;
  }
  if (host === undefined) plan.fault('host', 'needed', '', `bus ${bus}`);
  if (port === undefined) plan.fault('port', 'needed', '', `bus ${bus}`);
  if (host === undefined || port === undefined) return;
  const line: SerialLine | null = baud === undefined ? null : { baud, parity: 'none', stopBits: 1 };
  const made = { framing: framing ?? ('tcp' as const), host, port, line };
  plan.acts.push({ act: 'create', kind: 'bus', gateway, name: bus, ...made });
  plan.takes.push(() =>
    buses.set(keyOf(gateway, bus), { id: null, retired: false, ...made, units: new Map() }),
  );
}

function sameLine(plan: RowPlan, bus: KnownBus, name: string): void {
  const { framing, host, port, baud } = plan.values;
  if (bus.retired) {
    plan.fault('bus', 'retired', name);
    return;
  }
  const said = { framing, host, port, baud };
  const held = { framing: bus.framing, host: bus.host, port: bus.port, baud: bus.line?.baud };
  for (const column of ['framing', 'host', 'port', 'baud'] as const) {
    const value = said[column];
    if (value !== undefined && value !== held[column]) {
      plan.fault(column, 'differs', value, String(held[column] ?? '–'));
    }
  }
}
