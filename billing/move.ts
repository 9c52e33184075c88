/**
 * A shop goes from one account to another at a quarter-hour: one tenancy ends, the next begins, in one act.
 * Its preview settles the days that this concerns, in a transaction that is rolled back.
 */
import { sql } from 'drizzle-orm';
import type pg from 'pg';
import type { Clock } from '../sql/clock.ts';
import { type LocalDay, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { lastDueDay } from './due.ts';
import { partsAsked, unsettled, WAL_DEADLINE_MS, type WaitingDay } from './ended-parts.ts';
import type { By } from './fields.ts';
import { holdSettlement, type ProjectTerms, readProject } from './project.ts';
import { rolledBack } from './rolled-back.ts';
import { settleWithin } from './settlement.ts';
import type { Correction } from './tariff-terms.ts';
import { beginTenancy, boundaryMs, endTenancy } from './tenancies.ts';

export interface Move {
  tenancyId: string;
  /** Who holds the point from then on. */
  accountId: string;
  /** A local day (its midnight) or a quarter-hour; null: the last quarter-hour. */
  at: string | null;
  /** Why, where days that are settled change hands. */
  correction: Correction | null;
}

export interface MovePreview {
  at: string;
  pointCode: string;
  /** What is charged to (above zero) or given back to each. */
  from: { accountId: string; name: string; charged: Money };
  to: { accountId: string; name: string; charged: Money };
  /** Settled days that change hands: with them the move is a correction. */
  settledDays: LocalDay[];
  waiting: WaitingDay[];
}

/**
 * Moves the point; returns the id of the new tenancy. Throws Problem `not-found`, `conflict` (its own
 * account), `overlap`, `account-closed`, and without a reason `correction-needed` or `month-closed`.
 */
export async function movePoint(
  db: Db,
  { projectId, move, by, clock }: { projectId: string; move: Move; by: By; clock: Clock },
): Promise<string> {
  return await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    return (await moveWithin(tx, { project, move, by, now: clock() })).id;
  });
}

interface Moved {
  id: string;
  atMs: number;
  pointId: string;
  pointCode: string;
  from: string;
}

async function moveWithin(
  tx: Tx,
  { project, move, by, now }: { project: ProjectTerms; move: Move; by: By; now: Date },
): Promise<Moved> {
  const projectId = project.id;
  const nowMs = now.getTime();
  const atMs = move.at === null ? nowMs - (nowMs % SLOT_MS) : boundaryMs(move.at, project.zone);
  await holdSettlement(tx, projectId);
  const found = await tx.execute<{
    account_id: string;
    point_id: string;
    code: string;
    valid_to: string | null;
  }>(sql`
    SELECT t.account_id::text, t.point_id::text, p.code, t.valid_to
    FROM tenancies t JOIN points p ON p.project_id = t.project_id AND p.id = t.point_id
    WHERE t.project_id = ${projectId}::bigint AND t.id = ${move.tenancyId}::bigint FOR UPDATE OF t`);
  const held = found.rows[0];
  if (!held) throw notFound('tenancy');
  if (held.account_id === move.accountId) {
    throw new Problem('conflict', 'The point is that account’s already.');
  }
  const toMs = held.valid_to === null ? null : new Date(held.valid_to).getTime();
  if (toMs !== null && toMs <= atMs) {
    throw new Problem('conflict', 'The tenancy has ended by then: there is nothing to move.');
  }
  // What begins a transaction of its own begins a savepoint here.
  await endTenancy(tx as unknown as Db, {
    ...{ projectId, id: move.tenancyId, by },
    ...{ to: new Date(atMs).toISOString(), correction: move.correction },
  });
  const tenancy = { accountId: move.accountId, pointId: held.point_id, fromMs: atMs, toMs };
  const id = await beginTenancy(tx, { project, tenancy, by, now });
  return { id, atMs, pointId: held.point_id, pointCode: held.code, from: held.account_id };
}

/** What the move would charge to each account now; a reason is not needed to look. Throws as `movePoint`. */
export async function previewMove(
  { pool, questdb, clock }: { pool: pg.Pool; questdb: Questdb; clock: Clock },
  { projectId, move, by }: { projectId: string; move: Omit<Move, 'correction'>; by: By },
): Promise<MovePreview> {
  return await rolledBack(pool, async ({ client, tx }) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const correction = { reason: 'preview' };
    const moved = await moveWithin(tx, { project, move: { ...move, correction }, by, now });
    const { pointId, atMs } = moved;
    const { zone } = project;
    const day = localDayOf(zone, atMs);
    const over = lastDueDay(zone, now.getTime(), 0);
    const of = (accountId: string, lastDay: LocalDay) =>
      unsettled(tx, questdb, { projectId, zone, accountId, lastDay });
    const ended = atMs <= now.getTime() ? localDayOf(zone, atMs - 1) : over;
    const settled = await tx.execute<{ day: LocalDay }>(sql`
      SELECT DISTINCT local_day::text AS day FROM settlements
      WHERE project_id = ${projectId}::bigint AND scope_id = ${pointId}::bigint
        AND local_day >= ${day}::date ORDER BY 1`);
    const settledDays = settled.rows.map((row) => row.day);
    const isOurs = (waiting: WaitingDay) => waiting.pointId === pointId;
    const parts = [
      ...(await of(moved.from, ended)).filter(isOurs).map(({ localDay }) => ({
        ...{ accountId: moved.from, pointId, localDay },
      })),
      ...[moved.from, move.accountId].flatMap((accountId) =>
        settledDays.filter((d) => d <= over).map((localDay) => ({ accountId, pointId, localDay })),
      ),
    ];
    const charged = new Map<string, bigint>();
    if (parts.length > 0) {
      await settleWithin(
        { source: { questdb }, walDeadlineMs: WAL_DEADLINE_MS },
        // Both are the one transaction that is under way.
        { client, db: tx as unknown as Db },
        project,
        {
          ...partsAsked(parts),
          cause: 'manual',
          at: now,
          onWritten: ({ postings }) => {
            for (const { accountId, wallet } of postings.values()) {
              charged.set(accountId, (charged.get(accountId) ?? 0n) + wallet);
            }
          },
        },
      );
    }
    const names = await tx.execute<{ id: string; name: string }>(sql`
      SELECT id::text, name FROM accounts WHERE project_id = ${projectId}::bigint
        AND id IN (${moved.from}::bigint, ${move.accountId}::bigint)`);
    const shown = (accountId: string) => ({
      accountId,
      name: names.rows.find((row) => row.id === accountId)?.name ?? '',
      charged: money(charged.get(accountId) ?? 0n, project.currency),
    });
    return {
      ...{ at: new Date(atMs).toISOString(), pointCode: moved.pointCode },
      ...{ from: shown(moved.from), to: shown(move.accountId), settledDays },
      waiting: (await of(moved.from, ended)).filter(isOurs),
    };
  });
}
