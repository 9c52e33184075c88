/**
 * The one DuckDB through which a process answers questions: bounded in memory and threads, a few
 * statements at a time, each ended when its asker has gone or its time is over.
 */
import type { Clock } from '../sql/clock.ts';
import { type DuckDBConnection, type Duckdb, openDuckdb } from '../sql/duckdb.ts';
import { openLanes } from '../sql/export/lanes.ts';
import { openWorkFolder, type WorkFolder } from '../sql/export/work.ts';
import type { Actor } from '../sql/permission.ts';
import { Problem } from '../sql/problem.ts';
import { beginLease } from './lease.ts';
import { warehouseDir } from './manifest.ts';
import { queriesRefused, queriesRunning, queriesWaiting, querySeconds } from './reader-metrics.ts';

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
   * slow download or a large one takes nothing from the pages. What the warehouse holds now is left
   * there until then. Throws as `Lanes.enter` does.
   */
  file: (actor: Actor, signal: AbortSignal) => Promise<FileTurn>;
  close: () => Promise<void>;
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
  clock,
  memory = READER_MEMORY,
}: {
  dataDir: string;
  clock: Clock;
  memory?: string;
}): Reader {
  const workFolder = openWorkFolder(dataDir);
  let duckdb: Promise<Duckdb> | undefined;
  let fileDuckdb: Promise<Duckdb> | undefined;
  const lanes = openLanes();
  let turns = 0;
  let running = 0;
  const waiting: (() => void)[] = [];

  async function turn(signal?: AbortSignal): Promise<void> {
    if (running >= RUNNING_MAX) {
      if (waiting.length >= WAITING_MAX) {
        queriesRefused.inc();
        throw new Problem('too-many-requests', 'Too many reports are being made; try again soon.', {
          retryAfterS: 2,
        });
      }
      // Whoever ends hands its place on, so `running` does not change here.
      queriesWaiting.inc();
      await new Promise<void>((resolve) => waiting.push(resolve));
      queriesWaiting.dec();
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
      queriesRunning.inc();
      const timed = querySeconds.startTimer();
      let outcome = 'failed';
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
        const answer = await work(connection);
        outcome = 'answered';
        return answer;
      } catch (error) {
        outcome = signal?.aborted ? 'cancelled' : late ? 'timed-out' : 'failed';
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
        timed({ outcome });
        queriesRunning.dec();
        handOn();
      }
    },
    file: async (actor, signal) => {
      const leave = await lanes.enter(actor, signal);
      try {
        fileDuckdb ??= open(memory);
        const connection = await (await fileDuckdb).connect();
        signal.throwIfAborted();
        const late = new AbortController();
        const timer = setTimeout(
          () => late.abort(new Problem('timed-out', 'The file took longer than four hours.')),
          FILE_TIMEOUT_MS,
        );
        turns += 1;
        const name = `${process.pid}-${turns}`;
        const endLease = beginLease(warehouseDir(dataDir), { name, clock });
        const end = () => {
          clearTimeout(timer);
          endLease();
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

async function open(memory: string): Promise<Duckdb> {
  const duckdb = await openDuckdb({ memory, threads: READER_THREADS });
  const connection = await duckdb.connect();
  // What does not fit is refused: a report never fills the disk.
  await connection.run("SET GLOBAL temp_directory = ''");
  connection.closeSync();
  return duckdb;
}
