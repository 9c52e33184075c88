/**
 * A meter's answer to a Modbus request: which registers each model has, what they hold at an instant, and the few that
 * can be written. Anything else is refused with the exception a real meter gives.
 */
import type { Device } from './device.ts';
import { dtsd1352 } from './dtsd1352.ts';
import { dtsy1352, writePlans, writeSeasons } from './dtsy1352.ts';
import { type MoneyMoved, writeMasked } from './masked-write.ts';
import type { ParkMeter } from './park.ts';
import { settle } from './prepayment.ts';
import { water } from './water.ts';
import { bcd } from './words.ts';

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
const WRITE_MASKED = 0x20;
/** The most a single request may ask for (Modbus). */
const READ_WORDS_MAX = 125;
const WRITE_WORDS_MAX = 123;

const maps: Record<ParkMeter['model'], Block[]> = {
  'DTSY1352-SIM': dtsy1352,
  'DTSD1352-SIM': dtsd1352,
  'WATER-SIM': water,
};

/** A run of registers that can be written; `write` is false for a value that is refused. */
interface Area {
  address: number;
  words: number;
  write: (device: Device, written: { values: Uint16Array; offset: number; at: number }) => boolean;
}

const writable: Record<ParkMeter['model'], Area[]> = {
  'DTSY1352-SIM': [
    {
      address: 0x57, // forced control on, then its state
      words: 2,
      write(device, { values, offset }) {
        const { enabled, trip } = device.force;
        const wanted = [enabled, trip];
        for (const [index, value] of values.entries()) wanted[offset + index] = value;
        const [on = 0, off = 0] = wanted;
        if (on > 1 || off > 1) return false;
        device.force = { enabled: on, trip: off };
        return true;
      },
    },
    { address: 0x28, words: 6, write: writeSeasons },
    { address: 0x2000, words: 42, write: writePlans },
  ],
  'DTSD1352-SIM': [],
  'WATER-SIM': [
    {
      address: 0x02,
      words: 1,
      write(device, { values: [open = 1] }) {
        if (open > 1) return false;
        device.force = { enabled: 1 - open, trip: 1 - open };
        return true;
      },
    },
  ],
};

/** What came of a request, for the truth file and for keeping state. */
export type Served =
  | { kind: 'read'; address: number; words: Uint16Array; reply: Buffer; moved?: boolean }
  | { kind: 'write'; address: number; words: Uint16Array; reply: Buffer; money?: MoneyMoved }
  | { kind: 'refused'; exception: number; reply: Buffer };

/**
 * Answers one request (function code and data, without unit and checksum) as of an instant. Never throws.
 * `moved`: being asked, the meter found that its relay must move.
 */
export function serve(device: Device, pdu: Buffer, at: number): Served {
  const code = pdu[0] ?? 0;
  const moved = settle(device, at);
  if (code === READ_HOLDING) return { ...serveRead(device, pdu, at), ...(moved && { moved }) };
  if (code === WRITE_MULTIPLE) return serveWrite(device, pdu, at);
  if (code === WRITE_MASKED && device.meter.model === 'DTSY1352-SIM') {
    return serveMasked(device, pdu, at);
  }
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
  const words = wordsOf(pdu.subarray(6));
  const area = writable[device.meter.model].find(
    (run) => address >= run.address && address + count <= run.address + run.words,
  );
  if (!area) return refuse(WRITE_MULTIPLE, ILLEGAL_ADDRESS);
  if (!area.write(device, { values: words, offset: address - area.address, at })) {
    return refuse(WRITE_MULTIPLE, ILLEGAL_VALUE);
  }
  settle(device, at);
  return { kind: 'write', address, words, reply: pdu.subarray(0, 5) };
}

/** The reply of 15 bytes (with unit and checksum) holds what was asked and the meter's own number. */
function serveMasked(device: Device, pdu: Buffer, at: number): Served {
  const bytes = pdu.subarray(6);
  if (pdu.length < 8 || pdu.readUInt16BE(3) * 2 !== bytes.length || pdu[5] !== bytes.length)
    return refuse(WRITE_MASKED, ILLEGAL_VALUE);
  const address = pdu.readUInt16BE(1);
  const done = writeMasked(device, { address, bytes, at });
  if (done.outcome === 'illegal-address') return refuse(WRITE_MASKED, ILLEGAL_ADDRESS);
  if (done.outcome === 'illegal-value') return refuse(WRITE_MASKED, ILLEGAL_VALUE);
  const reply = Buffer.concat([pdu.subarray(0, 5), Buffer.of(6, ...bcd(device.meter.serial))]);
  const { money } = done;
  return { kind: 'write', address, words: wordsOf(bytes), reply, ...(money && { money }) };
}

const wordsOf = (bytes: Buffer): Uint16Array =>
  Uint16Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(2 * index));

function refuse(code: number, exception: number): Served {
  return { kind: 'refused', exception, reply: Buffer.of(code | 0x80, exception) };
}
