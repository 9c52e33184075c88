/**
 * The data folder as the launcher sees it: one start at a time, not newer than the code, room on its
 * disk, what the first start has done, and which processes to look for after a crash.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  endProcess,
  isAlive,
  type ProcessMark,
  processMark,
  readJson,
  waitUntil,
  writeJson,
} from './process.ts';
import { messageOf, Refusal } from './refusal.ts';

/** Raised when an older program could no longer read what a newer one has written here. */
export const DATA_FORMAT = 1;
/** A first start writes the demo's history; later ones have to be possible, to make room. */
const FREE_BYTES_MIN = { first: 2_000_000_000, later: 500_000_000 };
const ORPHAN_DEADLINE_MS = 10_000;
const SETTLE_MS = 50;
const NOTICE_DEADLINE_MS = 3_000;
const STOPPING_DEADLINE_MS = 60_000;

const markShape = z.object({ pid: z.number(), began: z.string() });
const lockShape = markShape.extend({ stopping: z.boolean() });
const stateShape = z.object({
  format: z.number(),
  /** `entering`: a first start was cut short while it entered the demo. */
  demo: z.enum(['none', 'entering', 'entered']).optional(),
});
export type DemoState = z.infer<typeof stateShape>['demo'];

export interface DataFolder {
  path: string;
  /** Undefined until a first start has decided. */
  demo: DemoState;
  setDemo: (demo: DemoState) => void;
  /** Keeps the marks of the running children for the next start, should this one be killed. */
  remember: (children: ProcessMark[]) => void;
  /** Tells a start that is waiting that this one is on its way out. */
  stopping: () => void;
  release: () => void;
}

/**
 * Opens the folder for this process alone, making it when absent, and ends what a killed start left
 * running. Throws Refusal: already running, newer than the code, not writable, no room.
 */
export async function openDataFolder(
  path: string,
  { freeBytes = freeBytesOf, orphanDeadlineMs = ORPHAN_DEADLINE_MS } = {},
): Promise<DataFolder> {
  try {
    // Others may walk through it (the server's user must), not look around in it.
    mkdirSync(path, { recursive: true, mode: 0o711 });
  } catch (cause) {
    throw new Refusal(`DATA_DIR ${path} cannot be made: ${messageOf(cause)}`, { cause });
  }
  const lock = join(path, 'lock.json');
  await takeLock(lock, path);
  try {
    const state = readState(path);
    const free = freeBytes(path);
    const freeBytesMin = state ? FREE_BYTES_MIN.later : FREE_BYTES_MIN.first;
    if (free < freeBytesMin) {
      throw new Refusal(
        `the disk of ${path} is full: ${Math.floor(free / 1e6)} MB free, ${Math.ceil(freeBytesMin / 1e6)} MB needed`,
      );
    }
    await endOrphans(path, orphanDeadlineMs);
    const keep = (demo: DemoState) =>
      writeJson(join(path, 'state.json'), { format: DATA_FORMAT, demo });
    if (state === undefined) keep(undefined);
    const folder: DataFolder = {
      path,
      demo: state?.demo,
      setDemo: (demo) => {
        keep(demo);
        folder.demo = demo;
      },
      remember: (children) => writeJson(join(path, 'processes.json'), children),
      stopping: () => writeJson(lock, { ...ourselves(), stopping: true }),
      release: () => rmSync(lock, { force: true }),
    };
    return folder;
  } catch (error) {
    rmSync(lock, { force: true });
    throw error;
  }
}

/** The process that runs on a folder, or has just begun to; undefined when none does. */
export function holderOf(path: string): ProcessMark | undefined {
  const parsed = lockShape.safeParse(readJson(join(path, 'lock.json')));
  return parsed.success && isAlive(parsed.data) ? parsed.data : undefined;
}

/** True once a first start has begun to put data there. */
export const isDataFolder = (path: string): boolean => existsSync(join(path, 'state.json'));

/** What the first start on a folder has done. Throws Refusal when the data are newer than the code. */
export const demoOf = (path: string): DemoState => readState(path)?.demo;

function ourselves(): ProcessMark {
  const mark = processMark(process.pid);
  if (!mark) throw new Error('this process cannot find itself');
  return mark;
}

async function takeLock(lock: string, path: string): Promise<void> {
  const holder = () => {
    const parsed = lockShape.safeParse(readJson(lock));
    return parsed.success && isAlive(parsed.data) ? parsed.data : undefined;
  };
  // One that is stopping, or that notices just now that it was left alone, is waited for.
  if (!(await waitUntil(() => !holder() || holder()?.stopping === true, NOTICE_DEADLINE_MS))) {
    throw new Refusal(`it already runs on ${path} (process ${holder()?.pid}): stop that first`);
  }
  if (!(await waitUntil(() => !holder(), STOPPING_DEADLINE_MS))) {
    throw new Refusal(
      `process ${holder()?.pid}, which runs on ${path}, does not stop: end it first`,
    );
  }
  rmSync(lock, { force: true });
  try {
    const fd = openSync(lock, 'wx', 0o600);
    writeFileSync(fd, JSON.stringify({ ...ourselves(), stopping: false }));
    closeSync(fd);
    // Of two that found the same dead holder, one may have removed the lock of the other.
    await waitUntil(() => false, SETTLE_MS);
    if (holder()?.pid !== process.pid) throw Object.assign(new Error(), { code: 'EEXIST' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new Refusal(`it is being started on ${path} by another process`, { cause });
    }
    throw new Refusal(`DATA_DIR ${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

function readState(path: string) {
  const found = readJson(join(path, 'state.json'));
  if (found === undefined) return undefined;
  const parsed = stateShape.safeParse(found);
  if (!parsed.success || parsed.data.format > DATA_FORMAT) {
    throw new Refusal(
      `the data in ${path} were written by a newer Wattledger: use that version, or another DATA_DIR`,
    );
  }
  return parsed.data;
}

async function endOrphans(path: string, deadlineMs: number): Promise<void> {
  const file = join(path, 'processes.json');
  const parsed = z.array(markShape).safeParse(readJson(file) ?? []);
  const orphans = parsed.success ? parsed.data : [];
  await Promise.all(orphans.map((mark) => endProcess(mark, { deadlineMs })));
  rmSync(file, { force: true });
}

function freeBytesOf(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
