/**
 * A year of a warehouse made by the dozen: the same files and manifest that the exporter writes, filled
 * by DuckDB from a formula. The year is over, so each month lies in one file.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type DayTable,
  emptyManifest,
  fileName,
  type Manifest,
  type MonthFile,
  publish,
  type WarehouseTable,
} from '../../../analytics/manifest.ts';
import { type DuckDBConnection, openDuckdb } from '../../../sql/duckdb.ts';
import { addDays, daysBetween } from '../../../sql/local-day.ts';

export const ZONE = 'Asia/Shanghai';
export const YEAR = 2025;
export const FROM = `${YEAR}-01-01`;
export const TO = `${YEAR + 1}-01-01`;
const AS_OF = `${YEAR + 1}-01-02T00:00:00.000Z`;
const VERSION = 1;
/** Quarter-hour of the year's first midnight in the zone. */
const FIRST_QUARTER = Date.parse(`${FROM}T00:00:00+08:00`) / 900_000;
/** Every night has this rank, and so on through the day: what a time-of-use tariff of Jiangsu looks like. */
const RANK =
  'CASE WHEN s < 32 THEN 4 WHEN s < 40 THEN 3 WHEN s < 48 THEN 2 WHEN s < 68 THEN 3 WHEN s < 84 THEN 2 ELSE 3 END';

export interface WarehouseSize {
  projectId: string;
  points: number;
  /** With quarter-hours behind the roll-up; without them the roll-up is made from the formula alone. */
  intervals: boolean;
}

const monthsOfYear = Array.from(
  { length: 12 },
  (_, i) => `${YEAR}-${String(i + 1).padStart(2, '0')}`,
);

