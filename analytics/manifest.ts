/**
 * The manifest of a project: which Parquet files are the warehouse now. It is one small JSON file
 * put in place by rename, so a reader or a crash sees the old version or the new one, never half;
 * readers open only what it names.
 */
import { statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalDay } from '../sql/local-day.ts';
import { readJson, writeJson } from '../sql/process.ts';
import type { Cursor, PostingTable } from './postgres-source.ts';
import type { PartitionRows, QuestdbTable } from './questdb-source.ts';

/** Tables cut by local day. */
export const dayTables = [
  'intervals',
  'energy_days',
  'calendars',
  'registers',
  'electrical_days',
  'samples',
  'charges',
  'entries',
  'sales',
] as const;
export type DayTable = (typeof dayTables)[number];

/** What the days refer to, whole at each version. */
export const dimensionTables = ['points', 'tenancies', 'installations', 'accounts'] as const;
export type DimensionTable = (typeof dimensionTables)[number];

export type WarehouseTable = DayTable | DimensionTable;

export const isDayTable = (name: string | undefined): name is DayTable =>
  dayTables.some((table) => table === name);

/** Month as 'YYYY-MM'. */
export type Month = string;
export const monthOfDay = (day: LocalDay): Month => day.slice(0, 7);

/** What is known of a day, whichever file holds it. */
export interface DayContent {
  rows: number;
  /** Of the source when it was read: another value there means that the file is out of date. */
  fingerprint: string;
}

export interface WarehouseFile extends DayContent {
  /** The version of the manifest that it came with; part of its name. */
  version: number;
  /** Instant (RFC 3339) up to which its source had been read. */
  asOf: string;
  /** Length and SHA-256 (hex) as it was written; absent in files of an older Wattledger. */
  bytes?: number;
  sha256?: string;
  /** How long it took to write, milliseconds, where that decides how often it is written. */
  tookMs?: number;
  /** It was found damaged or gone, and its source no longer holds what it held. */
  lost?: true;
}

/** The days of a month in one file. */
export interface MonthFile extends WarehouseFile {
  days: Record<LocalDay, DayContent>;
}

export interface Manifest {
  version: number;
  projectId: string;
  zone: string;
  /**
   * Instant up to which the whole of the warehouse is known to be as its sources were; NEVER until
   * a first pass has been through all of them.
   */
  asOf: string;
  /** The same for what is made from samples, which today may be written less often. */
  samplesAsOf: string;
  /** Days with a file of their own. */
  days: Record<DayTable, Record<LocalDay, WarehouseFile>>;
  /** Months that are over and quiet: their days lie in one file. */
  months: Record<DayTable, Record<Month, MonthFile>>;
  /** A file without a row for each table, for its columns. */
  empty: Partial<Record<DayTable, WarehouseFile>>;
  dimensions: Partial<Record<DimensionTable, WarehouseFile>>;
  /** Rows of QuestDB's partitions when everything in them had been taken in. */
  partitions: Record<QuestdbTable, PartitionRows>;
  /** How far what was posted had been taken in. */
  cursors: Partial<Record<PostingTable, Cursor>>;
  /** With which columns the files of each table were written. */
  shapes: Record<DayTable, number>;
  /** Files (relative to the warehouse) of older versions, kept a while for readers under way. */
  retired: { file: string; at: string }[];
}

/** Goes up when a table gets other columns: its files of before are then made anew. */
const SHAPES: Record<DayTable, number> = {
  ...(Object.fromEntries(dayTables.map((table) => [table, 1])) as Record<DayTable, number>),
  /** 2: kind and unit of a charge. */
  charges: 2,
};

/** Before any answer: the warehouse is still being built. */
export const NEVER = '1970-01-01T00:00:00.000Z';

export const warehouseDir = (dataDir: string): string => join(dataDir, 'warehouse');
const manifestFile = (dir: string, projectId: string) =>
  join(dir, 'manifest', `project=${projectId}.json`);

const byTable = <Value>(): Record<DayTable, Record<string, Value>> =>
  // Every table has its record, as the list above says.
  Object.fromEntries(dayTables.map((table) => [table, {}])) as Record<
    DayTable,
    Record<string, Value>
  >;

/** A manifest that names nothing yet. */
export function emptyManifest({ projectId, zone }: { projectId: string; zone: string }): Manifest {
  return {
    version: 0,
    projectId,
    zone,
    asOf: NEVER,
    samplesAsOf: NEVER,
    days: byTable(),
    months: byTable(),
    empty: {},
    dimensions: {},
    partitions: { intervals: {}, samples: {} },
    cursors: {},
    shapes: { ...SHAPES },
    retired: [],
  };
}

/** The last manifest read of each file: parsing one again for every question would cost more than many answers. */
const lastRead = new Map<string, { mark: string; manifest: Manifest | undefined }>();

