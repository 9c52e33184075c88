/**
 * The writing end of the spool. Records of one turn of the event loop go to the file in one write;
 * an fsync follows for the group. When the disk refuses, they wait in bounded memory and are tried
 * again; the file never keeps half a record.
 */
import { closeSync, existsSync, fdatasync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { MAX_PAYLOAD_BYTES, recordBytes, recordsEnd, writeRecord } from './spool-record.ts';

const sync = promisify(fdatasync);

/** Records that wait for the disk take no more than this. */
const WAITING_BYTES_MAX = 4 * 2 ** 20;
/** A group of writes is synced this much later at the latest. */
const SYNC_MS = 200;
const RETRY_MS = 500;
/** Written at a time, so that a disk with a little room takes a little. */
const WRITE_BYTES = 256 * 1024;

export interface SpoolWriter {
  append: (payload: string) => boolean;
  /** Puts what waits into the file now. */
  write: () => void;
  /** True when nothing waits and all is synced. */
  flush: () => Promise<boolean>;
  segment: () => number;
  waitingBytes: () => number;
  /** What the disk said last, while it refuses. */
  problem: () => string | undefined;
  close: () => Promise<void>;
}

export interface WriterOptions {
  fileOf: (segment: number) => string;
  firstSegment: number;
  segmentBytes: number;
  onWritten: (segment: number, size: number) => void;
  /** The disk refused; once per spell. */
  onDisk: (message: string) => void;
}

export function openWriter({
  fileOf,
  firstSegment,
  segmentBytes,
  onWritten,
  onDisk,
}: WriterOptions): SpoolWriter {
  const waiting = Buffer.allocUnsafe(WAITING_BYTES_MAX);
  let waitingEnd = 0;
  let segment = firstSegment;
  let size = 0;
  let file: number | undefined;
  let turn: NodeJS.Immediate | undefined;
  let retry: NodeJS.Timeout | undefined;
  let syncing: NodeJS.Timeout | undefined;
  let problem: string | undefined;

  function append(payload: string): boolean {
    if (payload.length > MAX_PAYLOAD_BYTES)
      throw new Error('a record longer than the spool allows');
    if (waitingEnd + recordBytes(payload) > WAITING_BYTES_MAX) write();
    if (waitingEnd + recordBytes(payload) > WAITING_BYTES_MAX) return false;
    waitingEnd = writeRecord(waiting, waitingEnd, payload);
    if (!problem) turn ??= setImmediate(write);
    return true;
  }

  function write(): void {
    if (turn) clearImmediate(turn);
    turn = undefined;
    let written = 0;
    try {
      while (written < waitingEnd) {
        const end = recordsEnd(waiting.subarray(0, waitingEnd), written, WRITE_BYTES);
        file ??= create();
        writeAll(file, written, end);
        size += end - written;
        written = end;
        onWritten(segment, size);
        if (size >= segmentBytes) nextSegment();
      }
      problem = undefined;
    } catch (error) {
      undo(error);
    }
    if (written === 0) return;
    waiting.copyWithin(0, written, waitingEnd);
    waitingEnd -= written;
    syncing ??= setTimeout(() => void syncNow(), SYNC_MS);
  }

  /** Never a file that is there: another process's records are not ours to append to. */
  function create(): number {
    while (existsSync(fileOf(segment))) segment++;
    return openSync(fileOf(segment), 'ax');
  }

  function writeAll(to: number, start: number, end: number): void {
    for (let done = start; done < end; ) done += writeSync(to, waiting, done, end - done);
  }

  /** Takes back a partial write, so that what waits can be written whole later. */
  function undo(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!problem) onDisk(message);
    problem = message;
    try {
      if (file !== undefined) ftruncateSync(file, size);
    } catch {
      // The tail is torn: the reader cuts it, and the next try begins a segment of its own.
      nextSegment();
    }
    retry ??= setTimeout(() => {
      retry = undefined;
      write();
    }, RETRY_MS);
  }

  function nextSegment(): void {
    if (file !== undefined) {
      // Synced before it is left, so that only the newest segment can lose a tail.
      const left = file;
      fdatasync(left, () => closeSync(left));
    }
    file = undefined;
    segment++;
    size = 0;
  }

  async function syncNow(): Promise<void> {
    clearTimeout(syncing);
    syncing = undefined;
    const synced = file;
    if (synced === undefined) return;
    try {
      await sync(synced);
    } catch (error) {
      // EBADF: the segment was left, and synced, while this one waited for its turn.
      if ((error as NodeJS.ErrnoException).code !== 'EBADF') undo(error);
    }
  }

  async function flush(): Promise<boolean> {
    write();
    await syncNow();
    return waitingEnd === 0;
  }

  return {
    append,
    write,
    flush,
    segment: () => segment,
    waitingBytes: () => waitingEnd,
    problem: () => problem,
    close: async () => {
      await flush();
      clearTimeout(retry);
      clearTimeout(syncing);
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}
