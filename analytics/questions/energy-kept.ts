/**
 * What an energy report adds up, kept by file of the roll-up: the sums of chosen points by day and rank,
 * or the rows of small files. A file is never written twice under one name, so what it held once holds as
 * long as the disk knows it by the same marks; whether it is as it was written is asked for each answer
 * (`ask.ts`), whatever is kept here.
 */
import { createHash } from 'node:crypto';
import { type DuckDBValue, listValue } from '@duckdb/node-api';
import { type DuckDBConnection, question } from '../../sql/duckdb.ts';
import { readColumns, type Table } from '../columns.ts';
import { marksOf } from '../disk.ts';
import type { DayFile } from '../files.ts';

/** Most rows of one question that are read into memory to be added up there; some 20 ms the first time. */
export const ROWS_MAX = 40_000;
/** Most numbers kept, of all files together: 64 MB. */
const NUMBERS_MAX = 8_000_000;
/** Files asked of in one statement; each is planned for itself. */
const FILES_A_STATEMENT = 24;

/** The points that count, as bits from the one before the first to the one after the last, which are 0. */
export interface Chosen {
  chosen: string;
  first_point: bigint;
  last_bit: bigint;
}

/** By kind, file and its marks, in the order of their last use. */
const kept = new Map<string, Table>();
let numbers = 0;

/** Of each file the sums of the chosen points: columns of `energy-whole.sql`. */
export async function sumsOf(
  connection: DuckDBConnection,
  files: readonly DayFile[],
  chosen: Chosen,
): Promise<Table[]> {
  const who = createHash('sha256').update(`${chosen.first_point} ${chosen.chosen}`).digest('hex');
  return remembered(`sums of ${who}`, files, async (missing) => {
    const text = await question('energy-whole');
    const found: Table[] = [];
    for (let from = 0; from < missing.length; from += FILES_A_STATEMENT) {
      const some = missing.slice(from, from + FILES_A_STATEMENT);
      const statement = some.map((_, i) =>
        text.replaceAll('$file:', `$file_${i}:`).replaceAll('$number:', `$number_${i}:`),
      );
      const parameters: Record<string, DuckDBValue> = { ...chosen };
      for (const [i, { place }] of some.entries()) {
        parameters[`file_${i}`] = place;
        parameters[`number_${i}`] = i;
      }
      const table = await readColumns(connection, statement.join('\nUNION ALL\n'), parameters);
      found.push(...split(table, some.length));
    }
    return found;
  });
}

/** Of each file its rows: columns of `energy-whole-rows.sql`; undefined when they are more than `rowsMax`. */
export async function rowsOf(
  connection: DuckDBConnection,
  files: readonly DayFile[],
  rowsMax: number,
): Promise<Table[] | undefined> {
  if (files.reduce((sum, { rows }) => sum + rows, 0) > rowsMax) return undefined;
  return remembered('rows', files, async (missing) => {
    const parameters = { files: listValue(missing.map(({ place }) => place)) };
    const table = await readColumns(connection, await question('energy-whole-rows'), parameters);
    return split(table, missing.length);
  });
}

/** What is kept, and through `read` what is not yet, in the order of `files`. */
async function remembered(
  kind: string,
  files: readonly DayFile[],
  read: (missing: readonly DayFile[]) => Promise<Table[]>,
): Promise<Table[]> {
  // Taken before the reading: a file that changes meanwhile is kept under marks that nobody asks for.
  const names = files.map(({ place }) => `${kind} ${place} ${marksOf(place)}`);
  const tables = names.map((name) => kept.get(name));
  const missing = files.filter((_, i) => tables[i] === undefined);
  const found = missing.length > 0 ? (await read(missing))[Symbol.iterator]() : undefined;
  const whole = tables.map((table): Table => {
    const one = table ?? found?.next().value;
    if (!one) throw new Error('a file of the roll-up was not answered for');
    return one;
  });
  for (const [i, table] of whole.entries()) keep(names[i] as string, table);
  return whole;
}

function keep(name: string, table: Table): void {
  if (!kept.delete(name)) numbers += sizeOf(table);
  kept.set(name, table);
  for (const [oldest, other] of kept) {
    if (numbers <= NUMBERS_MAX) break;
    kept.delete(oldest);
    numbers -= sizeOf(other);
  }
}

const sizeOf = ({ rowCount, columns }: Table): number => rowCount * columns.size;

/** A table by file. */
function split({ rowCount, columns }: Table, files: number): Table[] {
  const numberOf = columns.get('file');
  if (!numberOf) throw new Error('the roll-up was read without its file');
  const rows = Array.from({ length: files }, (): number[] => []);
  for (let row = 0; row < rowCount; row++) rows[numberOf[row] as number]?.push(row);
  const others = [...columns].filter(([name]) => name !== 'file');
  return rows.map((own) => ({
    rowCount: own.length,
    columns: new Map(
      others.map(([name, column]) => [
        name,
        Float64Array.from(own, (row) => column[row] as number),
      ]),
    ),
  }));
}
