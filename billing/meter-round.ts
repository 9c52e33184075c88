/**
 * The work that meter mode leaves for the background: recharges followed and sent, counters learned, what meters took
 * brought to their sub-accounts, and the day's comparison. Projects without meters that hold money cost one question.
 */
import { sql } from 'drizzle-orm';
import { localDayOf } from '../sql/local-day.ts';
import type { Log } from '../sql/log.ts';
import { type Db, isRetryable } from '../sql/postgres.ts';
import { inTrace, newTrace } from '../sql/trace.ts';
import { exactText } from './exact.ts';
import { rateOpenDays } from './live.ts';
import { issueTerms, termsRestOn } from './meter-issue.ts';
import { endWallets } from './meter-mode.ts';
import { keepNoCut } from './meter-no-cut.ts';
import { learnCounters, reconcileMeters, type Source, usageOf } from './meter-reconcile.ts';
import { meterUseOf } from './meter-use.ts';
import { openWallets } from './meter-wallet.ts';
import { openPriceBook } from './price-book.ts';
import { type ProjectTerms, readProjects } from './project.ts';
import { type CostOfToday, followRecharges } from './recharge-follow.ts';
import { createSettledMark, type SettledMark } from './settled-mark.ts';

/** Between two looks for days that were settled and for the day's comparison. */
const SLOW_MS = 30_000;

/** Prepares a round, to be called every few seconds. One failing project does not keep the others waiting. */
export function createMeterRound({
  db,
  source,
  clock,
  log,
}: {
  db: Db;
  source: Source;
  clock: () => Date;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}): () => Promise<void> {
  const slowAt = new Map<string, number>();
  const followed = new Map<string, SettledMark>();
  /** By project: what the meters' terms rested on when they were told. */
  const toldOn = new Map<string, string>();

  async function tend(project: ProjectTerms): Promise<void> {
    const moved = await followRecharges(db, { project, clock, costOfToday: costOf(project) });
    const learned = await learnCounters(db, source, { project, now: clock() });
    if (moved + learned > 0) log.info({ projectId: project.id, moved, learned }, 'recharges');
    const nowMs = clock().getTime();
    if (nowMs - (slowAt.get(project.id) ?? 0) < SLOW_MS) return;
    slowAt.set(project.id, nowMs);
    await endUnheld(project);
    const wallets = await openWallets(db, { projectId: project.id });
    const reason = 'terms of the account';
    const rests = await termsRestOn(db, { project, now: clock() });
    if (wallets.length > 0 && toldOn.get(project.id) !== rests) {
      await db.transaction((tx) => issueTerms(tx, { project, wallets, now: clock(), reason }));
      toldOn.set(project.id, rests);
    }
    await keepNoCut(db, source, { project, wallets, now: clock() });
    const mark = followed.get(project.id) ?? createSettledMark();
    followed.set(project.id, mark);
    const { after, isNew, keep } = await mark.look(db, project.id);
    if (isNew) await meterUseOf(db, { project, after, now: clock() });
    keep();
    await reconcileMeters(db, source, { project, after: mark.upTo(), clock });
  }

  const costOf =
    (project: ProjectTerms): CostOfToday =>
    async ({ accountId, pointId }) => {
      const now = clock();
      const book = await openPriceBook(db, { projectId: project.id, zone: project.zone });
      const days = await rateOpenDays(db, source, { project, book, now, accountId });
      const today = localDayOf(project.zone, now.getTime());
      const mine = days.filter((day) => day.pointId === pointId && day.localDay === today);
      return exactText(mine.reduce((sum, day) => sum + usageOf(day), 0n));
    };

  /** A meter that was taken out, or whose shop has another tenant, holds nobody's money any more. */
  async function endUnheld(project: ProjectTerms): Promise<void> {
    const now = clock();
    const unheld = new Set(await unheldWallets(db, project.id, now));
    if (unheld.size === 0) return;
    const wallets = (await openWallets(db, { projectId: project.id })).filter(({ id }) =>
      unheld.has(id),
    );
    await db.transaction((tx) => endWallets(tx, source, { project, wallets, now }));
    log.info({ projectId: project.id, ended: wallets.length }, 'sub-accounts of meters ended');
  }

  return async () => {
    const concerned = await projectsWithMeters(db);
    for (const project of concerned.size > 0 ? await readProjects(db) : []) {
      if (!concerned.has(project.id)) continue;
      await inTrace(newTrace(), async () => {
        try {
          await tend(project);
        } catch (error) {
          const level = isRetryable(error) ? 'warn' : 'error';
          log[level]({ err: error, projectId: project.id }, 'a round of meter mode failed');
        }
      });
    }
  };
}

async function projectsWithMeters(db: Db): Promise<Set<string>> {
  const found = await db.execute<{ id: string }>(
    sql`SELECT DISTINCT project_id::text AS id FROM meter_wallets`,
  );
  return new Set(found.rows.map(({ id }) => id));
}

/** Open sub-accounts whose account does not hold the point any more, or whose meter is not there; nothing is on its way. */
async function unheldWallets(db: Db, projectId: string, now: Date): Promise<string[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const found = await db.execute<{ id: string }>(sql`
    SELECT w.id::text FROM meter_wallets w
    WHERE w.project_id = ${projectId}::bigint AND w.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM recharges r WHERE r.project_id = w.project_id AND r.wallet_id = w.id
        AND r.resolved_at IS NULL)
      AND (NOT EXISTS (SELECT FROM installations i WHERE i.project_id = w.project_id
          AND i.meter_id = w.meter_id AND i.point_id = w.point_id
          AND i.valid_from <= ${at} AND (i.valid_to IS NULL OR i.valid_to > ${at}))
        OR NOT EXISTS (SELECT FROM tenancies t WHERE t.project_id = w.project_id
          AND t.point_id = w.point_id AND t.account_id = w.account_id
          AND t.valid_from <= ${at} AND (t.valid_to IS NULL OR t.valid_to > ${at})))`);
  return found.rows.map(({ id }) => id);
}