/** Fills `dir` with the year of one project. */
export async function makeWarehouse(
  dir: string,
  { projectId, points, intervals }: WarehouseSize,
  say: (line: string) => void,
): Promise<void> {
  const manifest: Manifest = {
    ...emptyManifest({ projectId, zone: ZONE }),
    ...{ version: VERSION, asOf: AS_OF, samplesAsOf: AS_OF },
  };
  const duckdb = await openDuckdb({ memory: '4GB', threads: 2 });
  const connection = await duckdb.connect();
  const write = async (table: WarehouseTable, part: string | undefined, rows: string) => {
    const file = join(dir, fileName(table, { projectId, part, version: VERSION }));
    mkdirSync(dirname(file), { recursive: true });
    await connection.run(`COPY (${rows}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
    const content = readFileSync(file);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { bytes: content.length, sha256 };
  };
  try {
    for (const table of ['points', 'tenancies', 'installations', 'accounts'] as const) {
      const measures = await write(table, undefined, dimensions(points)[table]);
      manifest.dimensions[table] = { ...file(points), ...measures };
    }
    for (const [table, rows] of Object.entries(columnsOnly)) {
      const measures = await write(table as DayTable, 'empty', rows); // The keys below are tables.
      manifest.empty[table as DayTable] = { ...file(0), ...measures };
    }
    say(`a year of ${points} points${intervals ? ' with their quarter-hours' : ''}`);
    for (const month of monthsOfYear) {
      const days = daysOfMonth(month);
      const put = async (table: DayTable, rows: string, rowsADay: number) => {
        const measures = await write(table, month, rows);
        manifest.months[table][month] = { ...monthFile(days, rowsADay), ...measures };
      };
      await put('calendars', calendarRows(month), 2 * 96);
      if (intervals) await put('intervals', intervalRows(month, points), points * 96);
      const rollUp = intervals ? summed(month, points) : formula(month, points);
      await put('energy_days', rollUp, points * 3);
    }
    await publish(dir, manifest);
  } finally {
    connection.closeSync();
    duckdb.close();
  }
}

/** Names of the files of a table, for whoever reads them without us. */
export const filesOfYear = (dir: string, table: DayTable, projectId: string): string[] =>
  monthsOfYear.map((part) => join(dir, fileName(table, { projectId, part, version: VERSION })));

/** `['a', 'b']`, as DuckDB takes it. */
export const filesText = (files: readonly string[]) => `[${files.map((f) => `'${f}'`).join()}]`;

export async function countRows(connection: DuckDBConnection, files: readonly string[]) {
  const reader = await connection.runAndReadAll(
    `SELECT count(*) FROM read_parquet(${filesText(files)})`,
  );
  return Number(reader.getRows()[0]?.[0]);
}

const file = (rows: number) => ({ version: VERSION, rows, fingerprint: 'bench', asOf: AS_OF });

function monthFile(days: readonly string[], rowsADay: number): MonthFile {
  const content = { rows: rowsADay, fingerprint: 'bench' };
  return {
    ...file(rowsADay * days.length),
    days: Object.fromEntries(days.map((day) => [day, content])),
  };
}

function daysOfMonth(month: string): string[] {
  const first = `${month}-01`;
  const next = `${addDays(first, 31).slice(0, 7)}-01`;
  return daysBetween(first, next);
}

/** d: the local day; first: its first quarter-hour. */
const daysText = (month: string) =>
  `(SELECT d::DATE AS d, ${FIRST_QUARTER} + 96 * (d::DATE - DATE '${FROM}') AS first
    FROM generate_series(DATE '${month}-01', last_day(DATE '${month}-01'), INTERVAL 1 DAY) t(d))`;

/** Wh of point p on day d in slot s: a load of its own that rises by day and differs by weekday. */
const WH = `(20 + hash(p) % 900)::BIGINT * (CASE WHEN s BETWEEN 32 AND 76 THEN 5 ELSE 1 END
  * CASE WHEN isodow(d) > 5 THEN 1 ELSE 2 END) + (hash(p * 100000 + s * 400 + dayofyear(d)) % 50)::BIGINT`;

const intervalRows = (month: string, points: number) => `
  SELECT p AS point, make_timestamp((first + s) * 900000000) AS ts, d AS local_day, s::SMALLINT AS local_slot,
    CASE WHEN odd <> 1 THEN ${WH} END AS quantity, CASE WHEN odd <> 1 THEN 0 END::BIGINT AS reverse_quantity,
    CASE odd WHEN 1 THEN 'missing' WHEN 2 THEN 'estimated:linear' ELSE 'measured' END AS quality,
    60::INTEGER AS gap_s, 1::INTEGER AS version, make_timestamp((first + s + 1) * 900000000) AS known_at
  FROM (SELECT *, hash(p * 40000 + s * 366 + dayofyear(d)) % 500 AS odd
    FROM range(1, ${points + 1}) a(p), ${daysText(month)}, range(0, 96) b(s))
  ORDER BY point, ts`;

const summed = (month: string, points: number) => `
  SELECT point, local_day, rank::TINYINT AS rank, sum(quantity)::BIGINT AS quantity, 0::BIGINT AS reverse_quantity,
    sum(quantity) FILTER (odd = 2)::BIGINT AS estimated_quantity,
    count(*) FILTER (odd > 2 OR odd = 0)::SMALLINT AS measured, count(*) FILTER (odd = 2)::SMALLINT AS estimated,
    count(*) FILTER (odd = 1)::SMALLINT AS missing
  FROM (SELECT p AS point, d AS local_day, ${RANK} AS rank, odd, CASE WHEN odd <> 1 THEN ${WH} END AS quantity
    FROM (SELECT *, hash(p * 40000 + s * 366 + dayofyear(d)) % 500 AS odd
      FROM range(1, ${points + 1}) a(p), ${daysText(month)}, range(0, 96) b(s)))
  GROUP BY ALL ORDER BY point, local_day, rank`;

/** The same shape without quarter-hours behind it: a load by point and day, shared out over the ranks. */
const formula = (month: string, points: number) => `
  SELECT p AS point, d AS local_day, rank::TINYINT AS rank,
    (slots * (20 + hash(p) % 900)::BIGINT * CASE WHEN isodow(d) > 5 THEN 1 ELSE 6 END
      + (hash(p * 400 + dayofyear(d)) % 500)::BIGINT)::BIGINT AS quantity, 0::BIGINT AS reverse_quantity,
    CASE WHEN odd = 2 THEN 1000 END::BIGINT AS estimated_quantity, (slots - (odd IN (1, 2))::INTEGER)::SMALLINT AS measured,
    (odd = 2)::SMALLINT AS estimated, (odd = 1)::SMALLINT AS missing
  FROM (SELECT *, hash(p * 40000 + rank * 366 + dayofyear(d)) % 30 AS odd
    FROM range(1, ${points + 1}) a(p), ${daysText(month)}, (VALUES (2, 24), (3, 40), (4, 32)) b(rank, slots))
  ORDER BY point, local_day, rank`;

const calendarRows = (month: string) => `
  SELECT commodity, d AS local_day, s::SMALLINT AS local_slot,
    CASE WHEN commodity = 'electricity' THEN ${RANK} END::TINYINT AS rank, (s * 15)::SMALLINT AS local_minute
  FROM (VALUES ('electricity'), ('water')) c(commodity), ${daysText(month)}, range(0, 96) b(s)
  ORDER BY commodity, local_day, local_slot`;

const dimensions = (points: number) => ({
  points: `SELECT p AS point, 'P' || lpad(p::VARCHAR, 5, '0') AS code, 'Unit ' || p AS name, NULL::VARCHAR AS name_zh,
    'electricity' AS commodity, 'unit' AS role, 'business' AS class, NULL::BIGINT AS parent,
    1 + p // 500 AS building, 'B' || (p // 500) AS building_code, 'Building ' || (p // 500) AS building_name,
    NULL::VARCHAR AS building_name_zh, 1 + p // 50 AS floor, ((p // 50) % 10)::SMALLINT AS level,
    'Floor ' || ((p // 50) % 10) AS floor_name, NULL::BIGINT AS retired_quarter
    FROM range(1, ${points + 1}) t(p)`,
  tenancies: `SELECT p AS point, 1 + p // 2 AS account, 'A' || (p // 2) AS account_number,
    'Tenant ' || (p // 2) AS account_name, NULL::VARCHAR AS account_name_zh,
    ${FIRST_QUARTER - 96}::BIGINT AS from_quarter, 4000000000::BIGINT AS to_quarter
    FROM range(1, ${points + 1}) t(p)`,
  installations: `SELECT p AS point, p AS meter, ${FIRST_QUARTER}::BIGINT AS from_quarter,
    4000000000::BIGINT AS to_quarter, make_timestamp(${FIRST_QUARTER * 900_000_000}) AS from_at,
    NULL::TIMESTAMP AS to_at, 'secondary' AS basis, 1::INTEGER AS ct, 1::INTEGER AS pt,
    'active_wh' AS register_channel, NULL::BIGINT AS first_register, NULL::BIGINT AS last_register
    FROM range(1, ${points + 1}) t(p)`,
  accounts: `SELECT DISTINCT 1 + p // 2 AS account, 'A' || (p // 2) AS number, 'Tenant ' || (p // 2) AS name,
    NULL::VARCHAR AS name_zh, DATE '${FROM}' AS opened_on, NULL::DATE AS closed_on, 'platform' AS credit_mode
    FROM range(1, ${points + 1}) t(p) ORDER BY account`,
});

/** Files without rows, for their columns. */
const columnsOnly = {
  intervals: `SELECT * FROM (${intervalRows(`${YEAR}-01`, 1)}) LIMIT 0`,
  energy_days: `SELECT * FROM (${summed(`${YEAR}-01`, 1)}) LIMIT 0`,
  calendars: `SELECT * FROM (${calendarRows(`${YEAR}-01`)}) LIMIT 0`,
};
