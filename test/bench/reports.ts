/**
 * Reports over HTTP with a session, against the bare DuckDB statement on the same files: a month of a
 * park, a year of a large one; and the same question over raw quarter-hours where others keep them.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, openDuckdb } from '../../sql/duckdb.ts';
import { percentile } from './measure.ts';
import type { BenchContext, Part, Row } from './part.ts';
import { compare, yearByMonth } from './reports/compare.ts';
import { compareFirst } from './reports/first.ts';
import { askClickhouse, askPostgres, fillPostgres } from './reports/rivals.ts';
import {
  countRows,
  FROM,
  filesOfYear,
  filesText,
  makeWarehouse,
  TO,
  ZONE,
} from './reports/warehouse.ts';
import { type RunningWeb, startWeb } from './web.ts';

export const reports: Part = {
  name: 'reports',
  says: 'reports over HTTP against bare DuckDB, and beside PostgreSQL and ClickHouse',
  run: measure,
};

const TARGET = { ratioMax: 1.3, addedMax: 8 };
const MONTH = { from: '2025-06-01', to: '2025-07-01' };

/** Small park, large park, and one whose quarter-hours others are asked about. */
const sizesOf = (quick: boolean) => [
  { projectId: '910001', points: quick ? 10 : 150, intervals: true },
  { projectId: '910002', points: quick ? 50 : 10_000, intervals: false },
  { projectId: '910003', points: quick ? 20 : 1_000, intervals: true },
];

async function measure(context: BenchContext): Promise<Row[]> {
  const { quick, rounds, say, kept } = context;
  const sizes = sizesOf(quick);
  const name = `warehouse-${sizes.map(({ points }) => points).join('-')}-2`;
  const warehouse = await kept(name, async (dir) => {
    for (const size of sizes) await makeWarehouse(dir, size, say);
  });
  const web = await startWeb(context, {
    warehouse,
    projectIds: sizes.map((s) => s.projectId),
    zone: ZONE,
  });
  const duckdb = await openDuckdb({ memory: '1GB', threads: 2 });
  const connection = await duckdb.connect();
  try {
    const times = quick ? 3 : 12 * rounds;
    const [small, large, middle] = sizes;
    if (!small || !large || !middle) throw new Error('three parks are measured');
    const rollUp = (projectId: string) => filesOfYear(warehouse, 'energy_days', projectId);
    const june = rollUp(small.projectId).slice(5, 6);
    const rows = await countRows(connection, rollUp(large.projectId));
    const first = (
      { projectId }: { projectId: string },
      asked: { what: string; warm: string; query: string; bare: string },
    ) =>
      compareFirst(context, {
        ...{ warehouse, projectId, zone: ZONE, connection, target: TARGET, ...asked },
        what: `${asked.what}, first asked`,
        times: quick ? 2 : 3 * rounds,
      });
    const byDay = {
      what: `month of ${small.points} points by day`,
      query: `from=${MONTH.from}&to=${MONTH.to}&unit=day&by=project`,
      bare: `SELECT local_day, rank, sum(quantity) FROM read_parquet(${filesText(june)}) GROUP BY ALL ORDER BY ALL`,
    };
    const byPoint = {
      what: `month of ${small.points} points by point`,
      query: `from=${MONTH.from}&to=${MONTH.to}&unit=month&by=point`,
      bare: `SELECT point, rank, sum(quantity) FROM read_parquet(${filesText(june)}) GROUP BY ALL ORDER BY ALL`,
    };
    const byMonth = {
      what: `year of ${large.points} points, month × rank`,
      query: `from=${FROM}&to=${TO}&unit=month&by=project`,
      bare: yearByMonth(rollUp(large.projectId)),
    };
    const ask = (
      { projectId }: { projectId: string },
      { what, query, bare }: typeof byDay,
      note?: string,
    ) =>
      compare({
        ...{ what, web, connection, times, say, bare, note, target: TARGET },
        path: `/projects/${projectId}/reports/energy?${query}`,
      });
    const quarters = large.points * 35_040;
    return [
      ...(await ask(small, byDay)),
      ...(await first(small, { ...byDay, warm: byPoint.query })),
      ...(await ask(small, byPoint)),
      ...(await first(small, { ...byPoint, warm: byDay.query })),
      ...(await ask(
        large,
        byMonth,
        `${rows} rows of roll-up for ${quarters} quarter-hours, which were not written out`,
      )),
      ...(await first(large, { ...byMonth, warm: `from=${FROM}&to=${TO}&unit=year&by=building` })),
      ...(await beside(context, { warehouse, web, connection, times, ...middle })),
    ];
  } finally {
    connection.closeSync();
    duckdb.close();
    await web.stop();
  }
}

