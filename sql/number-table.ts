/**
 * Rows of whole numbers gathered in memory and written as a temporary table, whole columns at a time:
 * an appender that is told value by value takes longer than what it is told took to compute.
 */
import { BIGINT, type DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
// Part of node-api, always of its version.
import duckdb from '@duckdb/node-bindings';

/** Rows of a chunk; DuckDB takes no more. */
const PAGE_ROWS = 2048;
const BIGINT_BYTES = 8;
const WORD = 2 ** 32;

export interface NumberTable {
  columns: readonly string[];
  /** Rows, one behind the other. */
  pages: Float64Array[];
  rows: number;
}

export const numberTable = (columns: readonly string[]): NumberTable => ({
  columns,
  pages: [],
  rows: 0,
});

/** Adds a row: integers below 2^53, NaN for none, in the order of the columns. */
export function addRow(table: NumberTable, row: Float64Array): void {
  const width = table.columns.length;
  const place = table.rows % PAGE_ROWS;
  if (place === 0) table.pages.push(new Float64Array(PAGE_ROWS * width));
  const page = table.pages[table.pages.length - 1] as Float64Array; // pushed above
  for (let i = 0; i < width; i++) page[place * width + i] = row[i] as number;
  table.rows++;
}

/** Hands each row to `act`: its page, and where it begins there. */
export function eachRow(
  { columns, pages, rows }: NumberTable,
  act: (page: Float64Array, first: number) => void,
): void {
  for (const [nth, page] of pages.entries()) {
    const count = Math.min(PAGE_ROWS, rows - nth * PAGE_ROWS);
    for (let row = 0; row < count; row++) act(page, row * columns.length);
  }
}

/** Makes the temporary table `name` anew, all columns BIGINT. */
export async function writeTable(
  connection: DuckDBConnection,
  name: string,
  { columns, pages, rows }: NumberTable,
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${name} (${columns.map((c) => `${c} BIGINT`).join()})`,
  );
  if (rows === 0) return;
  const appender = await connection.createAppender(name, 'main', 'temp');
  for (const [nth, page] of pages.entries()) {
    const count = Math.min(PAGE_ROWS, rows - nth * PAGE_ROWS);
    const chunk = DuckDBDataChunk.create(
      columns.map(() => BIGINT),
      count,
    );
    for (let c = 0; c < columns.length; c++) {
      fill(duckdb.data_chunk_get_vector(chunk.chunk, c), page, {
        first: c,
        stride: columns.length,
        count,
      });
    }
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

function fill(
  vector: ReturnType<typeof duckdb.data_chunk_get_vector>,
  page: Float64Array,
  { first, stride, count }: { first: number; stride: number; count: number },
): void {
  const words = new Int32Array(count * 2);
  const valid = new Uint8Array(Math.ceil(count / 64) * 8).fill(255);
  let nulls = 0;
  for (let row = 0; row < count; row++) {
    const value = page[row * stride + first] as number;
    if (Number.isNaN(value)) {
      valid[row >> 3] = (valid[row >> 3] as number) & ~(1 << (row & 7));
      nulls++;
      continue;
    }
    const high = Math.floor(value / WORD);
    words[row * 2] = value - high * WORD;
    words[row * 2 + 1] = high;
  }
  duckdb.copy_data_to_vector(vector, 0, words.buffer, 0, count * BIGINT_BYTES);
  if (nulls === 0) return;
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, valid.buffer, 0, valid.length);
}
