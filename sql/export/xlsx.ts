/**
 * An Excel workbook of any length: rows written as XML by DuckDB, a sheet after the other when one is
 * full, and a last sheet "About" with rows, totals and a checksum. Numbers are numbers where a
 * spreadsheet keeps them exactly (15 digits) and text where it would not; text is never a formula.
 */
import { createHash, type Hash } from 'node:crypto';
import type { DuckDBDataChunk } from '@duckdb/node-api';
import { endingText } from './ending.ts';
import { joinedText } from './raw.ts';
import { literal, type Source, type Summed, type TypedColumn } from './source.ts';
import { type Closing, openSums } from './sums.ts';
import type { FileTable } from './table.ts';
import { plainText } from './text.ts';
import {
  contentTypes,
  packageRelations,
  stylesOf,
  workbook,
  workbookRelations,
} from './xlsx-parts.ts';
import { ENTRY_BYTES_MAX, type ZipEntry, zipped } from './zip.ts';

/** Rows that a sheet can hold, the header among them. */
export const SHEET_ROWS_MAX = 1_048_576;
/** Of XML in a sheet; the last rows of a chunk come on top. */
const SHEET_BYTES_MAX = ENTRY_BYTES_MAX - 300_000_000;
/** Characters of a cell: Excel counts 32,767 units of UTF-16, of which a character takes up to two. */
const TEXT_MAX = 16_000;
/** Digits that a number keeps in a spreadsheet. */
const DIGITS_EXACT = 15;
const SHEET = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/** Styles of cells, by their place in `stylesOf`. */
const style = { header: 1, day: 2, integer: 3, fraction: (scale: number) => 4 + scale } as const;
/** Fractions of more digits than any currency or price has in view are shown as they are. */
const SCALE_SHOWN_MAX = 6;

/** The tally of texts that a cell does not hold. */
const CUT = 'texts cut';

interface Sheet {
  name: string;
  rows: number;
}

/** The table as XLSX. `sheetRowsMax` counts the header. */
export function xlsxFile(
  table: FileTable,
  source: Source,
  { sheetRowsMax = SHEET_ROWS_MAX }: { sheetRowsMax?: number } = {},
): AsyncGenerator<Buffer> {
  return zipped(entriesOf(table, source, sheetRowsMax));
}

async function* entriesOf(
  table: FileTable,
  { columns, summed, select }: Source,
  sheetRowsMax: number,
): AsyncGenerator<ZipEntry> {
  const cut = `CAST(${cutSql(columns)} AS DECIMAL(38, 0))`;
  const all: Summed[] = [...summed, { name: CUT, scale: 0, sql: cut, isTally: true }];
  const sums = openSums(all);
  const rows = openRows(select([rowSql(columns), ...all.map(({ sql }) => sql)]));
  const hash = createHash('sha256');
  const sheets: { rows: number }[] = [];
  do {
    const sheet = { rows: 0 };
    sheets.push(sheet);
    yield {
      name: `xl/worksheets/sheet${sheets.length}.xml`,
      pieces: sheetPieces({ columns, rows, sums, hash, sheet, rowsMax: sheetRowsMax - 1 }),
    };
  } while (await rows.more());
  const named = sheets.map(({ rows: held }, i) => ({
    name: sheets.length === 1 ? 'Data' : `Data ${i + 1} of ${sheets.length}`,
    rows: held,
  }));
  const about = aboutRows(table, {
    closing: sums.closing(),
    sheets: named,
    sha256: hash.digest('hex'),
  });
  yield part(`xl/worksheets/sheet${sheets.length + 1}.xml`, aboutSheet(about));
  const names = [...named.map(({ name }) => name), 'About'];
  yield part('xl/styles.xml', stylesOf(SCALE_SHOWN_MAX));
  yield part('xl/workbook.xml', workbook(names));
  yield part('xl/_rels/workbook.xml.rels', workbookRelations(names.length));
  yield part('_rels/.rels', packageRelations);
  yield part('[Content_Types].xml', contentTypes(names.length));
}

const part = (name: string, xml: string): ZipEntry => ({ name, pieces: [Buffer.from(XML + xml)] });

/** Chunks, of which a sheet may take a part and leave the rest to the next. */
interface Rows {
  /** The next rows, at most so many; the whole chunk at its first time, for its sums. */
  take: (
    rowsMax: number,
  ) => Promise<{ bytes: Buffer; rows: number; whole?: DuckDBDataChunk } | null>;
  more: () => Promise<boolean>;
}

