/**
 * A million intervals (points × quarter-hours, the table behind the reports) as a file of each format,
 * over HTTP with a session, against DuckDB's COPY of the same rows; and the memory that five million
 * rows of CSV take.
 */
import { createWriteStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type DuckDBConnection, openDuckdb } from '../../sql/duckdb.ts';
import { addDays } from '../../sql/local-day.ts';
import { messageOf } from '../../sql/refusal.ts';
import { cpuSecondsOf, peakMemoryOf, spend } from './measure.ts';
import type { BenchContext, Part, Row } from './part.ts';
import { FROM, makeWarehouse, ZONE } from './reports/warehouse.ts';
import { startWeb } from './web.ts';

export const exports: Part = {
  name: 'exports',
  says: 'a million intervals as a file of each format; memory of five million',
  run: measure,
};

const PROJECT = '920001';
/** Quarter-hours of a day in a zone without summer time. */
const SLOTS = 96;
/** The process begins with half of it, and a file of any length takes some 100 MB more. */
const LARGE_PEAK_MAX_MB = 500;
/** What DuckDB itself can write; the others stand beside its CSV. */
const formats = {
  csv: 'FORMAT csv, HEADER true',
  xlsx: undefined,
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  arrow: undefined,
  json: 'FORMAT json, ARRAY true',
} as const;
type Format = keyof typeof formats;

interface Download {
  firstMs: number;
  wallS: number;
  cpuS: number;
  bytes: number;
  /** Of the process that served it, and before it did. */
  peakMb: number;
  restMb: number;
  file: string;
}

async function measure(context: BenchContext): Promise<Row[]> {
  const { quick, kept, say, scratch } = context;
  const points = quick ? 10 : 150;
  const days = quick ? 10 : 70;
  const size = { projectId: PROJECT, points, intervals: true };
  const warehouse = await kept(`exports-intervals-${points}-1`, (dir) =>
    makeWarehouse(dir, size, say),
  );
  const duckdb = await openDuckdb({ memory: '4GB', threads: 2 });
  const connection = await duckdb.connect();
  try {
    const rows: Row[] = [];
    const source = await download(context, {
      warehouse,
      format: 'parquet',
      to: addDays(FROM, days),
    });
    const count = await rowCount(connection, source.file);
    const wanted = points * days * SLOTS;
    if (count !== wanted) throw new Error(`${count} rows came of ${wanted}`);
    const floors = new Map<string, { wallS: number; cpuS: number }>();
    for (const [format, how] of Object.entries(formats)) {
      if (how)
        floors.set(
          format,
          await copy(connection, { from: source.file, to: join(scratch, `floor.${format}`), how }),
        );
    }
    for (const format of Object.keys(formats) as Format[]) {
      const ours =
        format === 'parquet'
          ? source
          : await download(context, { warehouse, format, to: addDays(FROM, days) });
      const floor = floors.get(format) ?? floors.get('csv');
      if (!floor) throw new Error('a floor is missing');
      say(
        `${format}: ${ours.wallS.toFixed(1)} s, ${(ours.bytes / 1e6).toFixed(0)} MB, peak ${ours.peakMb.toFixed(0)} MB`,
      );
      const against = formats[format]
        ? "DuckDB's COPY of the same rows"
        : "DuckDB's COPY as CSV, which it has instead";
      rows.push(
        {
          what: `${format}: rows a second`,
          unit: '/s',
          ours: count / ours.wallS,
          floor: count / floor.wallS,
          against,
          note: `${count} rows, ${(ours.bytes / 1e6).toFixed(1)} MB, first byte after ${ours.firstMs.toFixed(0)} ms`,
        },
        {
          what: `${format}: CPU of the web process`,
          unit: 's',
          ours: ours.cpuS,
          floor: floor.cpuS,
        },
        {
          what: `${format}: peak memory`,
          unit: 'MB',
          ours: ours.peakMb,
          note: `${ours.restMb.toFixed(0)} MB before`,
        },
      );
    }
    rows.push(await largeCsv(context, { warehouse, points }));
    return rows;
  } finally {
    connection.closeSync();
    duckdb.close();
  }
}

/** The year of every point as CSV: what it takes of memory, or that it was refused. */
async function largeCsv(
  context: BenchContext,
  { warehouse, points }: { warehouse: string; points: number },
): Promise<Row> {
  const days = context.quick ? 20 : 365;
  const what = `csv of ${((points * days * SLOTS) / 1e6).toFixed(1)} M rows: peak memory`;
  const target = { max: LARGE_PEAK_MAX_MB };
  try {
    const { peakMb, restMb, bytes, wallS } = await download(context, {
      ...{ warehouse, format: 'csv', to: addDays(FROM, days) },
    });
    const note = `${restMb.toFixed(0)} MB before; ${(bytes / 1e6).toFixed(0)} MB in ${wallS.toFixed(0)} s`;
    return { what, unit: 'MB', ours: peakMb, target, note };
  } catch (error) {
    // A file that does not come is a target missed, not a bench that failed.
    return { what, unit: 'MB', ours: Number.MAX_SAFE_INTEGER, target, note: messageOf(error) };
  }
}

/** Takes one file from a web process of its own, whose memory is then this file's. */
async function download(
  context: BenchContext,
  { warehouse, format, to }: { warehouse: string; format: Format; to: string },
): Promise<Download> {
  const web = await startWeb(context, { warehouse, projectIds: [PROJECT], zone: ZONE });
  const path = `/projects/${PROJECT}/reports/intervals?from=${FROM}`;
  try {
    // Everything loaded and opened, by the shortest file there is.
    await (await web.get(`${path}&to=${addDays(FROM, 1)}&format=${format}`)).arrayBuffer();
    const restMb = peakMemoryOf(web.pid);
    const file = join(context.scratch, `${format}-${to}.${format}`);
    const cpu = cpuSecondsOf(web.pid);
    const began = performance.now();
    const response = await web.get(`${path}&to=${to}&format=${format}`, context.signal);
    let firstMs = 0;
    if (!response.body) throw new Error(`${format} came without a body`);
    // fetch's stream and node:stream/web's are the same object; only their two type files disagree.
    const body = Readable.fromWeb(
      response.body as unknown as Parameters<typeof Readable.fromWeb>[0],
    );
    body.once('data', () => {
      firstMs = performance.now() - began;
    });
    await pipeline(body, createWriteStream(file));
    return {
      ...{ firstMs, restMb, file, bytes: statSync(file).size },
      wallS: (performance.now() - began) / 1000,
      cpuS: cpuSecondsOf(web.pid) - cpu,
      peakMb: peakMemoryOf(web.pid),
    };
  } finally {
    await web.stop();
  }
}

async function copy(
  connection: DuckDBConnection,
  { from, to, how }: { from: string; to: string; how: string },
): Promise<{ wallS: number; cpuS: number }> {
  return spend(() => connection.run(`COPY (SELECT * FROM '${from}') TO '${to}' (${how})`));
}

async function rowCount(connection: DuckDBConnection, file: string): Promise<number> {
  const reader = await connection.runAndReadAll(`SELECT count(*) FROM '${file}'`);
  return Number(reader.getRows()[0]?.[0]);
}
