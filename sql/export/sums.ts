/** Exact totals of a file's columns, added up as the rows go by, and how many rows there were. */
import type { DuckDBDataChunk } from '@duckdb/node-api';
import { progress } from './progress.ts';
import { fixedBytes, isSet, validityOf } from './raw.ts';
import type { Summed } from './source.ts';

/** What is known when the last row is out; null: no row has a value. */
export interface Closing {
  rows: number;
  /** As text in the unit of the column, by its name. */
  totals: Record<string, string | null>;
  /** Of the tallies, by their names. */
  tallies: Record<string, bigint>;
}

/** A sum over 128-bit integers as four sums of 32 bits: each stays exact in a double. */
interface Sum {
  column: Summed;
  total: bigint;
  seen: boolean;
}

export interface Sums {
  /** Adds the rows of a chunk whose sum columns, as HUGEINT, begin at `from`. */
  add: (chunk: DuckDBDataChunk, from: number) => void;
  closing: () => Closing;
}

const HUGEINT_BYTES = 16;

/** Sums of `columns`. */
export function openSums(columns: readonly Summed[]): Sums {
  const sums: Sum[] = columns.map((column) => ({ column, total: 0n, seen: false }));
  const watched = progress.getStore();
  let rows = 0;
  return {
    add: (chunk, from) => {
      rows += chunk.rowCount;
      if (watched) watched.rows = rows;
      for (const [i, sum] of sums.entries()) addColumn(sum, chunk, from + i);
    },
    closing: () => ({
      rows,
      totals: Object.fromEntries(
        sums
          .filter(({ column }) => !column.isTally)
          .map(({ column, total, seen }) => [
            column.name,
            seen ? scaledText(total, column.scale) : null,
          ]),
      ),
      tallies: Object.fromEntries(
        sums
          .filter(({ column }) => column.isTally)
          .map(({ column, total }) => [column.name, total]),
      ),
    }),
  };
}

function addColumn(sum: Sum, chunk: DuckDBDataChunk, column: number): void {
  const { rowCount } = chunk;
  const { buffer, byteOffset } = fixedBytes(chunk, column, HUGEINT_BYTES);
  const low = new Uint32Array(buffer, byteOffset, rowCount * 4);
  const high = new Int32Array(buffer, byteOffset, rowCount * 4);
  const validity = validityOf(chunk, column);
  let [a, b, c, d] = [0, 0, 0, 0];
  let seen = 0;
  for (let row = 0, at = 0; row < rowCount; row++, at += 4) {
    if (validity && !isSet(validity, row)) continue;
    seen += 1;
    a += low[at] as number;
    b += low[at + 1] as number;
    c += low[at + 2] as number;
    d += high[at + 3] as number;
  }
  if (seen === 0) return;
  sum.seen = true;
  sum.total += BigInt(a) + (BigInt(b) << 32n) + (BigInt(c) << 64n) + (BigInt(d) << 96n);
}

/** An integer of units of 10^-scale as a decimal: (12345n, 2) → '123.45'. */
export function scaledText(value: bigint, scale: number): string {
  if (scale === 0) return value.toString();
  const sign = value < 0n ? '-' : '';
  const text = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}
