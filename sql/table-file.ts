/**
 * The lines of an uploaded table, XLSX or CSV, as text: bounded in bytes, packed or not, and in lines. Nothing
 * in it is worked out: what looks like a formula is a text, of a formula its stored result counts.
 */
import { createHash } from 'node:crypto';
import { parseCsv } from 'hucre/csv';
import { streamXlsxRows } from 'hucre/xlsx';
import { Problem } from './problem.ts';

/** Of a file as it is sent; it stands in JSON as base64, which the body's bound allows. */
export const TABLE_BYTES_MAX = 700_000;
/** Of all that is packed in it. */
const UNPACKED_BYTES_MAX = 40_000_000;
/** With the empty ones. */
const CSV_LINES_MAX = 50_000;
/** Cells of a line that are looked at. */
const COLUMNS_MAX = 100;
const CELL_CHARACTERS_MAX = 1_000;

/** A line that says anything; `row` is as a spreadsheet counts it, the first is 1. */
export interface TableLine {
  row: number;
  texts: string[];
}

export interface TableFile {
  sha256: string;
  lines: TableLine[];
}

/**
 * Reads an XLSX (its first sheet) or a CSV in UTF-8 or GB18030. Throws Problem `import-refused` when it is neither,
 * `too-large` beyond its bounds.
 */
export async function readTable({
  content,
  linesMax,
}: {
  content: string;
  linesMax: number;
}): Promise<TableFile> {
  const bytes = Buffer.from(content, 'base64');
  if (bytes.length === 0) throw refused('The file is empty, or not base64.');
  if (bytes.length > TABLE_BYTES_MAX) {
    throw new Problem('too-large', `A file may hold ${TABLE_BYTES_MAX} bytes.`);
  }
  const isZip = bytes.length >= 4 && bytes.readUInt32LE(0) === LOCAL_HEADER;
  const lines: TableLine[] = [];
  try {
    for await (const { row, values } of isZip ? xlsxLines(bytes) : csvLines(bytes)) {
      const texts = values.slice(0, COLUMNS_MAX).map(textOf);
      if (texts.every((text) => text === '')) continue;
      if (lines.length >= linesMax) {
        throw new Problem('too-large', `A file may hold ${linesMax} lines.`);
      }
      lines.push({ row, texts });
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw refused('The file cannot be read: it is neither a sound XLSX nor a CSV.', cause);
  }
  if (lines.length === 0) throw refused('The file holds nothing.');
  return { sha256: createHash('sha256').update(bytes).digest('hex'), lines };
}

const refused = (detail: string, cause?: unknown) =>
  new Problem('import-refused', detail, { cause });

interface Line {
  row: number;
  values: readonly unknown[];
}

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
  const lines = parseCsv(decoded(bytes), { maxRows: CSV_LINES_MAX + 1, typeInference: false });
  if (lines.length > CSV_LINES_MAX) {
    throw new Problem('too-large', `A CSV may hold ${CSV_LINES_MAX} lines, empty ones among them.`);
  }
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
