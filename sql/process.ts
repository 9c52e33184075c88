/** Processes of the operating system, known by pid and start time, since pids alone are used again. */
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface ProcessMark {
  pid: number;
  /** When the process began, in the words of the operating system; only ever compared. */
  began: string;
}

const POLL_MS = 50;

/** The mark of a living process, or undefined when there is none of this pid (or only its remains). */
export function processMark(pid: number): ProcessMark | undefined {
  try {
    if (process.platform === 'linux') {
      // After the name in brackets, which may hold spaces: state is word 0, start time word 19.
      const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return words[0] === 'Z' || words[0] === 'X' ? undefined : { pid, began: words[19] ?? '' };
    }
    const began = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return began.trim() ? { pid, began: began.trim() } : undefined;
  } catch {
    return undefined;
  }
}

/** True while exactly this process lives. */
export const isAlive = (mark: ProcessMark): boolean => processMark(mark.pid)?.began === mark.began;

/** Sends a signal to exactly this process; a process that is gone already is fine. */
export function signal(mark: ProcessMark, name: NodeJS.Signals): void {
  if (!isAlive(mark)) return;
  try {
    process.kill(mark.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until a condition holds; false when the deadline passed first. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number,
  pollMs = POLL_MS,
): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return true;
}

/** Asks a process to end with `first`, and ends it with SIGKILL when it lives past the deadline. */
export async function endProcess(
  mark: ProcessMark,
  { deadlineMs, first = 'SIGTERM' }: { deadlineMs: number; first?: NodeJS.Signals },
): Promise<'ended' | 'killed'> {
  signal(mark, first);
  if (await waitUntil(() => !isAlive(mark), deadlineMs)) return 'ended';
  signal(mark, 'SIGKILL');
  await waitUntil(() => !isAlive(mark), deadlineMs);
  return 'killed';
}

/** Writes JSON by rename, so that a power cut leaves the old or the new file, never half of one. */
export function writeJson(file: string, value: unknown, mode = 0o600): void {
  const part = `${file}.part`;
  rmSync(part, { force: true });
  writeFileSync(part, `${JSON.stringify(value, null, 2)}\n`, { mode, flush: true });
  renameSync(part, file);
}

/** Reads JSON written by `writeJson`; undefined when there is no file or it is torn. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
