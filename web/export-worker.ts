/**
 * Makes the files of export jobs, one at a time: asks the app itself, as who requested it and with what
 * they may do now, and puts the answer in place by rename. A process that dies leaves its job to the
 * next one.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { and, eq, sql } from 'drizzle-orm';
import type { Logger } from 'pino';
import type { Clock } from '../sql/clock.ts';
import { progress } from '../sql/export/progress.ts';
import { demandRoom, diskFull } from '../sql/export/work.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { exportJobs } from '../sql/schema/index.ts';
import { inTrace, newTrace } from '../sql/trace.ts';
import { problemOf } from './failure.ts';

/** How often a job is begun: one that ends its process each time is given up. */
const ATTEMPTS_MAX = 3;
/** A job whose process has said nothing for so long is nobody's. */
const ALIVE_MS = 15_000;
const BEAT_MS = 1_000;
const LOOK_EVERY_MS = 5_000;
const KEPT_MS = 24 * 3_600_000;
/** Jobs that are over are forgotten after a month. */
const REMEMBERED_DAYS = 30;
const FILE_BYTES_MAX = 10_000_000_000;

/** Who a request of the worker speaks for; no header can say it. */
export const ACTING = Symbol('acting');

type Job = typeof exportJobs.$inferSelect;

export interface ExportWorker {
  /** True when the address (its path) answers with files. */
  hasFile: (path: string) => boolean;
  /** There is a new job. */
  kick: () => void;
  /** The job is no longer wanted. */
  cancel: (id: string) => void;
  /** Makes the next file, if there is one to make. */
  runOne: () => Promise<boolean>;
  /** Looks for jobs until `close`. */
  start: () => void;
  close: () => Promise<void>;
}

export interface WorkerParts {
  db: Db;
  dataDir: string;
  clock: Clock;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  ask: (request: Request, env: unknown) => Response | Promise<Response>;
  hasFile: (path: string) => boolean;
}

/** Where the file of a job lies. */
export const exportFile = (
  dataDir: string,
  { projectId, id, format }: Pick<Job, 'projectId' | 'id' | 'format'>,
): string => join(dataDir, 'exports', projectId, `${id}.${format}`);

export function openExportWorker({
  db,
  dataDir,
  clock,
  log,
  ask,
  hasFile,
}: WorkerParts): ExportWorker {
  let current: { id: string; stop: AbortController; done: Promise<void> } | undefined;
  let looking: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function runOne(): Promise<boolean> {
    if (current || isClosed) return false;
    const job = await claim(db, clock());
    if (!job) return false;
    const stop = new AbortController();
    // The file belongs to the trace of the request that asked for it, minutes later too.
    const done = inTrace(job.traceId ?? newTrace(), () =>
      make(job, { db, dataDir, clock, ask, stop }).then((outcome) => {
        log.info({ exportId: job.id, projectId: job.projectId, outcome }, 'export');
      }),
    );
    current = { id: job.id, stop, done };
    try {
      await done;
    } finally {
      current = undefined;
    }
    return true;
  }

  async function runAll(): Promise<void> {
    try {
      while (await runOne());
    } catch (error) {
      log.error({ err: error }, 'exports');
    }
  }

  return {
    hasFile,
    runOne,
    kick: () => {
      if (looking) void runAll();
    },
    cancel: (id) => {
      if (current?.id === id) current.stop.abort(new Problem('conflict', 'It was cancelled.'));
    },
    start: () => {
      void sweepParts(dataDir).then(runAll);
      looking = setInterval(() => void runAll(), LOOK_EVERY_MS);
    },
    close: async () => {
      isClosed = true;
      clearInterval(looking);
      current?.stop.abort(STOPPING);
      await current?.done.catch(() => {});
    },
  };
}

const STOPPING = new Error('the process is stopping');

/** Takes the oldest job that nobody works on. One that was begun too often is failed instead. */
async function claim(db: Db, now: Date): Promise<Job | undefined> {
  const at = now.toISOString();
  const stale = new Date(now.getTime() - ALIVE_MS).toISOString();
  await db.execute(sql`
    UPDATE export_jobs SET state = 'failed', finished_at = ${at}::timestamptz, problem_code = 'internal',
      problem_detail = 'It was begun three times and never finished.'
    WHERE state = 'running' AND alive_at < ${stale}::timestamptz AND attempts >= ${ATTEMPTS_MAX}`);
  const [next] = await db
    .update(exportJobs)
    .set({
      state: 'running',
      attempts: sql`attempts + 1`,
      rows: 0n,
      bytes: null,
      startedAt: sql`coalesce(started_at, ${at}::timestamptz)`,
      aliveAt: now,
    })
    .where(
      sql`(project_id, id) = (SELECT project_id, id FROM export_jobs
        WHERE state = 'queued' OR (state = 'running' AND alive_at < ${stale}::timestamptz)
        ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)`,
    )
    .returning();
  return next;
}

