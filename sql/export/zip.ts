/** A ZIP archive written front to back: sizes and checksums follow each entry, ZIP64 where it must be. */
import { pipeline, Readable } from 'node:stream';
import { constants, crc32, createDeflateRaw } from 'node:zlib';

export interface ZipEntry {
  name: string;
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const LIMIT_32 = 0xffff_ffff;
/** An entry may not be larger, before or after it is compressed. */
export const ENTRY_BYTES_MAX = LIMIT_32;
const VERSION = 20;
const VERSION_64 = 45;
/** Sizes come after the data (bit 3), names are UTF-8 (bit 11). */
const FLAGS = 0x0808;
const DEFLATE = 8;
/** 1 January 1980: when the file was made stands inside it. */
const DOS_DATE = 0x0021;
/** Speed: rows of a table shrink to a tenth already. */
const LEVEL = constants.Z_BEST_SPEED;

interface Written {
  name: Buffer;
  crc: number;
  size: number;
  packed: number;
  at: number;
}

/** The archive of these entries, each one compressed as its pieces come. */
export async function* zipped(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Buffer> {
  const written: Written[] = [];
  let at = 0;
  for await (const { name, pieces } of entries) {
    const entry: Written = { name: Buffer.from(name), crc: 0, size: 0, packed: 0, at };
    // Goes out with the first bytes of the entry: what fails at once has then sent nothing.
    let head = localHeader(entry);
    at += head.length;
    for await (const piece of deflated(pieces, entry)) {
      entry.packed += piece.length;
      at += piece.length;
      yield head.length > 0 ? Buffer.concat([head, piece]) : piece;
      head = Buffer.alloc(0);
    }
    if (entry.size > ENTRY_BYTES_MAX || entry.packed > ENTRY_BYTES_MAX) {
      throw new Error(`${name} has more than ${ENTRY_BYTES_MAX} bytes`);
    }
    const tail = descriptor(entry);
    at += tail.length;
    yield tail;
    written.push(entry);
  }
  yield directory(written, at);
}

async function* deflated(pieces: ZipEntry['pieces'], entry: Written): AsyncGenerator<Buffer> {
  async function* counted() {
    for await (const piece of pieces) {
      entry.crc = crc32(piece, entry.crc);
      entry.size += piece.length;
      yield piece;
    }
  }
  const packer = createDeflateRaw({ level: LEVEL, chunkSize: 128 * 1024 });
  // What fails on the way ends the packer, which the loop below then tells.
  pipeline(Readable.from(counted()), packer, () => {});
  for await (const piece of packer) yield piece as Buffer; // Its chunks are buffers.
}

function localHeader({ name }: Written): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(VERSION, 4);
  head.writeUInt16LE(FLAGS, 6);
  head.writeUInt16LE(DEFLATE, 8);
  head.writeUInt16LE(DOS_DATE, 12);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, name]);
}

function descriptor({ crc, packed, size }: Written): Buffer {
  const tail = Buffer.alloc(16);
  tail.writeUInt32LE(0x08074b50, 0);
  tail.writeUInt32LE(crc, 4);
  tail.writeUInt32LE(packed, 8);
  tail.writeUInt32LE(size, 12);
  return tail;
}

function directory(entries: readonly Written[], at: number): Buffer {
  const central = Buffer.concat(entries.map(centralHeader));
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(Math.min(at, LIMIT_32), 16);
  if (at < LIMIT_32) return Buffer.concat([central, end]);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeUInt16LE(VERSION_64, 12);
  end64.writeUInt16LE(VERSION_64, 14);
  end64.writeBigUInt64LE(BigInt(entries.length), 24);
  end64.writeBigUInt64LE(BigInt(entries.length), 32);
  end64.writeBigUInt64LE(BigInt(central.length), 40);
  end64.writeBigUInt64LE(BigInt(at), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(at + central.length), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([central, end64, locator, end]);
}

function centralHeader({ name, crc, size, packed, at }: Written): Buffer {
  const isFar = at >= LIMIT_32;
  const extra = Buffer.alloc(isFar ? 12 : 0);
  if (isFar) {
    extra.writeUInt16LE(0x0001, 0);
    extra.writeUInt16LE(8, 2);
    extra.writeBigUInt64LE(BigInt(at), 4);
  }
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(isFar ? VERSION_64 : VERSION, 4);
  head.writeUInt16LE(isFar ? VERSION_64 : VERSION, 6);
  head.writeUInt16LE(FLAGS, 8);
  head.writeUInt16LE(DEFLATE, 10);
  head.writeUInt16LE(DOS_DATE, 14);
  head.writeUInt32LE(crc, 16);
  head.writeUInt32LE(packed, 20);
  head.writeUInt32LE(size, 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt16LE(extra.length, 30);
  head.writeUInt32LE(Math.min(at, LIMIT_32), 42);
  return Buffer.concat([head, name, extra]);
}
