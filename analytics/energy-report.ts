/** An energy answer as JSON and as CSV, piece by piece, so that a slow reader costs no second copy. */

import { createHash } from 'node:crypto';
import {
  csvLine,
  noteLine,
  numberCell,
  sha256Line,
  textCell,
  UTF8_MARK,
} from '../sql/export/csv.ts';
import { SLOT_MS } from '../sql/local-day.ts';
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

const rankNames = ['no_period', 'spike', 'peak', 'flat', 'valley', 'deep_valley'] as const;
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
    zone: answer.zone,
    asOf: answer.asOf.toISOString(),
    ageS: ageS(answer, context.now),
    parameters: question,
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
function jsonFigures(figures: EnergyFigures, { commodity }: EnergyQuestion) {
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

/** The figures of a row in files, in their order: quantities, and slots. */
export function columnNames({ commodity }: EnergyQuestion): { name: string; isSlots: boolean }[] {
  const ranks = commodity === 'electricity' ? ranksShown.map((rank) => rankNames[rank]) : [];
  const quantity = (name: string) => ({ name, isSlots: false });
  const slots = (name: string) => ({ name, isSlots: true });
  return [
    quantity('quantity'),
    ...ranks.map(quantity),
    quantity('estimated'),
    slots('measured_slots'),
    slots('estimated_slots'),
    slots('missing_slots'),
    quantity('previous'),
  ];
}

/** CSV of the whole answer, in pieces; its last line has the SHA-256 of all before it. */
export function* csvReport(answer: EnergyAnswer, context: ReportContext): Iterable<string> {
  const hash = createHash('sha256');
  for (const piece of csvPieces(answer, context)) {
    hash.update(piece);
    yield piece;
  }
  yield sha256Line(hash.digest('hex'));
}

function* csvPieces(answer: EnergyAnswer, context: ReportContext): Iterable<string> {
  const { question, totals, comparison } = answer;
  const electric = question.commodity === 'electricity';
  const unit = unitOf(question).toLowerCase();
  const figureNames = columnNames(question).map(({ name, isSlots }) =>
    isSlots ? name : `${name}_${unit}`,
  );
  const cells = (f: EnergyFigures) =>
    [
      f.quantity,
      ...(electric ? ranksShown.map((rank) => f.ranks[rank] ?? null) : []),
      f.estimatedQuantity,
      f.measured,
      f.estimated,
      f.missing,
      f.previous,
    ].map(numberCell);

  yield UTF8_MARK + csvLine(['period', 'key', 'code', 'label', 'label_zh', ...figureNames]);
  yield* inPieces(answer.rows(), (row) => {
    const place = placeOf(row, question, context);
    return csvLine([
      textCell(row.period.label),
      place.key ?? '',
      textCell(place.code),
      textCell(place.label),
      textCell(place.labelZh ?? ''),
      ...cells(row),
    ]);
  });
  const total = cells(totals);
  yield noteLine('');
  for (const [i, name] of figureNames.entries())
    yield noteLine(`total ${name} = ${total[i] || '-'}`);
  if (comparison) {
    yield noteLine(`previous = ${comparison.from} to ${comparison.to} (exclusive)`);
    if (totals.previousBeyond !== null) {
      yield noteLine(`of it without a counterpart in the rows = ${totals.previousBeyond}`);
    }
  }
  yield noteLine(`rows = ${answer.rowCount} (complete)`);
  yield noteLine(`project = ${context.projectName}`);
  yield noteLine(`zone = ${answer.zone}`);
  yield noteLine(
    `as of = ${answer.asOf.toISOString()} (${ageS(answer, context.now)} s before now)`,
  );
  for (const [name, value] of Object.entries(question)) {
    if (value !== null) yield noteLine(`${name} = ${value}`);
  }
}

/** Spike first as on screen; what has no period comes last. */
export const ranksShown = [1, 2, 3, 4, 5, 0] as const;

export const ageS = ({ asOf }: EnergyAnswer, now: Date): number =>
  Math.max(0, Math.round((now.getTime() - asOf.getTime()) / 1000));

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
