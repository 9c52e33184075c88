/**
 * Energy by time and place: chooses the files of a range from the manifest, asks `energy.sql` or, where
 * it will do, the smaller statements of `energy-whole.ts`, and hands the answer over as columns. Days are
 * read from the roll-up; hours, and days on which a point changed hands, from the intervals.
 */

import type { DuckDBValue } from '@duckdb/node-api';
import { type DuckDBConnection, question, rowsOf } from '../../sql/duckdb.ts';
import { Problem } from '../../sql/problem.ts';
import { list, readColumns, type Table } from '../columns.ts';
import type { Files } from '../files.ts';
import type { Cut } from '../known-source.ts';
import type { Manifest } from '../manifest.ts';
import {
  type Against,
  type Axis,
  type AxisDay,
  axisOf,
  BEYOND,
  type Comparison,
  OUTSIDE,
  type Period,
  partsOfAxis,
  type Unit,
} from '../periods.ts';
import type { Commodity, PointRole } from '../places.ts';
import type { Range } from '../range.ts';
import { dueQuarterOf } from '../scope.ts';
import { makeNewer, type Newer } from './energy-newer.ts';
import { type Whole, wholeEnergy } from './energy-whole.ts';

export const groupings = ['project', 'building', 'floor', 'account', 'point'] as const;
export type Grouping = (typeof groupings)[number];

export interface EnergyQuestion {
  /** A local day, or an instant where the range is cut within a day. */
  from: string;
  /** Exclusive. */
  to: string;
  unit: Unit;
  by: Grouping;
  against: Against;
  commodity: Commodity;
  /** Null: units, or whatever the account holds or the point is. */
  role: PointRole | null;
  buildingId: string | null;
  floorId: string | null;
  accountId: string | null;
  pointId: string | null;
}

export interface EnergyKey {
  /** Null where the points have none: those of no building. */
  id: string | null;
  code: string;
  label: string;
  labelZh: string | null;
}

/** Base units (Wh or litres) and slots; null: nothing is known. */
export interface EnergyFigures {
  quantity: number | null;
  /** By rank 0 (no period known) to 5. */
  ranks: (number | null)[];
  estimatedQuantity: number | null;
  measured: number;
  estimated: number;
  missing: number;
  previous: number | null;
}

export interface EnergyRow extends EnergyFigures {
  period: Period;
  key: EnergyKey;
}

export interface EnergyAnswer {
  zone: string;
  asOf: Date;
  cut: Cut | undefined;
  question: EnergyQuestion;
  comparison: Comparison | null;
  rowCount: number;
  /** Every key with every period, in order of period, then of code. May be walked again. */
  rows: () => Iterable<EnergyRow>;
  /** Of all rows; `previous` also of what the range before had beyond. */
  totals: EnergyFigures & { previousBeyond: number | null };
}

/** Most cells (keys × periods) in one answer. */
export const CELLS_MAX = 200_000;

/** Points × cells that are added up by point first: about 300 MB with their ranks and both sides. */
const POINT_SUMS_MAX = 150_000;

/** What a file reads at a time: points × cells, and days where they are read by quarter-hour. */
const PART_SUMS = 50_000;
const PART_CUT_DAYS = 100;

interface EnergyAsked {
  manifest: Manifest;
  files: Files;
  /** The position that the files are of; unset: now. */
  cut?: Cut;
  question: EnergyQuestion;
  /** Unset: the question's local days. */
  range?: Pick<Range, 'from' | 'to' | 'cut'>;
  /** Where what is newer than the files is; asked when the range goes up to the current minute. */
  newer?: Newer;
  /** True: by `energy.sql` also where a smaller statement would do; the answer is the same. */
  isGeneral?: boolean;
  /** As `wholeEnergy` has it. */
  rowsMax?: number;
}

