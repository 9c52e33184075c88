/**
 * Modbus frames, strictly: MBAP over TCP and RTU over TCP. Our own reader, because the library takes
 * replies that are not answers (wrong unit, lying counts, foreign ids) and costs three times as much.
 */

/** How a bus wraps its frames; `rtu-serial` is foreseen and refused where a connection is made. */
export type Framing = 'tcp' | 'rtu-over-tcp' | 'rtu-serial';

/**
 * One request: function 03 reads `words` registers, function 16 writes `values`, the vendor's function 20H
 * writes groups of bytes of which each says whether it counts (an even number of them).
 */
export type Ask = { unit: number; address: number } & (
  | { kind: 'read'; words: number }
  | { kind: 'write'; values: readonly number[] }
  | { kind: 'masked'; bytes: Uint8Array }
);

/** What a reply broke. The connection is not to be trusted after any of them. */
export type Violation =
  | 'transaction'
  | 'protocol'
  | 'length'
  | 'unit'
  | 'function'
  | 'byte-count'
  | 'echo'
  | 'crc'
  | 'excess'
  | 'unsolicited';

export type Parsed =
  | { outcome: 'more' }
  | { outcome: 'words'; words: Uint16Array }
  | { outcome: 'written' }
  /** `number`: twelve digits, whom it was written to. */
  | { outcome: 'masked'; number: string }
  | { outcome: 'exception'; code: number }
  | { outcome: 'violation'; kind: Violation };

const READ = 0x03;
const WRITE = 0x10;
const MASKED = 0x20;
const EXCEPTION = 0x80;
const MBAP_BYTES = 6;
const CRC_BYTES = 2;
/** unit, function | 80H, code. */
const EXCEPTION_BYTES = 3;
/** Longest frame of either framing; nothing longer is ever buffered. */
export const MAX_FRAME_BYTES = 260;

/** Bytes of the meter's number at the end of the answer to 20H. */
const NUMBER_BYTES = 6;

const functions = { read: READ, write: WRITE, masked: MASKED } as const;
const functionOf = (ask: Ask) => functions[ask.kind];
/** Registers that are asked for or written. */
const wordsIn = (ask: Ask): number => {
  if (ask.kind === 'read') return ask.words;
  return ask.kind === 'write' ? ask.values.length : ask.bytes.length / 2;
};
/**
 * Bytes of the good answer from the unit on, without CRC. That of 20H is 15 with it; what stands in it no
 * source tells: in the plain form of simulated meters the request's head, six, and the meter's number.
 */
const answerBytes = (ask: Ask): number => {
  if (ask.kind === 'read') return 3 + 2 * ask.words;
  return ask.kind === 'write' ? 6 : 7 + NUMBER_BYTES;
};

/** The bytes to send. `transaction` (16 bit) matters to `tcp` alone. */
export function requestFrame(framing: Framing, ask: Ask, transaction: number): Buffer {
  const isTcp = framing === 'tcp';
  const start = isTcp ? MBAP_BYTES : 0;
  const end = start + (ask.kind === 'read' ? 6 : 7 + 2 * wordsIn(ask));
  const frame = Buffer.allocUnsafe(isTcp ? end : end + CRC_BYTES);
  writeRequest(frame, start, ask);
  if (isTcp) {
    frame.writeUInt16BE(transaction, 0);
    frame.writeUInt16BE(0, 2);
    frame.writeUInt16BE(end - start, 4);
  } else {
    frame.writeUInt16LE(crc16(frame, 0, end), end);
  }
  return frame;
}

function writeRequest(frame: Buffer, start: number, ask: Ask): void {
  frame[start] = ask.unit;
  frame[start + 1] = functionOf(ask);
  frame.writeUInt16BE(ask.address, start + 2);
  frame.writeUInt16BE(wordsIn(ask), start + 4);
  if (ask.kind === 'read') return;
  frame[start + 6] = 2 * wordsIn(ask);
  if (ask.kind === 'masked') {
    frame.set(ask.bytes, start + 7);
    return;
  }
  for (const [i, value] of ask.values.entries()) frame.writeUInt16BE(value, start + 7 + 2 * i);
}

