/** The point and the meter of an import's row, and the one standing at the other. */
import { Temporal } from 'temporal-polyfill';
import { budgetOf, type SerialLine } from './bus-budget.ts';
import type { MeterValues, PointValues } from './import-acts.ts';
import type { RowPlan } from './import-row.ts';
import { keyOf } from './import-state.ts';
import { BUS_METERS_MAX } from './meters.ts';
import { modelOf } from './models.ts';

export function planPoint(plan: RowPlan): void {
  const { point: code, pointName, commodity, class: kind, role, overloadKw } = plan.values;
  const { building = null, floor = null, room = null } = plan.values;
  const { points } = plan.state;
  if (code === undefined) {
    const needs = plan.said(
      'pointName',
      'commodity',
      'class',
      'role',
      'overloadKw',
      'ct',
      'pt',
      'firstRegister',
    );
    if (needs) plan.fault('point', 'needed', '', needs);
    return;
  }
  const known = points.get(code);
  if (known?.retired) {
    plan.fault('point', 'retired', code);
    return;
  }
  if (!known) {
    if (commodity === undefined) {
      plan.fault('commodity', 'needed', '', `point ${code}`);
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
    plan.acts.push({ act: 'create', kind: 'point', code, to });
    plan.takes.push(() =>
      points.set(code, { id: null, retired: false, ...to, installed: null, freeFromMs: 0 }),
    );
    return;
  }
  if (commodity !== undefined && commodity !== known.commodity) {
    plan.fault('commodity', 'differs', commodity, known.commodity);
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
  plan.acts.push({ act: 'change', kind: 'point', code, from, to });
  plan.takes.push(() => Object.assign(known, to));
}

export function planMeter(plan: RowPlan): void {
  const { serial, model, gateway, bus, address, pollSeconds } = plan.values;
  const { meters } = plan.state;
  if (serial === undefined) {
    const needs = plan.said(
      'address',
      'model',
      'pollSeconds',
      'ct',
      'pt',
      'firstRegister',
      'installedAt',
    );
    if (needs) plan.fault('serial', 'needed', '', needs);
    return;
  }
  const known = meters.get(serial);
  if (known?.retired) {
    plan.fault('serial', 'retired', serial);
    return;
  }
  if (known && model !== undefined && model !== known.model) {
    plan.fault('model', 'differs', model, known.model);
    return;
  }
  const name = known?.model ?? model;
  if (name === undefined) {
    plan.fault('model', 'needed', '', `meter ${serial}`);
    return;
  }
  const onBus = gateway !== undefined && bus !== undefined;
  if (onBus && address === undefined) {
    plan.fault('address', 'needed', '', `bus ${bus}`);
    return;
  }
  const place = onBus
    ? { bus: keyOf(gateway, bus), unit: address ?? null }
    : { bus: known?.bus ?? null, unit: known?.unit ?? null };
  const seconds = pollSeconds ?? known?.seconds ?? plan.state.pollSeconds;
  if (!fits(plan, { serial, model: name, seconds, ...place })) return;
  const to: MeterValues = { model: name, ...place, pollSeconds: pollSeconds ?? null };
  plan.takes.push(() => {
    const old = known && known.bus !== null ? plan.state.buses.get(known.bus) : undefined;
    if (known && known.unit !== null) old?.units.delete(known.unit);
    if (place.bus !== null && place.unit !== null) {
      plan.state.buses.get(place.bus)?.units.set(place.unit, { serial, model: name, seconds });
    }
    const rest = known ?? { id: null, retired: false, point: null, freeFromMs: 0 };
    meters.set(serial, { ...rest, model: name, ...place, seconds });
  });
  if (!known) {
    plan.acts.push({ act: 'create', kind: 'meter', serial, to });
    return;
  }
  const from = { ...to, bus: known.bus, unit: known.unit, pollSeconds: known.seconds };
  const isSame = from.bus === to.bus && from.unit === to.unit && seconds === known.seconds;
  if (!isSame) plan.acts.push({ act: 'change', kind: 'meter', serial, from, to });
}

/** Whether the address is free, and the bus has room and time. */
function fits(
  plan: RowPlan,
  meter: {
    serial: string;
    model: string;
    seconds: number;
    bus: string | null;
    unit: number | null;
  },
): boolean {
  if (meter.bus === null || meter.unit === null) return true;
  // A bus that is yet to be made is empty, but for the rows before this one.
  const bus = plan.state.buses.get(meter.bus);
  const there = bus?.units.get(meter.unit);
  if (there && there.serial !== meter.serial) {
    plan.fault('address', 'taken', meter.unit, there.serial);
    return false;
  }
  const others = [...(bus?.units.values() ?? [])].filter(({ serial }) => serial !== meter.serial);
  if (others.length >= BUS_METERS_MAX) {
    plan.fault('bus', 'full', '', String(BUS_METERS_MAX));
    return false;
  }
  const { baud } = plan.values;
  const line = bus ? bus.line : baud === undefined ? null : usual(baud);
  const all = [...others, meter].flatMap(({ model: name, seconds }) => {
    const model = modelOf(name);
    return model ? [{ model, seconds }] : [];
  });
  const { fits, assumed, busyMsPerMinute, limitMsPerMinute } = budgetOf(all, line);
  if (fits || assumed) return true;
  const percent = (ms: number) => String(Math.round(ms / 600));
  plan.fault('pollSeconds', 'overloaded', percent(busyMsPerMinute), percent(limitMsPerMinute));
  return false;
}

export function planInstallation(plan: RowPlan): void {
  const { point: code, serial, ct, pt, firstRegister = null, installedAt } = plan.values;
  if (code === undefined || serial === undefined || plan.faults.length > 0) return;
  const [point, meter] = [plan.state.points.get(code), plan.state.meters.get(serial)];
  if (point?.installed && point.installed.serial !== serial) {
    plan.fault('serial', 'differs', serial, point.installed.serial);
    return;
  }
  if (meter?.point && meter.point !== code) {
    plan.fault('point', 'differs', code, meter.point);
    return;
  }
  if (point?.installed) {
    for (const column of ['ct', 'pt'] as const) {
      const said = plan.values[column];
      const held = point.installed[column];
      if (said !== undefined && said !== held) plan.fault(column, 'differs', said, String(held));
    }
    return;
  }
  const model = modelOf(meter?.model ?? plan.values.model ?? '');
  const commodity = point?.commodity ?? plan.values.commodity;
  if (model && commodity !== undefined && model.commodity !== commodity) {
    plan.fault('model', 'commodity', model.name, commodity);
    return;
  }
  const fromMs = installedAt === undefined ? null : instantOf(plan, installedAt);
  if (fromMs === undefined) return;
  const freeFromMs = Math.max(point?.freeFromMs ?? 0, meter?.freeFromMs ?? 0);
  if (fromMs !== null && fromMs < freeFromMs) {
    const other = new Date(freeFromMs).toISOString();
    plan.fault('installedAt', 'taken', installedAt ?? '', other);
    return;
  }
  const ratios = { ct: ct ?? 1, pt: pt ?? 1 };
  const made = { serial, point: code, ...ratios, firstRegister, fromMs };
  plan.acts.push({ act: 'create', kind: 'installation', ...made });
  plan.takes.push(() => {
    const [at, of] = [plan.state.points.get(code), plan.state.meters.get(serial)];
    if (at)
      Object.assign(at, {
        installed: { serial, ...ratios },
        freeFromMs: Number.POSITIVE_INFINITY,
      });
    if (of) Object.assign(of, { point: code, freeFromMs: Number.POSITIVE_INFINITY });
  });
}

/** Epoch ms of a day or wall time of the project; a fault when there is none. */
function instantOf(plan: RowPlan, text: string): number | undefined {
  const iso = text.replace(' ', 'T');
  try {
    const ms = /[Zz]|[+-]\d{2}:\d{2}$/.test(iso.slice(10))
      ? Temporal.Instant.from(iso).epochMilliseconds
      : Temporal.PlainDateTime.from(iso, { overflow: 'reject' }).toZonedDateTime(plan.state.zone)
          .epochMilliseconds;
    if (ms >= EARLIEST_MS && ms < LATEST_MS) return ms;
  } catch {
    // Told below, like a year that nobody means.
  }
  plan.fault('installedAt', 'not-valid', text, 'not a day or instant of this century');
  return undefined;
}

const usual = (baud: number): SerialLine => ({ baud, parity: 'none', stopBits: 1 });
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