/** Answers from the files that `manifest` names. Throws Problem `range-too-long` past CELLS_MAX. */
export async function askEnergy(
  connection: DuckDBConnection,
  asked: EnergyAsked,
): Promise<EnergyAnswer> {
  const { axis, whole, answer } = await openEnergy(connection, asked, { isInParts: false });
  const cells = whole.keys.size * axis.periods.length;
  if (cells > CELLS_MAX) {
    throw new Problem(
      'range-too-long',
      `The report would have ${cells} rows, more than ${CELLS_MAX}: choose a shorter range, a longer unit or fewer places, or take it as a file.`,
    );
  }
  return answer(axis);
}

/** An answer of any length: its parts follow each other in the order of the rows. */
export interface LongEnergy
  extends Pick<EnergyAnswer, 'zone' | 'asOf' | 'cut' | 'question' | 'comparison'> {
  parts: (signal: AbortSignal) => AsyncGenerator<EnergyAnswer>;
}

/** Prepares an answer that is read part by part; everything that it will read is opened here. */
export async function askLongEnergy(
  connection: DuckDBConnection,
  asked: EnergyAsked,
): Promise<LongEnergy> {
  const { axis, whole, answer } = await openEnergy(connection, asked, { isInParts: true });
  const width = Math.max(1, whole.keys.size, asked.question.by === 'project' ? 1 : whole.points);
  const bounds = {
    cellsMax: Math.max(1, Math.floor(PART_SUMS / width)),
    cutDaysMax: PART_CUT_DAYS,
  };
  return {
    zone: asked.manifest.zone,
    asOf: new Date(asked.manifest.asOf),
    cut: asked.cut,
    question: asked.question,
    comparison: axis.comparison,
    parts: async function* (signal) {
      const interrupt = () => connection.interrupt();
      signal.addEventListener('abort', interrupt);
      try {
        for (const part of partsOfAxis(axis, bounds)) {
          signal.throwIfAborted();
          yield await answer(part);
        }
      } finally {
        signal.removeEventListener('abort', interrupt);
      }
    },
  };
}

async function openEnergy(
  connection: DuckDBConnection,
  { manifest, files, cut, question: asked, range, newer, isGeneral = false, rowsMax }: EnergyAsked,
  { isInParts }: { isInParts: boolean },
): Promise<{ axis: Axis; whole: Whole; answer: (part: Axis) => Promise<EnergyAnswer> }> {
  const { zone } = manifest;
  const asOf = new Date(manifest.asOf);
  const axis = axisOf({ zone, ...asked, ...range });
  const dueQuarter = dueQuarterOf(zone, asOf);
  const whole =
    (isGeneral
      ? undefined
      : await wholeEnergy(connection, { axis, dueQuarter, files, asked, isInParts, rowsMax })) ??
    (await generalEnergy(connection, {
      ...{ asked, axis, files, zone, asOf },
      newer: range?.cut?.isOpen ? newer : undefined,
    }));
  return {
    axis,
    whole,
    answer: async (part) =>
      answerOf({
        zone,
        asOf,
        cut,
        asked,
        axis: part,
        keys: whole.keys,
        table: await whole.read(part),
      }),
  };
}

async function generalEnergy(
  connection: DuckDBConnection,
  asked: Parameters<typeof prepareEnergy>[1],
): Promise<Whole> {
  const { keyParameters, points, parametersOf } = await prepareEnergy(connection, asked);
  const statement = await question('energy');
  return {
    keys: await keysOf(connection, keyParameters),
    points,
    read: async (part) => readColumns(connection, statement, await parametersOf(part)),
  };
}

/** The parameters of `energy.sql` and `energy-keys.sql` for a question. */
export interface PreparedEnergy {
  keyParameters: Record<string, DuckDBValue>;
  /** Of the project. */
  points: number;
  /** Those of `energy.sql` for the axis, or for a part of it. */
  parametersOf: (axis: Axis) => Promise<Record<string, DuckDBValue>>;
}

