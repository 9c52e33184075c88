/** Lists into DuckDB, and results out of it as columns of exact numbers. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { listValue } from '@duckdb/node-api';

/** DuckDB takes no empty list without a type; null unnests to as many rows: none. */
export const list = (values: readonly DuckDBValue[]): DuckDBValue =>
  values.length > 0 ? listValue([...values]) : null;

/**
 * Numbers with fractions, for a parameter cast to DOUBLE[]. A list takes its type from its first value:
 * a 500 there would make integers of the others, so each goes as text.
 */
export const doubles = (values: readonly number[]): DuckDBValue => list(values.map(String));

/** A result as columns of numbers, NaN for null: a tenth of the memory of rows. */
export interface Table {
  rowCount: number;
  columns: Map<string, Float64Array>;
}

/** Runs a statement whose columns are all integers. Throws when one is not exact in a number. */
export async function readColumns(
  connection: DuckDBConnection,
  statement: string,
  parameters: Record<string, DuckDBValue>,
): Promise<Table> {
  const result = await connection.run(statement, parameters);
  const names = result.columnNames();
  const parts: Float64Array[][] = names.map(() => []);
  let rowCount = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    rowCount += chunk.rowCount;
    // Item by item: an array of a column's values on the way takes three times as long.
    names.forEach((_, column) => {
      const vector = chunk.getColumnVector(column);
      const part = new Float64Array(chunk.rowCount);
      for (let row = 0; row < part.length; row++) part[row] = exactNumber(vector.getItem(row));
      parts[column]?.push(part);
    });
  }
  const columns = new Map(names.map((name, i) => [name, joined(parts[i] ?? [], rowCount)]));
  return { rowCount, columns };
}

function exactNumber(value: DuckDBValue): number {
  if (value === null) return Number.NaN;
  const number = Number(value);
  // A sum or an id past 2^53 must not be rounded in silence.
  if (!Number.isSafeInteger(number)) throw new Error(`${value} is no exact integer`);
  return number;
}

function joined(parts: Float64Array[], length: number): Float64Array {
  const whole = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
