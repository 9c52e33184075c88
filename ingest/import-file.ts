/**
 * The cells of an uploaded table, XLSX or CSV, as text: bounded in bytes, packed or not, and in rows. Nothing
 * in it is worked out: what looks like a formula is a text, of a formula its stored result counts.
 */
import { createHash } from 'node:crypto';
import { parseCsv } from 'hucre/csv';
import { streamXlsxRows } from 'hucre/xlsx';
import { Problem } from '../sql/problem.ts';
import { type ImportColumn, importColumnNames, importColumns } from './import-columns.ts';

/** Of a file as it is sent; it stands in JSON as base64, which the body's bound allows. */
export const IMPORT_BYTES_MAX = 700_000;
/** Of all that is packed in it. */
const UNPACKED_BYTES_MAX = 40_000_000;
/** Each costs some twenty statements, within one transaction. */
export const IMPORT_ROWS_MAX = 500;
/** Cells of a row that are looked at. */
const COLUMNS_MAX = 100;
const CELL_CHARACTERS_MAX = 1_000;

export interface ImportRow {
  /** As a spreadsheet counts it: the header is 1. */
  row: number;
  cells: Partial<Record<ImportColumn, string>>;
}

export interface ImportFile {
  sha256: string;
  rows: ImportRow[];
}

/** The rows that say anything. Throws Problem `import-refused` when the file cannot be read as a table of ours. */
export async function readImport({ content }: { content: string }): Promise<ImportFile> {
  const bytes = Buffer.from(content, 'base64');
  if (bytes.length === 0) throw refused('The file is empty, or not base64.');
  if (bytes.length > IMPORT_BYTES_MAX) {
    throw new Problem('too-large', `A file may hold ${IMPORT_BYTES_MAX} bytes.`);
  }
  const isZip = bytes.length >= 4 && bytes.readUInt32LE(0) === LOCAL_HEADER;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { sha256, rows: await rowsOf(isZip ? xlsxLines(bytes) : csvLines(bytes)) };
}

const refused = (detail: string, cause?: unknown) =>
  new Problem('import-refused', detail, { cause });

interface Line {
  row: number;
  values: readonly unknown[];
}

async function rowsOf(lines: AsyncIterable<Line> | Iterable<Line>): Promise<ImportRow[]> {
  let header: (ImportColumn | undefined)[] | undefined;
  const rows: ImportRow[] = [];
  try {
    for await (const { row, values } of lines) {
      const texts = values.slice(0, COLUMNS_MAX).map(textOf);
      if (texts.every((text) => text === '')) continue;
      if (!header) {
        header = headerOf(texts);
        continue;
      }
      if (rows.length >= IMPORT_ROWS_MAX) {
        throw new Problem('too-large', `A file may hold ${IMPORT_ROWS_MAX} rows.`);
      }
      const cells: ImportRow['cells'] = {};
      for (const [i, column] of header.entries()) if (column) cells[column] = texts[i] ?? '';
      if (Object.values(cells).some((text) => text !== '')) rows.push({ row, cells });
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw refused('The file cannot be read: it is neither a sound XLSX nor a CSV.', cause);
  }
  if (!header) throw refused('The file holds nothing.');
  return rows;
}

/** Columns by their titles in either language, or by their names. Others are passed over, but ours are needed. */
function headerOf(texts: readonly string[]): (ImportColumn | undefined)[] {
  const columns = texts.map((text) => titles.get(text.trim().toLowerCase()));
  const known = columns.filter((column) => column !== undefined);
  if (known.length === 0) {
    throw refused('The first row names none of the columns: take the template.');
  }
  const twice = known.find((column, i) => known.indexOf(column) !== i);
  if (twice) throw refused(`The column ${importColumns[twice].en} is there twice.`);
  const strange = texts.find((text, i) => text.trim() !== '' && !columns[i]);
  if (strange !== undefined) {
    throw refused(`There is no column “${strange.slice(0, 60)}”: take the template.`);
  }
  return columns;
}

const titles = new Map(
  importColumnNames.flatMap((name) => {
    const { en, zh } = importColumns[name];
    return [name, en, zh].map((title) => [title.toLowerCase(), name] as const);
  }),
);

/** A cell as it would be typed. A spreadsheet's date is wall time: it has no zone. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) {
    const text = value.toISOString().slice(0, 19).replace('T', ' ');
    return text.endsWith(' 00:00:00') ? text.slice(0, 10) : text;
  }
  return String(value).trim().slice(0, CELL_CHARACTERS_MAX);
}

async function* xlsxLines(bytes: Buffer): AsyncGenerator<Line> {
  assertUnpacked(bytes);
  for await (const { index, values } of streamXlsxRows(bytes, { sheet: 0 })) {
    yield { row: index + 1, values };
  }
}

function* csvLines(bytes: Buffer): Generator<Line> {
  const lines = parseCsv(decoded(bytes), { maxRows: IMPORT_ROWS_MAX + 2, typeInference: false });
  for (const [i, values] of lines.entries()) yield { row: i + 1, values };
}

/** UTF-8, or what a Chinese Excel saves as CSV. */
function decoded(bytes: Buffer): string {
  if (bytes.includes(0)) throw refused('The file is neither an XLSX nor a CSV.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_HEADER = 0x06054b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const COMMENT_BYTES_MAX = 65_535;

/**
 * Sees that what is packed stays within bounds by what the archive says of itself; the library then stops
 * at the sizes that stand there. A size of nothing, or of four gigabytes and more, is no size.
 */
function assertUnpacked(bytes: Buffer): void {
  const from = Math.max(0, bytes.length - END_BYTES - COMMENT_BYTES_MAX);
  let end = bytes.length - END_BYTES;
  while (end >= from && bytes.readUInt32LE(end) !== END_HEADER) end--;
  if (end < from) throw refused('The file is cut off: its end is missing.');
  const entries = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  let total = 0;
  for (let entry = 0; entry < entries; entry++) {
    if (at + CENTRAL_BYTES > bytes.length || bytes.readUInt32LE(at) !== CENTRAL_HEADER) {
      throw refused('The file is damaged: its list of parts does not hold.');
    }
    const packed = bytes.readUInt32LE(at + 20);
    const size = bytes.readUInt32LE(at + 24);
    if (size === 0 && packed > 2) throw refused('The file is damaged: a part has no size.');
    total += size;
    if (total > UNPACKED_BYTES_MAX) {
      throw new Problem('too-large', `Unpacked, a file may hold ${UNPACKED_BYTES_MAX} bytes.`);
    }
    // Behind each: its name, its extra fields, its comment.
    const behind = [28, 30, 32].reduce((sum, place) => sum + bytes.readUInt16LE(at + place), 0);
    at += CENTRAL_BYTES + behind;
  }
}
