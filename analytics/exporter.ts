/**
 * Writes the warehouse's Parquet files of one project: sources are staged as CSV or QuestDB's Parquet
 * in a work folder, DuckDB casts and sorts them, the result is put in place under the name of the next
 * version. A written file means nothing until a manifest names it.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import type pg from 'pg';
import { type DuckDBConnection, question, rowsOf } from '../sql/duckdb.ts';
import { daySpan, type LocalDay } from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';
import { list } from './columns.ts';
import { measure, syncFiles } from './disk.ts';
import {
  type DayTable,
  type DimensionTable,
  fileName,
  type Manifest,
  monthOfDay,
  type Part,
  putInPlace,
  type WarehouseFile,
  type WarehouseTable,
} from './manifest.ts';
import { copyDay, copyDimension, type PostingTable } from './postgres-source.ts';
import { exportIntervals, exportSamples } from './questdb-source.ts';
import type { ReportingDay } from './reporting-calendar.ts';

/** A day, or the file without a row that every table has for its columns. */
export type DayPart = LocalDay | 'empty';

/** A day of which nobody has anything: what is exported of it has no rows. */
const NO_DAY: LocalDay = '1970-01-05';

/** The tables that are made of the samples of a day. */
export interface SampleFiles {
  registers: WarehouseFile;
  electrical_days: WarehouseFile;
  /** When all channels were asked for. */
  samples?: WarehouseFile;
}

export interface Exporter {
  intervals: (part: DayPart, fingerprint: string) => Promise<WarehouseFile>;
  calendars: (part: DayPart, calendar: ReportingDay) => Promise<WarehouseFile>;
  /** From the intervals, calendar and points that `next` names. */
  energyDays: (part: DayPart) => Promise<WarehouseFile>;
  samples: (
    part: DayPart,
    options: {
      fingerprint: string;
      /** All channels too. */
      whole: boolean;
      /** From the warehouse's own samples, where QuestDB has them no longer. */
      fromWarehouse?: boolean;
    },
  ) => Promise<SampleFiles>;
  postings: (table: PostingTable, part: DayPart, fingerprint: string) => Promise<WarehouseFile>;
  dimension: (table: DimensionTable, fingerprint: string) => Promise<WarehouseFile>;
  /** Everything written so far is on the disk after it: a manifest must not outlive what it names. */
  sync: () => Promise<void>;
  close: () => Promise<void>;
}

/** Opens an exporter that writes files of the version of `next`, as of `asOf`. */
export async function openExporter({
  dir,
  next,
  asOf,
  pool,
  questdb,
  connection,
}: {
  dir: string;
  next: Manifest;
  asOf: Date;
  pool: pg.Pool;
  questdb: Questdb;
  connection: DuckDBConnection;
}): Promise<Exporter> {
  const { projectId, zone, version } = next;
  const work = join(dir, 'work', `project=${projectId}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const written: string[] = [];

  /** Runs `warehouse-<table>.sql` into the table's file of this version. */
  async function write(
    table: WarehouseTable,
    {
      part,
      fingerprint,
      values,
    }: { part?: Part; fingerprint: string; values: Record<string, DuckDBValue> },
  ): Promise<WarehouseFile> {
    const statement = await question(`warehouse-${table.replaceAll('_', '-')}`);
    const name = fileName(table, { projectId, part, version });
    let rows = 0;
    await putInPlace(dir, name, async (target) => {
      const [copied] = await rowsOf<{ Count: bigint }>(connection, statement, {
        ...values,
        target,
      });
      rows = Number(copied?.Count ?? 0);
    });
    written.push(join(dir, name));
    const { bytes, sha256 } = await measure(join(dir, name));
    return { version, rows, asOf: asOf.toISOString(), fingerprint, bytes, sha256 };
  }

  async function staged<T>(
    name: string,
    stage: (file: string) => Promise<void>,
    use: (file: string) => Promise<T>,
  ): Promise<T> {
    const file = join(work, name);
    try {
      await stage(file);
      return await use(file);
    } finally {
      await rm(file, { force: true });
    }
  }

  /** The file of `next` that holds a day, or the one without rows. */
  const placeOf = (table: DayTable, part: DayPart): string => {
    const own = part === 'empty' ? next.empty[table] : next.days[table][part];
    if (own) return join(dir, fileName(table, { projectId, part, version: own.version }));
    const month = monthOfDay(part);
    const shared = next.months[table][month];
    if (!shared) throw new Error(`${table} of ${part} has to be exported first`);
    return join(dir, fileName(table, { projectId, part: month, version: shared.version }));
  };
  const placed = (part: DayPart) => ({
    projectId,
    zone,
    day: part === 'empty' ? NO_DAY : part,
  });

  return {
    intervals: (part, fingerprint) =>
      staged(
        `intervals-${part}.parquet`,
        (file) => exportIntervals(questdb, placed(part), file),
        (source) => write('intervals', { part, fingerprint, values: { source } }),
      ),
    calendars: (part, { ranks, minutes, source }) =>
      write('calendars', {
        part,
        fingerprint: source,
        values: { local_day: placed(part).day, ranks: list(ranks), minutes: list(minutes) },
      }),
    energyDays: (part) => {
      const points = next.dimensions.points;
      if (!points) throw new Error('the points have to be exported first');
      return write('energy_days', {
        part,
        fingerprint: '',
        values: {
          intervals: placeOf('intervals', part),
          calendars: placeOf('calendars', part),
          points: join(dir, fileName('points', { projectId, version: points.version })),
          local_day: placed(part).day,
        },
      });
    },
    samples: (part, { fingerprint, whole, fromWarehouse = false }) => {
      const begun = performance.now();
      return staged(
        `samples-${part}.parquet`,
        async (file) => {
          if (!fromWarehouse) await exportSamples(questdb, { ...placed(part), whole }, file);
        },
        async (file) => {
          const source = fromWarehouse ? placeOf('samples', part) : file;
          const { day } = placed(part);
          const { startMs, endMs } = daySpan(zone, day);
          const values = { source, local_day: day, starts: utc(startMs), ends: utc(endMs) };
          const registers = await write('registers', { part, fingerprint, values });
          const electrical = await write('electrical_days', { part, fingerprint, values });
          const tookMs = Math.round(performance.now() - begun);
          return {
            registers: { ...registers, tookMs },
            electrical_days: electrical,
            ...(whole && {
              samples: await write('samples', {
                part,
                fingerprint,
                values: { source, local_day: day },
              }),
            }),
          };
        },
      );
    },
    postings: (table, part, fingerprint) =>
      staged(
        `${table}-${part}.csv`,
        (file) => copyDay(pool, table, placed(part), file),
        (source) => write(table, { part, fingerprint, values: { source } }),
      ),
    dimension: (table, fingerprint) =>
      staged(
        `${table}.csv`,
        (file) => copyDimension(pool, table, projectId, file),
        (source) => write(table, { fingerprint, values: { source } }),
      ),
    sync: () => syncFiles(written.splice(0)),
    close: () => rm(work, { recursive: true, force: true }),
  };
}

/** A TIMESTAMP of DuckDB. */
const utc = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
