/**
 * An energy answer as a table for files, of any length: a flat row for each cell, a column for each rank,
 * made part by part.
 */
import type { DuckDBConnection } from '../sql/duckdb.ts';
import type { Cell, FileColumn, FileTable } from '../sql/export/table.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import { headOf, jsonFigures, placeOf, type ReportContext, unitOf } from './energy-report.ts';
import { aboutCut } from './known.ts';
import {
  addFigures,
  type EnergyAnswer,
  type EnergyQuestion,
  type EnergyRow,
  type LongEnergy,
  nothing,
  plus,
} from './questions/energy.ts';

/** Rows put into DuckDB at a time. */
const PORTION_ROWS = 16_384;

/** Spike first as on screen; what has no period comes last. */
const ranksShown = [1, 2, 3, 4, 5, 0] as const;
const rankNames = ['no_period', 'spike', 'peak', 'flat', 'valley', 'deep_valley'] as const;

/** The table of an answer; `connection` is where its rows are put to be written. */
export function energyTable(
  answer: LongEnergy,
  context: ReportContext,
  { connection, signal }: { connection: DuckDBConnection; signal: AbortSignal },
): FileTable {
  const { question, comparison } = answer;
  const { ageS, asOf, parameters, zone } = headOf(answer, context);
  const about: Record<string, string | null> = {
    project: context.projectName,
    zone,
    'as of': `${asOf} (${ageS} s before now)`,
    ...Object.fromEntries(aboutCut(answer.cut).map(({ name, value }) => [name, value])),
    ...parameters,
  };
  const totals = { ...nothing(), previousBeyond: null as number | null };
  async function* portions(): AsyncGenerator<readonly (readonly Cell[])[]> {
    for await (const part of answer.parts(signal)) {
      addFigures(totals, part.totals);
      totals.previousBeyond = plus(totals.previousBeyond, part.totals.previousBeyond);
      yield* portionsOf(part, context);
    }
  }
  return {
    // Without the colons of an instant, which some file systems refuse.
    name: `energy-${question.by}-by-${question.unit}-${question.from}-${question.to}`.replaceAll(
      ':',
      '',
    ),
    title: 'Energy',
    columns: columnsOf(question),
    about: Object.entries(about).flatMap(([name, value]) =>
      value === null ? [] : [{ name, value }],
    ),
    head: headOf(answer, context),
    closing: () => ({
      // `previous` also has what the range before had beyond.
      totals: jsonFigures(totals, question),
      beside: { comparison: comparison && { ...comparison, beyond: totals.previousBeyond } },
    }),
    source: { connection, portions: portions() },
  };
}

function columnsOf(question: EnergyQuestion): FileColumn[] {
  const text = (name: string, title: string): FileColumn => ({
    ...{ name, title, type: 'text', unit: null },
  });
  const figure = (name: string, unit: string = unitOf(question)): FileColumn => ({
    ...{ name, unit, type: 'integer', title: titleOf(name), sum: true },
  });
  return [
    text('period', 'Period'),
    { name: 'starts_at', type: 'instant', unit: null, title: 'Starts at' },
    { name: 'key', type: 'id', unit: null, title: 'Key' },
    text('code', 'Code'),
    text('label', 'Name'),
    text('label_zh', 'Name (Chinese)'),
    figure('quantity'),
    ...ranksOf(question).map((rank) => figure(rankNames[rank])),
    figure('estimated_quantity'),
    ...['measured', 'estimated', 'missing'].map((name) => figure(name, 'slot')),
    figure('previous'),
  ];
}

const ranksOf = ({ commodity }: EnergyQuestion) => (commodity === 'electricity' ? ranksShown : []);

/** 'estimated_quantity' → 'Estimated quantity'. */
const titleOf = (name: string): string =>
  name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());

function* portionsOf(answer: EnergyAnswer, context: ReportContext): Generator<Cell[][]> {
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
  return [
    row.period.label,
    new Date(row.period.fromQuarter * SLOT_MS),
    key,
    code,
    label,
    labelZh,
    row.quantity,
    ...ranksOf(question).map((rank) => row.ranks[rank] ?? null),
    row.estimatedQuantity,
    row.measured,
    row.estimated,
    row.missing,
    row.previous,
  ];
}
