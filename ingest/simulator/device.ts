/**
 * A simulated meter in being: its row of the park, what it measures, and its little state – forced control that a master
 * can change, what it keeps of its own (prepayment.ts), the relay or valve that follows, phases that somebody has bridged.
 */
import { dayStart, localDay } from './calendar.ts';
import { addQuantities, type Consumer, outageAt, rateAt } from './load.ts';
import type { Park, ParkMeter } from './park.ts';
import { newOwn, type Own } from './prepayment.ts';
import type { Curves } from './profile.ts';
import { MINUTE_MS, type Readings } from './readings.ts';

export interface Device {
  meter: ParkMeter;
  /** One consumer for a tenant; for a main all those behind it. */
  consumers: Consumer[];
  /** 1, or 1 + losses for a main. */
  scale: number;
  /** Registers 0057H and 0058H. */
  force: { enabled: number; trip: number };
  /** Replaced as a whole when something of it changes. */
  own: Own;
  bypass: Bypass | null;
  readings: Readings;
}

/** From an instant (epoch ms) on the meter counts less than flows; `share` of it, above 0 and below 1, passes it by. */
interface Bypass {
  from: number;
  share: number;
}

/** What a device keeps over restarts. */
export interface DeviceState {
  force: Device['force'];
  outages: Consumer['outages'];
  own?: Own | undefined;
  bypass?: Bypass | undefined;
}

/** E110 takes two fifths of its building: what it does not count shows in the losses of E. */
const BRIDGED = 'E110';
const BRIDGED_SHARE = 2 / 3;
/** Half of the days that make what is usual: the other half still tells it. */
const BRIDGED_DAYS_AGO = 7;
const BRIDGED_AT_MINUTE = 22 * 60 + 40;

/** What a park has done before it begins: a week ago, in the evening, two of three phases of E110 were bridged. */
export function bridgedAtFirst(park: Park, startedAt: number): Record<string, DeviceState> {
  const from = dayStart(localDay(startedAt) - BRIDGED_DAYS_AGO) + BRIDGED_AT_MINUTE * MINUTE_MS;
  const bypass = { from, share: BRIDGED_SHARE };
  return Object.fromEntries(
    park.meters
      .filter(({ label }) => label === BRIDGED)
      .map(({ serial }) => [serial, { force: { enabled: 0, trip: 0 }, outages: [], bypass }]),
  );
}

/** Every device of the park, by serial; `kept` restores what each had kept. */
export function devicesOf(
  park: Park,
  {
    curves,
    readings,
    kept = {},
  }: { curves: Curves; readings: Readings; kept?: Record<string, DeviceState> },
): Map<string, Device> {
  const consumers = new Map<string, Consumer>();
  for (const meter of park.meters) {
    if (meter.profile === 'sum') continue;
    consumers.set(meter.label, {
      curve: curves[meter.profile],
      turnMinutes: meter.turnMinutes,
      peak: meter.peak,
      since: installedAt(meter),
      outages: kept[meter.serial]?.outages ?? [],
    });
  }
  const devices = park.meters.map((meter): [string, Device] => [
    meter.serial,
    {
      meter,
      consumers: park.meters.flatMap((other) =>
        isBehind({ main: meter, other }) ? (consumers.get(other.label) ?? []) : [],
      ),
      scale: 1 + meter.loss,
      force: kept[meter.serial]?.force ?? { enabled: 0, trip: 0 },
      own: kept[meter.serial]?.own ?? newOwn({ meter }),
      bypass: kept[meter.serial]?.bypass ?? null,
      readings,
    },
  ]);
  return new Map(devices);
}

function isBehind({ main, other }: { main: ParkMeter; other: ParkMeter }): boolean {
  if (main.role === 'park-main') return other.role === 'tenant';
  if (main.role === 'building-main') return other.role === 'tenant' && other.parent === main.label;
  return other === main;
}

function installedAt({ installedOn }: ParkMeter): number {
  return dayStart(Math.floor(Date.parse(installedOn) / 86_400_000));
}

/** Total and the five ranks at an instant, primary Wh or litres: [total, spike, peak, flat, valley, deep valley]. */
export function quantitiesAt(device: Device, at: number): Float64Array {
  const quantities = new Float64Array(6);
  const { bypass, consumers, scale, own } = device;
  // Before it was written, the meter counted by what it was delivered with.
  const written = own.written && at >= own.written.from ? own.written : null;
  const counted = scale * countedShare(device, at);
  for (const consumer of consumers) {
    addQuantities(consumer, at, quantities, { factor: counted, written });
    // What was counted in full before the meter was passed by.
    if (bypass && counted < scale)
      addQuantities(consumer, bypass.from, quantities, { factor: scale - counted, written });
  }
  for (let rank = 1; written && rank < quantities.length; rank++)
    quantities[rank] = (quantities[rank] ?? 0) + (written.counted[rank] ?? 0);
  return quantities;
}

/** Power (W) or flow (L/h) of the minute that holds an instant, primary. */
export function deviceRateAt(device: Device, at: number): number {
  let rate = 0;
  for (const consumer of device.consumers) rate += rateAt(consumer, at);
  return rate * device.scale * countedShare(device, at);
}

/** How much of what flows the meter counts at an instant: 1, or less while it is passed by. */
export function countedShare({ bypass }: Device, at: number): number {
  return bypass && at >= bypass.from ? 1 - bypass.share : 1;
}

/** Mean of a local day over the whole cycle, primary Wh or litres. */
export function deviceMeanDay(device: Device, meanDay: (consumer: Consumer) => number): number {
  return device.scale * device.consumers.reduce((sum, consumer) => sum + meanDay(consumer), 0);
}

/** Whether the relay (or valve) is closed (or open to flow): mains have none and always are. */
export function isSupplied(device: Device, at: number): boolean {
  const [consumer] = device.consumers;
  return device.meter.profile === 'sum' || !consumer || !outageAt(consumer, at);
}

/** Opens or closes the relay; energy stands still while it is open. True when it moved. */
export function setOutage(device: Device, open: boolean, at: number): boolean {
  const [consumer] = device.consumers;
  if (!consumer || device.meter.profile === 'sum') return false;
  const last = consumer.outages.at(-1);
  const lasting = last?.to === null ? last : null;
  if (open === (lasting !== null)) return false;
  // The clock may have gone back since the last one: outages never overlap.
  if (!lasting) consumer.outages.push({ from: Math.max(at, last?.to ?? at), to: null });
  else lasting.to = Math.max(at, lasting.from);
  return true;
}

/** What of a device must be kept, or null when it is as new. */
export function stateOf(device: Device): DeviceState | null {
  const { force, own, bypass } = device;
  const outages = device.meter.profile === 'sum' ? [] : (device.consumers[0]?.outages ?? []);
  const isNew = JSON.stringify(own) === JSON.stringify(newOwn(device));
  if (!force.enabled && !force.trip && outages.length === 0 && isNew && !bypass) return null;
  return { force, outages, ...(!isNew && { own }), ...(bypass && { bypass }) };
}