async function make(
  job: Job,
  {
    db,
    dataDir,
    clock,
    ask,
    stop,
  }: Pick<WorkerParts, 'db' | 'dataDir' | 'clock' | 'ask'> & { stop: AbortController },
): Promise<string> {
  const file = exportFile(dataDir, job);
  const part = `${file}.part`;
  const seen = { rows: 0 };
  const written = { bytes: 0 };
  const here = and(
    eq(exportJobs.projectId, job.projectId),
    eq(exportJobs.id, job.id),
    eq(exportJobs.state, 'running'),
    eq(exportJobs.attempts, job.attempts),
  );
  const beat = async () => {
    const alive = await db
      .update(exportJobs)
      .set({ rows: BigInt(seen.rows), bytes: BigInt(written.bytes), aliveAt: clock() })
      .where(here)
      .returning({ id: exportJobs.id });
    if (alive.length === 0) stop.abort(new Problem('conflict', 'It was cancelled.'));
    await demandRoom(dirname(file)).catch((problem) => stop.abort(problem));
  };
  const beating = setInterval(() => void beat().catch((error) => stop.abort(error)), BEAT_MS);
  try {
    await mkdir(dirname(file), { recursive: true });
    await demandRoom(dirname(file));
    const response = await progress.run(seen, () => asked(job, { ask, signal: stop.signal }));
    const rowsKnown = response.headers.get('x-rows');
    if (rowsKnown !== null) {
      await db
        .update(exportJobs)
        .set({ rowsExpected: BigInt(rowsKnown) })
        .where(here);
    }
    const sha256 = await save(response, { part, written, signal: stop.signal });
    await rename(part, file);
    const finishedAt = clock();
    const kept = await db
      .update(exportJobs)
      .set({
        state: 'done',
        rows: BigInt(rowsKnown ?? seen.rows),
        bytes: BigInt(written.bytes),
        sha256,
        fileName: fileNameOf(response) ?? `export-${job.id}.${job.format}`,
        finishedAt,
        expiresAt: new Date(finishedAt.getTime() + KEPT_MS),
      })
      .where(here)
      .returning({ id: exportJobs.id });
    if (kept.length > 0) return 'done';
    await rm(file, { force: true });
    return 'cancelled';
  } catch (error) {
    await rm(part, { force: true });
    const reason = stop.signal.aborted ? stop.signal.reason : error;
    // Left as it is: the next process takes it up, which is no fault of the job's.
    if (reason === STOPPING) {
      await db.update(exportJobs).set({ state: 'queued', attempts: sql`attempts - 1` }).where(here);
      return 'left';
    }
    const { code, detail } = diskFull(reason) ?? problemOf(reason);
    await db
      .update(exportJobs)
      .set({
        state: 'failed',
        finishedAt: clock(),
        problemCode: code,
        problemDetail: detail,
        rows: BigInt(seen.rows),
        bytes: null,
      })
      .where(here);
    return code;
  } finally {
    clearInterval(beating);
  }
}

/** The question, asked of ourselves for who requested it. Throws the Problem that is the answer. */
async function asked(
  { projectId, path, format, actorKind, actorId, actorName }: Job,
  { ask, signal }: { ask: WorkerParts['ask']; signal: AbortSignal },
): Promise<Response> {
  const url = new URL(`/api/v1/projects/${projectId}${path}`, 'http://inside');
  url.searchParams.set('format', format);
  const actor: Actor = { kind: actorKind, id: actorId, name: actorName };
  const response = await ask(new Request(url, { signal }), { [ACTING]: actor });
  if (response.ok && response.body) return response;
  const told = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  throw Object.assign(new Problem('internal', told.detail ?? `It answered ${response.status}.`), {
    // A code that our own app has just said.
    ...(told.code !== undefined && { code: told.code as Problem['code'] }),
  });
}

/** Writes the answer as it comes, onto the disk, and says what its bytes are. */
async function save(
  response: Response,
  { part, written, signal }: { part: string; written: { bytes: number }; signal: AbortSignal },
): Promise<string> {
  const hash = createHash('sha256');
  let handle: FileHandle | undefined;
  try {
    handle = await open(part, 'w');
    // As asked() has seen.
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      signal.throwIfAborted();
      hash.update(piece);
      await handle.writeFile(piece);
      written.bytes += piece.length;
      if (written.bytes > FILE_BYTES_MAX) {
        throw new Problem(
          'range-too-long',
          `The file has more than ${FILE_BYTES_MAX} bytes: choose less.`,
        );
      }
    }
    await handle.sync();
  } finally {
    await handle?.close();
  }
  return hash.digest('hex');
}

function fileNameOf(response: Response): string | undefined {
  const said = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get('content-disposition') ?? '');
  return said?.[1] && decodeURIComponent(said[1]);
}

/** What a process that was killed has left half written. */
async function sweepParts(dataDir: string): Promise<void> {
  const folder = join(dataDir, 'exports');
  mkdirSync(folder, { recursive: true });
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.part')) await rm(join(folder, name), { force: true });
  }
}

/** Ends links whose time is over with their files, and forgets jobs of a month ago. */
export async function tidyExports(
  db: Db,
  { now, dataDir }: { now: Date; dataDir: string },
): Promise<void> {
  const at = now.toISOString();
  const over = await db
    .update(exportJobs)
    .set({ state: 'expired', tokenHash: null })
    .where(sql`state = 'done' AND expires_at <= ${at}::timestamptz`)
    .returning();
  for (const job of over) await rm(exportFile(dataDir, job), { force: true });
  await db.execute(sql`DELETE FROM export_jobs WHERE state IN ('failed', 'cancelled', 'expired')
    AND requested_at < ${at}::timestamptz - make_interval(days => ${REMEMBERED_DAYS})`);
}