function openRows(chunks: AsyncGenerator<DuckDBDataChunk>): Rows {
  let chunk: DuckDBDataChunk | undefined;
  let at = 0;
  const more = async () => {
    if (chunk && at < chunk.rowCount) return true;
    const { value, done } = await chunks.next();
    chunk = done ? undefined : value;
    at = 0;
    return !done;
  };
  return {
    more,
    take: async (rowsMax) => {
      if (!(await more()) || !chunk) return null;
      const from = at;
      at = Math.min(chunk.rowCount, from + rowsMax);
      const bytes = joinedText(chunk, 0, { from, to: at });
      return { bytes, rows: at - from, ...(from === 0 && { whole: chunk }) };
    },
  };
}

async function* sheetPieces({
  columns,
  rows,
  sums,
  hash,
  sheet,
  rowsMax,
}: {
  columns: readonly TypedColumn[];
  rows: Rows;
  sums: ReturnType<typeof openSums>;
  hash: Hash;
  sheet: { rows: number };
  rowsMax: number;
}): AsyncGenerator<Buffer> {
  const piece = (bytes: Buffer) => {
    hash.update(bytes);
    return bytes;
  };
  yield piece(Buffer.from(XML + sheetHead(columns)));
  let bytes = 0;
  while (sheet.rows < rowsMax && bytes < SHEET_BYTES_MAX) {
    const taken = await rows.take(rowsMax - sheet.rows);
    if (!taken) break;
    if (taken.whole) sums.add(taken.whole, 1);
    sheet.rows += taken.rows;
    bytes += taken.bytes.length;
    yield piece(taken.bytes);
  }
  yield piece(Buffer.from('</sheetData></worksheet>'));
}

const WIDTHS = {
  text: 24,
  id: 12,
  integer: 14,
  number: 16,
  decimal: 18,
  money: 16,
  boolean: 10,
  day: 12,
  instant: 26,
} as const;
const WIDTH_MAX = 44;

function sheetHead(columns: readonly TypedColumn[]): string {
  const titles = columns.map(({ title, unit }) => (unit === null ? title : `${title} (${unit})`));
  const widths = columns.map(({ type }, i) =>
    Math.min(WIDTH_MAX, Math.max(WIDTHS[type], (titles[i]?.length ?? 0) + 2)),
  );
  return (
    `<worksheet xmlns="${SHEET}"><sheetViews><sheetView workbookViewId="0">` +
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>' +
    `${colsOf(widths)}<sheetData><row>` +
    `${titles.map((title) => textXml(title, style.header)).join('')}</row>`
  );
}

