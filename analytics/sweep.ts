/** What no manifest names any more is kept a while for readers under way, then deleted. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { dayTables, dimensionTables, filesIn, type Manifest } from './manifest.ts';

/** How long a replaced or abandoned file is left for those who may still be reading it. */
const RETIRED_KEEP_MS = 10 * 60_000;

/** The names of all files of a manifest, relative to the warehouse. */
export const namedFiles = (manifest: Manifest): Set<string> =>
  new Set([...filesIn(manifest)].map(({ name }) => name));

/**
 * Remembers in `next` which files it no longer names, and forgets those retired long enough ago: before
 * `heldFrom` (epoch ms) where a reader holds a lease since then.
 */
export function retire(
  manifest: Manifest,
  next: Manifest,
  { now, heldFrom = Number.POSITIVE_INFINITY }: { now: Date; heldFrom?: number | undefined },
): void {
  const named = namedFiles(next);
  const at = now.toISOString();
  const keepFrom = new Date(Math.min(now.getTime() - RETIRED_KEEP_MS, heldFrom)).toISOString();
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
