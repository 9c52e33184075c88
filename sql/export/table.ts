/**
 * A table on its way into a file: its columns with their units, what travels with it, and where its
 * rows come from. Every report and every list becomes one of these; the writers know nothing else.
 */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Closing } from './sums.ts';

export const fileFormats = ['csv', 'xlsx', 'parquet', 'arrow', 'json'] as const;
export type FileFormat = (typeof fileFormats)[number];

/**
 * id: an opaque number, text in files; integer: exact, 64 bits; number: a double, shown and never
 * billed; decimal: exact with `scale` digits; money: integer minor units, written with `scale` digits;
 * day: a local day; instant: UTC.
 */
export const columnTypes = [
  'text',
  'id',
  'integer',
  'number',
  'decimal',
  'money',
  'boolean',
  'day',
  'instant',
] as const;
export type ColumnType = (typeof columnTypes)[number];

export interface FileColumn {
  /** snake_case, as it stands in files and in SQL. */
  name: string;
  type: ColumnType;
  /** Digits after the point of decimal and money. */
  scale?: number;
  /** Wh, L, W, V, slot, CNY; null for what is no quantity. */
  unit: string | null;
  /** What a person reads above it. */
  title: string;
  /** True where the sum over all rows means something; it then travels as a total. */
  sum?: boolean;
}

/** A sum over all rows of an integer that is no column: `quality = 'missing'` as SQL over the columns. */
export interface Tally {
  name: string;
  sql: string;
}

/** In the words of JSON. */
export interface Ending {
  /** Totals that are no sums, or stand in place of the sum of that column. */
  totals?: Readonly<Record<string, unknown>>;
  /** What is neither row nor total: a proof, a comparison. */
  beside?: Readonly<Record<string, unknown>>;
}

/** A value as writers take it: integers, ids and money as bigint, days 'YYYY-MM-DD', instants as Date. */
export type Cell = string | number | bigint | boolean | Date | null;

export interface FileTable {
  /** The stem of the file's name: `energy-point-by-day-2026-11-01-2026-12-01`. */
  name: string;
  title: string;
  columns: readonly FileColumn[];
  /** Said in every file, in this order: project, zone, as of, range, filters, notes. */
  about: readonly { name: string; value: string }[];
  /** What JSON says before the rows, as a page gets it; unset: `about`. */
  head?: Readonly<Record<string, unknown>>;
  /** Counted as the rows go by, and shown nowhere: for `closing`. */
  tallies?: readonly Tally[];
  /** Said when the last row is out: what is known only then. */
  closing?: (closing: Closing) => Ending;
  source: QuerySource | RowSource;
}

/** A DuckDB statement whose columns are those of the table, in their order. */
export interface QuerySource {
  connection: DuckDBConnection;
  statement: string;
  parameters: Record<string, DuckDBValue>;
}

/** Rows from elsewhere, in portions; each row has a cell for each column. */
export interface RowSource {
  /** Where the rows are put, a portion at a time, to be written: any DuckDB will do. */
  connection: DuckDBConnection;
  portions: AsyncIterable<readonly (readonly Cell[])[]>;
}
