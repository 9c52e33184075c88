/**
 * Parquet, written by DuckDB into a work file and streamed from there. Its key-value metadata say what
 * the file is; rows, totals and the SHA-256 of the data pages are put into room left for them in the
 * footer, because they are known only when the data are written.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { literal, quoted, type Source, type TypedColumn } from './source.ts';
import type { Closing } from './sums.ts';
import type { FileTable } from './table.ts';

/** Room for rows and totals in the footer, in characters. */
const ROOM = 1000;
const ROOM_A_TOTAL = 150;
/** At the very end: the length of the footer, and PAR1. */
const TAIL_BYTES = 8;
const READ_BYTES = 256 * 1024;

export interface WrittenFile {
  rows: number;
  bytes: number;
  /** SHA-256 of the whole file. */
  sha256: Buffer;
}

/** Writes the table as Parquet into `file`. */
export async function writeParquet(
  table: FileTable,
  source: Source,
  file: string,
): Promise<WrittenFile> {
  const summed = source.columns.filter(({ sum }) => sum);
  const room = {
    closing: blank('rows and totals', ROOM + summed.length * ROOM_A_TOTAL),
    sha256: blank('sha256', 64),
  };
  const expressions = source.columns.map(({ sql, name }) => `${sql} AS ${quoted(name)}`);
  const rows = await source.copyTo(expressions, {
    file,
    options: `, KV_METADATA {${metadata(table, room).join(', ')}}`,
  });
  const totals = await totalsOf(source, summed, file);
  const handle = await open(file, 'r+');
  try {
    const said = (table.closing?.() ?? []).map(({ name, value }) => [name, value]);
    const closing = { rows, totals, ...Object.fromEntries(said) };
    return { rows, ...(await fillIn(handle, { closing, room })) };
  } finally {
    await handle.close();
  }
}

/** The file in pieces. */
export const parquetPieces = (file: string): AsyncIterable<Buffer> =>
  createReadStream(file, { highWaterMark: READ_BYTES });

interface Room {
  closing: string;
  sha256: string;
}

/** A text that nothing else in a footer looks like. */
const blank = (name: string, length: number): string => `{${name}}`.padEnd(length, '_');

function metadata({ title, about, columns }: FileTable, room: Room): string[] {
  const described = columns.map(({ name, type, unit, title: of }) => ({
    name,
    type,
    unit,
    title: of,
  }));
  const pairs: [string, string][] = [
    ['title', title],
    ...about.map(({ name, value }): [string, string] => [name, value]),
    ['columns', JSON.stringify(described)],
    ['closing', room.closing],
    ['sha256', room.sha256],
  ];
  return [...new Map(pairs)].map(([key, value]) => `${quoted(key)}: ${literal(value)}`);
}

async function totalsOf(
  { ask }: Source,
  summed: readonly TypedColumn[],
  file: string,
): Promise<Closing['totals']> {
  if (summed.length === 0) return {};
  const sums = summed.map(({ name }) => `CAST(sum(${quoted(name)}) AS VARCHAR)`);
  const [row = []] = await ask(`SELECT ${sums.join()} FROM read_parquet(${literal(file)})`);
  return Object.fromEntries(
    summed.map(({ name }, i) => [name, row[i] === null ? null : String(row[i])]),
  );
}

/** Puts what is known now into the footer, and reads the whole once for its checksums. */
async function fillIn(
  handle: FileHandle,
  { closing, room }: { closing: Closing; room: Room },
): Promise<{ bytes: number; sha256: Buffer }> {
  const { size } = await handle.stat();
  const tail = Buffer.alloc(TAIL_BYTES);
  await handle.read(tail, 0, TAIL_BYTES, size - TAIL_BYTES);
  const footerAt = size - TAIL_BYTES - tail.readUInt32LE(0);
  const footer = Buffer.alloc(size - footerAt);
  await handle.read(footer, 0, footer.length, footerAt);

  const data = createHash('sha256');
  await hashInto(data, handle, footerAt);
  const whole = data.copy();
  overwrite(footer, room.sha256, data.digest('hex'));
  overwrite(footer, room.closing, JSON.stringify(closing));
  await handle.write(footer, 0, footer.length, footerAt);
  return { bytes: size, sha256: whole.update(footer).digest() };
}

async function hashInto(hash: Hash, handle: FileHandle, end: number): Promise<void> {
  const buffer = Buffer.alloc(READ_BYTES);
  for (let at = 0; at < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(READ_BYTES, end - at), at);
    if (bytesRead === 0) throw new Error('the file is shorter than it was');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function overwrite(footer: Buffer, room: string, text: string): void {
  const at = footer.indexOf(room);
  if (at < 0 || footer.indexOf(room, at + 1) >= 0) throw new Error('the footer has no room for it');
  if (Buffer.byteLength(text) > room.length) throw new Error(`${text} is longer than its room`);
  footer.write(text.padEnd(room.length), at);
}
