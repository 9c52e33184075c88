/** The loop of analytics' process: pass after pass over the projects, one writer at a time. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../sql/log.ts';
import { messageOf } from '../sql/refusal.ts';
import { inTrace, newTrace } from '../sql/trace.ts';
import { checkWarehouse } from './check.ts';
import { isCheckWished, readCheck } from './check-store.ts';
import { isDiskFull } from './disk.ts';
import { warehouseDir } from './manifest.ts';
import { warehouseMended, warehousePasses, warehouseSeconds, warehouseWritten } from './metrics.ts';
import {
  compactProject,
  exportProject,
  listProjects,
  type Project,
  type WarehouseParts,
} from './warehouse.ts';

/** Between two looks for dirty days. */
const PASS_EVERY_MS = 3_000;
/** Between two checks of everything. */
const FULL_CHECK_EVERY_MS = 86_400_000;
/** Longest pause while a source does not answer. */
const PAUSE_MAX_MS = 30_000;
/** The warehouse has one writer; whoever comes second waits until the first is gone. */
const WRITER_LOCK = 7_238_010;

/** Exports until `signal`; a source that fails is tried again with a growing pause, and it is said. */
export async function keepWarehouse({
  log,
  signal,
  ...parts
}: WarehouseParts & { log: Log; signal: AbortSignal }): Promise<void> {
  const thoroughly = new Set<string>();
  const unfinished = new Set<string>();
  const checked = new Set<string>();
  let failures = 0;
  /** Which project failed last, and the trace of that pass. */
  let troubled: { projectId?: string; traceId?: string } = {};
  while (!signal.aborted) {
    let more = false;
    try {
      more = await asTheWriter(parts, signal, async () => {
        let again = false;
        let failure: unknown;
        troubled = {};
        for (const project of await listProjects(parts.db)) {
          if (signal.aborted) break;
          const traceId = newTrace();
          try {
            const how = {
              thorough: !thoroughly.has(project.id),
              goOn: unfinished.has(project.id),
            };
            const pass = () => passOver(parts, project, how, log);
            if (await inTrace(traceId, pass)) {
              again = true;
              unfinished.add(project.id);
            } else {
              thoroughly.add(project.id);
              unfinished.delete(project.id);
              await checkOver(parts, project, { isFirst: !checked.has(project.id), log, signal });
              checked.add(project.id);
            }
          } catch (error) {
            // One project's trouble does not hold up the others; it is told when they are done.
            failure = error;
            troubled = { projectId: project.id, traceId };
            warehousePasses.inc({ outcome: 'failed' });
          }
        }
        if (failure) throw failure;
        return again;
      });
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      failures += 1;
      const full = isDiskFull(error);
      log[full ? 'error' : 'warn'](
        { err: messageOf(error), failures, ...troubled },
        full
          ? 'the disk is full: the warehouse stays as it was until there is room'
          : 'the warehouse is not brought up to date',
      );
    }
    const waitMs = Math.min(PASS_EVERY_MS * 2 ** Math.min(failures, 5), PAUSE_MAX_MS);
    if (!more) await pause(waitMs, undefined, { signal }).catch(() => {});
  }
}

async function passOver(
  parts: WarehouseParts,
  project: Project,
  how: { thorough: boolean; goOn: boolean },
  log: Log,
): Promise<boolean> {
  const begun = performance.now();
  const report = await exportProject(parts, project, how);
  if (!report) return false;
  const ms = Math.round(performance.now() - begun);
  warehousePasses.inc({ outcome: 'done' });
  if (report.files > 0) {
    warehouseSeconds.set(ms / 1000);
    warehouseWritten.inc(report.files);
    warehouseMended.inc(report.mended.length);
    log.info({ ...report, ms }, 'exported');
  }
  if (report.kept.length > 0) {
    log.warn(
      { projectId: project.id, days: report.kept },
      'no longer in QuestDB: left as exported',
    );
  }
  if (report.mended.length > 0) {
    log.warn({ projectId: project.id, files: report.mended }, 'damaged files, rebuilt');
  }
  if (report.lost.length > 0) {
    log.error({ projectId: project.id, days: report.lost }, 'damaged, and cannot be rebuilt');
  }
  if (report.more) return true;
  const compacted = await compactProject(parts, project);
  if (compacted) log.info({ projectId: project.id, ...compacted }, 'a month in one file');
  return false;
}

/** Checks a project when somebody wishes it, once a day, and lightly when the process has begun. */
async function checkOver(
  parts: WarehouseParts,
  project: Project,
  { isFirst, log, signal }: { isFirst: boolean; log: Log; signal: AbortSignal },
): Promise<void> {
  const dir = warehouseDir(parts.dataDir);
  const fullAt = readCheck(dir, project.id)?.fullAt;
  const isOld = !fullAt || parts.clock().getTime() - Date.parse(fullAt) >= FULL_CHECK_EVERY_MS;
  const full = isOld || isCheckWished(dir, project.id);
  if (!full && !isFirst) return;
  const report = await checkWarehouse(parts, project, {
    full,
    between: async () => {
      signal.throwIfAborted();
      for (const other of await listProjects(parts.db)) {
        await exportProject(parts, other, { thorough: false });
      }
    },
    catchUp: async () => {
      await exportProject(parts, project, { thorough: false, goOn: true });
    },
  });
  if (!report) return;
  const { differences, ...figures } = report;
  const said = { projectId: project.id, ...figures };
  if (differences.length === 0) log.info(said, 'checked');
  else log.error({ ...said, first: differences.slice(0, 5) }, 'the warehouse differed: rebuilding');
}

/** Runs `work` under a lock of Postgres that ends with its connection, so with its process. */
async function asTheWriter<T>(
  { pool }: WarehouseParts,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T | false> {
  const client = await pool.connect();
  try {
    // A transaction keeps lock and unlock on one connection, whatever stands between.
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [WRITER_LOCK]);
    return signal.aborted ? false : await work();
  } finally {
    await client.query('ROLLBACK').catch(() => {});
    client.release();
  }
}