/** Chooses the files, opens all that any part of the axis will read, and makes the table `newer`. */
export async function prepareEnergy(
  connection: DuckDBConnection,
  {
    asked,
    axis,
    zone,
    asOf,
    files,
    newer,
  }: {
    asked: Omit<EnergyQuestion, 'unit'>;
    axis: Axis;
    zone: string;
    asOf: Date;
    files: Files;
    newer?: Newer | undefined;
  },
): Promise<PreparedEnergy> {
  const dueQuarter = dueQuarterOf(zone, asOf);
  const byTenancy = asked.by === 'account' || asked.accountId !== null;
  const range = {
    from_quarter: BigInt(axis.span.fromQuarter),
    to_quarter: BigInt(axis.span.toQuarter),
  };
  const chosen: Record<string, DuckDBValue> = {
    points: await files.dimension('points'),
    tenancies: await files.dimension('tenancies'),
    commodity: asked.commodity,
    role: asked.role ?? (byTenancy || asked.pointId ? null : 'unit'),
    by: asked.by,
    building: asked.buildingId,
    floor: asked.floorId,
    account: asked.accountId,
    point: asked.pointId,
    by_tenancy: byTenancy,
  };
  const cuts = byTenancy
    ? await rowsOf<{ quarter: bigint }>(connection, await question('energy-cuts'), {
        tenancies: await files.dimension('tenancies'),
        account: asked.accountId,
        ...range,
      })
    : [];
  const cutQuarters = cuts.map((c) => Number(c.quarter));
  const [counted] = await rowsOf<{ points: bigint }>(
    connection,
    'SELECT count(*) AS points FROM read_parquet($points::VARCHAR)',
    { points: await files.dimension('points') },
  );
  const points = Number(counted?.points ?? 0);
  await dayFiles(axis, files, cutQuarters);
  await makeNewer(connection, { axis, files, zone, asOf, from: newer });
  return {
    keyParameters: { ...chosen, ...range },
    points,
    parametersOf: async (part) => ({
      ...chosen,
      ...axisParameters(part, dueQuarter),
      ...(await dayFiles(part, files, cutQuarters)),
      ...slotParameters(part, cutQuarters),
      installations: await files.dimension('installations'),
      points_first: points * part.periods.length <= POINT_SUMS_MAX,
    }),
  };
}

async function keysOf(
  connection: DuckDBConnection,
  keyParameters: Record<string, DuckDBValue>,
): Promise<Map<string, EnergyKey>> {
  const found = await rowsOf<{
    key: bigint;
    code: string;
    label: string;
    label_zh: string | null;
  }>(connection, await question('energy-keys'), keyParameters);
  return new Map(
    found.map(({ key, code, label, label_zh }) => [
      `${key}`,
      { id: key === 0n ? null : `${key}`, code, label, labelZh: label_zh },
    ]),
  );
}

function axisParameters(
  { periods, days, span }: Axis,
  dueQuarter: number,
): Record<string, DuckDBValue> {
  const quarters = (values: number[]) => list(values.map(BigInt));
  return {
    span_from: BigInt(span.fromQuarter),
    span_to: BigInt(span.toQuarter),
    period_numbers: list(periods.map((_, number) => number)),
    period_from: quarters(periods.map((p) => p.fromQuarter)),
    period_to: quarters(
      periods.map((p) => Math.max(p.fromQuarter, Math.min(p.toQuarter, dueQuarter))),
    ),
    day_before: list(days.map((d) => d.side === 'before')),
    day_dates: list(days.map((d) => d.day)),
    day_from: quarters(days.map((d) => d.fromQuarter)),
    day_to: quarters(days.map((d) => d.toQuarter)),
    day_due: list(days.map((d) => d.toQuarter <= dueQuarter)),
    day_periods: list(days.map((d) => d.period ?? SLOTWISE)),
  };
}

/** In place of the cell of a day whose slots lie in several; energy.sql knows it. */
const SLOTWISE = -2;

/** Whether a day is cut, by the unit or by a tenancy, and so read by quarter-hour. */
const isCut = (d: AxisDay, cuts: readonly number[]): boolean =>
  d.period === undefined || cuts.some((q) => q > d.fromQuarter && q < d.toQuarter);

