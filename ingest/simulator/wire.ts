/**
 * Requests as they come in from a master, strictly: MBAP over TCP, and RTU frames over TCP. Bytes are collected until a
 * frame is whole; what cannot be a request is told apart from what is not whole yet.
 */
import { crc16 } from '../frame.ts';
import type { Framing } from './park.ts';

export interface Request {
  unit: number;
  /** Function code and data. */
  pdu: Buffer;
  /** MBAP transaction; 0 in RTU. */
  transaction: number;
}

export type Taken =
  | { outcome: 'request'; request: Request; rest: Buffer }
  | { outcome: 'incomplete' }
  /** MBAP: the stream cannot be trusted any more. RTU: a silent line would drop these bytes. */
  | { outcome: 'garbage' };

const MBAP_BYTES = 7;
const PDU_BYTES_MAX = 253;
const RTU_BYTES_MAX = 256;
/** Unit, function and checksum. */
const RTU_BYTES_MIN = 4;

/** Takes the first whole request off the bytes received. */
export function takeRequest(framing: Framing, bytes: Buffer): Taken {
  return framing === 'tcp' ? takeMbap(bytes) : takeRtu(bytes);
}

/** Wraps a reply (function code and data) for its request. */
export function frameReply(
  framing: Framing,
  { unit, transaction }: Request,
  reply: Buffer,
): Buffer {
  if (framing === 'tcp') {
    const head = Buffer.alloc(MBAP_BYTES);
    head.writeUInt16BE(transaction, 0);
    head.writeUInt16BE(reply.length + 1, 4);
    head[6] = unit;
    return Buffer.concat([head, reply]);
  }
  const body = Buffer.concat([Buffer.of(unit), reply]);
  const checksum = crc16(body, 0, body.length);
  return Buffer.concat([body, Buffer.of(checksum & 0xff, checksum >> 8)]);
}

function takeMbap(bytes: Buffer): Taken {
  if (bytes.length >= 4 && bytes.readUInt16BE(2) !== 0) return { outcome: 'garbage' };
  if (bytes.length >= 6) {
    const length = bytes.readUInt16BE(4);
    if (length < 2 || length > PDU_BYTES_MAX + 1) return { outcome: 'garbage' };
    const end = 6 + length;
    if (bytes.length >= end) {
      const request = {
        transaction: bytes.readUInt16BE(0),
        unit: bytes[6] ?? 0,
        pdu: bytes.subarray(MBAP_BYTES, end),
      };
      return { outcome: 'request', request, rest: bytes.subarray(end) };
    }
  }
  return { outcome: 'incomplete' };
}

/**
 * RTU has no length: the function tells it where we know the function; else everything received is held to be one frame
 * when its checksum is right.
 */
function takeRtu(bytes: Buffer): Taken {
  if (bytes.length < RTU_BYTES_MIN) return { outcome: 'incomplete' };
  const end = rtuLength(bytes) ?? bytes.length;
  if (end > RTU_BYTES_MAX) return { outcome: 'garbage' };
  if (bytes.length < end) return { outcome: 'incomplete' };
  if (crc16(bytes, 0, end - 2) !== bytes.readUInt16LE(end - 2))
    return rtuLength(bytes) === null && bytes.length < RTU_BYTES_MAX
      ? { outcome: 'incomplete' }
      : { outcome: 'garbage' };
  const request = { transaction: 0, unit: bytes[0] ?? 0, pdu: bytes.subarray(1, end - 2) };
  return { outcome: 'request', request, rest: bytes.subarray(end) };
}

function rtuLength(bytes: Buffer): number | null {
  const code = bytes[1] ?? 0;
  if (code >= 0x01 && code <= 0x06) return 8;
  if (code === 0x0f || code === 0x10 || code === 0x20)
    return bytes.length > 6 ? 9 + (bytes[6] ?? 0) : 9;
  return null;
}
