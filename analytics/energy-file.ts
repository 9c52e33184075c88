/** An energy answer as a table for files: a flat row for each cell, a column for each rank. */
import type { DuckDBConnection } from '../sql/duckdb.ts';
import type { Cell, FileColumn, FileTable } from '../sql/export/table.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import {
  ageS,
  columnNames,
  placeOf,
  type ReportContext,
  ranksShown,
  unitOf,
} from './energy-report.ts';
import type { EnergyAnswer, EnergyRow } from './questions/energy.ts';

/** Rows put into DuckDB at a time. */
const PORTION_ROWS = 4096;

/** The stem of the names of an answer's files. */
export const energyFileName = ({ question: q }: EnergyAnswer): string =>
  `energy-${q.by}-by-${q.unit}-${q.from}-${q.to}`;

/** The table of an answer; `connection` is where its rows are put to be written. */
export function energyTable(
  answer: EnergyAnswer,
  context: ReportContext,
  connection: DuckDBConnection,
): FileTable {
  const { question, comparison, totals } = answer;
  const about: Record<string, string | number | null> = {
    project: context.projectName,
    zone: answer.zone,
    'as of': `${answer.asOf.toISOString()} (${ageS(answer, context.now)} s before now)`,
    ...question,
    previous: comparison && `${comparison.from} to ${comparison.to} (exclusive)`,
    'of it without a counterpart in the rows': totals.previousBeyond,
  };
  return {
    name: energyFileName(answer),
    title: 'Energy',
    columns: columnsOf(answer),
    about: Object.entries(about).flatMap(([name, value]) =>
      value === null ? [] : [{ name, value: String(value) }],
    ),
    source: { connection, portions: portionsOf(answer, context) },
  };
}

function columnsOf({ question }: EnergyAnswer): FileColumn[] {
  const text = (name: string, title: string): FileColumn => ({
    name,
    type: 'text',
    unit: null,
    title,
  });
  const unit = unitOf(question);
  return [
    text('period', 'Period'),
    { name: 'starts_at', type: 'instant', unit: null, title: 'Starts at' },
    { name: 'key', type: 'id', unit: null, title: 'Key' },
    text('code', 'Code'),
    text('label', 'Name'),
    text('label_zh', 'Name (Chinese)'),
    ...columnNames(question).map(
      ({ name, isSlots }): FileColumn => ({
        name,
        type: 'integer',
        unit: isSlots ? 'slot' : unit,
        title: titleOf(name),
        sum: true,
      }),
    ),
  ];
}

/** 'estimated_slots' → 'Estimated slots'. */
const titleOf = (name: string): string =>
  name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());

async function* portionsOf(
  answer: EnergyAnswer,
  context: ReportContext,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  let portion: Cell[][] = [];
  for (const row of answer.rows()) {
    portion.push(cellsOf(row, answer, context));
    if (portion.length < PORTION_ROWS) continue;
    yield portion;
    portion = [];
  }
  yield portion;
}

function cellsOf(row: EnergyRow, { question }: EnergyAnswer, context: ReportContext): Cell[] {
  const { key, code, label, labelZh } = placeOf(row, question, context);
  const ranks = question.commodity === 'electricity' ? ranksShown : [];
  return [
    row.period.label,
    new Date(row.period.fromQuarter * SLOT_MS),
    key,
    code,
    label,
    labelZh,
    row.quantity,
    ...ranks.map((rank) => row.ranks[rank] ?? null),
    row.estimatedQuantity,
    row.measured,
    row.estimated,
    row.missing,
    row.previous,
  ];
}
