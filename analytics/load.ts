/**
 * The load of some points: their energy together in each quarter-hour, as the table `load` of the
 * connection, from the warehouse and, for what is newer than its files, from QuestDB.
 */
import { type DuckDBConnection, question, rowsOf } from '../sql/duckdb.ts';
import { dayStart, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import { Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import type { Answered } from './ask.ts';
import { list } from './columns.ts';
import { makeOpenPieces, openQuarter } from './open-pieces.ts';
import { type Axis, axisOf } from './periods.ts';
import { type AskedPlaces, checkPlaces, type PointRole, placesQuery } from './places.ts';
import type { ReportPlace } from './report.ts';
import { makeTable, openScope, type Scope } from './scope.ts';

/** The parameters of reports on a load. */
export const loadQuery = placesQuery;

/** Rows taken from QuestDB at most; a larger project shows the warehouse alone, a minute older. */
const HOT_ROWS_MAX = 200_000;
/** What is built while a day is exported counts as newer than its file. */
const HOT_SLACK_MS = 120_000;

/**
 * Makes `load` and the tables of its scope. `axis` says which days. Throws Problem `not-found`, and
 * `invalid-request` for a point that measures water: power is asked for.
 */
export async function openLoad(
  connection: DuckDBConnection,
  asked: AskedPlaces & { role?: PointRole },
  { axis, place }: { axis: Axis; place: ReportPlace & Answered },
): Promise<Scope> {
  const { zone } = place;
  await checkPower(place, asked);
  const scope = await openScope(connection, {
    ...{ axis, zone, asked },
    by: 'project',
    commodity: 'electricity',
    answered: place,
  });
  // At a position there is nothing newer than the files: samples do not say when they came.
  await makeOpenPieces(connection, { place, toQuarter: place.cut ? 0 : scope.toQuarter });
  await makeTable(connection, 'load', 'load', {
    from_quarter: BigInt(scope.fromQuarter),
    to_quarter: BigInt(scope.toQuarter),
    intervals: await place.files.days('intervals', scope.days),
    open_quarter: BigInt(openQuarter(place.now)),
    ...hotLists(place.cut ? [] : await hotIntervals(place, scope.toQuarter, asked.pointId)),
  });
  return scope;
}

/** Throws Problem `not-found`, and `invalid-request` for a point of water: it has no power. */
export async function checkPower(
  { db, projectId }: Pick<ReportPlace, 'db' | 'projectId'>,
  asked: AskedPlaces,
): Promise<void> {
  if ((await checkPlaces(db, projectId, asked)) === 'water') {
    throw new Problem('invalid-request', 'query/pointId: the point measures water, not power');
  }
}

/** The axis of whole days, without a range before. */
export const dayAxis = (zone: string, { from, to }: { from: string; to: string }): Axis =>
  axisOf({ zone, from, to, unit: 'day', against: 'none' });

interface HotInterval {
  point: string;
  quarter: number;
  quantity: number | null;
  quality: string;
}

/** Intervals that were built after the file of their day was written. */
export async function hotIntervals(
  place: Pick<ReportPlace & Answered, 'zone' | 'asOf' | 'projectId' | 'questdb'>,
  toQuarter: number,
  pointId?: string,
): Promise<HotInterval[]> {
  const { zone, asOf, projectId, questdb } = place;
  const fromMs = dayStart(zone, localDayOf(zone, asOf.getTime()));
  if (toQuarter * SLOT_MS <= fromMs) return [];
  const ofPoint = pointId ? `AND point = '${pointId}'` : '';
  const knownFrom = new Date(asOf.getTime() - HOT_SLACK_MS).toISOString();
  const rows = await newerRows(
    questdb,
    `SELECT point, ts, quantity, quality FROM intervals
     WHERE project = '${projectId}' ${ofPoint} AND ts >= '${new Date(fromMs).toISOString()}'
       AND known_at >= '${knownFrom}' LIMIT ${HOT_ROWS_MAX + 1}`,
  );
  return rows.map(([point, ts, quantity, quality]) => ({
    point: String(point),
    quarter: Date.parse(String(ts)) / SLOT_MS,
    quantity: quality === 'missing' || quantity === null ? null : Number(quantity),
    quality: String(quality),
  }));
}

/** All rows or none: half of them would be taken for a low load. */
async function newerRows(questdb: Questdb, statement: string) {
  const { rows } = await questdb.exec(statement);
  return rows.length > HOT_ROWS_MAX ? [] : rows;
}

/** As parameters. */
export const hotLists = (rows: readonly HotInterval[]) => ({
  hot_points: list(rows.map((r) => BigInt(r.point))),
  hot_quarters: list(rows.map((r) => BigInt(r.quarter))),
  hot_quantities: list(rows.map((r) => BigInt(r.quantity ?? 0))),
  hot_qualities: list(rows.map((r) => r.quality)),
});

/** Figures of a whole load; power is of quarter-hour averages. */
export interface LoadTotals extends Record<string, string | number | null> {
  slots: number;
  quantity: number | null;
  maxPowerW: number | null;
  maxAt: string | null;
  minPowerW: number | null;
  averagePowerW: number | null;
  /** Average by maximum, 0 to 1. */
  loadFactor: number | null;
  knownTo: string | null;
  estimated: number;
  missing: number;
}

/** Totals of the table `load`. */
export async function loadTotals(
  connection: DuckDBConnection,
  { dueQuarter }: Scope,
): Promise<LoadTotals> {
  const [row] = await rowsOf<{
    slots: bigint;
    quantity: bigint | null;
    max_power_w: bigint | null;
    max_at: Date | null;
    min_power_w: bigint | null;
    known_to: Date | null;
    estimated: bigint;
    missing: bigint;
  }>(connection, await question('load-totals'), { due_quarter: BigInt(dueQuarter) });
  if (!row) throw new Error('load-totals.sql has no row');
  const number = (value: bigint | null) => (value === null ? null : Number(value));
  const slots = Number(row.slots);
  const maxPowerW = number(row.max_power_w);
  const averagePowerW = row.quantity === null ? null : (Number(row.quantity) * 4) / slots;
  return {
    slots,
    quantity: number(row.quantity),
    maxPowerW,
    maxAt: row.max_at?.toISOString() ?? null,
    minPowerW: number(row.min_power_w),
    averagePowerW,
    loadFactor: maxPowerW && averagePowerW !== null ? averagePowerW / maxPowerW : null,
    knownTo: row.known_to?.toISOString() ?? null,
    estimated: Number(row.estimated),
    missing: Number(row.missing),
  };
}
