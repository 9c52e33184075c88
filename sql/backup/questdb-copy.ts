/**
 * The time series out of QuestDB as CSV, a file for each table and UTC day, and back in through line
 * protocol, whose DEDUP keys make a row that comes twice one row.
 */
import { pipeline } from 'node:stream/promises';
import { type Questdb, QuestdbError } from '../questdb.ts';
import { Refusal } from '../refusal.ts';
import type { Manifest, QuestdbFile } from './manifest.ts';
import { linesOf, type Packed, readPacked, writePacked } from './packed.ts';
import { openTally, type Tally } from './tally.ts';

export const questdbTables = ['samples', 'intervals', 'interval_versions'] as const;

export type QuestdbTable = Manifest['questdb']['tables'][number];
type Column = QuestdbTable['columns'][number];
type Say = (line: string) => void;

/** A day of a table may be long in coming. */
const EXPORT_TIMEOUT_MS = 3_600_000;
const SETTLE_TIMEOUT_MS = 600_000;
const ROWS_PER_WRITE = 10_000;
/** A stream's step costs more than a row. */
const PIECE_CHARACTERS = 65_536;
const TIMESTAMP = 'ts';

/** What sees each row as it goes by: its text, and its cells in the order of the columns. */
export type Watch = (table: QuestdbTable['name'], cells: readonly string[], line: string) => void;

/** Writes every row of these projects that QuestDB has acknowledged so far. */
export async function copyQuestdbOut(
  questdb: Questdb,
  {
    folder,
    projectIds,
    watch,
    say,
  }: { folder: string; projectIds: readonly string[]; watch: Watch; say: Say },
): Promise<QuestdbTable[]> {
  await questdb.settled(questdbTables, { timeoutMs: SETTLE_TIMEOUT_MS });
  const written: QuestdbTable[] = [];
  for (const name of questdbTables) {
    const columns = await columnsOf(questdb, name);
    const files: QuestdbFile[] = [];
    for (const { day, rows } of await daysIn(questdb, { name, projectIds })) {
      const tally = openTally();
      const lines = watched(rowsOf(questdb, { name, columns, day, projectIds }), {
        name,
        columns,
        tally,
        watch,
      });
      const packed = await writePacked(folder, `questdb/${name}/${day}.gz`, lines);
      // A stream that breaks off must not pass for a short day; rows that came meanwhile may be more.
      if (packed.rows < rows)
        throw new Error(`${packed.name}: QuestDB sent ${packed.rows} of ${rows} rows`);
      files.push({ ...packed, day, content: tally.text() });
    }
    say(
      `  ${name}: ${total(files, 'rows')} rows, ${total(files, 'bytes')} bytes, ${files.length} days`,
    );
    written.push({ name, columns, files });
  }
  return written;
}

const total = (files: readonly Packed[], what: 'rows' | 'bytes'): number =>
  files.reduce((sum, file) => sum + file[what], 0);

/** Throws Refusal when a table of the backup holds a row. */
export async function assertEmptyQuestdb(questdb: Questdb): Promise<void> {
  for (const name of questdbTables) {
    try {
      const { rows } = await questdb.exec(`SELECT ts FROM ${name} LIMIT 1`);
      if (rows.length === 0) continue;
    } catch (error) {
      if (error instanceof QuestdbError && /does not exist/.test(error.message)) continue;
      throw error;
    }
    throw new Refusal(
      `a backup is restored into an empty system only, and table ${name} of QuestDB holds rows (a restore that was cut off leaves them): give it another DATA_DIR, or an empty QuestDB`,
    );
  }
}

/** Loads every file and waits until all of it is readable. */
export async function copyQuestdbIn(
  questdb: Questdb,
  { folder, tables, say }: { folder: string; tables: readonly QuestdbTable[]; say: Say },
): Promise<void> {
  for (const { name, columns, files } of tables) {
    for (const file of files) {
      let lines: string[] = [];
      const send = async () => {
        if (lines.length > 0) await questdb.write(lines.join(''), { timeoutMs: EXPORT_TIMEOUT_MS });
        lines = [];
      };
      for await (const line of linesOf(readPacked(folder, file))) {
        lines.push(protocolLine(name, columns, cellsOf(line)));
        if (lines.length === ROWS_PER_WRITE) await send();
      }
      await send();
    }
    say(`  ${name}: ${total(files, 'rows')} rows`);
  }
  await questdb.settled(questdbTables, { timeoutMs: SETTLE_TIMEOUT_MS });
}

/** The tally of each day of a table as QuestDB gives it now, telling `watch` of every row. */
export async function talliesOf(
  questdb: Questdb,
  {
    table: { name, columns },
    projectIds,
    watch,
  }: { table: QuestdbTable; projectIds: readonly string[]; watch: Watch },
): Promise<Map<string, string>> {
  const tallies = new Map<string, string>();
  for (const { day } of await daysIn(questdb, { name, projectIds })) {
    const tally = openTally();
    const rows = rowsOf(questdb, { name, columns, day, projectIds });
    await pipeline(watched(rows, { name, columns, tally, watch }), async (pieces) => {
      for await (const _ of pieces);
    });
    tallies.set(day, tally.text());
  }
  return tallies;
}

