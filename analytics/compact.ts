/**
 * Months in one file: a question over ten years opens a hundred files instead of thousands. A month is
 * put together when it is over and quiet, one table at a time; a day that changes later is put into it
 * in the version that brings it, so that no version has half of a month.
 */
import { join } from 'node:path';
import type { DuckDBConnection } from '../sql/duckdb.ts';
import { question, rowsOf } from '../sql/duckdb.ts';
import { addDays, addMonths, type LocalDay } from '../sql/local-day.ts';
import { list } from './columns.ts';
import { measure, syncFiles } from './disk.ts';
import {
  type DayTable,
  dayTables,
  fileName,
  type Manifest,
  type Month,
  monthOfDay,
  putInPlace,
} from './manifest.ts';

/** How long after its end a month is left alone: late samples and first corrections come in days. */
const QUIET_DAYS = 3;
/** Above it day files are as long as files should be. */
const MONTH_BYTES_MAX = 256 * 1024 * 1024;

/** The local day of a row, and how a file of the table is sorted for those who read it. */
export const layouts: Record<DayTable, { localDay: string; sort: string }> = {
  intervals: { localDay: 'local_day', sort: 'point, ts' },
  energy_days: { localDay: 'local_day', sort: 'point, local_day, rank' },
  calendars: { localDay: 'local_day', sort: 'commodity, local_day, local_slot' },
  registers: { localDay: 'local_day', sort: 'meter, ts, digest' },
  electrical_days: { localDay: 'local_day', sort: 'meter, local_day' },
  samples: { localDay: 'local_day', sort: 'meter, ts, digest' },
  charges: {
    localDay: 'local_day',
    sort: 'account, scope, local_day, settlement, component, period',
  },
  entries: { localDay: 'accounting_date', sort: 'transaction, leg' },
  sales: { localDay: 'local_day', sort: 'sale' },
};

/** A month of one table whose days have files of their own. */
export interface Candidate {
  table: DayTable;
  month: Month;
}

/** Months that are over and whose day files could be one; whether they are quiet is not known here. */
export function candidates(manifest: Manifest, today: LocalDay): Candidate[] {
  const over = monthOfDay(addDays(today, -QUIET_DAYS));
  return dayTables.flatMap((table) => {
    const byMonth = new Map<Month, { count: number; bytes: number; lost: boolean }>();
    for (const [day, file] of Object.entries(manifest.days[table])) {
      const month = monthOfDay(day);
      if (month >= over) continue;
      const of = byMonth.get(month) ?? { count: 0, bytes: 0, lost: false };
      of.count += 1;
      of.bytes += file.bytes ?? 0;
      of.lost ||= file.lost === true;
      byMonth.set(month, of);
    }
    return [...byMonth]
      .filter(([, { count, bytes, lost }]) => count > 1 && bytes <= MONTH_BYTES_MAX && !lost)
      .map(([month]) => ({ table, month }));
  });
}

/**
 * Puts the day files of a month that `next` names, and the month as it was, into one file of the version
 * of `next`, which then names that one. Throws when the rows are not those of its days.
 */
export async function mergeMonth(
  { dir, connection }: { dir: string; connection: DuckDBConnection },
  { next, table, month, asOf }: { next: Manifest; table: DayTable; month: Month; asOf: Date },
): Promise<void> {
  const { projectId, version } = next;
  const before = next.months[table][month];
  const days = Object.entries(next.days[table]).filter(
    ([day, file]) => monthOfDay(day) === month && !file.lost,
  );
  const place = (part: string, of: number) =>
    join(dir, fileName(table, { projectId, part, version: of }));
  const old = before ? place(month, before.version) : '';
  const contents = { ...before?.days };
  for (const [day, { rows, fingerprint }] of days) contents[day] = { rows, fingerprint };
  const expected = Object.values(contents).reduce((sum, { rows }) => sum + rows, 0);

  const { localDay, sort } = layouts[table];
  const text = await question('warehouse-month');
  const statement = text
    .replace(/^--.*$/gm, '')
    .replaceAll('local_day', localDay)
    .replace('sort_columns', sort);
  const name = fileName(table, { projectId, part: month, version });
  let rows = 0;
  await putInPlace(dir, name, async (target) => {
    const [copied] = await rowsOf<{ Count: bigint }>(connection, statement, {
      files: list([...days.map(([day, file]) => place(day, file.version)), ...(old ? [old] : [])]),
      days: list(days.map(([day]) => day)),
      before: old,
      target,
    });
    rows = Number(copied?.Count ?? 0);
  });
  if (rows !== expected) {
    throw new Error(`${table} of ${month} came out with ${rows} rows instead of ${expected}`);
  }
  await syncFiles([join(dir, name)]);
  const measured = await measure(join(dir, name));
  for (const [day] of days) delete next.days[table][day];
  next.months[table][month] = {
    version,
    rows,
    asOf: asOf.toISOString(),
    fingerprint: '',
    ...measured,
    days: contents,
  };
}

/** Puts the days that `next` has anew into the months that they belong to. */
export async function mergeLate(
  parts: { dir: string; connection: DuckDBConnection },
  next: Manifest,
  asOf: Date,
): Promise<void> {
  for (const table of dayTables) {
    for (const month of Object.keys(next.months[table])) {
      const late = Object.entries(next.days[table]).some(
        ([day, { lost }]) => monthOfDay(day) === month && !lost,
      );
      if (late) await mergeMonth(parts, { next, table, month, asOf });
    }
  }
}

/** The first and the last day of a month, for a query. */
export const spanOf = (month: Month): { from: LocalDay; to: LocalDay } => ({
  from: `${month}-01`,
  to: addMonths(`${month}-01`, 1),
});
