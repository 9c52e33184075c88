/**
 * The commissioning sheet: what an electrician would hand over with the park – boxes, buses with their addresses, meters
 * with serial, unit, place and ratios. The demo enters the park from it, and nothing else tells it anything.
 */
import { dayPlans, dayStart, localDay, PARK_ZONE, type Slot, seasons } from './calendar.ts';
import { type Device, deviceMeanDay, quantitiesAt } from './device.ts';
import { meanDay } from './load.ts';
import type { Park, ParkBuilding, ParkBus, ParkGateway, ParkMeter } from './park.ts';
import { MINUTE_MS } from './readings.ts';

export interface Sheet {
  version: 1;
  seed: string;
  zone: string;
  currency: string;
  /** First start of this park ever; RFC 3339. */
  startedAt: string;
  group: { name: string; nameZh: string };
  project: { name: string; nameZh: string };
  buildings: ParkBuilding[];
  gateways: (Omit<ParkGateway, 'buses'> & { buses: SheetBus[] })[];
  meters: SheetMeter[];
  /** The time-of-use calendar in the meters: plan n is `dayPlans[n − 1]`. */
  calendar: {
    dayPlans: { from: string; rank: number }[][];
    seasons: { from: string; plan: number }[];
  };
  /** The history there will be: every 15 minutes from `from`, every minute from `minuteFrom`; RFC 3339. */
  history: { from: string; minuteFrom: string };
  /** Stretches that the generated history leaves out. */
  dirt: Dirt[];
  notes: string[];
}

interface SheetBus extends ParkBus {
  host: string;
  port: number;
  timeoutMs: number;
}

interface SheetMeter
  extends Pick<
    ParkMeter,
    | 'serial'
    | 'model'
    | 'bus'
    | 'unit'
    | 'role'
    | 'commodity'
    | 'building'
    | 'floor'
    | 'label'
    | 'name'
    | 'nameZh'
    | 'parent'
    | 'profile'
    | 'ct'
    | 'pt'
    | 'installedOn'
  > {
  basis: 'primary' | 'secondary';
  digits: number;
  /** A step of the register in base units (Wh or litres) on its own basis. */
  resolution: number;
  /** Base units after which the register begins again at zero, on its own basis. */
  registerSpan: number;
  /** The billing register when the history begins, base units on its own basis. */
  firstRegister: number;
  /** What the connection or its transformers can carry, primary. */
  ratedW: number | null;
  /** The busiest minute of the cycle, primary. */
  peakW: number | null;
  /** Suggested overload threshold, primary. */
  overloadW: number | null;
  /** Mean of a local day over the eight weeks replayed, primary. */
  expectedDayWh: number | null;
  expectedDayL: number | null;
  behaviour: { silentFrom: string } | null;
}

/** A stretch [from, to) in which these buses said nothing. */
interface Dirt {
  from: string;
  to: string;
  buses: string[];
  why: string;
}

/** Most a direct meter carries: 3 × 80 A at 220 V; through transformers 3 × 5 A. */
const DIRECT_W = 3 * 80 * 220;
const SECONDARY_W = 3 * 5 * 220;
const BUS_TIMEOUT_MS = 1_000;
const DIGITS = 8;

/** How long the history is, and how much of its end has a reading each minute. */
export interface HistoryLength {
  days: number;
  minuteHours: number;
}

export const USUAL_HISTORY: HistoryLength = { days: 35, minuteHours: 48 };
/** What the history tells lies within it: a box was without power two weeks ago. */
export const HISTORY_DAYS_MIN = 15;

/** The sheet of a park whose buses listen on `ports` (by bus code). */
export function sheetOf(
  park: Park,
  {
    devices,
    host,
    ports,
    startedAt,
    notes,
    history = USUAL_HISTORY,
  }: {
    devices: ReadonlyMap<string, Device>;
    host: string;
    ports: Readonly<Record<string, number>>;
    startedAt: number;
    notes: string[];
    history?: HistoryLength;
  },
): Sheet {
  const from = historyFrom(startedAt, history);
  return {
    version: 1,
    seed: park.seed,
    zone: PARK_ZONE,
    currency: 'CNY',
    startedAt: new Date(startedAt).toISOString(),
    group: { name: 'Suzhong Industrial Estates', nameZh: '苏中产业园集团' },
    project: { name: 'Suzhong Mould Park', nameZh: '苏中模具园' },
    buildings: park.buildings,
    gateways: park.gateways.map((gateway) => ({
      ...gateway,
      buses: gateway.buses.map((bus) => ({
        ...bus,
        host,
        port: ports[bus.code] ?? 0,
        timeoutMs: BUS_TIMEOUT_MS,
      })),
    })),
    meters: park.meters.flatMap((meter) => {
      const device = devices.get(meter.serial);
      return device ? [sheetMeter(device, { startedAt, from })] : [];
    }),
    calendar: {
      dayPlans: dayPlans.map((plan) =>
        plan.map(({ fromMinute, rank }: Slot) => ({ from: clockTime(fromMinute), rank })),
      ),
      seasons: seasons.map(({ month, day, plan }) => ({
        from: `${two(month)}-${two(day)}`,
        plan,
      })),
    },
    history: {
      from: new Date(from).toISOString(),
      minuteFrom: new Date(minuteFrom(startedAt, history)).toISOString(),
    },
    dirt: dirtOf(park, startedAt),
    notes,
  };
}

