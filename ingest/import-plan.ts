/**
 * What becomes of each row of an import, and what there is to do for it: worked out of what the project has and
 * of the rows before it, without writing anything. A row says what shall be there; what is already there as
 * said is left alone, and nothing of a row that has a fault is counted on by the rows after it.
 */
import { Temporal } from 'temporal-polyfill';
import { budgetOf, type SerialLine } from './bus-budget.ts';
import {
  type CellFault,
  type ImportColumn,
  type ImportValues,
  readCells,
} from './import-columns.ts';
import type { ImportRow } from './import-file.ts';
import { type ImportState, type KnownBus, keyOf } from './import-state.ts';
import { modelOf } from './models.ts';

export const importFates = ['create', 'same', 'change', 'error'] as const;
export type ImportFate = (typeof importFates)[number];

/** One thing to enter or to change; places and lines are named, ids are found when it is done. */
export type ImportAct =
  | { act: 'create'; kind: 'building'; code: string; name: string }
  | { act: 'create'; kind: 'floor'; building: string; level: number; name: string }
  | { act: 'create'; kind: 'room'; building: string; level: number; code: string }
  | { act: 'create'; kind: 'gateway'; name: string; building: string | null }
  | {
      act: 'create';
      kind: 'bus';
      gateway: string;
      name: string;
      framing: 'tcp' | 'rtu-over-tcp';
      host: string;
      port: number;
      line: SerialLine | null;
    }
  | { act: 'create'; kind: 'point'; code: string; to: PointValues }
  | { act: 'change'; kind: 'point'; code: string; from: PointValues; to: PointValues }
  | { act: 'create'; kind: 'meter'; serial: string; to: MeterValues }
  | { act: 'change'; kind: 'meter'; serial: string; from: MeterValues; to: MeterValues }
  | {
      act: 'create';
      kind: 'installation';
      serial: string;
      point: string;
      ct: number;
      pt: number;
      firstRegister: number | null;
      /** Null: when it is imported. */
      fromMs: number | null;
    };

export interface PointValues {
  name: string;
  commodity: 'electricity' | 'water';
  class: string;
  role: string;
  building: string | null;
  floor: number | null;
  room: string | null;
  overloadW: number | null;
}
export interface MeterValues {
  model: string;
  /** Key of gateway and bus. */
  bus: string | null;
  unit: number | null;
  /** Null: as the project's default. */
  pollSeconds: number | null;
}

export interface PlannedRow {
  row: number;
  fate: ImportFate;
  acts: ImportAct[];
  faults: CellFault[];
  /** What the row is about, as it stands there. */
  point: string | null;
  serial: string | null;
  place: string | null;
}

/** Meters that one bus can be read with. */
const BUS_METERS_MAX = 32;

/** Plans all rows in order. `state` is changed: afterwards it is what it will be. */
export function planImport(state: ImportState, rows: readonly ImportRow[]): PlannedRow[] {
  const seen = { points: new Map<string, number>(), serials: new Map<string, number>() };
  return rows.map(({ row, cells }) => {
    const { values, faults } = readCells(cells);
    const plan = new RowPlan(state, values, faults);
    for (const column of ['point', 'serial'] as const) {
      const name = values[column];
      const at = seen[column === 'point' ? 'points' : 'serials'];
      const earlier = name === undefined ? undefined : at.get(name);
      if (name === undefined) continue;
      if (earlier === undefined) at.set(name, row);
      else plan.fault(column, 'taken', name, `row ${earlier}`);
    }
    plan.work();
    const acts = plan.faults.length > 0 ? [] : plan.acts;
    if (plan.faults.length === 0) for (const take of plan.takes) take();
    return {
      row,
      fate: fateOf(acts, plan.faults),
      acts,
      faults: plan.faults,
      point: cells.point || null,
      serial: cells.serial || null,
      place: [cells.building, cells.floor, cells.room].filter(Boolean).join(' · ') || null,
    };
  });
}

function fateOf(acts: readonly ImportAct[], faults: readonly CellFault[]): ImportFate {
  if (faults.length > 0) return 'error';
  if (acts.length === 0) return 'same';
  return acts.some(({ act }) => act === 'create') ? 'create' : 'change';
}

const sentences: Record<CellFault['code'], (p: { value: string; other: string }) => string> = {
  needed: ({ other }) => `is needed: ${other}`,
  'not-valid': ({ value, other }) => `“${value}”: ${other}`,
  taken: ({ value, other }) => `${value} is taken by ${other}`,
  differs: ({ value, other }) => `${value} differs from ${other}, which an import does not change`,
  retired: ({ value }) => `${value} is retired`,
  'other-building': ({ value, other }) => `${value}: the rest of the place is missing (${other})`,
  full: ({ other }) => `the bus has ${other} meters already`,
  overloaded: ({ value, other }) =>
    `the line would be busy ${value} % of the time, ${other} % can be used`,
  commodity: ({ value, other }) => `a meter ${value} cannot stand at a point for ${other}`,
};

