/** Writes the files of one version, in the order in which they are made of each other. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { LocalDay } from '../sql/local-day.ts';
import type { Exporter, SampleFiles } from './exporter.ts';
import {
  type DayTable,
  dayContent,
  dimensionTables,
  fileName,
  type Manifest,
  type WarehouseFile,
} from './manifest.ts';
import type { DaysByTable } from './mend.ts';
import { dimensionFingerprint, postingTables } from './postgres-source.ts';
import type { ReportingCalendar } from './reporting-calendar.ts';
import type { Seen, Work } from './work.ts';

export interface Written {
  files: number;
  /** Days that QuestDB no longer holds, or only in part, whose file was therefore left as it is. */
  kept: LocalDay[];
  /** Those of which even that file is damaged, by table and day. */
  lost: string[];
}

/** Writes what the work asks for, and names it in `next`. */
export async function writeFiles(
  { pool, exporter, dir }: { pool: pg.Pool; exporter: Exporter; dir: string },
  {
    manifest,
    next,
    work,
    damaged,
    seen,
    calendar,
  }: {
    manifest: Manifest;
    next: Manifest;
    work: Work;
    /** Days whose file is damaged. */
    damaged: DaysByTable;
    seen: Seen;
    calendar: ReportingCalendar;
  },
): Promise<Written> {
  let files = 0;
  const kept = new Set<LocalDay>();
  const lost: string[] = [];
  const { days } = next;

  const holdsLess = (table: DayTable, day: LocalDay, file: WarehouseFile) =>
    file.rows < (dayContent(manifest, table, day)?.rows ?? 0);
  /** QuestDB holds the hot window only: what has left it stays as it was exported. True when it is new. */
  const put = async (table: DayTable, day: LocalDay, file: WarehouseFile): Promise<boolean> => {
    files += 1;
    if (!holdsLess(table, day, file)) {
      days[table][day] = file;
      return true;
    }
    if (damaged[table].has(day)) await lose(table, day, file);
    else kept.add(day);
    return false;
  };
  /** What the warehouse had of a day is damaged, and nobody else has it: it is said, not replaced. */
  const lose = async (table: DayTable, day: LocalDay, less?: WarehouseFile): Promise<void> => {
    const { rows = 0, fingerprint = '' } = dayContent(manifest, table, day) ?? {};
    const { projectId, version } = next;
    const asOf = less?.asOf ?? next.asOf;
    const before = manifest.days[table][day] ?? { version, asOf };
    days[table][day] = { ...before, rows, fingerprint, lost: true };
    lost.push(`${table} of ${day}`);
    if (less) await rm(join(dir, fileName(table, { projectId, part: day, version })));
  };

  for (const day of work.intervals) {
    await put('intervals', day, await exporter.intervals(day, seen.intervals.get(day) ?? ''));
  }
  for (const table of dimensionTables) {
    const fingerprint = await dimensionFingerprint(pool, table, next.projectId);
    if (next.dimensions[table]?.fingerprint === fingerprint) continue;
    next.dimensions[table] = await exporter.dimension(table, fingerprint);
    files += 1;
  }
  for (const day of work.calendars) {
    days.calendars[day] = await exporter.calendars(day, calendar.on(day));
    files += 1;
  }
  for (const day of new Set([...work.intervals, ...work.calendars, ...work.energyDays])) {
    const isMade = days.intervals[day]?.lost !== true;
    const isAsked = work.calendars.includes(day) || work.energyDays.includes(day);
    const isNews = !kept.has(day) || isAsked;
    if (!isMade && damaged.energy_days.has(day)) await lose('energy_days', day);
    if (!isMade || !isNews) continue;
    days.energy_days[day] = await exporter.energyDays(day);
    files += 1;
  }
  for (const { day, whole } of work.samples) {
    const fingerprint =
      seen.samples.get(day) ?? dayContent(manifest, 'registers', day)?.fingerprint ?? '';
    let made: SampleFiles = await exporter.samples(day, { fingerprint, whole });
    const own = next.days.samples[day] ?? next.months.samples[day.slice(0, 7)]?.days[day];
    if (holdsLess('registers', day, made.registers) && own && !damaged.samples.has(day)) {
      made = await exporter.samples(day, {
        fingerprint: own.fingerprint,
        whole: false,
        fromWarehouse: true,
      });
    }
    const isNew = await put('registers', day, made.registers);
    if (isNew || damaged.electrical_days.has(day)) {
      await put('electrical_days', day, made.electrical_days);
    }
    if (made.samples) await put('samples', day, made.samples);
  }
  for (const table of postingTables) {
    for (const day of work.postings[table]) {
      const known = dayContent(manifest, table, day)?.fingerprint ?? '';
      days[table][day] = await exporter.postings(table, day, seen[table].get(day) ?? known);
      files += 1;
    }
  }
  await writeEmpty(exporter, next);
  return { files, kept: [...kept], lost };
}

/** A file without a row for each table that has none yet, so that a question always has columns. */
async function writeEmpty(exporter: Exporter, { empty }: Manifest): Promise<void> {
  empty.intervals ??= await exporter.intervals('empty', '');
  empty.calendars ??= await exporter.calendars('empty', { source: '', ranks: [], minutes: [] });
  empty.energy_days ??= await exporter.energyDays('empty');
  if (!empty.registers || !empty.electrical_days || !empty.samples) {
    Object.assign(empty, await exporter.samples('empty', { fingerprint: '', whole: true }));
  }
  for (const table of postingTables) {
    empty[table] ??= await exporter.postings(table, 'empty', '');
  }
}
