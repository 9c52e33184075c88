/** Files as the disk has them: flushed, measured, and held against what the manifest says of them. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Files flushed at once. */
const SYNC_WIDTH = 4;

/** The length and SHA-256 (hex) of a file. */
export async function measure(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return { bytes: (await stat(file)).size, sha256: hash.digest('hex') };
}

/**
 * How the disk knows a file: another text whenever it was written, replaced or touched; empty when it is
 * gone. Asked at once: a file that is read anyway has its marks in memory, and a thread costs ten times that.
 */
export function marksOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true });
  return found ? `${found.ino}/${found.size}/${found.mtimeNs}/${found.ctimeNs}` : '';
}

/** Flushes files and the folders that name them, so that a power cut leaves them as they are. */
export async function syncFiles(files: readonly string[]): Promise<void> {
  const all = [...files, ...new Set(files.map((file) => dirname(file)))];
  for (let i = 0; i < all.length; i += SYNC_WIDTH) {
    await Promise.all(all.slice(i, i + SYNC_WIDTH).map(sync));
  }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    // Written, and taken back since.
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** True when an error of Node, DuckDB or whatever it was caused by says that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || /No space left/i.test(error.message) || isDiskFull(error.cause);
}
