/**
 * What billing does beside its rounds, because it may take longer than one: proofs of the ledger. One
 * project after the other; a failing one does not keep the others waiting.
 */
import type { Clock } from '../sql/clock.ts';
import type { Log } from '../sql/log.ts';
import type { Db } from '../sql/postgres.ts';
import { inTrace, newTrace } from '../sql/trace.ts';
import { readProjects } from './project.ts';
import { proveDue } from './proofs.ts';

/** Prepares a pass over all projects: does what is due in each. */
export function createNightly({
  db,
  clock,
  log,
}: {
  db: Db;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}): () => Promise<void> {
  return async () => {
    for (const project of await readProjects(db)) {
      await inTrace(newTrace(), async () => {
        try {
          const proof = await proveDue({ db, clock }, project);
          if (!proof) return;
          const { positions, hash, holds, checks } = proof;
          const told = { projectId: project.id, positions: positions.toString(), hash };
          if (holds) log.info(told, 'the ledger holds');
          else log.error({ ...told, faults: checks.filter((c) => c.faults > 0) }, 'broken ledger');
        } catch (error) {
          log.warn({ err: error, projectId: project.id }, 'a proof was not finished');
        }
      });
    }
  };
}
