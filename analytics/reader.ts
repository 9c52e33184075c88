/**
 * The one DuckDB through which a process answers questions: bounded in memory and threads, a few
 * statements at a time, each ended when its asker has gone or its time is over.
 */
import { type DuckDBConnection, type Duckdb, openDuckdb } from '../sql/duckdb.ts';
import { openWorkFolder, type WorkFolder } from '../sql/export/work.ts';
import { Problem } from '../sql/problem.ts';

const READER_MEMORY = '1GB';
const READER_THREADS = 2;
/**
 * Questions answered at once, and those that may wait for their turn. Each running one holds one of
 * the four threads that the process also needs for its files.
 */
const RUNNING_MAX = 2;
const WAITING_MAX = 60;
/** From the turn on, in milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Files made at once, one of them for each asker, and one more for the job that is under way. */
const FILES_MAX = 2;
const FILES_WAITING_MAX = 20;
const FILE_WAIT_MS = 20_000;
/** A file that is not out by then is given up, in milliseconds. */
const FILE_TIMEOUT_MS = 4 * 3_600_000;
/** An interrupt that comes before the statement has begun is lost, so it is repeated. */
const INTERRUPT_EVERY_MS = 100;

export interface Reader {
  /**
   * Runs `work` on a connection of its own. Throws Problem `too-many-requests` when the queue is
   * full, `timed-out` after 30 s, `range-too-long` when the memory does not hold the answer, and the
   * reason of `signal` when the asker has gone.
   */
  ask: <T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal) => Promise<T>;
  /**
   * A connection for a file, which is held until `end` is called: of a DuckDB of its own, so that a
   * slow download or a large one takes nothing from the pages. `asker` has one at a time. Throws
   * Problem `too-many-requests` when none became free in 20 s.
   */
  file: (asker: FileAsker, signal: AbortSignal) => Promise<FileTurn>;
  close: () => Promise<void>;
}

export interface FileAsker {
  id: string;
  /** A job has waited already and takes no place of those who wait at a screen. */
  isJob: boolean;
}

export interface FileTurn {
  connection: DuckDBConnection;
  /** Ends when the asker has gone, or with Problem `timed-out` when the file takes too long. */
  signal: AbortSignal;
  workFolder: WorkFolder;
  end: () => void;
}

/** Opens a reader; its DuckDB starts with the first question. */
export function openReader({
  dataDir,
  memory = READER_MEMORY,
}: {
  dataDir: string;
  memory?: string;
}): Reader {
  const workFolder = openWorkFolder(dataDir);
  let duckdb: Promise<Duckdb> | undefined;
  let fileDuckdb: Promise<Duckdb> | undefined;
  const files = openLanes();
  let running = 0;
  const waiting: (() => void)[] = [];

  async function turn(signal?: AbortSignal): Promise<void> {
    if (running >= RUNNING_MAX) {
      if (waiting.length >= WAITING_MAX) {
        throw new Problem('too-many-requests', 'Too many reports are being made; try again soon.', {
          retryAfterS: 2,
        });
      }
      // Whoever ends hands its place on, so `running` does not change here.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    if (signal?.aborted) {
      handOn();
      throw signal.reason;
    }
  }

  function handOn(): void {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }

  return {
    ask: async (work, signal) => {
      await turn(signal);
      let connection: DuckDBConnection | undefined;
      let late = false;
      let interrupting: NodeJS.Timeout | undefined;
      const interrupt = () => {
        interrupting ??= setInterval(() => connection?.interrupt(), INTERRUPT_EVERY_MS);
        connection?.interrupt();
      };
      const timer = setTimeout(() => {
        late = true;
        interrupt();
      }, ANSWER_TIMEOUT_MS);
      signal?.addEventListener('abort', interrupt);
      try {
        duckdb ??= open(memory);
        connection = await (await duckdb).connect();
        signal?.throwIfAborted();
        return await work(connection);
      } catch (error) {
        signal?.throwIfAborted();
        if (late) throw new Problem('timed-out', 'The report took longer than 30 seconds.');
        throw error instanceof Error && error.message.startsWith('Out of Memory')
          ? new Problem('range-too-long', 'The report needs more memory than it may have.')
          : error;
      } finally {
        clearTimeout(timer);
        clearInterval(interrupting);
        signal?.removeEventListener('abort', interrupt);
        connection?.closeSync();
        handOn();
      }
    },
    file: async (asker, signal) => {
      const leave = await files.enter(
        asker.isJob ? `job ${asker.id}` : asker.id,
        signal,
        asker.isJob,
      );
      try {
        fileDuckdb ??= open(memory);
        const connection = await (await fileDuckdb).connect();
        signal.throwIfAborted();
        const late = new AbortController();
        const timer = setTimeout(
          () => late.abort(new Problem('timed-out', 'The file took longer than four hours.')),
          FILE_TIMEOUT_MS,
        );
        const end = () => {
          clearTimeout(timer);
          connection.closeSync();
          leave();
        };
        return {
          connection,
          signal: AbortSignal.any([signal, late.signal]),
          workFolder,
          end,
        };
      } catch (error) {
        leave();
        throw error;
      }
    },
    close: async () => {
      (await duckdb)?.close();
      (await fileDuckdb)?.close();
    },
  };
}

/** Who may make a file now: so many at once, one of each asker, the others in the order they came. */
function openLanes() {
  const inside = new Map<string, boolean>();
  const waiting = new Set<{ asker: string; isJob: boolean; go: () => void }>();
  const isFree = (asker: string, isJob: boolean) =>
    !inside.has(asker) &&
    [...inside.values()].filter((job) => job === isJob).length < (isJob ? 1 : FILES_MAX);
  const admit = () => {
    for (const next of waiting) {
      if (!isFree(next.asker, next.isJob)) continue;
      waiting.delete(next);
      inside.set(next.asker, next.isJob);
      next.go();
    }
  };
  return {
    /** Resolves with what to call when the file is out. */
    enter: async (asker: string, signal: AbortSignal, isJob: boolean): Promise<() => void> => {
      signal.throwIfAborted();
      if (waiting.size >= FILES_WAITING_MAX) throw crowded();
      await new Promise<void>((resolve, reject) => {
        const next = {
          asker,
          isJob,
          go: () => {
            clearTimeout(timer);
            signal.removeEventListener('abort', gone);
            resolve();
          },
        };
        const give = (reason: unknown) => {
          waiting.delete(next);
          clearTimeout(timer);
          signal.removeEventListener('abort', gone);
          reject(reason);
        };
        const gone = () => give(signal.reason);
        const timer = setTimeout(() => give(crowded()), FILE_WAIT_MS);
        signal.addEventListener('abort', gone);
        waiting.add(next);
        admit();
      });
      return () => {
        inside.delete(asker);
        admit();
      };
    },
  };
}

const crowded = () =>
  new Problem('too-many-requests', 'Other files are being made; try again soon, or as a job.', {
    retryAfterS: 10,
  });

async function open(memory: string): Promise<Duckdb> {
  const duckdb = await openDuckdb({ memory, threads: READER_THREADS });
  const connection = await duckdb.connect();
  // What does not fit is refused: a report never fills the disk.
  await connection.run("SET GLOBAL temp_directory = ''");
  connection.closeSync();
  return duckdb;
}