/**
 * Judges what has arrived since the request was sent. Each byte is held against what the one open
 * request allows as soon as it is there; the first contradiction is the verdict.
 */
export function parseReply(
  framing: Framing,
  ask: Ask,
  transaction: number,
  received: Buffer,
): Parsed {
  if (framing !== 'tcp') return parseRtu(ask, received);
  const size = received.length;
  if (size >= 2 && received.readUInt16BE(0) !== transaction) return violation('transaction');
  if (size >= 4 && received.readUInt16BE(2) !== 0) return violation('protocol');
  if (size < MBAP_BYTES) return MORE;
  const length = received.readUInt16BE(4);
  if (length !== answerBytes(ask) && length !== EXCEPTION_BYTES) return violation('length');
  const parsed = parseAnswer(ask, received, MBAP_BYTES, 0);
  if (parsed.outcome === 'violation' || size < MBAP_BYTES + 2) return parsed;
  const isException = received[MBAP_BYTES + 1] === (functionOf(ask) | EXCEPTION);
  const honest = length === (isException ? EXCEPTION_BYTES : answerBytes(ask));
  return honest ? parsed : violation('length');
}

function parseRtu(ask: Ask, received: Buffer): Parsed {
  const parsed = parseAnswer(ask, received, 0, CRC_BYTES);
  if (parsed.outcome === 'more' || parsed.outcome === 'violation') return parsed;
  const end = received.length - CRC_BYTES;
  return crc16(received, 0, end) === received.readUInt16LE(end) ? parsed : violation('crc');
}

/** The part both framings share: unit, function, payload, then exactly `trailer` bytes more. */
function parseAnswer(ask: Ask, received: Buffer, start: number, trailer: number): Parsed {
  const size = received.length - start;
  if (size >= 1 && received[start] !== ask.unit) return violation('unit');
  if (size < 2) return MORE;
  const code = received[start + 1];
  if (code === (functionOf(ask) | EXCEPTION)) {
    if (size > EXCEPTION_BYTES + trailer) return violation('excess');
    if (size < EXCEPTION_BYTES + trailer) return MORE;
    return { outcome: 'exception', code: received[start + 2] ?? 0 };
  }
  if (code !== functionOf(ask)) return violation('function');
  if (ask.kind === 'read' && size >= 3 && received[start + 2] !== 2 * ask.words) {
    return violation('byte-count');
  }
  const expected = answerBytes(ask) + trailer;
  if (size > expected) return violation('excess');
  if (size < expected) return MORE;
  if (ask.kind === 'read')
    return { outcome: 'words', words: wordsAt(received, start + 3, ask.words) };
  const echoed =
    received.readUInt16BE(start + 2) === ask.address &&
    received.readUInt16BE(start + 4) === wordsIn(ask);
  if (!echoed) return violation('echo');
  if (ask.kind === 'write') return { outcome: 'written' };
  if (received[start + 6] !== NUMBER_BYTES) return violation('byte-count');
  const number = received.subarray(start + 7, start + 7 + NUMBER_BYTES).toString('hex');
  return { outcome: 'masked', number };
}

function wordsAt(received: Buffer, start: number, count: number): Uint16Array {
  const words = new Uint16Array(count);
  for (let i = 0; i < count; i++) words[i] = received.readUInt16BE(start + 2 * i);
  return words;
}

const MORE: Parsed = { outcome: 'more' };
const violation = (kind: Violation): Parsed => ({ outcome: 'violation', kind });

/** CRC-16/MODBUS over bytes [start, end): initial FFFF, polynomial A001 reflected. */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0xffff;
  for (let i = start; i < end; i++) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  }
  return crc;
}

const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  return crc;
});
