/**
 * Writes the warehouse's Parquet files of one project: sources are staged as CSV or QuestDB's Parquet
 * in a work folder, DuckDB casts and sorts them, the result is flushed to disk and put in place.
 * A written file means nothing until a manifest names it.
 */
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { listValue } from '@duckdb/node-api';
import type pg from 'pg';
import { type DuckDBConnection, question, rowsOf } from '../sql/duckdb.ts';
import type { LocalDay } from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';
import {
  type DayTable,
  type DimensionTable,
  fileName,
  type Manifest,
  putInPlace,
  type WarehouseFile,
  type WarehouseTable,
} from './manifest.ts';
import type { ReportingDay } from './reporting-calendar.ts';
import { copyDay, copyDimension, exportIntervals } from './sources.ts';

export interface Exporter {
  intervals: (day: LocalDay, fingerprint: string) => Promise<WarehouseFile>;
  calendar: (day: LocalDay, calendar: ReportingDay, fingerprint: string) => Promise<WarehouseFile>;
  /** From the intervals, calendar and points that `next` names. */
  energyDays: (day: LocalDay, fingerprint: string) => Promise<WarehouseFile>;
  postings: (
    table: 'charges' | 'entries',
    day: LocalDay,
    fingerprint: string,
  ) => Promise<WarehouseFile>;
  dimension: (table: DimensionTable, fingerprint: string) => Promise<WarehouseFile>;
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

  /** Runs `warehouse-<table>.sql` into the table's file of this version. */
  async function write(
    table: WarehouseTable,
    {
      day,
      fingerprint,
      values,
    }: { day?: LocalDay; fingerprint: string; values: Record<string, DuckDBValue> },
  ): Promise<WarehouseFile> {
    const statement = await question(`warehouse-${table.replaceAll('_', '-')}`);
    let rows = 0;
    await putInPlace(dir, fileName(table, { projectId, day, version }), async (part) => {
      const [copied] = await rowsOf<{ Count: bigint }>(connection, statement, {
        ...values,
        target: part,
      });
      rows = Number(copied?.Count ?? 0);
      await flush(part);
    });
    return { version, rows, asOf: asOf.toISOString(), fingerprint };
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

  const placeOf = (table: DayTable, day: LocalDay): string => {
    const file = next.days[table][day];
    if (!file) throw new Error(`${table} of ${day} has to be exported first`);
    return join(dir, fileName(table, { projectId, day, version: file.version }));
  };

  return {
    intervals: (day, fingerprint) =>
      staged(
        `intervals-${day}.parquet`,
        (file) => exportIntervals(questdb, { projectId, zone, day }, file),
        (source) => write('intervals', { day, fingerprint, values: { source } }),
      ),
    calendar: (day, { ranks, minutes }, fingerprint) =>
      write('calendars', {
        day,
        fingerprint,
        values: { local_day: day, ranks: listValue(ranks), minutes: listValue(minutes) },
      }),
    energyDays: (day, fingerprint) => {
      const points = next.dimensions.points;
      if (!points) throw new Error('the points have to be exported first');
      return write('energy_days', {
        day,
        fingerprint,
        values: {
          intervals: placeOf('intervals', day),
          calendars: placeOf('calendars', day),
          points: join(dir, fileName('points', { projectId, version: points.version })),
        },
      });
    },
    postings: (table, day, fingerprint) =>
      staged(
        `${table}-${day}.csv`,
        (file) => copyDay(pool, table, { projectId, day }, file),
        (source) => write(table, { day, fingerprint, values: { source } }),
      ),
    dimension: (table, fingerprint) =>
      staged(
        `${table}.csv`,
        (file) => copyDimension(pool, table, projectId, file),
        (source) => write(table, { fingerprint, values: { source } }),
      ),
    close: () => rm(work, { recursive: true, force: true }),
  };
}

/** Onto the disk before its name counts: a manifest must not outlive what it names. */
async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
