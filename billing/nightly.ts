/**
 * What billing does beside its rounds, because it may take longer than one: proofs of the ledger and
 * reconciliations. One project after the other; a failing one does not keep the others waiting.
 */
import type { Clock } from '../sql/clock.ts';
import type { Log } from '../sql/log.ts';
import type { Db } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { inTrace, newTrace } from '../sql/trace.ts';
import { type ProjectTerms, readProjects } from './project.ts';
import { proveDue } from './proofs.ts';
import { reconcileDue } from './reconciled.ts';

/** Prepares a pass over all projects: does what is due in each. */
export function createNightly({
  db,
  questdb,
  clock,
  log,
}: {
  db: Db;
  questdb: Questdb;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}): () => Promise<void> {
  async function prove(project: ProjectTerms): Promise<void> {
    const proof = await proveDue({ db, clock }, project);
    if (!proof) return;
    const { positions, hash, holds, checks } = proof;
    const told = { projectId: project.id, positions: positions.toString(), hash };
    if (holds) log.info(told, 'the ledger holds');
    else log.error({ ...told, faults: checks.filter((c) => c.faults > 0) }, 'broken ledger');
  }

  async function compare(project: ProjectTerms): Promise<void> {
    const days = await reconcileDue({ db, questdb, clock }, project);
    if (days) log.info({ projectId: project.id, days: days.length }, 'reconciled');
  }

  return async () => {
    for (const project of await readProjects(db)) {
      for (const act of [prove, compare]) {
        await inTrace(newTrace(), async () => {
          try {
            await act(project);
          } catch (error) {
            log.warn({ err: error, projectId: project.id }, 'nightly work was not finished');
          }
        });
      }
    }
  };
}
