/**
 * Files of a backup: rows as lines, compressed, with their length and SHA-256 taken as they are written.
 * Only a piece at a time is ever in memory.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { Refusal } from '../refusal.ts';

export const packedShape = z.object({
  /** Relative to the folder of the backup. */
  name: z.string().regex(/^[a-z0-9_.-]+(\/[a-z0-9_.-]+)*$/),
  rows: z.number().int().nonnegative(),
  /** As it lies on disk, compressed. */
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Packed = z.infer<typeof packedShape>;

/** Level 1 packs text of tables to a sixth; higher ones cost three times the time for a tenth less. */
const GZIP_LEVEL = 1;
const LINE_FEED = 10;

/**
 * Writes a stream of lines into `folder/name`, compressed and on disk when it resolves. Every line feed
 * is a row. Throws Refusal when the disk is full.
 */
export async function writePacked(
  folder: string,
  name: string,
  lines: Readable | Iterable<string> | AsyncIterable<string>,
): Promise<Packed> {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  let rows = 0;
  let bytes = 0;
  const counted = passing((piece) => {
    for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, at + 1)) rows++;
  });
  const hashed = passing((piece) => {
    bytes += piece.length;
    hash.update(piece);
  });
  try {
    await pipeline(
      lines,
      counted,
      createGzip({ level: GZIP_LEVEL }),
      hashed,
      createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }),
    );
  } catch (cause) {
    throw fullDisk(cause, folder) ?? cause;
  }
  return { name, rows, bytes, sha256: hash.digest('hex') };
}

/** A plain answer to a disk that is full; undefined for any other failure. */
export function fullDisk(cause: unknown, folder: string): Refusal | undefined {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  return new Refusal(
    `the disk of ${folder} is full: there is no whole backup in it; make room, remove the folder, begin again`,
    { cause },
  );
}

/** The lines of a packed file, as a stream of bytes. */
export function readPacked(folder: string, { name }: Pick<Packed, 'name'>): Readable {
  const file = createReadStream(join(folder, name));
  const unpacked = createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  return file.pipe(unpacked);
}

/** What is wrong with a packed file: gone, cut, altered; undefined when it is as it was written. */
export async function damageOf(folder: string, packed: Packed): Promise<string | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of createReadStream(join(folder, packed.name))) {
      bytes += piece.length;
      hash.update(piece);
    }
  } catch (error) {
    return `${packed.name} cannot be read (${(error as NodeJS.ErrnoException).code})`;
  }
  if (bytes !== packed.bytes) return `${packed.name} has ${bytes} bytes instead of ${packed.bytes}`;
  return hash.digest('hex') === packed.sha256 ? undefined : `${packed.name} was altered (SHA-256)`;
}

/** Text lines of a stream, without their line feeds. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of stream) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest) yield rest;
}

const passing = (see: (piece: Buffer) => void) =>
  new Transform({
    transform(piece: Buffer, _encoding, done) {
      see(piece);
      done(null, piece);
    },
  });
