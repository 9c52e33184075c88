/** What is newer than the warehouse's files, for an energy report that goes up to the current minute. */
import type { DuckDBConnection } from '../../sql/duckdb.ts';
import type { Questdb } from '../../sql/questdb.ts';
import { list } from '../columns.ts';
import type { Files } from '../files.ts';
import { hotIntervals, hotLists } from '../load.ts';
import { makeOpenPieces } from '../open-pieces.ts';
import type { Axis } from '../periods.ts';
import { makeTable } from '../scope.ts';

/** Where the newest intervals and samples are, and what time it is. */
export interface Newer {
  questdb: Questdb;
  projectId: string;
  now: Date;
}

/**
 * Makes the table `newer` of the connection, which energy.sql puts in place of the files' rows: intervals
 * built after the files, then what flowed in the quarter-hours not built yet. Empty without `from`.
 */
export async function makeNewer(
  connection: DuckDBConnection,
  {
    axis,
    files,
    zone,
    asOf,
    from,
  }: { axis: Axis; files: Files; zone: string; asOf: Date; from: Newer | undefined },
): Promise<void> {
  if (!from) {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE newer (point BIGINT, local_day DATE, local_slot SMALLINT,
         quantity BIGINT, quality VARCHAR)`,
    );
    return;
  }
  const days = axis.days.filter(({ side, period }) => side === 'this' && period === undefined);
  const toQuarter = axis.periods.at(-1)?.toQuarter ?? 0;
  const place = { files, zone, asOf, ...from };
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE members AS
     SELECT point, 0 AS from_quarter, 4000000000 AS to_quarter FROM read_parquet($points::VARCHAR)`,
    { points: await files.dimension('points') },
  );
  await makeOpenPieces(connection, { place, toQuarter });
  await makeTable(connection, 'newer', 'energy-newer', {
    intervals: await files.days(
      'intervals',
      days.map(({ day }) => day),
    ),
    day_dates: list(days.map(({ day }) => day)),
    day_from: list(days.map(({ fromQuarter }) => BigInt(fromQuarter))),
    day_to: list(days.map((d) => BigInt(d.toQuarter))),
    ...hotLists(await hotIntervals(place, toQuarter)),
  });
}