/** One row on its way: what it asks for is gathered, and taken over only when nothing is wrong with it. */
class RowPlan {
  readonly acts: ImportAct[] = [];
  readonly takes: (() => void)[] = [];
  constructor(
    private readonly state: ImportState,
    private readonly values: ImportValues,
    readonly faults: CellFault[],
  ) {}

  fault(column: ImportColumn, code: CellFault['code'], value: string | number, other = ''): void {
    // What is wrong is not missing, too.
    if (code === 'needed' && this.faults.some((fault) => fault.column === column)) return;
    const parameters = { value: String(value), other };
    const message = `${column} ${sentences[code](parameters)}`;
    this.faults.push({ column, code, message, parameters });
  }

  work(): void {
    const { building, gateway, point, serial } = this.values;
    if (building === undefined && gateway === undefined && !point && !serial) {
      if (this.faults.length === 0)
        this.fault('point', 'needed', '', 'building, gateway, point or serial');
      return;
    }
    this.place();
    this.line();
    this.point();
    this.meter();
    this.installation();
  }

  private place(): void {
    const { building, buildingName, floor, floorName, room } = this.values;
    if (building === undefined) {
      if (floor !== undefined) this.fault('building', 'needed', '', 'floor');
      else if (room !== undefined) this.fault('building', 'needed', '', 'room');
      return;
    }
    this.known('building', this.state.buildings, building, {
      title: building,
      name: buildingName,
      nameColumn: 'buildingName',
      make: (name) => ({ act: 'create', kind: 'building', code: building, name }),
    });
    if (floor === undefined) {
      if (room !== undefined) this.fault('floor', 'needed', '', 'room');
      return;
    }
    this.known('floor', this.state.floors, keyOf(building, floor), {
      title: String(floor),
      name: floorName,
      nameColumn: 'floorName',
      make: (name) => ({ act: 'create', kind: 'floor', building, level: floor, name }),
    });
    if (room === undefined) return;
    this.known('room', this.state.rooms, keyOf(building, floor, room), {
      title: room,
      name: undefined,
      nameColumn: 'room',
      make: () => ({ act: 'create', kind: 'room', building, level: floor, code: room }),
    });
  }

  /** A place that is there as it is said, or one more to make. */
  private known(
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
    if (found?.retired) this.fault(column, 'retired', title);
    else if (found) {
      if (name !== undefined && name !== found.name) {
        this.fault(nameColumn, 'differs', name, found.name);
      }
    } else {
      this.acts.push(make(name ?? title));
      this.takes.push(() => places.set(key, { id: null, name: name ?? title, retired: false }));
    }
  }

  private line(): void {
    const { gateway, bus, framing, host, port, baud, building = null } = this.values;
    const { gateways, buses } = this.state;
    if (gateway === undefined) {
      const needs = (['bus', 'address', 'host', 'port', 'baud', 'framing'] as const).find(
        (column) => this.values[column] !== undefined,
      );
      if (needs) this.fault('gateway', 'needed', '', needs);
      return;
    }
    const known = gateways.get(gateway);
    if (known?.retired) {
      this.fault('gateway', 'retired', gateway);
      return;
    }
    if (!known) {
      this.acts.push({ act: 'create', kind: 'gateway', name: gateway, building });
      this.takes.push(() => gateways.set(gateway, { id: null, building, retired: false }));
    }
    if (bus === undefined) {
      const needs = (['address', 'host', 'port', 'baud', 'framing'] as const).find(
        (column) => this.values[column] !== undefined,
      );
      if (needs) this.fault('bus', 'needed', '', needs);
      return;
    }
    const found = buses.get(keyOf(gateway, bus));
    if (found) {
      this.sameLine(found, bus);
      return;
    }
    if (host === undefined) this.fault('host', 'needed', '', `bus ${bus}`);
    if (port === undefined) this.fault('port', 'needed', '', `bus ${bus}`);
    if (host === undefined || port === undefined) return;
    const line: SerialLine | null =
      baud === undefined ? null : { baud, parity: 'none', stopBits: 1 };
    const made = { framing: framing ?? ('tcp' as const), host, port, line };
    this.acts.push({ act: 'create', kind: 'bus', gateway, name: bus, ...made });
    this.takes.push(() =>
      buses.set(keyOf(gateway, bus), { id: null, retired: false, ...made, units: new Map() }),
    );
  }