function sheetMeter(
  device: Device,
  { startedAt, from }: { startedAt: number; from: number },
): SheetMeter {
  const { meter } = device;
  const isWater = meter.commodity === 'water';
  const resolution = resolutionOf(meter);
  const expected = Math.round(deviceMeanDay(device, meanDay));
  const silentFrom = silentFromOf(meter, startedAt);
  const { serial, model, bus, unit, role, commodity, building, floor, label } = meter;
  const { name, nameZh, parent, profile, ct, pt, installedOn } = meter;
  return {
    ...{ serial, model, bus, unit, role, commodity, building, floor, label },
    ...{ name, nameZh, parent, profile, ct, pt, installedOn },
    basis: isWater ? 'primary' : 'secondary',
    digits: DIGITS,
    resolution,
    registerSpan: 10 ** DIGITS * resolution,
    firstRegister: registerAt(device, from),
    ratedW: isWater ? null : ct * pt === 1 ? DIRECT_W : SECONDARY_W * ct * pt,
    peakW: isWater ? null : meter.peak,
    overloadW: isWater ? null : Math.ceil((meter.peak * 1.15) / 100) * 100,
    expectedDayWh: isWater ? null : expected,
    expectedDayL: isWater ? expected : null,
    behaviour: silentFrom === null ? null : { silentFrom: new Date(silentFrom).toISOString() },
  };
}

const HOUR_MS = 60 * MINUTE_MS;

/** Local midnight so many days before the first start. */
function historyFrom(startedAt: number, { days }: HistoryLength): number {
  return dayStart(localDay(startedAt) - days);
}

/** So many hours before the first start, on the hour. */
function minuteFrom(startedAt: number, { minuteHours }: HistoryLength): number {
  return Math.floor(startedAt / HOUR_MS - minuteHours) * HOUR_MS;
}

/** The billing register at an instant in base units: Wh before PT and CT, or litres. */
export function registerAt(device: Device, at: number): number {
  const { ct, pt } = device.meter;
  const step = resolutionOf(device.meter);
  const counted = (quantitiesAt(device, at)[0] ?? 0) / (ct * pt);
  return (Math.floor(counted / step) % 10 ** DIGITS) * step;
}

function resolutionOf({ commodity }: ParkMeter): number {
  return commodity === 'water' ? 1 : 10;
}

/** The instant from which a meter is silent for good, or null. */
export function silentFromOf(meter: ParkMeter, startedAt: number): number | null {
  const { silentBeforeMinutes } = meter;
  return silentBeforeMinutes === null ? null : startedAt - silentBeforeMinutes * MINUTE_MS;
}

/** A box without power for half a day two weeks ago, and two gaps of forty minutes, one across a change of price. */
function dirtOf({ gateways }: Park, startedAt: number): Dirt[] {
  const today = localDay(startedAt);
  const busesOf = (gateway: string) =>
    gateways.find(({ code }) => code === gateway)?.buses.map(({ code }) => code) ?? [];
  const dirt = (daysAgo: number, minute: number, minutes: number, buses: string[], why: string) => {
    const from = dayStart(today - daysAgo) + minute * MINUTE_MS;
    const to = from + minutes * MINUTE_MS;
    return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), buses, why };
  };
  return [
    dirt(14, 6 * 60 + 8, 12 * 60, busesOf('G2'), 'G2 without power for half a day'),
    dirt(5, 10 * 60 + 37, 40, ['G1-2'], 'G1 bus 2 pulled out for 40 minutes'),
    dirt(1, 14 * 60 + 41, 40, ['G3-1'], 'G3 bus 1 pulled out for 40 minutes'),
  ];
}

function clockTime(minute: number): string {
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
