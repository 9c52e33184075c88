/**
 * From the spool into QuestDB: a batch leaves the spool only when QuestDB has acknowledged it and
 * whoever must know of late samples has been told. Sent again until then; DEDUP makes that once.
 */
import { appendFile } from 'node:fs/promises';
import { QuestdbError } from '../sql/questdb.ts';
import type { Batch, Spool } from './spool.ts';

/** What a batch holds, for whoever must act before it is released. */
export interface BatchRow {
  projectId: string;
  meterId: string;
  /** Epoch ms of the sample. */
  atMs: number;
}

export type DeliveryAlarm =
  | { kind: 'stalled'; message: string; failures: number }
  | { kind: 'resumed' }
  /** Rows that QuestDB will not take; they are in `rejectedFile`, as sent. */
  | { kind: 'rejected'; rows: number; message: string };

export interface DeliveryOptions {
  spool: Spool;
  /** Sends line protocol; throws QuestdbError. */
  write: (lines: Uint8Array) => Promise<void>;
  /** Awaited after QuestDB has the batch and before it leaves the spool; tried again when it throws. */
  beforeRelease: (rows: readonly BatchRow[]) => Promise<void>;
  rejectedFile: string;
  /** In [0, 1), for jitter. */
  random: () => number;
  onAlarm: (alarm: DeliveryAlarm) => void;
  /** How long a small batch waits for company (default 500 ms). */
  lingerMs?: number;
  batchBytes?: number;
}

export interface Delivery {
  /** Resolves when the spool is empty and all of it is in QuestDB. */
  drained: () => Promise<void>;
  stats: () => {
    deliveredRows: number;
    rejectedRows: number;
    failures: number;
    /** Failures in a row of what is being tried now. */
    stalledAttempts: number;
    lastProblem: string;
  };
  /** Finishes the request that is open and stops; what is left stays in the spool. */
  stop: () => Promise<void>;
}

const LINGER_MS = 500;
const BATCH_BYTES = 2 * 2 ** 20;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5_000;
/** When every row of a batch is refused the fault is likelier QuestDB's: tried this often first. */
const REFUSED_ATTEMPTS = 5;
/** Rows refused in a row, with none taken, that end a search for the bad ones. */
const REFUSED_ROWS_MAX = 32;

/** Delivers for as long as it runs. @see openSpool */
export function startDelivery(options: DeliveryOptions): Delivery {
  const { spool, write, beforeRelease, rejectedFile, random, onAlarm } = options;
  const { lingerMs = LINGER_MS, batchBytes = BATCH_BYTES } = options;
  let deliveredRows = 0;
  let rejectedRows = 0;
  let failures = 0;
  let stalledAttempts = 0;
  let lastProblem = '';
  let stopped = false;
  let wake = () => {};
  const waiters: (() => void)[] = [];

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function run(): Promise<void> {
    while (!stopped) {
      const batch = await untilDone(() => spool.read(batchBytes));
      if (!batch) {
        for (const done of waiters.splice(0)) done();
        await pause(lingerMs);
        continue;
      }
      if (!(await deliver(batch))) break;
      const isSmall = batch.records.reduce((sum, r) => sum + r.length, 0) < batchBytes / 2;
      if (isSmall && waiters.length === 0) await pause(lingerMs);
    }
  }

  /** True when the batch has left the spool, false when stopped before. */
  async function deliver(batch: Batch): Promise<boolean> {
    const rejected = await untilDone(() => send(batch.records));
    if (!rejected) return false;
    const told = await untilDone(async () => {
      await beforeRelease(batch.records.map(rowOf));
      return true;
    });
    if (!told) return false;
    const isAside = await untilDone(() => putAside(rejected));
    if (!isAside) return false;
    await spool.acknowledge(batch);
    deliveredRows += batch.records.length - rejected.rows.length;
    return true;
  }

  /** Tries with growing, jittered pauses until it succeeds; undefined when stopped first. */
  async function untilDone<T>(act: (attempt: number) => Promise<T>): Promise<T | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await act(attempt);
        stalledAttempts = 0;
        if (attempt > 0) onAlarm({ kind: 'resumed' });
        return result;
      } catch (error) {
        failures++;
        stalledAttempts = attempt + 1;
        lastProblem = error instanceof Error ? error.message : String(error);
        onAlarm({ kind: 'stalled', message: lastProblem, failures: stalledAttempts });
      }
      if (stopped) return undefined;
      await pause(Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** attempt) * (0.5 + random()));
    }
  }

  let refusals = 0;
  /** Sends all, parting the batch around rows that QuestDB refuses, and returns those. */
  async function send(records: readonly Buffer[]): Promise<Rejected> {
    const rejected: Rejected = { rows: [], message: '' };
    let taken = 0;
    const part = async (rows: readonly Buffer[]): Promise<void> => {
      const isHopeless = taken === 0 && rejected.rows.length >= REFUSED_ROWS_MAX;
      if (isHopeless && refusals < REFUSED_ATTEMPTS) return;
      const problem = await refusalOf(rows);
      if (problem === undefined) {
        taken += rows.length;
      } else if (rows.length === 1) {
        rejected.rows.push(...rows);
        rejected.message = problem;
      } else {
        const half = rows.length >> 1;
        await part(rows.slice(0, half));
        await part(rows.slice(half));
      }
    };
    await part(records);
    if (rejected.rows.length > 0 && taken === 0 && refusals < REFUSED_ATTEMPTS) {
      refusals++;
      throw new Error(`QuestDB refuses every row: ${rejected.message}`);
    }
    refusals = 0;
    return rejected;
  }

  /** Undefined when the rows were taken; the message when they themselves are at fault. */
  async function refusalOf(rows: readonly Buffer[]): Promise<string | undefined> {
    try {
      await write(Buffer.concat(rows));
      return undefined;
    } catch (error) {
      if (error instanceof QuestdbError && ROW_FAULTS.has(error.status ?? 0)) return error.message;
      throw error;
    }
  }

  async function putAside({ rows, message }: Rejected): Promise<true> {
    if (rows.length === 0) return true;
    await appendFile(rejectedFile, Buffer.concat(rows), { flush: true });
    rejectedRows += rows.length;
    onAlarm({ kind: 'rejected', rows: rows.length, message });
    return true;
  }

  const running = run();
  return {
    drained: () =>
      new Promise((resolve) => {
        waiters.push(resolve);
        wake();
      }),
    stats: () => ({ deliveredRows, rejectedRows, failures, stalledAttempts, lastProblem }),
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
}

interface Rejected {
  rows: Buffer[];
  message: string;
}

/** Statuses that blame what was sent; all others (401, 404, 500 …) pass with time or a person. */
const ROW_FAULTS: ReadonlySet<number> = new Set([400, 413, 422]);

const ROW = /^samples,project=(\d+),meter=(\d+),.* (\d+)\d{6}\n$/;

/** Which row a record is, read from the line itself. Throws when it is none. */
export function rowOf(record: Buffer): BatchRow {
  const match = ROW.exec(record.toString('latin1'));
  if (!match) throw new Error('a record of the spool is not a sample');
  return { projectId: match[1] ?? '', meterId: match[2] ?? '', atMs: Number(match[3]) };
}
