/**
 * CSV for spreadsheets: UTF-8 with its mark, CRLF, header first, figures plain, and at the end lines
 * that begin with '#': where the figures come from, that the file is complete, and a checksum.
 */
import { endingText } from './ending.ts';
import type { Source, TypedColumn } from './source.ts';
import type { Closing } from './sums.ts';
import type { FileTable } from './table.ts';
import { hashedFile, plainText, textRows } from './text.ts';

/** At the start of a text cell, or after what another reader takes for a separator, it would be a formula. */
const SEPARATORS = '[\\t\\r\\n;,|]';
const SIGNS = '[=+\\-@＝＋－＠]';
const formula = new RegExp(`(^|${SEPARATORS})(\\s*${SIGNS})`, 'g');

/** A text cell: always quoted, and what a spreadsheet would run as a formula begins with an apostrophe. */
export function textCell(text: string): string {
  const safe = text.replace(/^[\t\r]/, "'$&").replace(formula, "$1'$2");
  return `"${safe.replaceAll('"', '""')}"`;
}

/** The same in SQL, over a text. */
function textCellSql(text: string): string {
  const led = `regexp_replace(${text}, '^[\\t\\r]', '''\\0')`;
  const safe = `regexp_replace(${led}, '(^|${SEPARATORS})([\\s\\p{Z}]*${SIGNS})', '\\1''\\2', 'g')`;
  return `'"' || replace(${safe}, '"', '""') || '"'`;
}

/** A figure, or nothing where it is not known. */
export const numberCell = (value: number | null): string => (value === null ? '' : String(value));

export const csvLine = (cells: readonly string[]): string => `${cells.join(',')}\r\n`;

/** A line that is not data; one cell, so that separators in it part nothing. */
export const noteLine = (text: string): string =>
  `# ${text
    .replace(/[\r\n]+/g, ' ')
    .replaceAll(',', ';')
    .replaceAll('"', '')}\r\n`;

export const UTF8_MARK = '\uFEFF';

/** The last line: what proves that nothing was lost or changed on the way. */
export const sha256Line = (sha256: string): string =>
  noteLine(`sha256 = ${sha256} (of all bytes before this line)`);

/** The table as CSV. */
export function csvFile(table: FileTable, source: Source): AsyncGenerator<Buffer> {
  const { pieces, closing } = textRows(source, lineSql(source.columns));
  return hashedFile({
    head: UTF8_MARK + csvLine(table.columns.map(({ name }) => name)),
    pieces,
    foot: () => notes(table, closing()),
    last: sha256Line,
  });
}

function lineSql(columns: readonly TypedColumn[]): string {
  const cells = columns.map((column) =>
    column.type === 'text' || (column.type === 'id' && !column.isNumber)
      ? textCellSql(plainText(column))
      : plainText(column),
  );
  // Nulls are nothing to concat: an empty cell.
  return `concat(${cells.join(", ',', ")}, chr(13), chr(10))`;
}

function notes(table: FileTable, closing: Closing): string {
  const { title, columns, about } = table;
  const { totals, beside } = endingText(table, closing);
  const units = columns.filter(({ unit }) => unit !== null);
  return [
    '',
    title,
    ...Object.entries(totals).map(([name, total]) => `total ${name} = ${total ?? '-'}`),
    `rows = ${closing.rows} (complete)`,
    ...units.map(({ name, unit }) => `unit of ${name} = ${unit}`),
    ...about.map(({ name, value }) => `${name} = ${value}`),
    ...beside.map(([name, value]) => `${name} = ${value}`),
  ]
    .map(noteLine)
    .join('');
}
