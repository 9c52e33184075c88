/**
 * The memory of DuckDB's result vectors, read as bytes: a row of a file that DuckDB has written as text
 * becomes bytes without ever being a JavaScript string, and exact numbers are never made one by one.
 */
import type { DuckDBDataChunk } from '@duckdb/node-api';
// Part of node-api, always of its version.
import duckdb from '@duckdb/node-bindings';

/** A string_t: length (4 bytes), then the text when it has at most 12 bytes, else 4 bytes and a pointer. */
const STRING_BYTES = 16;
const INLINE_MAX = 12;
const POINTER_AT = 8;

/** Nulls of a column as DuckDB keeps them: one bit a row, set where there is a value; null: no nulls. */
export function validityOf(chunk: DuckDBDataChunk, column: number): Uint8Array | null {
  const words = Math.ceil(chunk.rowCount / 64);
  // The declaration forgets that there is none when every row has a value.
  return duckdb.vector_get_validity(vectorOf(chunk, column), words * 8) as Uint8Array | null;
}

export const isSet = (bits: Uint8Array, i: number): boolean =>
  ((bits[i >> 3] as number) & (1 << (i & 7))) !== 0;

/** The values of a column of a type that takes `width` bytes a row. Valid only while the chunk lives. */
export const fixedBytes = (chunk: DuckDBDataChunk, column: number, width: number): Uint8Array =>
  duckdb.vector_get_data(vectorOf(chunk, column), chunk.rowCount * width);

const vectorOf = (chunk: DuckDBDataChunk, column: number) =>
  duckdb.data_chunk_get_vector(chunk.chunk, column);

/** The texts of a column without nulls, of rows [from, to), one after the other, as UTF-8. */
export function joinedText(
  chunk: DuckDBDataChunk,
  column: number,
  { from, to }: { from: number; to: number } = { from: 0, to: chunk.rowCount },
): Buffer {
  const strings = stringsOf(chunk, column);
  let total = 0;
  for (let row = from; row < to; row++) total += strings.words[row * WORDS] as number;
  const bytes = Buffer.allocUnsafe(total);
  copyTexts(strings, { from, to, bytes });
  return bytes;
}

/** Texts of a column: where each one ends in `bytes`. A null takes no bytes. */
export interface Texts {
  ends: Int32Array;
  bytes: Buffer;
}

/** The texts of a column with nulls. */
export function textsOf(chunk: DuckDBDataChunk, column: number): Texts {
  const { rowCount } = chunk;
  const strings = stringsOf(chunk, column);
  const validity = validityOf(chunk, column);
  const { words } = strings;
  const ends = new Int32Array(rowCount);
  let total = 0;
  for (let row = 0; row < rowCount; row++) {
    // What stands in the place of a null is left over from something else.
    if (validity && !isSet(validity, row)) words[row * WORDS] = 0;
    total += words[row * WORDS] as number;
    ends[row] = total;
  }
  const bytes = Buffer.allocUnsafe(total);
  copyTexts(strings, { from: 0, to: rowCount, bytes });
  return { ends, bytes };
}

/** Rows of string_t: our copy, so that lengths can be changed, as bytes and as words. */
interface Strings {
  data: Uint8Array<ArrayBuffer>;
  words: Uint32Array;
}

const WORDS = STRING_BYTES / 4;

function stringsOf(chunk: DuckDBDataChunk, column: number): Strings {
  const data = new Uint8Array(fixedBytes(chunk, column, STRING_BYTES));
  return { data, words: new Uint32Array(data.buffer) };
}

/**
 * Copies texts of rows [from, to) one behind the other. In DuckDB's memory long texts lie so in a few
 * blocks already: each block is fetched once, because it is the fetching that costs.
 */
function copyTexts(
  strings: Strings,
  { from, to, bytes }: { from: number; to: number; bytes: Buffer },
): void {
  const { data, words } = strings;
  let at = 0;
  let block: Uint8Array = new Uint8Array();
  let used = 0;
  for (let row = from; row < to; row++) {
    const length = words[row * WORDS] as number;
    if (length === 0) continue;
    if (length <= INLINE_MAX) {
      const first = row * STRING_BYTES + 4;
      for (let i = 0; i < length; i++) bytes[at + i] = data[first + i] as number;
      at += length;
      continue;
    }
    if (used === block.length) {
      block = blockAt(strings, row, to);
      used = 0;
    }
    // As many rows at once as follow without a short text between them.
    let run = length;
    while (row + 1 < to && used + run < block.length) {
      const next = words[(row + 1) * WORDS] as number;
      if (next !== 0 && next <= INLINE_MAX) break;
      run += next;
      row += 1;
    }
    bytes.set(block.subarray(used, used + run), at);
    used += run;
    at += run;
  }
}

/** The memory of the long text of a row, and of those that follow it in memory as they do in rows. */
function blockAt({ data, words }: Strings, first: number, to: number): Uint8Array {
  const start = pointer(words, first);
  let length = words[first * WORDS] as number;
  for (let row = first + 1; row < to; row++) {
    const next = words[row * WORDS] as number;
    if (next <= INLINE_MAX) continue;
    if (pointer(words, row) !== start + length) break;
    length += next;
  }
  return duckdb.get_data_from_pointer(data.buffer, first * STRING_BYTES + POINTER_AT, length);
}

/** Addresses have 48 bits: exact as a number. */
const pointer = (words: Uint32Array, row: number): number =>
  (words[row * WORDS + 3] as number) * 2 ** 32 + (words[row * WORDS + 2] as number);
