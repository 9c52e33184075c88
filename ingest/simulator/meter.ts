/**
 * A meter's answer to a Modbus request: which registers each model has, what they hold at an instant, and the few that
 * can be written. Anything else is refused with the exception a real meter gives.
 */
import { type Device, setForce } from './device.ts';
import { dtsd1352 } from './dtsd1352.ts';
import { dtsy1352 } from './dtsy1352.ts';
import type { ParkMeter } from './park.ts';
import { water } from './water.ts';

/** A run of registers that is read as one; `fill` gets a zeroed array of so many words. */
export interface Block {
  address: number;
  words: number;
  fill: (device: Device, at: number, words: Uint16Array) => void;
}

const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;

const READ_HOLDING = 0x03;
const WRITE_MULTIPLE = 0x10;
/** The most a single request may ask for (Modbus). */
const READ_WORDS_MAX = 125;
const WRITE_WORDS_MAX = 123;

const maps: Record<ParkMeter['model'], Block[]> = {
  'DTSY1352-SIM': dtsy1352,
  'DTSD1352-SIM': dtsd1352,
  'WATER-SIM': water,
};

/** Registers that can be written, and what writing them does; `null` refuses the value. */
type Write = (device: Device, values: ReadonlyMap<number, number>) => Device['force'] | null;

const FORCE = 0x57;
const FORCE_STATE = 0x58;
const VALVE = 0x02;

const writable: Record<ParkMeter['model'], { addresses: number[]; write: Write } | null> = {
  'DTSY1352-SIM': {
    addresses: [FORCE, FORCE_STATE],
    write({ force }, values) {
      const enabled = values.get(FORCE) ?? force.enabled;
      const trip = values.get(FORCE_STATE) ?? force.trip;
      return enabled > 1 || trip > 1 ? null : { enabled, trip };
    },
  },
  'DTSD1352-SIM': null,
  'WATER-SIM': {
    addresses: [VALVE],
    write(_device, values) {
      const open = values.get(VALVE) ?? 1;
      return open > 1 ? null : { enabled: 1 - open, trip: 1 - open };
    },
  },
};

/** What came of a request, for the truth file and for keeping state. */
export type Served =
  | { kind: 'read'; address: number; words: Uint16Array; reply: Buffer }
  | { kind: 'write'; address: number; words: Uint16Array; reply: Buffer }
  | { kind: 'refused'; exception: number; reply: Buffer };

/** Answers one request (function code and data, without unit and checksum) as of an instant. Never throws. */
export function serve(device: Device, pdu: Buffer, at: number): Served {
  const code = pdu[0] ?? 0;
  if (code === READ_HOLDING) return serveRead(device, pdu, at);
  if (code === WRITE_MULTIPLE) return serveWrite(device, pdu, at);
  return refuse(code, ILLEGAL_FUNCTION);
}

/** The words of a run of registers at an instant, or null when the meter does not have all of them in one block. */
export function registersAt(
  device: Device,
  { address, count, at }: { address: number; count: number; at: number },
): Uint16Array | null {
  const block = maps[device.meter.model].find(
    (run) => address >= run.address && address + count <= run.address + run.words,
  );
  if (!block) return null;
  const words = new Uint16Array(block.words);
  block.fill(device, at, words);
  return words.subarray(address - block.address, address - block.address + count);
}

function serveRead(device: Device, pdu: Buffer, at: number): Served {
  if (pdu.length !== 5) return refuse(READ_HOLDING, ILLEGAL_VALUE);
  const address = pdu.readUInt16BE(1);
  const count = pdu.readUInt16BE(3);
  if (count < 1 || count > READ_WORDS_MAX) return refuse(READ_HOLDING, ILLEGAL_VALUE);
  const words = registersAt(device, { address, count, at });
  if (!words) return refuse(READ_HOLDING, ILLEGAL_ADDRESS);
  const reply = Buffer.allocUnsafe(2 + 2 * count);
  reply[0] = READ_HOLDING;
  reply[1] = 2 * count;
  words.forEach((word, index) => {
    reply.writeUInt16BE(word, 2 + 2 * index);
  });
  return { kind: 'read', address, words, reply };
}

function serveWrite(device: Device, pdu: Buffer, at: number): Served {
  const count = pdu.length >= 6 ? pdu.readUInt16BE(3) : 0;
  if (count < 1 || count > WRITE_WORDS_MAX || pdu[5] !== 2 * count || pdu.length !== 6 + 2 * count)
    return refuse(WRITE_MULTIPLE, ILLEGAL_VALUE);
  const address = pdu.readUInt16BE(1);
  const words = Uint16Array.from({ length: count }, (_, index) => pdu.readUInt16BE(6 + 2 * index));
  const rule = writable[device.meter.model];
  const values = new Map(Array.from(words, (word, index) => [address + index, word]));
  if (!rule || ![...values.keys()].every((register) => rule.addresses.includes(register)))
    return refuse(WRITE_MULTIPLE, ILLEGAL_ADDRESS);
  const force = rule.write(device, values);
  if (!force) return refuse(WRITE_MULTIPLE, ILLEGAL_VALUE);
  setForce(device, force, at);
  return { kind: 'write', address, words, reply: pdu.subarray(0, 5) };
}

function refuse(code: number, exception: number): Served {
  return { kind: 'refused', exception, reply: Buffer.of(code | 0x80, exception) };
}
