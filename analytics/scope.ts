/**
 * What a report is about, laid out as temporary tables of its connection, so that its statement only
 * asks its question: `members` (points and the keys they count for), `days`, `due` (what ought to be
 * known by now).
 */
import type { DuckDBValue } from '@duckdb/node-api';
import { type DuckDBConnection, question, rowsOf } from '../sql/duckdb.ts';
import { dayStart, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import type { Answered } from './ask.ts';
import { list } from './columns.ts';
import type { Axis, AxisDay, Period } from './periods.ts';
import type { AskedPlaces, Commodity, PointRole } from './places.ts';
import type { Grouping } from './questions/energy.ts';

/** A day's intervals are due this long after its end; what is not there then is missing. */
export const DUE_AFTER_MS = 30 * 60_000;

export interface Scope {
  axis: Axis;
  /** Local days of the range. */
  days: string[];
  fromQuarter: number;
  toQuarter: number;
  /** What begins there or later is not yet due. */
  dueQuarter: number;
  keys: number;
  points: number;
}

/** Makes the tables of a scope, replacing those of one before. */
export async function openScope(
  connection: DuckDBConnection,
  {
    axis,
    zone,
    by,
    commodity,
    asked,
    role = asked.role,
    answered: { files, asOf },
  }: {
    axis: Axis;
    zone: string;
    by: Grouping;
    commodity: Commodity;
    asked: AskedPlaces & { role?: PointRole };
    /** Null: points of every role; unset: units, or whatever the account holds or the point is. */
    role?: PointRole | null;
    answered: Answered;
  },
): Promise<Scope> {
  const own = axis.days.filter((d) => d.side === 'this');
  const fromQuarter = axis.periods[0]?.fromQuarter ?? 0;
  const toQuarter = axis.periods.at(-1)?.toQuarter ?? 0;
  const dueQuarter = dueQuarterOf(zone, asOf);
  const byTenancy = by === 'account' || asked.accountId !== undefined;
  const range = { from_quarter: BigInt(fromQuarter), to_quarter: BigInt(toQuarter) };

  await makeTable(connection, 'members', 'scope-members', {
    points: await files.dimension('points'),
    tenancies: await files.dimension('tenancies'),
    commodity,
    role: role === undefined && !byTenancy && !asked.pointId ? 'unit' : (role ?? null),
    by,
    building: asked.buildingId ?? null,
    floor: asked.floorId ?? null,
    account: asked.accountId ?? null,
    point: asked.pointId ?? null,
    by_tenancy: byTenancy,
    ...range,
  });
  await makeDays(connection, own);
  await makeTable(connection, 'due', 'scope-due', {
    installations: await files.dimension('installations'),
    ...range,
    due_quarter: BigInt(dueQuarter),
  });
  const [counted] = await rowsOf<{ keys: bigint; points: bigint }>(
    connection,
    'SELECT count(DISTINCT key) AS keys, count(DISTINCT point) AS points FROM members',
  );
  return {
    axis,
    days: own.map((d) => d.day),
    fromQuarter,
    toQuarter,
    dueQuarter,
    keys: Number(counted?.keys ?? 0),
    points: Number(counted?.points ?? 0),
  };
}

/** The cells of an axis as parameters: number, and [from, to) in quarter-hours. */
export const periodLists = (periods: readonly Period[]) => ({
  period_numbers: list(periods.map((_, number) => number)),
  period_from: list(periods.map((p) => BigInt(p.fromQuarter))),
  period_to: list(periods.map((p) => BigInt(p.toQuarter))),
});

/** What begins at this quarter-hour or later is not yet due at `asOf`. */
export const dueQuarterOf = (zone: string, asOf: Date): number =>
  dayStart(zone, localDayOf(zone, asOf.getTime() - DUE_AFTER_MS)) / SLOT_MS;

/** In place of the cell of a day that lies in none, or in several. */
export const NO_PERIOD = -1;

/** Makes `days`. */
export function makeDays(
  connection: DuckDBConnection,
  days: readonly (Pick<AxisDay, 'day' | 'fromQuarter' | 'toQuarter'> & {
    period?: number | null;
  })[],
): Promise<void> {
  return makeTable(connection, 'days', 'scope-days', {
    dates: list(days.map((d) => d.day)),
    from_quarters: list(days.map((d) => BigInt(d.fromQuarter))),
    to_quarters: list(days.map((d) => BigInt(d.toQuarter))),
    periods: list(days.map((d) => d.period ?? NO_PERIOD)),
  });
}

/** Makes a temporary table of the connection from the statement `name`. */
export async function makeTable(
  connection: DuckDBConnection,
  table: string,
  name: string,
  parameters: Record<string, DuckDBValue>,
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${table} AS ${await question(name)}`,
    parameters,
  );
}
