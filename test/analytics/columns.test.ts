/** What goes into DuckDB as a list comes out as it was. */
import { expect, test } from 'vitest';
import { doubles } from '../../analytics/columns.ts';
import { openDuckdb, rowsOf } from '../../sql/duckdb.ts';

test('a list of numbers keeps its fractions, whatever stands first', async () => {
  const duckdb = await openDuckdb({ memory: '100MB' });
  const connection = await duckdb.connect();
  const given = [500, 0.25, -1e300];
  const [row] = await rowsOf<{ sum: number }>(
    connection,
    'SELECT list_sum($given::DOUBLE[]) AS sum',
    { given: doubles(given.slice(0, 2)) },
  );
  expect(row?.sum).toBe(500.25);
  const [far] = await rowsOf<{ least: number }>(
    connection,
    'SELECT list_min($given::DOUBLE[]) AS least',
    { given: doubles(given.toReversed()) },
  );
  expect(far?.least).toBe(-1e300);
  connection.closeSync();
  duckdb.close();
});
