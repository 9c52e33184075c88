/**
 * What a prepaid meter keeps for itself: money that runs down with its energy, prices, alarms, the limit of
 * its load, its clock and tables. Scales are the simulator's own where no source tells them: amounts 0.01,
 * prices 0.0001 of the currency, the overload threshold in watts at the terminals.
 */
import { type Device, deviceRateAt, isSupplied, quantitiesAt, setOutage } from './device.ts';
import type { Written } from './load.ts';
import { MINUTE_MS } from './readings.ts';

export interface Own {
  /** Money control: energy costs, and the relay opens when nothing is left. */
  isOn: boolean;
  /** What was left when the meter stood at `from`; fractions of a cent are kept, not shown. */
  remainingMinor: number;
  /** Total and ranks, primary Wh. */
  from: number[];
  counter: number;
  baseWh: number;
  alarm1Minor: number;
  alarm2Minor: number;
  overdraftMinor: number;
  /** Spike, peak, flat, valley; 0.0001 of the currency for a kWh. */
  prices: number[];
  load: Load;
  /** The meter's clock minus the true one. */
  clockShiftMs: number;
  /** As written, in bytes: season plan, both day plans; null is what it was delivered with. */
  seasons: number[] | null;
  plans: number[] | null;
  /** What energy is counted by since somebody wrote it; none before, nor in a state of an older simulator. */
  written?: Written | null;
}

interface Load {
  isOn: boolean;
  maxW: number;
  trips: number;
  tripsAllowed: number;
  /** Open until this instant because of the load; null: not. */
  openUntil: number | null;
}

/** Wh × 0.0001 of the currency a kWh → 0.01 of it. */
const MINOR_PER_WH_PRICE = 1 / 1000 / 100;
const RECLOSE_MS = 5 * MINUTE_MS;
const TRIPS_ALLOWED = 3;
/** What stays open until somebody resets the counter. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** A meter as it is delivered: prepayment off, everything at zero, the threshold a fifth above its peak. */
export function newOwn({ meter }: Pick<Device, 'meter'>): Own {
  return {
    isOn: false,
    remainingMinor: 0,
    from: [],
    counter: 0,
    baseWh: 0,
    alarm1Minor: 0,
    alarm2Minor: 0,
    overdraftMinor: 0,
    prices: [0, 0, 0, 0],
    load: {
      isOn: false,
      maxW: Math.min(0xffff, Math.round((meter.peak * 1.2) / (meter.ct * meter.pt))),
      trips: 0,
      tripsAllowed: TRIPS_ALLOWED,
      openUntil: null,
    },
    clockShiftMs: 0,
    seasons: null,
    plans: null,
    written: null,
  };
}

/** What is left at an instant, 0.01 of the currency with its fraction. */
function exactRemaining(device: Device, at: number): number {
  const { own } = device;
  if (!own.isOn) return own.remainingMinor;
  const now = quantitiesAt(device, at);
  let used = 0;
  for (let rank = 1; rank <= 5; rank++) {
    const price = own.prices[Math.min(rank, own.prices.length) - 1] ?? 0;
    used += ((now[rank] ?? 0) - (own.from[rank] ?? 0)) * price;
  }
  return own.remainingMinor - used * MINOR_PER_WH_PRICE;
}

/** The register of the remaining amount, below zero for a debt. */
export const remainingAt = (device: Device, at: number): number =>
  Math.floor(exactRemaining(device, at));

/** Changes what money depends on: what was used until now is counted at the old prices. */
export function changeMoney(device: Device, at: number, change: Partial<Own>): void {
  const remainingMinor = exactRemaining(device, at);
  device.own = { ...device.own, remainingMinor, from: [...quantitiesAt(device, at)], ...change };
}

const isForced = ({ force }: Device) => force.enabled === 1;

/** Nothing left: with money control on, the relay opens. */
export const isInArrears = (device: Device, at: number): boolean =>
  device.own.isOn && remainingAt(device, at) <= -device.own.overdraftMinor;

/**
 * Lets the relay follow what is forced, else load, else money, as of an instant; true when something of the
 * state changed. A meter looks at itself whenever it is asked.
 */
export function settle(device: Device, at: number): boolean {
  const loadMoved = watchLoad(device, at);
  const { openUntil } = device.own.load;
  const open = isForced(device)
    ? device.force.trip === 1
    : openUntil !== null || isInArrears(device, at);
  const moved = setOutage(device, open, at);
  return moved || loadMoved;
}

function watchLoad(device: Device, at: number): boolean {
  const { load } = device.own;
  if (load.openUntil !== null) {
    if (at < load.openUntil) return false;
    device.own = { ...device.own, load: { ...load, openUntil: null } };
    return true;
  }
  if (!isOverLimit(device, at) || isForced(device)) return false;
  const trips = load.trips + 1;
  const openUntil = trips > load.tripsAllowed ? FOR_EVER : at + RECLOSE_MS;
  device.own = { ...device.own, load: { ...load, trips, openUntil } };
  return true;
}

/** More flows than the limit that is switched on. */
function isOverLimit(device: Device, at: number): boolean {
  const { meter, own } = device;
  return own.load.isOn && deviceRateAt(device, at) / (meter.ct * meter.pt) > own.load.maxW;
}

const CLOSED = 0b111;
const bit = (n: number, isSet: boolean): number => (isSet ? 1 << n : 0);

/** Status word A, 0224H: relays, alarms, arrears, overload, what is forced. */
export function statusA(device: Device, at: number): number {
  const { own, force } = device;
  const left = remainingAt(device, at);
  return (
    (isSupplied(device, at) ? CLOSED << 13 : 0) |
    bit(7, own.isOn && left <= own.alarm2Minor) |
    bit(6, own.isOn && left <= own.alarm1Minor) |
    bit(5, isInArrears(device, at)) |
    bit(4, own.load.openUntil !== null || isOverLimit(device, at)) |
    bit(3, isForced(device)) |
    (isForced(device) && !force.trip ? CLOSED : 0)
  );
}

/** Status word B, 0225H: what load, time and money control want of the relays. */
export function statusB(device: Device, at: number): number {
  const { own } = device;
  const byLoad = own.load.isOn ? 1 << 11 : 0;
  const byMoney = own.isOn ? 1 << 3 : 0;
  return (
    byLoad |
    (own.load.isOn && own.load.openUntil === null ? CLOSED << 8 : 0) |
    byMoney |
    (own.isOn && !isInArrears(device, at) ? CLOSED : 0)
  );
}
