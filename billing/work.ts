/** One round of billing's work in every project, in the order in which it must be done. */
import { type Alarming, syncAlarms } from '../sql/alarms.ts';
import type { ClockDoubt } from '../sql/clock-watch.ts';
import type { Log } from '../sql/log.ts';
import { isRetryable, type Postgres } from '../sql/postgres.ts';
import { inTrace, newTrace } from '../sql/trace.ts';
import { completeClosings } from './closing.ts';
import { createLiveBalances } from './live.ts';
import {
  liveSeconds,
  settlementBlocked,
  settlementCorrections,
  settlementHeaders,
  settlementRuns,
  settlementSeconds,
} from './metrics.ts';
import { type ProjectTerms, readProjects } from './project.ts';
import { seal } from './seal.ts';
import { CLOCK_BEHIND, type SettleDeps, type Settled, settleDirty, settleDue } from './settle.ts';
import { writePrices, writeStakes } from './stakes.ts';

const CLOCK_PUT = 'the clock of the server was put';

/** How often balances are computed; they are at most this old, and the sample a minute. */
export const LIVE_MS = 60_000;

/**
 * Prepares a round: settle what is due, settle anew what changed, bring balances up to date where a
 * minute has passed or a day was settled, seal. One failing project does not keep the others waiting.
 */
export function createRound(
  deps: SettleDeps & {
    postgres: Postgres;
    log: Pick<Log, 'info' | 'warn' | 'error'>;
    /** Whether the server's clock was put a while ago: then nothing is settled. */
    clockDoubt?: () => ClockDoubt | undefined;
  },
): () => Promise<void> {
  const { postgres, source, clock, log, clockDoubt = () => undefined } = deps;
  const live = createLiveBalances({ db: postgres.db, source });
  const liveAt = new Map<string, number>();
  /** Projects whose prices this process has computed; they change when days are settled. */
  const priced = new Set<string>();
  const blocked = new Map<string, string | undefined>();

  /** Settles what is due and what changed; true when there was any. */
  async function settleAll(project: ProjectTerms): Promise<boolean> {
    let settledAny = false;
    for (const [name, settle] of [
      ['due', settleDue],
      ['dirty', settleDirty],
    ] as const) {
      const began = performance.now();
      const settled = await settle(deps, project);
      settlementRuns.inc({ outcome: settled.outcome });
      await tellBlocked(project, settled);
      if (settled.outcome !== 'settled') continue;
      if (settled.headers > 0) {
        const ms = Math.round(performance.now() - began);
        settlementSeconds.set(ms / 1000);
        settlementHeaders.inc(settled.headers);
        settlementCorrections.inc(settled.corrections);
        log.info({ projectId: project.id, ...settled, ms }, `settled: ${name}`);
      }
      settledAny ||= settled.headers > 0;
    }
    const closed = await completeClosings(postgres.db, source.questdb, project, clock());
    if (closed > 0) log.info({ projectId: project.id, closed }, 'closings completed');
    return settledAny;
  }

  async function tend(project: ProjectTerms): Promise<void> {
    const doubt = clockDoubt();
    if (doubt) await tellBlocked(project, { outcome: 'blocked', reason: CLOCK_PUT }, doubt);
    const settledAny = doubt ? false : await settleAll(project);
    const nowMs = clock().getTime();
    // Also of a clock that was put back a minute has passed.
    if (settledAny || Math.abs(nowMs - (liveAt.get(project.id) ?? 0)) >= LIVE_MS) {
      const began = performance.now();
      await live(project, clock());
      liveSeconds.set((performance.now() - began) / 1000);
      liveAt.set(project.id, nowMs);
      if (settledAny || !priced.has(project.id)) {
        await writePrices(postgres.db, project, clock());
        priced.add(project.id);
      }
      await writeStakes(postgres.db, project, clock());
    }
    const sealed = await seal(postgres.db, { projectId: project.id, at: clock() });
    if (sealed > 0) log.info({ projectId: project.id, sealed }, 'sealed');
  }

  /** Being blocked is said once, and an alarm stands until it is over. */
  async function tellBlocked(
    project: ProjectTerms,
    settled: Settled,
    doubt?: ClockDoubt,
  ): Promise<void> {
    const reason = settled.outcome === 'blocked' ? settled.reason : undefined;
    // The first time is always written: an alarm may stand from an earlier life of this process.
    if (blocked.has(project.id) && blocked.get(project.id) === reason) return;
    blocked.set(project.id, reason);
    settlementBlocked.set([...blocked.values()].filter((why) => why !== undefined).length);
    if (reason) log.warn({ projectId: project.id, reason }, 'nothing is settled');
    await syncAlarms(postgres.db, {
      projectId: project.id,
      kind: 'questdb.suspended',
      at: clock(),
      subjects: reason?.includes('suspended')
        ? [{ subjectKind: 'store', subjectId: 'questdb', severity: 'critical', detail: { reason } }]
        : [],
    });
    const clockAlarm: Alarming = {
      ...{ subjectKind: 'server', subjectId: 'clock', severity: 'critical' },
      detail: doubt ? { jumpMs: doubt.jumpMs, seenAt: doubt.seenAt.toISOString() } : {},
    };
    await syncAlarms(postgres.db, {
      projectId: project.id,
      kind: 'server.clock',
      at: clock(),
      subjects: reason === CLOCK_PUT || reason === CLOCK_BEHIND ? [clockAlarm] : [],
    });
  }

  return async () => {
    for (const project of await readProjects(postgres.db)) {
      await inTrace(newTrace(), async () => {
        try {
          await tend(project);
        } catch (error) {
          // The next round does it again; a broken connection or a deadlock is not worth more words.
          const level = isRetryable(error) ? 'warn' : 'error';
          log[level]({ err: error, projectId: project.id }, 'a round of billing failed');
        }
      });
    }
  };
}