  private sameLine(bus: KnownBus, name: string): void {
    const { framing, host, port, baud } = this.values;
    if (bus.retired) {
      this.fault('bus', 'retired', name);
      return;
    }
    const said = { framing, host, port, baud };
    const held = { framing: bus.framing, host: bus.host, port: bus.port, baud: bus.line?.baud };
    for (const column of ['framing', 'host', 'port', 'baud'] as const) {
      const value = said[column];
      if (value !== undefined && value !== held[column]) {
        this.fault(column, 'differs', value, String(held[column] ?? '–'));
      }
    }
  }

  private point(): void {
    const { point: code, pointName, commodity, class: kind, role, overloadKw } = this.values;
    const { building = null, floor = null, room = null } = this.values;
    const { points } = this.state;
    if (code === undefined) {
      const needs = (
        [
          'pointName',
          'commodity',
          'class',
          'role',
          'overloadKw',
          'ct',
          'pt',
          'firstRegister',
        ] as const
      ).find((column) => this.values[column] !== undefined);
      if (needs) this.fault('point', 'needed', '', needs);
      return;
    }
    const known = points.get(code);
    if (known?.retired) {
      this.fault('point', 'retired', code);
      return;
    }
    if (!known) {
      if (commodity === undefined) {
        this.fault('commodity', 'needed', '', `point ${code}`);
        return;
      }
      const to: PointValues = {
        name: pointName ?? code,
        commodity,
        class: kind ?? 'business',
        role: role ?? 'unit',
        ...{ building, floor, room },
        overloadW: overloadKw ?? null,
      };
      this.acts.push({ act: 'create', kind: 'point', code, to });
      this.takes.push(() =>
        points.set(code, { id: null, retired: false, ...to, installed: null, freeFromMs: 0 }),
      );
      return;
    }
    if (commodity !== undefined && commodity !== known.commodity) {
      this.fault('commodity', 'differs', commodity, known.commodity);
      return;
    }
    const { name, class: of, role: as, overloadW } = known;
    const from: PointValues = {
      ...{ name, commodity: known.commodity, class: of, role: as, overloadW },
      ...{ building: known.building, floor: known.floor, room: known.room },
    };
    // A place is said as a whole, from the building down.
    const place = building === null ? {} : { building, floor, room };
    const to: PointValues = {
      ...from,
      ...place,
      name: pointName ?? from.name,
      class: kind ?? from.class,
      role: role ?? from.role,
      overloadW: overloadKw ?? from.overloadW,
    };
    if (JSON.stringify(from) === JSON.stringify(to)) return;
    this.acts.push({ act: 'change', kind: 'point', code, from, to });
    this.takes.push(() => Object.assign(known, to));
  }

  private meter(): void {
    const { serial, model, gateway, bus, address, pollSeconds } = this.values;
    const { meters } = this.state;
    if (serial === undefined) {
      const needs = (
        ['address', 'model', 'pollSeconds', 'ct', 'pt', 'firstRegister', 'installedAt'] as const
      ).find((column) => this.values[column] !== undefined);
      if (needs) this.fault('serial', 'needed', '', needs);
      return;
    }
    const known = meters.get(serial);
    if (known?.retired) {
      this.fault('serial', 'retired', serial);
      return;
    }
    if (known && model !== undefined && model !== known.model) {
      this.fault('model', 'differs', model, known.model);
      return;
    }
    const name = known?.model ?? model;
    if (name === undefined) {
      this.fault('model', 'needed', '', `meter ${serial}`);
      return;
    }
    const onBus = gateway !== undefined && bus !== undefined;
    if (onBus && address === undefined) {
      this.fault('address', 'needed', '', `bus ${bus}`);
      return;
    }
    const place = onBus
      ? { bus: keyOf(gateway, bus), unit: address ?? null }
      : { bus: known?.bus ?? null, unit: known?.unit ?? null };
    const seconds = pollSeconds ?? known?.seconds ?? this.state.pollSeconds;
    if (!this.fits({ serial, model: name, seconds, ...place })) return;
    const to: MeterValues = { model: name, ...place, pollSeconds: pollSeconds ?? null };
    this.takes.push(() => {
      const old = known && known.bus !== null ? this.state.buses.get(known.bus) : undefined;
      if (known && known.unit !== null) old?.units.delete(known.unit);
      if (place.bus !== null && place.unit !== null) {
        this.state.buses.get(place.bus)?.units.set(place.unit, { serial, model: name, seconds });
      }
      const rest = known ?? { id: null, retired: false, point: null, freeFromMs: 0 };
      meters.set(serial, { ...rest, model: name, ...place, seconds });
    });
    if (!known) {
      this.acts.push({ act: 'create', kind: 'meter', serial, to });
      return;
    }
    const from = { ...to, bus: known.bus, unit: known.unit, pollSeconds: known.seconds };
    const isSame = from.bus === to.bus && from.unit === to.unit && seconds === known.seconds;
    if (!isSame) this.acts.push({ act: 'change', kind: 'meter', serial, from, to });
  }