/** Days as a whole come from the roll-up; days that are cut from the intervals. */
async function dayFiles(
  { days }: Axis,
  files: Files,
  cuts: readonly number[],
): Promise<Record<string, DuckDBValue>> {
  const namesOf = (some: readonly AxisDay[]) => some.map((d) => d.day);
  const bySlot = namesOf(days.filter((d) => isCut(d, cuts)));
  return {
    energy_days: await files.days(
      'energy_days',
      namesOf(days.filter((d) => d.period !== undefined)),
    ),
    intervals: await files.days('intervals', bySlot),
    calendars: await files.days('calendars', bySlot),
  };
}

function slotParameters({ days }: Axis, cuts: readonly number[]): Record<string, DuckDBValue> {
  const slots = days
    .filter((d) => isCut(d, cuts))
    .flatMap((d) => [...d.slots].map((period, slot) => ({ d, slot, period })))
    .filter(({ period }) => period !== OUTSIDE);
  return {
    slot_before: list(slots.map((s) => s.d.side === 'before')),
    slot_dates: list(slots.map((s) => s.d.day)),
    slot_numbers: list(slots.map((s) => s.slot)),
    slot_periods: list(slots.map((s) => s.period)),
  };
}

const rankColumns = ['rank_0', 'rank_1', 'rank_2', 'rank_3', 'rank_4', 'rank_5'] as const;

function answerOf({
  zone,
  asOf,
  cut,
  asked,
  axis,
  keys,
  table,
}: {
  zone: string;
  asOf: Date;
  cut: Cut | undefined;
  asked: EnergyQuestion;
  axis: Axis;
  keys: Map<string, EnergyKey>;
  table: Table;
}): EnergyAnswer {
  const column = (name: string): Float64Array => {
    const found = table.columns.get(name);
    if (!found) throw new Error(`energy.sql has no column ${name}`);
    return found;
  };
  const known = (value: number | undefined): number | null =>
    value === undefined || Number.isNaN(value) ? null : value;
  const figuresAt = (row: number): EnergyFigures => ({
    quantity: known(column('quantity')[row]),
    ranks: rankColumns.map((name) => known(column(name)[row])),
    estimatedQuantity: known(column('estimated_quantity')[row]),
    measured: column('measured')[row] ?? 0,
    estimated: column('estimated')[row] ?? 0,
    missing: column('missing')[row] ?? 0,
    previous: known(column('previous')[row]),
  });
  const periods = column('period');
  const keyColumn = column('key');

  const totals = { ...nothing(), previousBeyond: null as number | null };
  let rowCount = 0;
  for (let row = 0; row < table.rowCount; row++) {
    const figures = figuresAt(row);
    if (periods[row] === BEYOND) {
      totals.previousBeyond = plus(totals.previousBeyond, figures.previous);
      totals.previous = plus(totals.previous, figures.previous);
      continue;
    }
    rowCount += 1;
    addFigures(totals, figures);
  }

  function* rows(): Iterable<EnergyRow> {
    for (let row = 0; row < table.rowCount; row++) {
      const number = periods[row] ?? BEYOND;
      if (number === BEYOND) continue;
      const period = axis.periods[number];
      const key = keys.get(String(keyColumn[row]));
      if (!period || !key) throw new Error('a row of energy.sql has no place in the report');
      yield { period, key, ...figuresAt(row) };
    }
  }
  return { zone, asOf, cut, question: asked, comparison: axis.comparison, rowCount, rows, totals };
}

/** Figures of no row. */
export const nothing = (): EnergyFigures => ({
  quantity: null,
  ranks: rankColumns.map(() => null),
  estimatedQuantity: null,
  measured: 0,
  estimated: 0,
  missing: 0,
  previous: null,
});

/** The sum of what is known. */
export const plus = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : a + b;

/** Adds the figures of a row, or of a part, to `totals`. */
export function addFigures(totals: EnergyFigures, row: EnergyFigures): void {
  totals.quantity = plus(totals.quantity, row.quantity);
  totals.ranks = totals.ranks.map((sum, rank) => plus(sum, row.ranks[rank] ?? null));
  totals.estimatedQuantity = plus(totals.estimatedQuantity, row.estimatedQuantity);
  totals.measured += row.measured;
  totals.estimated += row.estimated;
  totals.missing += row.missing;
  totals.previous = plus(totals.previous, row.previous);
}
