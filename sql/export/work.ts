/** Where files are written before they go out: bounded, kept from filling the disk, emptied at start. */
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../problem.ts';

/** Left free on the disk: the databases need it more. Of a small disk a twentieth. */
const FREE_BYTES_MIN = 500_000_000;
const FREE_SHARE_MIN = 0.05;
/** Largest work file. */
const FILE_BYTES_MAX = 10_000_000_000;
const LOOK_EVERY_MS = 250;

export interface WorkFolder {
  /**
   * Gives `work` a folder of its own, which is gone afterwards, and a signal that ends as `signal`
   * does, or with Problem `disk-full` when the disk has no more room, or `range-too-long` when the
   * file becomes too large. Answers with what `work` does.
   */
  use: <T>(
    signal: AbortSignal,
    work: (place: { file: string; signal: AbortSignal; done: () => Promise<void> }) => Promise<T>,
  ) => Promise<T>;
}

/** The work folder in the data folder; what a process before this one has left there is removed. */
export function openWorkFolder(dataDir: string): WorkFolder {
  let isReady = false;
  return {
    use: async (signal, work) => {
      const folder = join(dataDir, 'exports', 'work');
      if (!isReady) rmSync(folder, { recursive: true, force: true });
      isReady = true;
      mkdirSync(folder, { recursive: true });
      const own = await mkdtemp(join(folder, 'file-'));
      const file = join(own, 'file');
      const stop = new AbortController();
      const pass = () => stop.abort(signal.reason);
      signal.addEventListener('abort', pass);
      const looking = setInterval(() => {
        void trouble(folder, file).then((problem) => problem && stop.abort(problem));
      }, LOOK_EVERY_MS);
      const done = async () => {
        clearInterval(looking);
        signal.removeEventListener('abort', pass);
        await rm(own, { recursive: true, force: true });
      };
      try {
        signal.throwIfAborted();
        const problem = await trouble(folder, file);
        if (problem) throw problem;
        return await work({ file, signal: stop.signal, done });
      } catch (error) {
        await done();
        throw diskFull(error) ?? error;
      }
    },
  };
}

/** Throws Problem `disk-full` when the disk of a folder has no more room for files. */
export async function demandRoom(folder: string): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(folder);
  if (bavail * bsize < Math.min(FREE_BYTES_MIN, blocks * bsize * FREE_SHARE_MIN)) throw full();
}

async function trouble(folder: string, file: string): Promise<Problem | undefined> {
  const isFull = await demandRoom(folder).catch((problem: Problem) => problem);
  if (isFull) return isFull;
  const bytes = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  return bytes > FILE_BYTES_MAX
    ? new Problem('range-too-long', `The file has more than ${FILE_BYTES_MAX} bytes: choose less.`)
    : undefined;
}

/** The Problem of an error that says that nothing more can be written. */
export const diskFull = (error: unknown): Problem | undefined =>
  error instanceof Error && /No space left|ENOSPC|EDQUOT/.test(error.message)
    ? full(error)
    : undefined;

const full = (cause?: unknown) =>
  new Problem('disk-full', 'The disk has no room for this file: ask for less, or make room.', {
    cause,
  });