/** The manifest in force, or undefined before the first export of the project. Not to be changed. */
export function readManifest(dir: string, projectId: string): Manifest | undefined {
  const file = manifestFile(dir, projectId);
  const mark = markOf(file);
  const before = lastRead.get(file);
  if (before && mark !== '' && before.mark === mark) return before.manifest;
  const found = readJson(file) as Partial<Manifest> | undefined; // As publish wrote it.
  if (found && found.projectId !== projectId) {
    throw new Error(`the manifest of project ${projectId} names another project`);
  }
  const manifest = found && complete(found, projectId);
  lastRead.set(file, { mark, manifest });
  return manifest;
}

/** Differs for every manifest put in force: it comes by rename, so as another inode. */
function markOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true });
  return found ? `${found.ino}/${found.mtimeNs}/${found.size}` : '';
}

/**
 * A manifest of an older Wattledger knows fewer tables, and files with other columns: those are retired, and
 * nothing is answered until a pass has made them anew from their sources.
 */
function complete(found: Partial<Manifest>, projectId: string): Manifest {
  const blank = emptyManifest({ projectId, zone: found.zone ?? 'UTC' });
  const manifest: Manifest = {
    ...blank,
    ...found,
    days: { ...blank.days, ...found.days },
    months: { ...blank.months, ...found.months },
    empty: { ...found.empty },
    cursors: { ...found.cursors },
    retired: [...(found.retired ?? [])],
    shapes: { ...SHAPES },
  };
  for (const table of dayTables) {
    if ((found.shapes?.[table] ?? 1) === SHAPES[table]) continue;
    const files: [Part, WarehouseFile | undefined][] = [
      ...Object.entries(manifest.days[table]),
      ...Object.entries(manifest.months[table]),
      ['empty', manifest.empty[table]],
    ];
    if (files.every(([, file]) => file === undefined)) continue;
    for (const [part, file] of files) {
      if (!file) continue;
      const name = fileName(table, { projectId, part, version: file.version });
      manifest.retired.push({ file: name, at: manifest.asOf });
    }
    manifest.days[table] = {};
    manifest.months[table] = {};
    delete manifest.empty[table];
    delete manifest.cursors[table as PostingTable];
    manifest.asOf = NEVER;
  }
  return manifest;
}

/** Puts a manifest in force. Its files must be in place before. */
export async function publish(dir: string, manifest: Manifest): Promise<void> {
  await mkdir(join(dir, 'manifest'), { recursive: true });
  writeJson(manifestFile(dir, manifest.projectId), manifest);
}

/** Which file of a table: of a local day, of a month, the one without rows; none for a dimension. */
export type Part = LocalDay | Month | 'empty' | undefined;

/** The name of a file, relative to the warehouse. It follows from the project, so no manifest can name another's. */
export function fileName(
  table: WarehouseTable,
  { projectId, part, version }: { projectId: string; part?: Part; version: number },
): string {
  const folder = `${table}/project=${projectId}`;
  if (!part) return `${folder}/v${version}.parquet`;
  if (part === 'empty') return `${folder}/empty.v${version}.parquet`;
  return `${folder}/month=${part.slice(0, 7)}/${part}.v${version}.parquet`;
}

/** Writes a file through `write` beside its place and renames it there. */
export async function putInPlace(
  dir: string,
  name: string,
  write: (part: string) => Promise<void>,
): Promise<void> {
  const file = join(dir, name);
  await mkdir(join(file, '..'), { recursive: true });
  const part = `${file}.part`;
  await write(part);
  await rename(part, file);
}

/** A file that a manifest names. */
export interface NamedFile {
  table: WarehouseTable;
  part: Part;
  file: WarehouseFile;
  /** Relative to the warehouse. */
  name: string;
}

/** Every file that a manifest names. */
export function* filesIn(manifest: Manifest): Iterable<NamedFile> {
  const { projectId } = manifest;
  const named = (table: WarehouseTable, part: Part, file: WarehouseFile): NamedFile => ({
    table,
    part,
    file,
    name: fileName(table, { projectId, part, version: file.version }),
  });
  for (const table of dayTables) {
    const { [table]: empty } = manifest.empty;
    if (empty) yield named(table, 'empty', empty);
    for (const files of [manifest.days[table], manifest.months[table]]) {
      for (const [part, file] of Object.entries(files)) yield named(table, part, file);
    }
  }
  for (const table of dimensionTables) {
    const file = manifest.dimensions[table];
    if (file) yield named(table, undefined, file);
  }
}

/** What the warehouse holds of a day, whichever file holds it; undefined when it has none. */
export function dayContent(
  manifest: Manifest,
  table: DayTable,
  day: LocalDay,
): DayContent | undefined {
  return manifest.days[table][day] ?? manifest.months[table][monthOfDay(day)]?.days[day];
}

/** Every day that the warehouse holds of a table. */
export function daysOf(manifest: Manifest, table: DayTable): LocalDay[] {
  const months = Object.values(manifest.months[table]).flatMap(({ days }) => Object.keys(days));
  return [...Object.keys(manifest.days[table]), ...months];
}

/** A copy to change: the version after this one. */
export function nextVersion(manifest: Manifest): Manifest {
  return { ...structuredClone(manifest), version: manifest.version + 1 };
}
