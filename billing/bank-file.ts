/**
 * The lines of a bank's or a channel's file, read by a template: days, exact amounts, what identifies them, and what
 * is wrong with each. Balances and totals that the file itself states must foot.
 */
import { createHash } from 'node:crypto';
import type { LocalDay } from '../sql/local-day.ts';
import { formatMinor } from '../sql/money.ts';
import { Problem } from '../sql/problem.ts';
import { readTable, type TableLine } from '../sql/table-file.ts';
import { amountOf, dayOf, textOf } from './bank-cells.ts';
import type { BankField, BankMapping, BankSource } from './bank-template.ts';

/** Most lines of a file, with its head and foot. */
export const BANK_LINES_MAX = 5_000;
/** Lines before the titles that are looked through. */
const HEAD_LINES_MAX = 60;

export const bankFaults = [
  'date',
  'date-ahead',
  'date-old',
  'amount',
  'amount-decimals',
  'amount-large',
  'amount-zero',
  'amount-missing',
  'amount-both',
  'currency',
  'balance',
  'net',
  'total',
] as const;
export type BankFaultCode = (typeof bankFaults)[number];

export interface BankFault {
  code: BankFaultCode;
  /** What stands in the file, and what it should be where that is known. */
  value: string;
  expected: string | null;
}

export interface FileLine {
  row: number;
  /** Null where the line says nothing that counts: its state, or an amount of zero. */
  hash: string | null;
  /** Of a line without a number of its own: what others may say as well; null where it has one. */
  alike: { said: string; hasBalance: boolean } | null;
  day: LocalDay;
  time: string | null;
  amountMinor: bigint;
  feeMinor: bigint;
  reference: string | null;
  order: string | null;
  payer: string | null;
  text: string | null;
  /** Whether its state says that it is a fee. */
  isFee: boolean;
  faults: BankFault[];
}

export interface BankFile {
  sha256: string;
  lines: FileLine[];
}

export interface ReadingTerms {
  source: BankSource;
  mapping: BankMapping;
  currency: string;
  /** The newest day that a line may be of. */
  today: LocalDay;
}

