/**
 * CSV for spreadsheets: UTF-8 with its mark, CRLF, header first, figures as plain integers, and at the
 * end lines that begin with '#': where the figures come from, and that the file is complete.
 */

/** At the start of a text cell, or after what another reader takes for a separator, it would be a formula. */
const FORMULA = /(^|[\t\r\n;,|])(\s*[=+\-@＝＋－＠])/g;

/** A text cell: always quoted, and what a spreadsheet would run as a formula begins with an apostrophe. */
export function textCell(text: string): string {
  const safe = text.replace(/^[\t\r]/, "'$&").replace(FORMULA, "$1'$2");
  return `"${safe.replaceAll('"', '""')}"`;
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