  /** Whether the address is free, and the bus has room and time. */
  private fits(meter: {
    serial: string;
    model: string;
    seconds: number;
    bus: string | null;
    unit: number | null;
  }): boolean {
    if (meter.bus === null || meter.unit === null) return true;
    // A bus that is yet to be made is empty, but for the rows before this one.
    const bus = this.state.buses.get(meter.bus);
    const there = bus?.units.get(meter.unit);
    if (there && there.serial !== meter.serial) {
      this.fault('address', 'taken', meter.unit, there.serial);
      return false;
    }
    const others = [...(bus?.units.values() ?? [])].filter(({ serial }) => serial !== meter.serial);
    if (others.length >= BUS_METERS_MAX) {
      this.fault('bus', 'full', '', String(BUS_METERS_MAX));
      return false;
    }
    const { baud } = this.values;
    const line = bus ? bus.line : baud === undefined ? null : usual(baud);
    const all = [...others, meter].flatMap(({ model: name, seconds }) => {
      const model = modelOf(name);
      return model ? [{ model, seconds }] : [];
    });
    const { fits, assumed, busyMsPerMinute, limitMsPerMinute } = budgetOf(all, line);
    if (fits || assumed) return true;
    const percent = (ms: number) => String(Math.round(ms / 600));
    this.fault('pollSeconds', 'overloaded', percent(busyMsPerMinute), percent(limitMsPerMinute));
    return false;
  }

  private installation(): void {
    const { point: code, serial, ct, pt, firstRegister = null, installedAt } = this.values;
    if (code === undefined || serial === undefined || this.faults.length > 0) return;
    const [point, meter] = [this.state.points.get(code), this.state.meters.get(serial)];
    if (point?.installed && point.installed.serial !== serial) {
      this.fault('serial', 'differs', serial, point.installed.serial);
      return;
    }
    if (meter?.point && meter.point !== code) {
      this.fault('point', 'differs', code, meter.point);
      return;
    }
    if (point?.installed) {
      for (const column of ['ct', 'pt'] as const) {
        const said = this.values[column];
        const held = point.installed[column];
        if (said !== undefined && said !== held) this.fault(column, 'differs', said, String(held));
      }
      return;
    }
    const model = modelOf(meter?.model ?? this.values.model ?? '');
    const commodity = point?.commodity ?? this.values.commodity;
    if (model && commodity !== undefined && model.commodity !== commodity) {
      this.fault('model', 'commodity', model.name, commodity);
      return;
    }
    const fromMs = installedAt === undefined ? null : this.instantOf(installedAt);
    if (fromMs === undefined) return;
    const freeFromMs = Math.max(point?.freeFromMs ?? 0, meter?.freeFromMs ?? 0);
    if (fromMs !== null && fromMs < freeFromMs) {
      const other = new Date(freeFromMs).toISOString();
      this.fault('installedAt', 'taken', installedAt ?? '', other);
      return;
    }
    const ratios = { ct: ct ?? 1, pt: pt ?? 1 };
    const made = { serial, point: code, ...ratios, firstRegister, fromMs };
    this.acts.push({ act: 'create', kind: 'installation', ...made });
    this.takes.push(() => {
      const [at, of] = [this.state.points.get(code), this.state.meters.get(serial)];
      if (at)
        Object.assign(at, {
          installed: { serial, ...ratios },
          freeFromMs: Number.POSITIVE_INFINITY,
        });
      if (of) Object.assign(of, { point: code, freeFromMs: Number.POSITIVE_INFINITY });
    });
  }

  /** Epoch ms of a day or wall time of the project; a fault when there is none. */
  private instantOf(text: string): number | undefined {
    const iso = text.replace(' ', 'T');
    try {
      const ms = /[Zz]|[+-]\d{2}:\d{2}$/.test(iso.slice(10))
        ? Temporal.Instant.from(iso).epochMilliseconds
        : Temporal.PlainDateTime.from(iso, { overflow: 'reject' }).toZonedDateTime(this.state.zone)
            .epochMilliseconds;
      if (ms >= EARLIEST_MS && ms < LATEST_MS) return ms;
    } catch {
      // Told below, like a year that nobody means.
    }
    this.fault('installedAt', 'not-valid', text, 'not a day or instant of this century');
    return undefined;
  }
}

const usual = (baud: number): SerialLine => ({ baud, parity: 'none', stopBits: 1 });
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
