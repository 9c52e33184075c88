/**
 * Parquet, written by DuckDB into a work file and streamed from there. Its key-value metadata say what
 * the file is; rows, totals and the SHA-256 of the data pages are put in place of blanks in the
 * footer, because they are known only when the data are written.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { endingText } from './ending.ts';
import { literal, quoted, type Source } from './source.ts';
import type { Closing } from './sums.ts';
import type { FileTable } from './table.ts';

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
  const expressions = source.columns.map(({ sql, name }) => `${sql} AS ${quoted(name)}`);
  const rows = await source.copyTo(expressions, {
    file,
    options: `, KV_METADATA {${metadata(table).join(', ')}}`,
  });
  const closing = { rows, ...(await sumsIn(source, file)) };
  const { totals, beside } = endingText(table, closing);
  const handle = await open(file, 'r+');
  try {
    const said = JSON.stringify({ rows, totals, ...Object.fromEntries(beside) });
    return { rows, ...(await fillIn(handle, said)) };
  } finally {
    await handle.close();
  }
}

/** The file in pieces. */
export const parquetPieces = (file: string): AsyncIterable<Buffer> =>
  createReadStream(file, { highWaterMark: READ_BYTES });

/** Texts that nothing else in a footer looks like, in place of what is not known yet. */
const blanks = { closing: '{rows and totals}____', sha256: `{sha256}${'_'.repeat(56)}` } as const;

function metadata({ title, about, columns }: FileTable): string[] {
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
    ['closing', blanks.closing],
    ['sha256', blanks.sha256],
  ];
  return [...new Map(pairs)].map(([key, value]) => `${quoted(key)}: ${literal(value)}`);
}

/** The sums over what was written, whose columns have the names of the source's. */
async function sumsIn({ summed, ask }: Source, file: string): Promise<Omit<Closing, 'rows'>> {
  if (summed.length === 0) return { totals: {}, tallies: {} };
  const sums = summed.map(
    ({ name, sql, isTally }) => `CAST(sum(${isTally ? sql : quoted(name)}) AS VARCHAR)`,
  );
  const [row = []] = await ask(`SELECT ${sums.join()} FROM read_parquet(${literal(file)})`);
  const found = summed.map(({ name, isTally }, i) => ({ name, isTally, sum: row[i] ?? null }));
  return {
    totals: Object.fromEntries(
      found
        .filter(({ isTally }) => !isTally)
        .map(({ name, sum }) => [name, sum === null ? null : String(sum)]),
    ),
    tallies: Object.fromEntries(
      found
        .filter(({ isTally }) => isTally)
        .map(({ name, sum }) => [name, BigInt(String(sum ?? 0))]),
    ),
  };
}

/** Puts what is known now into the footer, and reads the whole once for its checksums. */
async function fillIn(
  handle: FileHandle,
  closing: string,
): Promise<{ bytes: number; sha256: Buffer }> {
  const { size } = await handle.stat();
  const tail = Buffer.alloc(TAIL_BYTES);
  await handle.read(tail, 0, TAIL_BYTES, size - TAIL_BYTES);
  const footerAt = size - TAIL_BYTES - tail.readUInt32LE(0);
  const blank = Buffer.alloc(size - footerAt);
  await handle.read(blank, 0, blank.length, footerAt);

  const data = createHash('sha256');
  await hashInto(data, handle, footerAt);
  const whole = data.copy();
  const footer = filled(filled(blank, blanks.sha256, data.digest('hex')), blanks.closing, closing);
  footer.writeUInt32LE(footer.length - TAIL_BYTES, footer.length - TAIL_BYTES);
  await handle.write(footer, 0, footer.length, footerAt);
  const bytes = footerAt + footer.length;
  await handle.truncate(bytes);
  return { bytes, sha256: whole.update(footer).digest() };
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

/** The footer with `text` in place of `blank`; before either stands its length, as Thrift writes it. */
function filled(footer: Buffer, blank: string, text: string): Buffer {
  const before = Buffer.concat([varint(blank.length), Buffer.from(blank)]);
  const at = footer.indexOf(before);
  if (at < 0 || footer.indexOf(before, at + 1) >= 0)
    throw new Error('the footer has no such blank');
  const bytes = Buffer.from(text);
  return Buffer.concat([
    footer.subarray(0, at),
    varint(bytes.length),
    bytes,
    footer.subarray(at + before.length),
  ]);
}

/** A length in groups of seven bits, the lowest first. */
function varint(value: number): Buffer {
  const groups: number[] = [];
  for (let rest = value; groups.length === 0 || rest > 0; rest >>>= 7) {
    groups.push((rest & 127) | (rest > 127 ? 128 : 0));
  }
  return Buffer.from(groups);
}
