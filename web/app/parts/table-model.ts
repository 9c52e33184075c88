/** What a table is made of: columns, sorting over all rows, and the same rows as text. Pure. */

/** What a cell is worth for sorting and copying; null is missing. */
export type CellValue = string | number | null;

export interface Column<Row> {
  key: string;
  title: string;
  unit?: string;
  /** Figures stand right, words left. */
  align?: 'left' | 'right';
  /** A grid track: '90px', 'minmax(160px, 1fr)'. */
  width: string;
  cell: (row: Row) => React.ReactNode;
  value: (row: Row) => CellValue;
  /** Sorts by something else than the value, where the value is text for people. */
  order?: (row: Row) => CellValue;
  total?: { cell: React.ReactNode; value: CellValue };
  /** Not shown until it is chosen. */
  optional?: boolean;
  /** On a phone: head of the card, figure at its right, without its title, left out; else with title. */
  phone?: 'title' | 'figure' | 'plain' | 'none';
  /** A mark before the title, as the swatch of a period. */
  mark?: React.ReactNode;
}

export interface Sort {
  key: string;
  descending: boolean;
}

/** 'power' or '-power' as it stands in the address. */
export function parseSort(text: string | undefined): Sort | null {
  if (!text) return null;
  return text.startsWith('-')
    ? { key: text.slice(1), descending: true }
    : { key: text, descending: false };
}

/** The next step of a click on a column head: down, up, then as the rows came. */
export function nextSort(sort: Sort | null, key: string): string | undefined {
  if (sort?.key !== key) return `-${key}`;
  return sort.descending ? key : undefined;
}

/** All rows in order; what is missing comes last in both directions. */
export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: Sort | null,
): readonly Row[] {
  const column = sort && columns.find(({ key }) => key === sort.key);
  if (!column) return rows;
  const worth = column.order ?? column.value;
  const direction = sort.descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: worth(row) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null)
        return Number(a.value === null) - Number(b.value === null);
      return direction * compare(a.value, b.value);
    })
    .map(({ row }) => row);
}

const collator = new Intl.Collator(['zh', 'en'], { numeric: true });
function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number'
    ? a - b
    : collator.compare(String(a), String(b));
}

const headOf = <Row>({ title, unit }: Column<Row>) => (unit ? `${title} (${unit})` : title);

/** The table as it stands, tab-separated for a spreadsheet, unit in the head. */
export function asText<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  return lines(rows, columns)
    .map((line) => line.map((cell) => cell.replace(/[\t\r\n]+/g, ' ')).join('\t'))
    .join('\n');
}

function lines<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[][] {
  const total = columns.some((column) => column.total)
    ? [columns.map((column) => text(column.total?.value ?? null))]
    : [];
  return [
    columns.map(headOf),
    ...rows.map((row) => columns.map((column) => text(column.value(row)))),
    ...total,
  ];
}

const text = (value: CellValue): string => (value === null ? '' : String(value));
