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
  { from: start, to: rowCount } = { from: 0, to: chunk.rowCount },
): Buffer {
  const { data, lengths, pointers } = stringsOf(chunk, column);
  const parts: Uint8Array[] = [];
  for (let row = start; row < rowCount; ) {
    const length = lengths[row * 4] as number;
    if (length <= INLINE_MAX) {
      parts.push(data.subarray(row * STRING_BYTES + 4, row * STRING_BYTES + 4 + length));
      row += 1;
      continue;
    }
    // Texts lie one behind the other in a few blocks: each block is read at once.
    const first = row;
    const from = pointers[row * 2 + 1] as bigint;
    let run = length;
    for (row += 1; row < rowCount; row++) {
      const next = lengths[row * 4] as number;
      if (next <= INLINE_MAX || pointers[row * 2 + 1] !== from + BigInt(run)) break;
      run += next;
    }
    parts.push(pointedBytes(data, first, run));
  }
  // A copy: the memory is DuckDB's until the chunk goes.
  return Buffer.concat(parts);
}

/** Texts of a column: where each one ends in `bytes`. A null takes no bytes. */
export interface Texts {
  ends: Int32Array;
  bytes: Buffer;
}

/** The texts of a column with nulls. */
export function textsOf(chunk: DuckDBDataChunk, column: number): Texts {
  const { rowCount } = chunk;
  const { data, lengths } = stringsOf(chunk, column);
  const validity = validityOf(chunk, column);
  const ends = new Int32Array(rowCount);
  let total = 0;
  for (let row = 0; row < rowCount; row++) {
    if (!validity || isSet(validity, row)) total += lengths[row * 4] as number;
    ends[row] = total;
  }
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  let before = -1;
  for (let row = 0; row < rowCount; row++) {
    const length = (ends[row] as number) - at;
    if (length === 0) continue;
    if (before >= 0 && sameString(data, before, row)) {
      bytes.copyWithin(at, at - length, at);
    } else if (length <= INLINE_MAX) {
      const from = row * STRING_BYTES + 4;
      for (let i = 0; i < length; i++) bytes[at + i] = data[from + i] as number;
    } else bytes.set(pointedBytes(data, row, length), at);
    before = row;
    at += length;
  }
  return { ends, bytes };
}

function stringsOf(chunk: DuckDBDataChunk, column: number) {
  const data = fixedBytes(chunk, column, STRING_BYTES);
  const { buffer, byteOffset } = data;
  return {
    data,
    lengths: new Uint32Array(buffer, byteOffset, chunk.rowCount * 4),
    pointers: new BigUint64Array(buffer, byteOffset, chunk.rowCount * 2),
  };
}

const pointedBytes = (data: Uint8Array, row: number, length: number): Uint8Array =>
  duckdb.get_data_from_pointer(
    // A vector's memory is never shared between threads of JavaScript.
    data.buffer as ArrayBuffer,
    data.byteOffset + row * STRING_BYTES + POINTER_AT,
    length,
  );

/** Equal length and pointer (or inlined text): surely the same text. Sorted rows repeat themselves. */
function sameString(data: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < STRING_BYTES; i++) {
    if (data[a * STRING_BYTES + i] !== data[b * STRING_BYTES + i]) return false;
  }
  return true;
}
