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
import type { Manifest } from '../manifest.ts';
import {
  type Against,
  type Axis,
  type AxisDay,
  axisOf,
  BEYOND,
  type Comparison,
  type Period,
  type Unit,
} from '../periods.ts';
import type { Commodity, PointRole } from '../places.ts';
import { dueQuarterOf } from '../scope.ts';
import { type Whole, wholeEnergy } from './energy-whole.ts';

export const groupings = ['project', 'building', 'floor', 'account', 'point'] as const;
export type Grouping = (typeof groupings)[number];

export interface EnergyQuestion {
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

/** Answers from the files that `manifest` names. Throws Problem `range-too-long` past CELLS_MAX. */
export async function askEnergy(
  connection: DuckDBConnection,
  {
    manifest,
    files,
    question: asked,
    isGeneral = false,
  }: {
    manifest: Manifest;
    files: Files;
    question: EnergyQuestion;
    /** True: by `energy.sql` also where a smaller statement would do; the answer is the same. */
    isGeneral?: boolean;
  },
): Promise<EnergyAnswer> {
  const { zone } = manifest;
  const asOf = new Date(manifest.asOf);
  const axis = axisOf({ zone, ...asked });
  const dueQuarter = dueQuarterOf(zone, asOf);
  const whole = isGeneral
    ? undefined
    : await wholeEnergy(connection, { axis, dueQuarter, files, asked });
  const { keys, read } = whole ?? (await generalEnergy(connection, { zone, asOf, asked, files }));
  const cells = keys.size * axis.periods.length;
  if (cells > CELLS_MAX) {
    throw new Problem(
      'range-too-long',
      `The report would have ${cells} rows, more than ${CELLS_MAX}: choose a shorter range, a longer unit or fewer places.`,
    );
  }
  return answerOf({ zone, asOf, asked, axis, keys, table: await read() });
}

async function generalEnergy(
  connection: DuckDBConnection,
  asked: Parameters<typeof prepareEnergy>[1],
): Promise<Whole> {
  const prepared = await prepareEnergy(connection, asked);
  return {
    keys: await keysOf(connection, prepared),
    read: async () => readColumns(connection, await question('energy'), prepared.parameters),
  };
}

/** The parameters of `energy.sql` and `energy-keys.sql` for a question. */
export interface PreparedEnergy {
  axis: Axis;
  parameters: Record<string, DuckDBValue>;
  keyParameters: Record<string, DuckDBValue>;
}

/** Cuts the range and chooses the files. */
export async function prepareEnergy(
  connection: DuckDBConnection,
  { zone, asOf, asked, files }: { zone: string; asOf: Date; asked: EnergyQuestion; files: Files },
): Promise<PreparedEnergy> {
  const axis = axisOf({ zone, ...asked });
  const byTenancy = asked.by === 'account' || asked.accountId !== null;
  const range = {
    from_quarter: BigInt(Math.min(...axis.days.map((d) => d.fromQuarter))),
    to_quarter: BigInt(Math.max(...axis.days.map((d) => d.toQuarter))),
  };
  const chosen: Record<string, DuckDBValue> = {
    points: files.dimension('points'),
    tenancies: files.dimension('tenancies'),
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
        tenancies: files.dimension('tenancies'),
        account: asked.accountId,
        ...range,
      })
    : [];
  const [counted] = await rowsOf<{ points: bigint }>(
    connection,
    'SELECT count(*) AS points FROM read_parquet($points::VARCHAR)',
    { points: files.dimension('points') },
  );
  const sums = Number(counted?.points ?? 0) * axis.periods.length;
  return {
    axis,
    keyParameters: { ...chosen, ...range },
    parameters: {
      ...chosen,
      ...axisParameters(axis, dueQuarterOf(zone, asOf)),
      ...fileParameters(
        axis,
        files,
        cuts.map((c) => Number(c.quarter)),
      ),
      installations: files.dimension('installations'),
      points_first: sums <= POINT_SUMS_MAX,
    },
  };
}

async function keysOf(
  connection: DuckDBConnection,
  { keyParameters }: PreparedEnergy,
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

function axisParameters({ periods, days }: Axis, dueQuarter: number): Record<string, DuckDBValue> {
  const quarters = (values: number[]) => list(values.map(BigInt));
  return {
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

/** Days as a whole come from the roll-up; days cut by the unit or by a tenancy slot by slot. */
function fileParameters(
  { days }: Axis,
  files: Files,
  cuts: readonly number[],
): Record<string, DuckDBValue> {
  const isCut = (d: AxisDay) =>
    d.period === undefined || cuts.some((q) => q > d.fromQuarter && q < d.toQuarter);
  const bySlot = days.filter(isCut);
  const namesOf = (some: readonly AxisDay[]) => some.map((d) => d.day);
  const slots = bySlot.flatMap((d) => [...d.slots].map((period, slot) => ({ d, slot, period })));
  return {
    energy_days: files.days('energy_days', namesOf(days.filter((d) => d.period !== undefined))),
    intervals: files.days('intervals', namesOf(bySlot)),
    calendars: files.days('calendars', namesOf(bySlot)),
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
  asked,
  axis,
  keys,
  table,
}: {
  zone: string;
  asOf: Date;
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
    add(totals, figures);
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
  return { zone, asOf, question: asked, comparison: axis.comparison, rowCount, rows, totals };
}

const nothing = (): EnergyFigures => ({
  quantity: null,
  ranks: rankColumns.map(() => null),
  estimatedQuantity: null,
  measured: 0,
  estimated: 0,
  missing: 0,
  previous: null,
});

const plus = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : a + b;

function add(totals: EnergyFigures, row: EnergyFigures): void {
  totals.quantity = plus(totals.quantity, row.quantity);
  totals.ranks = totals.ranks.map((sum, rank) => plus(sum, row.ranks[rank] ?? null));
  totals.estimatedQuantity = plus(totals.estimatedQuantity, row.estimatedQuantity);
  totals.measured += row.measured;
  totals.estimated += row.estimated;
  totals.missing += row.missing;
  totals.previous = plus(totals.previous, row.previous);
}
