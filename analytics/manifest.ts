/**
 * The manifest of a project: which Parquet files are the warehouse now. It is one small JSON file
 * put in place by rename, so a reader or a crash sees the old version or the new one, never half;
 * readers open only what it names.
 */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { LocalDay } from '../sql/local-day.ts';
import { readJson, writeJson } from '../sql/process.ts';

/** Tables cut by local day: `<table>/project=<id>/month=YYYY-MM/<local day>.v<n>.parquet`. */
export const dayTables = ['intervals', 'energy_days', 'calendars', 'charges', 'entries'] as const;
export type DayTable = (typeof dayTables)[number];

/** What the days refer to, whole at each version: `<table>/project=<id>/v<n>.parquet`. */
export const dimensionTables = ['points', 'tenancies', 'installations'] as const;
export type DimensionTable = (typeof dimensionTables)[number];

export type WarehouseTable = DayTable | DimensionTable;

export interface WarehouseFile {
  /** The version of the manifest that it came with; part of its name. */
  version: number;
  rows: number;
  /** Instant (RFC 3339) up to which its source had been read. */
  asOf: string;
  /** Of the source when it was read: another value there means that the file is out of date. */
  fingerprint: string;
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
  days: Record<DayTable, Record<LocalDay, WarehouseFile>>;
  dimensions: Partial<Record<DimensionTable, WarehouseFile>>;
  /** Files (relative to the warehouse) of older versions, kept a while for readers under way. */
  retired: { file: string; at: string }[];
}

/** How long a replaced or abandoned file is left for those who may still be reading it. */
const RETIRED_KEEP_MS = 10 * 60_000;

/** Before any answer: the warehouse is still being built. */
export const NEVER = '1970-01-01T00:00:00.000Z';

export const warehouseDir = (dataDir: string): string => join(dataDir, 'warehouse');
const manifestFile = (dir: string, projectId: string) =>
  join(dir, 'manifest', `project=${projectId}.json`);

/** A manifest that names nothing yet. */
export function emptyManifest({ projectId, zone }: { projectId: string; zone: string }): Manifest {
  return {
    version: 0,
    projectId,
    zone,
    asOf: NEVER,
    days: { intervals: {}, energy_days: {}, calendars: {}, charges: {}, entries: {} },
    dimensions: {},
    retired: [],
  };
}

/** The manifest in force, or undefined before the first export of the project. */
export function readManifest(dir: string, projectId: string): Manifest | undefined {
  const found = readJson(manifestFile(dir, projectId)) as Manifest | undefined;
  if (found && found.projectId !== projectId) {
    throw new Error(`the manifest of project ${projectId} names another project`);
  }
  return found;
}

/** Puts a manifest in force. Its files must be in place before. */
export async function publish(dir: string, manifest: Manifest): Promise<void> {
  await mkdir(join(dir, 'manifest'), { recursive: true });
  writeJson(manifestFile(dir, manifest.projectId), manifest);
}

/** The name of a file, relative to the warehouse. It follows from the project, so no manifest can name another's. */
export function fileName(
  table: WarehouseTable,
  { projectId, day, version }: { projectId: string; day?: LocalDay; version: number },
): string {
  const folder = `${table}/project=${projectId}`;
  if (!day) return `${folder}/v${version}.parquet`;
  return `${folder}/month=${day.slice(0, 7)}/${day}.v${version}.parquet`;
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

/** Every file that a manifest names, relative to the warehouse. */
export function namedFiles(manifest: Manifest): Set<string> {
  const { projectId } = manifest;
  const names = new Set<string>();
  for (const table of dayTables) {
    for (const [day, { version }] of Object.entries(manifest.days[table])) {
      names.add(fileName(table, { projectId, day, version }));
    }
  }
  for (const table of dimensionTables) {
    const file = manifest.dimensions[table];
    if (file) names.add(fileName(table, { projectId, version: file.version }));
  }
  return names;
}

/** A copy to change: the version after this one. */
export function nextVersion(manifest: Manifest): Manifest {
  return { ...structuredClone(manifest), version: manifest.version + 1 };
}

/** Remembers in `next` which files it no longer names, and forgets those retired long enough ago. */
export function retire(manifest: Manifest, next: Manifest, now: Date): void {
  const named = namedFiles(next);
  const at = now.toISOString();
  const keepFrom = new Date(now.getTime() - RETIRED_KEEP_MS).toISOString();
  const gone = [...namedFiles(manifest)].filter((file) => !named.has(file));
  next.retired = [
    ...manifest.retired.filter((r) => r.at >= keepFrom),
    ...gone.map((file) => ({ file, at })),
  ];
}

/**
 * Deletes what no manifest names any more: files retired long enough ago, and the leavings of a
 * writer that was killed. Returns how many. Only the writer of the warehouse may call it.
 */
export async function sweep(dir: string, manifest: Manifest, now: Date): Promise<number> {
  const kept = namedFiles(manifest);
  for (const { file } of manifest.retired) kept.add(file);
  let swept = 0;
  for (const table of [...dayTables, ...dimensionTables]) {
    const folder = join(dir, table, `project=${manifest.projectId}`);
    for (const entry of await filesUnder(folder)) {
      if (kept.has(relative(dir, entry))) continue;
      const { mtimeMs } = await stat(entry);
      // A young file may belong to a reader of the version before, or to another writer's attempt.
      if (now.getTime() - mtimeMs < RETIRED_KEEP_MS) continue;
      await rm(entry, { force: true });
      swept += 1;
    }
  }
  return swept;
}

async function filesUnder(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
