/** Rows of numbers become a temporary table with nothing lost, over more than a page. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DuckDBConnection, type Duckdb, openDuckdb, rowsOf } from '../../sql/duckdb.ts';
import { addRow, numberTable, writeTable } from '../../sql/number-table.ts';

let duckdb: Duckdb;
let connection: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb({ memory: '256MB', threads: 1 });
  connection = await duckdb.connect();
});
afterAll(() => {
  connection.closeSync();
  duckdb.close();
});

it('an empty table has its columns, and replaces the one before', async () => {
  const full = numberTable(['a', 'b']);
  addRow(full, Float64Array.of(1, 2));
  await writeTable(connection, 'numbers', full);
  await writeTable(connection, 'numbers', numberTable(['a', 'b']));
  expect(await rowsOf(connection, 'SELECT a, b FROM numbers')).toEqual([]);
});

it('negative and great numbers and missing ones are kept, row by row', async () => {
  const values = [0, -1, 2 ** 32, -(2 ** 32) - 1, 2 ** 53 - 1, -(2 ** 53) + 1, Number.NaN];
  const table = numberTable(['nth', 'value']);
  for (let nth = 0; nth < 5000; nth++) {
    addRow(table, Float64Array.of(nth, values[nth % values.length] as number));
  }
  await writeTable(connection, 'numbers', table);
  const rows = await rowsOf<{ nth: bigint; value: bigint | null }>(
    connection,
    'SELECT nth, value FROM numbers ORDER BY nth',
  );
  expect(rows).toEqual(
    Array.from({ length: 5000 }, (_, nth) => {
      const value = values[nth % values.length] as number;
      return { nth: BigInt(nth), value: Number.isNaN(value) ? null : BigInt(value) };
    }),
  );
});
