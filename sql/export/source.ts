/**
 * The rows of a table as DuckDB sees them, whether they come from its own statement or from elsewhere:
 * each column with its exact type, and any list of expressions over them, chunk by chunk.
 */
import { rm } from 'node:fs/promises';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDecimalType,
  type DuckDBType,
  type DuckDBValue,
  VARCHAR,
} from '@duckdb/node-api';
import { fixedBytes } from './raw.ts';
import type { Cell, ColumnType, FileColumn, FileTable, QuerySource, RowSource } from './table.ts';

/** An interrupt that comes before the statement has begun is lost, so it is repeated. */
const INTERRUPT_EVERY_MS = 50;
/** DuckDB's vectors hold so many rows. */
const CHUNK_ROWS = 2048;
/** Widest decimal there is. */
export const DIGITS_MAX = 38;
const BIGINT_DIGITS = 19;

export interface TypedColumn extends FileColumn {
  scale: number;
  /** Over the rows of the source, of the type `sqlType`. */
  sql: string;
  sqlType: string;
  /** An id made of digits alone, which no program takes for anything else. */
  isNumber: boolean;
}

/** What is added up over all rows: a column, or a tally. */
export interface Summed {
  name: string;
  scale: number;
  /** Over the rows of the source, of which it makes an exact number. */
  sql: string;
  isTally: boolean;
}

export interface Source {
  columns: readonly TypedColumn[];
  summed: readonly Summed[];
  /** Chunks of the expressions over all rows, in the order of the source. */
  select: (expressions: readonly string[]) => AsyncGenerator<DuckDBDataChunk>;
  /** Writes the expressions over all rows into a Parquet file and says how many there were. */
  copyTo: (expressions: readonly string[], target: CopyTarget) => Promise<number>;
  /** The rows of a small statement of the writer's own. */
  ask: (statement: string) => Promise<DuckDBValue[][]>;
}

export interface CopyTarget {
  file: string;
  /** Of COPY, beyond the format. */
  options: string;
}

/**
 * Opens the source of a table. Everything it runs is ended when `signal` is, and rejects with its
 * reason. Throws when the statement's columns are not those of the table.
 */
export async function openSource(table: FileTable, signal: AbortSignal): Promise<Source> {
  return 'statement' in table.source
    ? await openQuery(table, table.source, signal)
    : openRows(table, table.source, signal);
}

async function openQuery(
  table: FileTable,
  { connection, statement, parameters }: QuerySource,
  signal: AbortSignal,
): Promise<Source> {
  // On lines of its own: it may end in a comment.
  const from = `FROM (\n${statement.replace(/;\s*$/, '')}\n) AS source`;
  const head = await watched(connection, signal, () =>
    connection.run(`SELECT * ${from} LIMIT 0`, parameters),
  );
  const names = head.columnNames();
  const wanted = table.columns.map(({ name }) => name);
  if (names.join() !== wanted.join()) {
    throw new Error(`the statement has columns ${names.join()}, the file ${wanted.join()}`);
  }
  const columns = table.columns.map((column, i) => typed(column, head.columnType(i)));
  return {
    columns,
    summed: summedOf(table, columns),
    select: (expressions) => chunksOf({ connection, signal, expressions, from, parameters }),
    copyTo: (expressions, target) =>
      copied({ connection, signal, select: selecting(expressions, from), target, parameters }),
    ask: (asked) =>
      watched(connection, signal, async () => (await connection.run(asked)).getRows()),
  };
}

function summedOf({ tallies = [] }: FileTable, columns: readonly TypedColumn[]): Summed[] {
  const exact = (sql: string, scale: number) => `CAST(${sql} AS DECIMAL(${DIGITS_MAX}, ${scale}))`;
  return [
    ...columns
      .filter(({ sum }) => sum)
      .map(({ name, scale, sql }) => ({ name, scale, sql: exact(sql, scale), isTally: false })),
    ...tallies.map(({ name, sql }) => ({
      ...{ name, scale: 0, isTally: true },
      sql: exact(`CAST((${sql}) AS BIGINT)`, 0),
    })),
  ];
}

