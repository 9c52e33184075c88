/** An energy answer as the JSON of a page, piece by piece, so that a slow reader costs no second copy. */

import { SLOT_MS } from '../sql/local-day.ts';
import { shownCut } from './known.ts';
import type { EnergyAnswer, EnergyFigures, EnergyQuestion, EnergyRow } from './questions/energy.ts';

/** About as much text as goes out at once. */
const PIECE_CHARS = 64_000;

export interface ReportContext {
  now: Date;
  /** The project's, where a row has no place of its own. */
  projectId: string;
  projectName: string;
}

interface Column {
  name: string;
  /** Wh, L, slot; null for what is no quantity. */
  unit: string | null;
}

export const unitOf = ({ commodity }: EnergyQuestion): 'Wh' | 'L' =>
  commodity === 'electricity' ? 'Wh' : 'L';

/** The columns of a row in JSON, with their units. */
function jsonColumns(question: EnergyQuestion): Column[] {
  const unit = unitOf(question);
  return [
    { name: 'period', unit: null },
    { name: 'startsAt', unit: null },
    { name: 'key', unit: null },
    { name: 'code', unit: null },
    { name: 'label', unit: null },
    { name: 'labelZh', unit: null },
    { name: 'quantity', unit },
    { name: 'ranks', unit },
    { name: 'estimatedQuantity', unit },
    { name: 'measured', unit: 'slot' },
    { name: 'estimated', unit: 'slot' },
    { name: 'missing', unit: 'slot' },
    { name: 'previous', unit },
  ];
}

/** JSON of the whole answer, in pieces. */
export function* jsonReport(answer: EnergyAnswer, context: ReportContext): Iterable<string> {
  const { question, totals, comparison } = answer;
  const head = JSON.stringify({
    ...headOf(answer, context),
    comparison: comparison && { ...comparison, beyond: totals.previousBeyond },
    columns: jsonColumns(question),
    rowCount: answer.rowCount,
    totals: { ...jsonFigures(totals, question) },
  });
  yield `${head.slice(0, -1)},"data":[`;
  let first = true;
  yield* inPieces(answer.rows(), (row) => {
    const text = JSON.stringify(jsonRow(row, question, context));
    if (!first) return `,${text}`;
    first = false;
    return text;
  });
  yield ']}';
}

/** What an answer says of itself before its rows. */
export const headOf = (
  answer: Pick<EnergyAnswer, 'zone' | 'asOf' | 'cut' | 'question'>,
  { now }: ReportContext,
) => ({
  zone: answer.zone,
  asOf: answer.asOf.toISOString(),
  ageS: Math.max(0, Math.round((now.getTime() - answer.asOf.getTime()) / 1000)),
  asKnownAt: shownCut(answer.cut),
  parameters: answer.question,
});

function jsonRow(row: EnergyRow, question: EnergyQuestion, context: ReportContext) {
  return {
    period: row.period.label,
    startsAt: new Date(row.period.fromQuarter * SLOT_MS).toISOString(),
    ...placeOf(row, question, context),
    ...jsonFigures(row, question),
  };
}

export function placeOf({ key }: EnergyRow, { by }: EnergyQuestion, context: ReportContext) {
  if (by === 'project') {
    return { key: context.projectId, code: '', label: context.projectName, labelZh: null };
  }
  return { key: key.id, code: key.code, label: key.label, labelZh: key.labelZh };
}

/** Ranks that have energy, by number; together they are the quantity. Water has none. */
export function jsonFigures(figures: EnergyFigures, { commodity }: EnergyQuestion) {
  const ranks = figures.ranks.flatMap((value, rank) => (value === null ? [] : [[rank, value]]));
  return {
    quantity: figures.quantity,
    ranks: commodity === 'electricity' ? Object.fromEntries(ranks) : null,
    estimatedQuantity: figures.estimatedQuantity,
    measured: figures.measured,
    estimated: figures.estimated,
    missing: figures.missing,
    previous: figures.previous,
  };
}

function* inPieces(rows: Iterable<EnergyRow>, textOf: (row: EnergyRow) => string) {
  let piece = '';
  for (const row of rows) {
    piece += textOf(row);
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = '';
  }
  if (piece) yield piece;
}
