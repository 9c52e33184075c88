/**
 * Vendor function 20H in its plain form: groups of an enable byte and values. Two rules are the simulator's
 * own, so that a frame cannot act twice or elsewhere: money needs the next purchase counter, and a meter
 * number in the frame must be the meter's.
 */
import { PARK_OFFSET_MS } from './calendar.ts';
import type { Device } from './device.ts';
import { changeMoney, type Own, remainingAt, settle } from './prepayment.ts';
import { bcd } from './words.ts';

/** What a write of money did: the counter after it, and what it added. */
export interface MoneyMoved {
  counter: number;
  amountMinor: number;
}

/** Done (with the money that moved), or refused as a value or address that is not. */
export type MaskedWrite =
  | { outcome: 'done'; money?: MoneyMoved }
  | { outcome: 'illegal-value' }
  | { outcome: 'illegal-address' };

const REFUSED: MaskedWrite = { outcome: 'illegal-value' };
const DONE: MaskedWrite = { outcome: 'done' };
const COUNTERS = 0x10000;

const areas: Record<
  number,
  { words: number; write: (device: Device, bytes: Buffer, at: number) => MaskedWrite }
> = {
  512: { words: 30, write: writeMoney }, // 0200H
  852: { words: 5, write: writeClock }, // 0354H
  1024: { words: 13, write: writeLoad }, // 0400H
  1040: { words: 4, write: resetTrips }, // 0410H
};

/** Carries out a masked write; nothing has changed unless it is done. */
export function writeMasked(
  device: Device,
  { address, bytes, at }: { address: number; bytes: Buffer; at: number },
): MaskedWrite {
  const area = areas[address];
  if (!area) return { outcome: 'illegal-address' };
  if (bytes.length !== 2 * area.words) return REFUSED;
  const done = area.write(device, bytes, at);
  if (done.outcome === 'done') settle(device, at);
  return done;
}

/** Enable bytes of the money block that this meter does not take: total energy, an unknown byte, its number. */
const NEVER = [10, 51, 53];

function writeMoney(device: Device, bytes: Buffer, at: number): MaskedWrite {
  const isSet = (offset: number) => bytes[offset] !== 0;
  if (NEVER.some(isSet) || !isOurs(device, bytes.subarray(54, 60))) return REFUSED;
  const { own } = device;
  const counter = bytes.readUInt16BE(8);
  if (isSet(2) !== isSet(7) || (isSet(7) && counter !== (own.counter + 1) % COUNTERS)) {
    return REFUSED;
  }
  const before = remainingAt(device, at);
  const change: Partial<Own> = {
    ...(isSet(0) && { isOn: bytes[1] === 1 }),
    ...(isSet(15) && { baseWh: bytes.readUInt32BE(16) * 10 }),
    ...(isSet(20) && { alarm1Minor: bytes.readUInt32BE(21), alarm2Minor: bytes.readUInt32BE(25) }),
    ...(isSet(29) && { prices: [30, 34, 38, 42].map((start) => bytes.readUInt32BE(start)) }),
    ...(isSet(46) && { overdraftMinor: bytes.readUInt32BE(47) }),
  };
  if (!isSet(2)) {
    changeMoney(device, at, change);
    return DONE;
  }
  const remainingMinor = bytes.readInt32BE(3);
  changeMoney(device, at, { ...change, remainingMinor, counter });
  return { outcome: 'done', money: { counter, amountMinor: remainingMinor - before } };
}

/** Twelve digits, or none said. */
function isOurs({ meter }: Device, number: Buffer): boolean {
  return number.every((byte) => byte === 0) || number.equals(Buffer.from(bcd(meter.serial)));
}

function writeLoad(device: Device, bytes: Buffer): MaskedWrite {
  const { own } = device;
  const load = { ...own.load };
  if (bytes[0] !== 0) {
    load.isOn = bytes[1] === 1;
    load.openUntil = null;
  }
  if (bytes[2] !== 0) load.maxW = bytes.readUInt16BE(3);
  if (bytes[11] !== 0) load.tripsAllowed = bytes.readUInt16BE(12);
  device.own = { ...own, load };
  return DONE;
}

function resetTrips(device: Device, bytes: Buffer): MaskedWrite {
  if (bytes[6] === 0) return REFUSED;
  const load = { ...device.own.load, trips: bytes[7] ?? 0, openUntil: null };
  device.own = { ...device.own, load };
  return DONE;
}

/** ss, mm, hh, weekday, DD, MM, YY: the reverse of how it is read. */
function writeClock(device: Device, bytes: Buffer, at: number): MaskedWrite {
  const [second = 0, minute = 0, hour = 0, , day = 0, month = 0, year = 0] = bytes;
  const local = Date.UTC(2000 + year, month - 1, day, hour, minute, second);
  const shown = new Date(local);
  const isDate = shown.getUTCMonth() === month - 1 && shown.getUTCDate() === day;
  if (!isDate || hour > 23 || minute > 59 || second > 59) return REFUSED;
  device.own = { ...device.own, clockShiftMs: local - PARK_OFFSET_MS - at };
  return DONE;
}
