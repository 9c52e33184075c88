/** The columns of a report, and the rows of its statement read as columns of JSON's kinds of values. */
import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { DuckDBConnection } from '../sql/duckdb.ts';
import type { ColumnType } from '../sql/export/table.ts';
import { Problem } from '../sql/problem.ts';

export interface ReportColumn {
  /** snake_case, as the statement and files name it; camelCase in JSON. */
  name: string;
  type: ColumnType;
  /** Wh, L, W, V, slot; absent for what is no quantity. Money has its currency. */
  unit?: string;
  title: string;
  /** For the description of the API. */
  says?: string;
  /** The sum over all rows means something. */
  sum?: boolean;
}

export type CellValue = string | number | bigint | boolean | null;

export interface Cells {
  rowCount: number;
  at: (column: number, row: number) => CellValue;
  /** All values of a column by its name. */
  column: (name: string) => readonly CellValue[];
}

/**
 * Runs a report's statement and reads all of it. Throws when its columns are not those of the report,
 * Problem `range-too-long` past `rowsMax` rows.
 */
export async function readCells(
  connection: DuckDBConnection,
  { statement, parameters }: { statement: string; parameters: Record<string, DuckDBValue> },
  columns: readonly ReportColumn[],
  rowsMax: number,
): Promise<Cells> {
  // Not as a stream: the binding ends one that fails on its way as if it were through.
  const bounded = `SELECT * FROM (\n${statement.replace(/;\s*$/, '')}\n) LIMIT ${rowsMax + 1}`;
  const result = await connection.run(bounded, parameters);
  const names = result.columnNames();
  const wanted = columns.map(({ name }) => name);
  if (names.join() !== wanted.join()) {
    throw new Error(`the statement has columns ${names.join()}, the report ${wanted.join()}`);
  }
  const values: CellValue[][] = columns.map(() => []);
  let rowCount = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    rowCount += chunk.rowCount;
    if (rowCount > rowsMax) {
      throw new Problem(
        'range-too-long',
        `The report has more than ${rowsMax} rows: choose less, or take it as a file.`,
      );
    }
    columns.forEach((column, i) => {
      for (const value of chunk.getColumnValues(i)) values[i]?.push(cellOf(column, value));
    });
  }
  return {
    rowCount,
    at: (column, row) => values[column]?.[row] ?? null,
    column: (name) => {
      const found = values[wanted.indexOf(name)];
      if (!found) throw new Error(`the report has no column ${name}`);
      return found;
    },
  };
}

function cellOf({ name, type }: ReportColumn, value: DuckDBValue): CellValue {
  if (value === null) return null;
  if (type === 'id') return String(value);
  if (type === 'integer' || type === 'money') {
    const number = Number(value);
    // A sum past 2^53 must not be rounded in silence.
    if (!Number.isSafeInteger(number)) throw new Error(`${name}: ${value} is no exact integer`);
    return number;
  }
  if (value instanceof DuckDBDateValue) return value.toString();
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return new Date(Number(value.micros / 1000n)).toISOString();
  }
  if (value instanceof DuckDBDecimalValue) {
    return type === 'decimal' ? value.toString() : Number(value.toString());
  }
  if (type === 'number') return Number(value);
  return typeof value === 'boolean' ? value : String(value);
}

/** Sums of the columns that have one; null where no row has a value. */
export function sumsOf(
  cells: Cells,
  columns: readonly ReportColumn[],
): Record<string, bigint | null> {
  const sums: Record<string, bigint | null> = {};
  for (const { name, type, sum } of columns) {
    if (!sum) continue;
    let total: bigint | null = null;
    for (const value of cells.column(name)) {
      if (value === null) continue;
      if (type !== 'integer' && type !== 'money')
        throw new Error(`${name} cannot be summed exactly`);
      total = (total ?? 0n) + BigInt(value as number); // Integers, as readCells has made them.
    }
    sums[name] = total;
  }
  return sums;
}
