/** DuckDB in this process: in memory, bounded, in UTC; questions are `.sql` files in sql/duckdb. */
import { readFile } from 'node:fs/promises';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';

export type { DuckDBConnection };

export interface Duckdb {
  /** A connection of its own for one piece of work; close it when done. */
  connect: () => Promise<DuckDBConnection>;
  close: () => void;
}

/** Opens an in-memory database. `memory` is DuckDB's limit, e.g. `2GB`; `threads` its workers. */
export async function openDuckdb({
  memory = '2GB',
  threads = 2,
}: {
  memory?: string;
  threads?: number;
} = {}): Promise<Duckdb> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: memory,
    threads: String(threads),
  });
  // Not in create(): the zone needs an extension that is loaded only after it.
  const connection = await instance.connect();
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  connection.closeSync();
  return { connect: () => instance.connect(), close: () => instance.closeSync() };
}

/** The text of `sql/duckdb/<name>.sql`. */
export function question(name: string): Promise<string> {
  return readFile(new URL(`./duckdb/${name}.sql`, import.meta.url), 'utf8');
}

/** Runs a statement and returns its rows as objects. For small answers; BIGINT comes as bigint. */
export async function rowsOf<Row extends Record<string, unknown>>(
  connection: DuckDBConnection,
  statement: string,
  parameters?: Record<string, DuckDBValue>,
): Promise<Row[]> {
  const reader = await connection.runAndReadAll(statement, parameters);
  // The caller names the columns that its own statement returns.
  return reader.getRowObjectsJS() as Row[];
}
