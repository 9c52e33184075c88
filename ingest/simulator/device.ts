/**
 * A simulated meter in being: its row of the park, what it measures, and the little state that a master can change –
 * forced control and the relay or valve that follows it.
 */
import { dayStart } from './calendar.ts';
import { addQuantities, type Consumer, outageAt, rateAt } from './load.ts';
import type { Park, ParkMeter } from './park.ts';
import type { Curves } from './profile.ts';
import type { Readings } from './readings.ts';

export interface Device {
  meter: ParkMeter;
  /** One consumer for a tenant; for a main all those behind it. */
  consumers: Consumer[];
  /** 1, or 1 + losses for a main. */
  scale: number;
  /** Registers 0057H and 0058H. */
  force: { enabled: number; trip: number };
  readings: Readings;
}

/** What a device keeps over restarts. */
export interface DeviceState {
  force: Device['force'];
  outages: Consumer['outages'];
}

/** Every device of the park, by serial; `kept` restores forced control and outages. */
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
  for (const consumer of device.consumers) addQuantities(consumer, at, quantities, device.scale);
  return quantities;
}

/** Power (W) or flow (L/h) of the minute that holds an instant, primary. */
export function deviceRateAt(device: Device, at: number): number {
  let rate = 0;
  for (const consumer of device.consumers) rate += rateAt(consumer, at);
  return rate * device.scale;
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

/** Sets forced control; the relay follows at once and energy stands still while it is open. */
export function setForce(device: Device, force: Device['force'], at: number) {
  device.force = force;
  const [consumer] = device.consumers;
  if (!consumer || device.meter.profile === 'sum') return;
  const open = force.enabled === 1 && force.trip === 1;
  const last = consumer.outages.at(-1);
  const lasting = last?.to === null ? last : null;
  // The clock may have gone back since the last one: outages never overlap.
  if (open && !lasting) consumer.outages.push({ from: Math.max(at, last?.to ?? at), to: null });
  if (!open && lasting) lasting.to = Math.max(at, lasting.from);
}

/** What of a device must be kept, or null when it is as new. */
export function stateOf(device: Device): DeviceState | null {
  const { force } = device;
  const outages = device.meter.profile === 'sum' ? [] : (device.consumers[0]?.outages ?? []);
  return force.enabled || force.trip || outages.length > 0 ? { force, outages } : null;
}