const selecting = (expressions: readonly string[], from: string): string =>
  `SELECT ${expressions.join(', ')} ${from}`;

async function copied({
  connection,
  signal,
  select,
  target: { file, options },
  parameters,
}: {
  connection: DuckDBConnection;
  signal: AbortSignal;
  select: string;
  target: CopyTarget;
  parameters?: Record<string, DuckDBValue>;
}): Promise<number> {
  const copy = `COPY (${select}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd${options})`;
  const done = await watched(connection, signal, () => connection.run(copy, parameters));
  const [row] = await done.getRows();
  return Number(row?.[0] ?? 0);
}

/** What a portion's table holds of each type of column; days and decimals come as text. */
const held: Record<ColumnType, DuckDBType> = {
  text: VARCHAR,
  id: VARCHAR,
  integer: BIGINT,
  number: DOUBLE,
  decimal: VARCHAR,
  money: BIGINT,
  boolean: BOOLEAN,
  day: VARCHAR,
  instant: BIGINT,
};

function openRows(
  table: FileTable,
  { connection, portions }: RowSource,
  signal: AbortSignal,
): Source {
  const { columns } = table;
  const typedColumns = columns.map((column) => typed(column, held[column.type]));
  const types = columns.map(({ type }) => held[type]);
  const definition = columns.map(({ name, type }) => `${quoted(name)} ${held[type]}`).join(', ');
  const from = 'FROM temp.portion AS source';

  /** Puts each portion into a table of this connection, in place of the one before. */
  async function* tables(): AsyncGenerator<void> {
    for await (const rows of some(portions)) {
      signal.throwIfAborted();
      await connection.run(`CREATE OR REPLACE TEMP TABLE portion (${definition})`);
      const appender = await connection.createAppender('portion', 'main', 'temp');
      for (let at = 0; at < rows.length; at += CHUNK_ROWS) {
        const piece = rows.slice(at, at + CHUNK_ROWS);
        const chunk = DuckDBDataChunk.create(types, piece.length);
        columns.forEach((column, i) => {
          chunk.setColumnValues(
            i,
            piece.map((row) => heldValue(column, row[i] ?? null)),
          );
        });
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
      yield;
    }
  }
  return {
    columns: typedColumns,
    summed: summedOf(table, typedColumns),
    select: async function* (expressions) {
      for await (const _ of tables()) {
        yield* chunksOf({ connection, signal, expressions, from });
      }
    },
    copyTo: async (expressions, target) => {
      const parts: string[] = [];
      for await (const _ of tables()) {
        const part = `${target.file}.${parts.length}`;
        const select = selecting(expressions, from);
        await copied({ connection, signal, select, target: { file: part, options: '' } });
        parts.push(part);
      }
      const select = `SELECT * FROM read_parquet([${parts.map(literal).join()}])`;
      const rows = await copied({ connection, signal, select, target });
      for (const part of parts) await rm(part, { force: true });
      return rows;
    },
    ask: (asked) =>
      watched(connection, signal, async () => (await connection.run(asked)).getRows()),
  };
}

/** The portions that have rows, and one without when there is none: a file has its columns always. */
async function* some<Row>(portions: AsyncIterable<readonly Row[]>): AsyncGenerator<readonly Row[]> {
  let seen = false;
  for await (const rows of portions) {
    if (rows.length === 0) continue;
    seen = true;
    yield rows;
  }
  if (!seen) yield [];
}

function heldValue({ name, type }: FileColumn, cell: Cell): DuckDBValue {
  if (cell === null) return null;
  if (cell instanceof Date) return BigInt(cell.getTime()) * 1000n;
  if (type === 'number') return Number(cell);
  if (held[type] === BIGINT) {
    if (typeof cell === 'number' && !Number.isSafeInteger(cell)) {
      throw new Error(`${name}: ${cell} is no exact integer`);
    }
    return BigInt(cell);
  }
  return typeof cell === 'boolean' ? cell : String(cell);
}

/** A name as SQL writes it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** A text as SQL writes it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function typed(column: FileColumn, source: DuckDBType): TypedColumn {
  const { type } = column;
  const cell = `source.${quoted(column.name)}`;
  const scale = scaleOf(column, source);
  const is = (sqlType: string, sql = `CAST(${cell} AS ${sqlType})`): TypedColumn => ({
    ...column,
    scale,
    sql,
    sqlType,
    isNumber: type === 'id' && /INT/.test(source.toString()),
  });
  switch (type) {
    case 'text':
    case 'id':
      return is('VARCHAR');
    case 'integer':
      return is('BIGINT');
    case 'number':
      // What is not finite is no figure.
      return is(
        'DOUBLE',
        `CASE WHEN isfinite(CAST(${cell} AS DOUBLE)) THEN CAST(${cell} AS DOUBLE) END`,
      );
    case 'decimal':
      return is(`DECIMAL(${DIGITS_MAX}, ${scale})`);
    case 'money': {
      const whole = `CAST(CAST(${cell} AS BIGINT) AS DECIMAL(${BIGINT_DIGITS}, 0))`;
      if (scale === 0) return is(`DECIMAL(${BIGINT_DIGITS}, 0)`, whole);
      const unit = `CAST('0.${'1'.padStart(scale, '0')}' AS DECIMAL(${scale}, ${scale}))`;
      return is(`DECIMAL(${BIGINT_DIGITS + scale}, ${scale})`, `(${whole} * ${unit})`);
    }
    case 'boolean':
      return is('BOOLEAN');
    case 'day':
      return is('DATE');
    case 'instant': {
      const kind = source.toString();
      if (kind === 'BIGINT') return is('TIMESTAMP', `make_timestamp(${cell})`);
      // Not a cast, which would ask the zone for every row.
      if (kind.includes('ZONE')) return is('TIMESTAMP', `make_timestamp(epoch_us(${cell}))`);
      return is('TIMESTAMP');
    }
  }
}

function scaleOf({ name, type, scale }: FileColumn, source: DuckDBType): number {
  if (type !== 'decimal' && type !== 'money') return 0;
  if (scale !== undefined) return scale;
  if (source instanceof DuckDBDecimalType) return source.scale;
  if (/INT/.test(source.toString())) return 0;
  throw new Error(`${name}: nothing says how many decimals ${source} has`);
}

/**
 * Chunks of a statement. DuckDB's binding ends a stream that fails on its way as if it were through, so
 * one more row follows all others: without it the rows are not whole, and that is thrown.
 */
export async function* chunksOf({
  connection,
  signal,
  expressions,
  from,
  parameters,
}: {
  connection: DuckDBConnection;
  signal: AbortSignal;
  expressions: readonly string[];
  from: string;
  parameters?: Record<string, DuckDBValue>;
}): AsyncGenerator<DuckDBDataChunk> {
  const last = [...expressions.map(() => 'NULL'), 'true'];
  const statement = `${selecting([...expressions, 'false'], from)} UNION ALL SELECT ${last.join()}`;
  const result = await watched(connection, signal, () => connection.stream(statement, parameters));
  for (let isWhole = false; ; ) {
    const chunk = await watched(connection, signal, () => result.fetchChunk());
    if (!chunk || chunk.rowCount === 0) {
      if (isWhole) return;
      throw new Error('the statement broke off before its last row');
    }
    if (isWhole) throw new Error('rows follow the last one');
    isWhole = fixedBytes(chunk, expressions.length, 1)[chunk.rowCount - 1] === 1;
    if (isWhole) chunk.rowCount -= 1;
    if (chunk.rowCount > 0) yield chunk;
  }
}

/** Runs a step of a statement, which ends at once when the signal does. */
async function watched<T>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  step: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  let again: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    again ??= setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
  };
  signal.addEventListener('abort', interrupt);
  try {
    const done = await step();
    // A fetch that was interrupted may look like the end of the rows, and the file like a whole one.
    signal.throwIfAborted();
    return done;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(again);
    signal.removeEventListener('abort', interrupt);
  }
}