const colsOf = (widths: readonly number[]): string =>
  `<cols>${widths
    .map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`)
    .join('')}</cols>`;

const textXml = (text: string, of = 0): string =>
  `<c t="inlineStr" s="${of}"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`;

/** Text in XML: what XML cannot hold becomes the replacement character. */
function escaped(text: string): string {
  return (
    text
      .slice(0, TEXT_MAX)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/_(x[0-9A-Fa-f]{4}_)/g, '_x005F_$1')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('\r', '&#13;')
  );
}

/** The same in SQL. */
function escapedSql(text: string): string {
  const sound = `regexp_replace(left(${text}, ${TEXT_MAX}), '[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x{FFFE}\\x{FFFF}]', chr(65533), 'g')`;
  // What reads like Excel's own escape must not be taken for one.
  const plain = `regexp_replace(${sound}, '_(x[0-9A-Fa-f]{4}_)', '_x005F_\\1', 'g')`;
  const marked = [
    ['&', '&amp;'],
    ['<', '&lt;'],
    ['>', '&gt;'],
  ].reduce(
    (sql, [from = '', to = '']) => `replace(${sql}, ${literal(from)}, ${literal(to)})`,
    plain,
  );
  return `replace(${marked}, chr(13), '&#13;')`;
}

const inlineSql = (escapedText: string): string =>
  `'<c t="inlineStr"><is><t xml:space="preserve">' || ${escapedText} || '</t></is></c>'`;

function rowSql(columns: readonly TypedColumn[]): string {
  const cells = columns.map((column) => `coalesce(${cellSql(column)}, '<c/>')`);
  return `concat('<row>', ${cells.join(', ')}, '</row>')`;
}

function cellSql(column: TypedColumn): string {
  const { type, sql, scale } = column;
  const text = plainText(column);
  const number = (value: string, of: number) =>
    of === 0
      ? `'<c><v>' || ${value} || '</v></c>'`
      : `'<c s="${of}"><v>' || ${value} || '</v></c>'`;
  const exactly = (limit: string, of: number) =>
    `CASE WHEN ${sql} BETWEEN -${limit} AND ${limit} THEN ${number(text, of)} ELSE ${inlineSql(text)} END`;
  switch (type) {
    case 'text':
    case 'id':
      return inlineSql(escapedSql(text));
    case 'integer':
      return exactly('9'.repeat(DIGITS_EXACT), style.integer);
    case 'money': {
      const limit = `${'9'.repeat(DIGITS_EXACT - scale)}${scale > 0 ? `.${'9'.repeat(scale)}` : ''}`;
      return exactly(limit, scale > 0 ? style.fraction(scale) : style.integer);
    }
    case 'decimal': {
      const short = scale > 0 ? `rtrim(rtrim(${text}, '0'), '.')` : text;
      const digits = `length(ltrim(translate(${short}, '-.', ''), '0'))`;
      const of = scale > 0 && scale <= SCALE_SHOWN_MAX ? style.fraction(scale) : 0;
      return `CASE WHEN ${digits} <= ${DIGITS_EXACT} THEN ${number(short, of)} ELSE ${inlineSql(short)} END`;
    }
    case 'number':
      return number(text, 0);
    case 'boolean':
      return `'<c t="b"><v>' || CAST(${sql} AS TINYINT) || '</v></c>'`;
    case 'day':
      // Days are counted so that 1 March 1900 is 61; earlier ones a spreadsheet does not know.
      return `CASE WHEN ${sql} >= DATE '1900-03-01' THEN ${number(`date_diff('day', DATE '1899-12-30', ${sql})`, style.day)} ELSE ${inlineSql(text)} END`;
    case 'instant':
      return inlineSql(text);
  }
}

/** How many texts of a row are longer than a cell holds. */
function cutSql(columns: readonly TypedColumn[]): string {
  const texts = columns.filter(({ type }) => type === 'text');
  if (texts.length === 0) return '0';
  return texts
    .map(({ sql }) => `CAST(coalesce(length(${sql}) > ${TEXT_MAX}, false) AS INTEGER)`)
    .join(' + ');
}

type AboutRow = readonly [name: string, value: string];

function aboutRows(
  table: FileTable,
  { closing, sheets, sha256 }: { closing: Closing; sheets: readonly Sheet[]; sha256: string },
): AboutRow[] {
  const { title, about, columns } = table;
  const { totals, beside } = endingText(table, closing);
  const cut = closing.tallies[CUT] ?? 0n;
  const said: AboutRow[] = [
    ['title', title],
    ...about.map(({ name, value }): AboutRow => [name, value]),
    ...beside,
    ['rows', `${closing.rows} (complete)`],
    ...Object.entries(totals).map(([name, total]): AboutRow => [`total ${name}`, total ?? '-']),
  ];
  if (sheets.length > 1) {
    said.push([
      'sheets',
      `A sheet holds ${SHEET_ROWS_MAX} rows: the table goes on over ${sheets.length} sheets`,
    ]);
    for (const { name, rows: held } of sheets) said.push([`rows of ${name}`, String(held)]);
  }
  if (cut > 0n) {
    said.push(['cut', `${cut} texts were cut to the ${TEXT_MAX} characters that a cell holds`]);
  }
  said.push(
    ['instants', 'UTC, as text'],
    ['exactness', `ids, and figures of more than ${DIGITS_EXACT} digits, are text`],
    ...columns.map(
      ({ name, title: of, unit, type }): AboutRow => [
        `column ${name}`,
        [of, type, unit ?? ''].filter(Boolean).join(', '),
      ],
    ),
    ['sha256', sha256],
    ['of', `${sheets.map((_, i) => `xl/worksheets/sheet${i + 1}.xml`).join(' + ')}, unpacked`],
  );
  return said;
}

const aboutSheet = (rows: readonly AboutRow[]): string =>
  `<worksheet xmlns="${SHEET}">${colsOf([30, 90])}<sheetData>${rows
    .map(([name, value]) => `<row>${textXml(name, style.header)}${textXml(value)}</row>`)
    .join('')}</sheetData></worksheet>`;