/** Reads a file. Throws Problem `import-refused` when it is no table or lacks columns, `too-large`. */
export async function readBankFile(content: string, terms: ReadingTerms): Promise<BankFile> {
  const { sha256, lines } = await readTable({ content, linesMax: BANK_LINES_MAX });
  const { at, columns } = headOf(lines, terms.mapping);
  const rows: Row[] = [];
  const totals: Row[] = [];
  for (const { row, texts } of lines.slice(at + 1)) {
    const first = texts.find((text) => text !== '') ?? '';
    if (terms.mapping.until && first.startsWith(terms.mapping.until)) break;
    if (/^[#\-=—]/.test(first) && !cellOf({ row, texts }, columns, 'date')) continue;
    if (TOTAL.test(first)) totals.push({ row, texts });
    else rows.push({ row, texts });
  }
  if (rows.length === 0) throw refused('The file holds no lines below its titles.');
  const read = rows.map((row) => lineOf(row, columns, terms));
  checkBalances(read, terms.currency);
  for (const total of totals) checkTotal(total, columns, { read, terms });
  const seen = new Map<string, number>();
  return {
    sha256,
    lines: read.map(({ line, counts, balanceMinor }) =>
      counts ? { ...line, ...identityOf(line, balanceMinor, { terms, seen }) } : line,
    ),
  };
}

const refused = (detail: string) => new Problem('import-refused', detail);
const TOTAL = /^(合计|总计|本页合计|totals?\b|sum\b)/i;

type Row = TableLine;
type Columns = Partial<Record<BankField, number>>;

const normal = (text: string) => text.normalize('NFKC').replace(/\s+/g, ' ').trim().toLowerCase();

/** Columns that have to be there when the template names them: without them money would be read wrongly. */
const needed: readonly BankField[] = [
  ...(['date', 'amount', 'income', 'expense', 'direction', 'fee', 'status'] as const),
];

/** The first line that holds the titles of the template, and where each column is. */
function headOf(lines: readonly Row[], mapping: BankMapping): { at: number; columns: Columns } {
  const wanted = Object.entries(mapping.columns) as [BankField, string][]; // As its schema says.
  let best: { missing: string[]; found: number } | undefined;
  for (const [at, { texts }] of lines.slice(0, HEAD_LINES_MAX).entries()) {
    const titles = texts.map((text) => normal(textOf(text)));
    const columns: Columns = {};
    const missing: string[] = [];
    for (const [field, title] of wanted) {
      const names = title.split('|').map(normal);
      const places = titles.flatMap((text, i) => (names.includes(text) ? [i] : []));
      if (places.length > 1) {
        throw refused(`The columns for ${field} (${title}) are there ${places.length} times.`);
      }
      if (places[0] !== undefined) columns[field] = places[0];
      else if (needed.includes(field)) missing.push(`${field} (${title})`);
    }
    if (missing.length === 0) return { at, columns };
    const found = Object.keys(columns).length;
    if (!best || found > best.found) best = { missing, found };
  }
  throw refused(`The columns of the template are not there: ${best?.missing.join(', ')}.`);
}

const cellOf = ({ texts }: Row, columns: Columns, field: BankField): string => {
  const at = columns[field];
  return at === undefined ? '' : textOf(texts[at] ?? '');
};

interface Read {
  line: FileLine;
  /** As the file states it after this line; null where it does not. */
  balanceMinor: bigint | null;
  income: bigint;
  expense: bigint;
  counts: boolean;
}

const OLDEST: LocalDay = '2000-01-01';

function lineOf(row: Row, columns: Columns, { mapping, currency, today }: ReadingTerms): Read {
  const faults: BankFault[] = [];
  const fault = (code: BankFaultCode, value: string, expected: string | null = null) => {
    faults.push({ code, value: value.slice(0, 80), expected });
  };
  const cell = (field: BankField) => cellOf(row, columns, field);
  const minor = (field: BankField): bigint | null => {
    const text = cell(field);
    if (text === '' || text === '-' || text === '--') return null;
    const read = amountOf(text, currency);
    if (typeof read === 'bigint') return read;
    fault(read, text);
    return null;
  };
  const date = dayOf(cell('date'), mapping.dateOrder);
  if (!date) fault('date', cell('date'));
  else if (date.day > today) fault('date-ahead', cell('date'), today);
  else if (date.day < OLDEST) fault('date-old', cell('date'), OLDEST);
  const status = cell('status');
  const counts =
    columns.status === undefined ||
    mapping.counted.length === 0 ||
    mapping.counted.includes(status);
  const said = cell('currency');
  if (said !== '' && !isCurrency(said, currency)) fault('currency', said, currency);
  const { income, expense } = sidesOf({ mapping, cell, minor, fault });
  const feeMinor = minor('fee') ?? 0n;
  const amountMinor = income - expense;
  const net = minor('net');
  if (net !== null && net !== amountMinor - feeMinor) {
    fault('net', cell('net'), formatMinor(amountMinor - feeMinor, currency));
  }
  if (amountMinor === 0n && feeMinor !== 0n && faults.length === 0) fault('amount-zero', '0');
  const textCell = (field: BankField) => cell(field).slice(0, 200) || null;
  return {
    line: {
      ...{
        row: row.row,
        hash: null,
        alike: null,
        day: date?.day ?? OLDEST,
        time: date?.time ?? null,
      },
      ...{ amountMinor, feeMinor, reference: textCell('reference'), order: textCell('order') },
      ...{ payer: textCell('payer'), text: textCell('text') },
      isFee: mapping.fees.includes(status),
      faults: counts ? faults : [],
    },
    ...{ balanceMinor: minor('balance'), income, expense },
    counts: counts && (amountMinor !== 0n || faults.length > 0),
  };
}

/** What came and what went by a line, minor units. */
function sidesOf({
  mapping,
  cell,
  minor,
  fault,
}: {
  mapping: BankMapping;
  cell: (field: BankField) => string;
  minor: (field: BankField) => bigint | null;
  fault: (code: BankFaultCode, value: string) => void;
}): { income: bigint; expense: bigint } {
  if (mapping.columns.amount) {
    const amount = minor('amount');
    if (amount === null && cell('amount') === '') fault('amount-missing', '');
    const value = amount ?? 0n;
    if (mapping.columns.direction && mapping.outgoing.includes(cell('direction'))) {
      return { income: 0n, expense: value < 0n ? -value : value };
    }
    return value < 0n ? { income: 0n, expense: -value } : { income: value, expense: 0n };
  }
  const income = minor('income') ?? 0n;
  const written = minor('expense') ?? 0n;
  // Some write what goes out with its sign.
  const expense = written < 0n ? -written : written;
  if (cell('income') === '' && cell('expense') === '') fault('amount-missing', '');
  if (income !== 0n && expense !== 0n) {
    fault('amount-both', `${cell('income')} / ${cell('expense')}`);
  }
  return { income, expense };
}

const yuan = ['CNY', 'RMB', '人民币', '人民币元', '元', '156', '001', '01'];
const isCurrency = (said: string, currency: string) =>
  said.toUpperCase() === currency || (currency === 'CNY' && yuan.includes(said.toUpperCase()));

/** Balances go up and down by the lines, in one of the two orders that files have. */
function checkBalances(read: readonly Read[], currency: string): void {
  const broken = [true, false].map((isRising) =>
    read.flatMap((after, i) => {
      const before = read[i - 1];
      if (!before || before.balanceMinor === null || after.balanceMinor === null) return [];
      const expected = isRising
        ? before.balanceMinor + after.line.amountMinor - after.line.feeMinor
        : before.balanceMinor - before.line.amountMinor + before.line.feeMinor;
      return expected === after.balanceMinor ? [] : [{ after, expected }];
    }),
  );
  const [rising = [], falling = []] = broken;
  const fewest = rising.length <= falling.length ? rising : falling;
  for (const { after, expected } of fewest) {
    if (after.line.faults.length > 0) continue;
    const value = formatMinor(after.balanceMinor ?? 0n, currency);
    after.line.faults.push({ code: 'balance', value, expected: formatMinor(expected, currency) });
    after.counts = true;
  }
}

/** A line of totals says what the lines above it come to. */
function checkTotal(
  total: Row,
  columns: Columns,
  { read, terms }: { read: Read[]; terms: ReadingTerms },
): void {
  const { currency } = terms;
  const above = read.filter(({ line }) => line.row < total.row);
  const sums: [BankField, bigint][] = [
    ['amount', sum(above.map(({ line }) => line.amountMinor))],
    ['income', sum(above.map(({ income }) => income))],
    ['expense', sum(above.map(({ expense }) => expense))],
    ['fee', sum(above.map(({ line }) => line.feeMinor))],
    ['net', sum(above.map(({ line }) => line.amountMinor - line.feeMinor))],
  ];
  for (const [field, expected] of sums) {
    const text = cellOf(total, columns, field);
    if (text === '' || columns[field] === undefined) continue;
    const said = amountOf(text, currency);
    if (
      typeof said === 'bigint' &&
      (said === expected || (field === 'expense' && said === -expected))
    )
      continue;
    const last = above.at(-1);
    if (!last) continue;
    last.line.faults.push({
      ...{ code: 'total', value: text, expected: formatMinor(expected, currency) },
    });
    last.counts = true;
  }
}

const sum = (minors: readonly bigint[]): bigint => minors.reduce((a, b) => a + b, 0n);

/**
 * By what a line is known: what it says, and its number among those of the file that say the same. Where it has no number
 * of its own, the balance behind it is part of that: of two payments alike each has another.
 */
function identityOf(
  line: FileLine,
  balanceMinor: bigint | null,
  { terms, seen }: { terms: ReadingTerms; seen: Map<string, number> },
): Pick<FileLine, 'hash' | 'alike'> {
  const said = saidBy(terms.source, line);
  const hasBalance = line.reference === null && balanceMinor !== null;
  const all = hasBalance ? `${said}/${balanceMinor}` : said;
  const ordinal = (seen.get(all) ?? 0) + 1;
  seen.set(all, ordinal);
  return {
    hash: hashOfSaid(all, ordinal),
    alike: line.reference === null ? { said, hasBalance } : null,
  };
}

/** What a line says, as one text. */
export const saidBy = (
  source: BankSource,
  line: Pick<FileLine, 'day' | 'time' | 'amountMinor' | 'reference' | 'order' | 'payer' | 'text'>,
): string => {
  const { day, time, amountMinor, reference, order, payer, text } = line;
  return JSON.stringify([
    ...[source, day, time, amountMinor.toString(), reference, order, payer, text],
  ]);
};

export const hashOfSaid = (said: string, ordinal: number): string =>
  createHash('sha256').update(`${said}/${ordinal}`).digest('hex');
