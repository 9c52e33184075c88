/**
 * One record of the spool: mark, length, CRC-32 of the payload, payload. The mark has bytes that no
 * line of text holds, so a damaged record costs itself and not the ones behind it.
 */
import { crc32 } from 'node:zlib';

/** Not valid in UTF-8, so never part of a payload. */
const MARK = Buffer.from([0xf5, 0xc0, 0xff, 0x0a]);
const HEADER_BYTES = 12;
/** The widest sample is about 1.2 kB; a length beyond this is damage. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

export const recordBytes = (payload: string): number => HEADER_BYTES + payload.length;

/** Writes one record at `offset`; the payload is ASCII. Returns the offset behind it. */
export function writeRecord(buffer: Buffer, offset: number, payload: string): number {
  const start = offset + HEADER_BYTES;
  const end = start + buffer.write(payload, start, 'latin1');
  MARK.copy(buffer, offset);
  buffer.writeUInt32LE(end - start, offset + 4);
  buffer.writeUInt32LE(crc32(buffer.subarray(start, end)), offset + 8);
  return end;
}

/** Where the whole records from `start` on that fit into `bytes` end; one is always taken. */
export function recordsEnd(buffer: Buffer, start: number, bytes: number): number {
  let end = start;
  while (end < buffer.length) {
    const next = end + HEADER_BYTES + buffer.readUInt32LE(end + 4);
    if (end > start && next - start > bytes) break;
    end = next;
  }
  return end;
}

export interface Found {
  records: Buffer[];
  /** Damage: where it began, and its bytes, mark included. */
  corrupt: { start: number; bytes: Buffer }[];
  /** Bytes dealt with; what follows is the beginning of a record that is not all here. */
  consumed: number;
}

/**
 * The records in a stretch of the log. `final`: nothing will follow, so an unfinished record at the
 * end is a torn tail and is cut silently.
 */
export function scanRecords(bytes: Buffer, { final }: { final: boolean }): Found {
  const found: Found = { records: [], corrupt: [], consumed: 0 };
  while (found.consumed < bytes.length) {
    const at = found.consumed;
    const record = recordAt(bytes, at);
    if (record.state === 'good') {
      found.records.push(record.payload);
      found.consumed = at + HEADER_BYTES + record.payload.length;
      continue;
    }
    const next = nextRecord(bytes, at + 1);
    if (next === undefined) {
      if (record.state === 'short' && !final) return found;
      if (record.state === 'bad') found.corrupt.push({ start: at, bytes: bytes.subarray(at) });
      found.consumed = bytes.length;
      return found;
    }
    found.corrupt.push({ start: at, bytes: bytes.subarray(at, next) });
    found.consumed = next;
  }
  return found;
}

type Judged = { state: 'good'; payload: Buffer } | { state: 'bad' } | { state: 'short' };

function recordAt(bytes: Buffer, at: number): Judged {
  if (!MARK.subarray(0, bytes.length - at).equals(bytes.subarray(at, at + MARK.length))) return BAD;
  if (bytes.length - at < HEADER_BYTES) return SHORT;
  const length = bytes.readUInt32LE(at + 4);
  if (length > MAX_PAYLOAD_BYTES) return BAD;
  const payload = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
  if (payload.length < length) return SHORT;
  return crc32(payload) === bytes.readUInt32LE(at + 8) ? { state: 'good', payload } : BAD;
}

const BAD: Judged = { state: 'bad' };
const SHORT: Judged = { state: 'short' };

/** Where damage ends: the next mark that begins a good record, or one that is not all here yet. */
function nextRecord(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(MARK, from); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
    if (recordAt(bytes, at).state !== 'bad') return at;
  }
  return undefined;
}
