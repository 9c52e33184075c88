/**
 * A reader that reads for long, as a download does, says so by a small file that it keeps young: the
 * writer then leaves every warehouse file that was in force when the lease began.
 */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../sql/clock.ts';

const RENEW_EVERY_MS = 60_000;
/** A lease that was not renewed for so long is of a process that is gone. */
const DEAD_AFTER_MS = 5 * 60_000;

const folderOf = (dir: string): string => join(dir, 'leases');

/** Begins a lease on the warehouse `dir` under a name of its own; call the answer to end it. */
export function beginLease(
  dir: string,
  { name, clock }: { name: string; clock: Clock },
): () => void {
  const folder = folderOf(dir);
  mkdirSync(folder, { recursive: true });
  const began = clock();
  const file = join(folder, `${began.getTime()}-${name}`);
  writeFileSync(file, '');
  utimesSync(file, began, began);
  const renewing = setInterval(() => {
    const now = clock();
    utimesSync(file, now, now);
  }, RENEW_EVERY_MS);
  renewing.unref();
  return () => {
    clearInterval(renewing);
    rmSync(file, { force: true });
  };
}

/** When the oldest lease that is still held began, epoch ms; undefined where there is none. Removes dead ones. */
export async function oldestLease(dir: string, now: Date): Promise<number | undefined> {
  const names = await readdir(folderOf(dir)).catch(() => [] as string[]);
  let oldest: number | undefined;
  for (const name of names) {
    const file = join(folderOf(dir), name);
    const found = await stat(file).catch(() => undefined); // It may have ended just now.
    if (!found) continue;
    const began = Number(name.split('-')[0]);
    if (now.getTime() - found.mtimeMs > DEAD_AFTER_MS || !Number.isSafeInteger(began)) {
      await rm(file, { force: true });
    } else if (oldest === undefined || began < oldest) {
      oldest = began;
    }
  }
  return oldest;
}