/** The version of the server, as it says it. */
export async function questdbVersion(questdb: Questdb): Promise<string> {
  const { rows } = await questdb.exec('SELECT build()');
  return String(rows[0]?.[0] ?? '');
}

/** The migrations that QuestDB has recorded; none where there is no table of them. */
export async function questdbMigrations(questdb: Questdb): Promise<string[]> {
  const { rows } = await questdb.exec('SELECT name FROM migrations ORDER BY name');
  return rows.map(([name]) => String(name));
}

async function columnsOf(questdb: Questdb, name: string): Promise<Column[]> {
  const { rows } = await questdb.exec(`SELECT "column", "type" FROM (SHOW COLUMNS FROM ${name})`);
  return rows.map(([column, type]) => ({ name: String(column), type: String(type) }));
}

const ofProjects = (projectIds: readonly string[]): string =>
  `project IN (${projectIds.map((id) => `'${id}'`).join()})`;

/** The UTC days in which a table has rows of these projects, and how many. */
async function daysIn(
  questdb: Questdb,
  { name, projectIds }: { name: string; projectIds: readonly string[] },
): Promise<{ day: string; rows: number }[]> {
  if (projectIds.length === 0) return [];
  const { rows } = await questdb.exec(
    `SELECT timestamp_floor('d', ts) AS day, count() AS rows FROM ${name}
     WHERE ${ofProjects(projectIds)} ORDER BY day`,
    { timeoutMs: EXPORT_TIMEOUT_MS },
  );
  return rows.map(([day, count]) => ({ day: String(day).slice(0, 10), rows: Number(count) }));
}

/** The rows of a UTC day as CSV lines, their columns in the order of `columns`. */
async function* rowsOf(
  questdb: Questdb,
  {
    name,
    columns,
    day,
    projectIds,
  }: { name: string; columns: readonly Column[]; day: string; projectIds: readonly string[] },
): AsyncGenerator<string> {
  const stream = await questdb.exportCsv(
    `SELECT ${columns.map((column) => column.name).join()} FROM ${name}
     WHERE ts IN '${day}' AND ${ofProjects(projectIds)}`,
    { timeoutMs: EXPORT_TIMEOUT_MS },
  );
  let isHead = true;
  for await (const line of linesOf(stream)) {
    if (!isHead && line) yield line.trimEnd();
    isHead = false;
  }
}

async function* watched(
  lines: AsyncGenerator<string>,
  {
    name,
    columns,
    tally,
    watch,
  }: { name: string; columns: readonly Column[]; tally: Tally; watch: Watch },
): AsyncGenerator<string> {
  let text = '';
  for await (const line of lines) {
    const cells = cellsOf(line);
    if (cells.length !== columns.length) {
      throw new Error(
        `QuestDB sent a row of ${name} with ${cells.length} of ${columns.length} cells`,
      );
    }
    tally.add(line);
    watch(name, cells, line);
    text += `${line}\n`;
    if (text.length < PIECE_CHARACTERS) continue;
    yield text;
    text = '';
  }
  if (text) yield text;
}

/** The cells of a CSV line, without their quotes. Throws for one that ends within quotes. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at <= line.length; ) {
    if (line[at] === '"') {
      let end = line.indexOf('"', at + 1);
      while (end >= 0 && line[end + 1] === '"') end = line.indexOf('"', end + 2);
      if (end < 0) throw new Error(`a line of CSV ends within quotes: ${line.slice(0, 200)}`);
      cells.push(line.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 2;
    } else {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      cells.push(line.slice(at, end));
      at = end + 1;
    }
  }
  return cells;
}

/** A row in line protocol, times in ns; a cell that is empty is missing and is not sent. */
function protocolLine(name: string, columns: readonly Column[], cells: readonly string[]): string {
  let symbols = '';
  let fields = '';
  let at = '';
  for (const [i, { name: column, type }] of columns.entries()) {
    const cell = cells[i] ?? '';
    if (cell === '') continue;
    if (column === TIMESTAMP) at = `${micros(cell)}000`;
    else if (type === 'SYMBOL') symbols += `,${column}=${cell.replace(/[ ,=\\]/g, '\\$&')}`;
    else fields += `${fields ? ',' : ''}${column}=${fieldOf(type, cell)}`;
  }
  return `${name}${symbols} ${fields} ${at}\n`;
}

function fieldOf(type: string, cell: string): string {
  if (type === 'LONG' || type === 'INT') return `${cell}i`;
  if (type === 'TIMESTAMP') return `${micros(cell)}t`;
  if (type === 'DOUBLE') return cell;
  throw new Error(`a backup does not know how to restore a column of type ${type}`);
}

/** Epoch µs of '2026-01-05T00:15:00.000000Z'. */
function micros(cell: string): string {
  const [whole = '', fraction = ''] = cell.replace('Z', '').split('.');
  return `${Date.parse(`${whole}Z`) / 1000}${fraction.padEnd(6, '0')}`;
}
