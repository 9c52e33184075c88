/** The rows of an uploaded table of places and devices, by the columns that we know. */
import { Problem } from '../sql/problem.ts';
import { readTable } from '../sql/table-file.ts';
import { type ImportColumn, importColumnNames, importColumns } from './import-columns.ts';

/** Looked at and entered within one transaction, in some twenty statements. */
export const IMPORT_ROWS_MAX = 5_000;

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
  const { sha256, lines } = await readTable({ content, linesMax: IMPORT_ROWS_MAX + 1 });
  const [first, ...others] = lines;
  if (!first) throw refused('The file holds nothing.');
  const header = headerOf(first.texts);
  const rows = others.map(({ row, texts }): ImportRow => {
    const cells: ImportRow['cells'] = {};
    for (const [i, column] of header.entries()) if (column) cells[column] = texts[i] ?? '';
    return { row, cells };
  });
  return { sha256, rows: rows.filter(saysAnything) };
}

const saysAnything = ({ cells }: ImportRow) => Object.values(cells).some((text) => text !== '');

const refused = (detail: string) => new Problem('import-refused', detail);

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