/** Year by month × rank of quarter-hours: our answer, which is kept as a roll-up, beside those who scan. */
async function beside(
  { quick, rounds, kept, say }: BenchContext,
  {
    warehouse,
    web,
    connection,
    times,
    projectId,
    points,
  }: {
    warehouse: string;
    web: RunningWeb;
    connection: DuckDBConnection;
    times: number;
    projectId: string;
    points: number;
  },
): Promise<Row[]> {
  const files = (table: 'intervals' | 'calendars' | 'energy_days') =>
    filesOfYear(warehouse, table, projectId);
  const rows = await countRows(connection, files('intervals'));
  const what = `year of ${(rows / 1e6).toFixed(1)} M quarter-hours`;
  const ours = await compare({
    ...{ what, web, connection, times, say },
    path: `/projects/${projectId}/reports/energy?from=${FROM}&to=${TO}&unit=month&by=project`,
    bare: yearByMonth(files('energy_days')),
    target: TARGET,
  });
  const [{ ours: oursMs } = { ours: 0 }] = ours;
  const scans = Math.min(3, rounds);
  const bare = await timed(scans, () =>
    connection.runAndReadAll(
      scan(
        `read_parquet(${filesText(files('intervals'))})`,
        `read_parquet(${filesText(files('calendars'))})`,
        "c.commodity = 'electricity' AND ",
      ),
    ),
  );
  say(`DuckDB over the quarter-hours: ${bare.toFixed(0)} ms`);
  const told: Row[] = [
    ...ours,
    {
      what: `${what}: DuckDB, scanning them`,
      unit: 'ms',
      ours: oursMs,
      floor: bare,
      against: 'the same answer from the quarter-hours themselves',
    },
  ];
  const cacheFolder = process.env.CACHE_DIR || join(homedir(), '.cache', 'wattledger');
  const cluster = await kept(`postgres-${points}-1`, (folder) =>
    fillPostgres(
      folder,
      { cacheFolder, intervals: files('intervals'), calendars: files('calendars') },
      say,
    ),
  );
  const plain = await askPostgres(cluster, {
    cacheFolder,
    times: quick ? 1 : scans,
    statement: scan('intervals', 'calendars'),
  });
  say(`PostgreSQL: ${plain.medianMs.toFixed(0)} ms`);
  told.push({
    what: `${what}: plain PostgreSQL`,
    unit: 'ms',
    ours: oursMs,
    floor: plain.medianMs,
    against: 'one table with an index on point and day, analyzed, two workers',
  });
  const clickhouse = await askClickhouse({
    times: scans,
    statement: scan(
      clickhouseFiles(files('intervals')),
      clickhouseFiles(files('calendars')),
      "c.commodity = 'electricity' AND ",
    ),
  });
  if (clickhouse) {
    say(`ClickHouse: ${clickhouse.medianMs.toFixed(0)} ms`);
    told.push({
      what: `${what}: ClickHouse embedded`,
      unit: 'ms',
      ours: oursMs,
      floor: clickhouse.medianMs,
      against: `chdb ${clickhouse.version} over the same Parquet files`,
    });
  } else say('ClickHouse is not here: python3 has no chdb');
  return told;
}

const scan = (intervals: string, calendars: string, and = '') =>
  `SELECT extract(month FROM i.local_day) AS which, c.rank, sum(i.quantity) AS quantity
   FROM ${intervals} i JOIN ${calendars} c ON ${and}c.local_day = i.local_day AND c.local_slot = i.local_slot
   GROUP BY which, c.rank ORDER BY which, c.rank`;

/** `file('/dir/{a,b}.parquet', Parquet)`: the files share all but the month. */
const clickhouseFiles = (files: readonly string[]) =>
  `file('${(files[0] ?? '').replace(/2025-01/g, '2025-*')}', Parquet)`;

async function timed(times: number, act: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let time = 0; time <= times; time++) {
    const began = performance.now();
    await act();
    if (time > 0) taken.push(performance.now() - began);
  }
  return percentile(taken, 0.5);
}
