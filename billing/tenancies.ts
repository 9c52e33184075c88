/** Which account pays for a point, dated: begun and ended at a quarter-hour, never two at a time. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { markDirty } from '../sql/dirty-days.ts';
import { dayStart, isLocalDay, type LocalDay, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { violatedConstraint } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { type By, only } from './fields.ts';
import { holdSettlement, type ProjectTerms, readProject } from './project.ts';
import { assertUncharged, type Correction } from './tariff-terms.ts';

/**
 * Epoch ms of a local day's midnight or of an instant on a quarter-hour; other instants are refused,
 * because a quarter-hour has one payer.
 */
export function boundaryMs(sent: string, zone: string): number {
  const ms = isLocalDay(sent) ? dayStart(zone, sent) : Date.parse(sent);
  if (ms % SLOT_MS !== 0) {
    throw new Problem(
      'invalid-request',
      `${sent} is not a quarter-hour: a tenancy changes on one.`,
    );
  }
  return ms;
}

export interface NewTenancy {
  accountId: string;
  pointId: string;
  fromMs: number;
  toMs: number | null;
}

/**
 * Begins a tenancy within `tx`; days that are settled already are marked for settling anew. Returns its
 * id. Throws Problem `overlap`, `not-found`, `account-closed`.
 */
export async function beginTenancy(
  tx: Tx,
  { project, tenancy, by, now }: { project: ProjectTerms; tenancy: NewTenancy; by: By; now: Date },
): Promise<string> {
  const { accountId, pointId, fromMs, toMs } = tenancy;
  const projectId = project.id;
  if (toMs !== null && toMs <= fromMs) {
    throw new Problem('invalid-request', 'A tenancy ends after it begins.');
  }
  await holdSettlement(tx, projectId);
  const account = await tx.execute<{ opened_on: string; closed_on: string | null }>(sql`
    SELECT opened_on::text, closed_on::text FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint FOR SHARE`);
  const opened = account.rows[0];
  if (!opened) throw notFound('account');
  const firstDay = localDayOf(project.zone, fromMs);
  if (firstDay < opened.opened_on) {
    throw new Problem('conflict', `The account opens on ${opened.opened_on}, after the tenancy.`);
  }
  if (opened.closed_on !== null) {
    throw new Problem('account-closed', `The account was closed on ${opened.closed_on}.`);
  }
  const point = await tx.execute<{ retired_at: unknown }>(sql`
    SELECT retired_at FROM points
    WHERE project_id = ${projectId}::bigint AND id = ${pointId}::bigint`);
  if (!point.rows[0]) throw notFound('point');
  if (point.rows[0].retired_at !== null) throw new Problem('conflict', 'The point is retired.');
  const made = await tx
    .execute<{ id: string }>(sql`
      INSERT INTO tenancies (project_id, account_id, point_id, valid_from, valid_to)
      VALUES (${projectId}::bigint, ${accountId}::bigint, ${pointId}::bigint,
        ${new Date(fromMs).toISOString()}::timestamptz,
        ${toMs === null ? null : new Date(toMs).toISOString()}::timestamptz)
      RETURNING id::text`)
    .catch((error: unknown) => {
      if (violatedConstraint(error) !== 'tenancies_point_overlap') throw error;
      throw new Problem('overlap', 'Another account holds the point in this time.', {
        cause: error,
      });
    });
  const { id } = only(made.rows);
  await dirtySettled(tx, { projectId, pointId, from: firstDay, why: 'tenancy begun' });
  await record(tx, {
    projectId,
    ...by,
    action: 'tenancy.begun',
    subjectKind: 'tenancy',
    subjectId: id,
    detail: {
      accountId,
      pointId,
      from: new Date(fromMs).toISOString(),
      late: fromMs < now.getTime(),
    },
  });
  return id;
}

/** Begins a tenancy in a transaction of its own. */
export async function makeTenancy(
  db: Db,
  {
    projectId,
    tenancy,
    by,
    clock,
  }: {
    projectId: string;
    tenancy: { accountId: string; pointId: string; from: string; to: string | null };
    by: By;
    clock: Clock;
  },
): Promise<string> {
  return await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    const { accountId, pointId, from, to } = tenancy;
    return await beginTenancy(tx, {
      project,
      tenancy: {
        accountId,
        pointId,
        fromMs: boundaryMs(from, project.zone),
        toMs: to === null ? null : boundaryMs(to, project.zone),
      },
      by,
      now: clock(),
    });
  });
}

/**
 * Ends a tenancy (or opens its end again with null). Throws `not-found`, `overlap`; without a correction's reason
 * `correction-needed` or `month-closed` where that changes who has been charged.
 */
export async function endTenancy(
  db: Db,
  {
    projectId,
    id,
    to,
    correction,
    by,
  }: {
    projectId: string;
    id: string;
    to: string | null;
    correction: Correction | null;
    by: By;
  },
): Promise<void> {
  await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    await holdSettlement(tx, projectId);
    const found = await tx.execute<{
      account_id: string;
      point_id: string;
      valid_from: string;
      valid_to: string | null;
    }>(sql`
      SELECT account_id::text, point_id::text, valid_from, valid_to FROM tenancies
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint FOR UPDATE`);
    const before = found.rows[0];
    if (!before) throw notFound('tenancy');
    const toMs = to === null ? null : boundaryMs(to, project.zone);
    if (toMs !== null && toMs <= new Date(before.valid_from).getTime()) {
      throw new Problem('invalid-request', 'A tenancy ends after it begins.');
    }
    const toText = toMs === null ? null : new Date(toMs).toISOString();
    await tx
      .execute(sql`
        UPDATE tenancies SET valid_to = ${toText}::timestamptz
        WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`)
      .catch((error: unknown) => {
        if (violatedConstraint(error) !== 'tenancies_point_overlap') throw error;
        throw new Problem('overlap', 'Another account holds the point after this time.', {
          cause: error,
        });
      });
    const ends = [toMs, before.valid_to === null ? null : new Date(before.valid_to).getTime()];
    const firstMs = Math.min(...ends.filter((ms) => ms !== null));
    if (Number.isFinite(firstMs)) {
      const from = localDayOf(project.zone, firstMs);
      const { point_id: pointId, account_id: accountId } = before;
      // Who held it earlier on that day may be settled already: nothing of theirs changes.
      const of = { pointId, accountId };
      if (!correction) await assertUncharged(tx, { projectId, from, to: null, of });
      const why = correction?.reason ?? 'tenancy ended';
      await dirtySettled(tx, { projectId, pointId, from, why });
    }
    await record(tx, {
      projectId,
      ...by,
      action: 'tenancy.ended',
      subjectKind: 'tenancy',
      subjectId: id,
      detail: { from: before.valid_to, to: toText, ...correction },
    });
  });
}

/** Marks the settled days of a point from a day on; the caller holds settlement. */
async function dirtySettled(
  tx: Tx,
  {
    projectId,
    pointId,
    from,
    why,
  }: { projectId: string; pointId: string; from: LocalDay; why: string },
): Promise<void> {
  const settled = await tx.execute<{ day: string }>(sql`
    SELECT DISTINCT local_day::text AS day FROM settlements
    WHERE project_id = ${projectId}::bigint AND scope_id = ${pointId}::bigint
      AND local_day >= ${from}::date`);
  const days = settled.rows.map(({ day }) => ({ pointId, localDay: day }));
  await markDirty(tx, { projectId, days, who: 'billing', why });
}

export interface ShownTenancy {
  id: string;
  accountId: string;
  pointId: string;
  pointCode: string;
  from: string;
  to: string | null;
}

/** Tenancies of a project, an account or a point, in order of id after `cursor`. */
export async function listTenancies(
  db: Queryable,
  {
    projectId,
    accountId,
    pointId,
    id,
    cursor,
    limit,
  }: {
    projectId: string;
    accountId?: string;
    pointId?: string;
    id?: string;
    cursor?: string;
    limit: number;
  },
): Promise<ShownTenancy[]> {
  const found = await db.execute<{
    id: string;
    account_id: string;
    point_id: string;
    code: string;
    valid_from: string;
    valid_to: string | null;
  }>(sql`
    SELECT t.id::text, t.account_id::text, t.point_id::text, p.code, t.valid_from, t.valid_to
    FROM tenancies t JOIN points p ON p.project_id = t.project_id AND p.id = t.point_id
    WHERE t.project_id = ${projectId}::bigint AND t.id > ${cursor ?? '0'}::bigint
      AND (${accountId ?? null}::bigint IS NULL OR t.account_id = ${accountId ?? null}::bigint)
      AND (${pointId ?? null}::bigint IS NULL OR t.point_id = ${pointId ?? null}::bigint)
      AND (${id ?? null}::bigint IS NULL OR t.id = ${id ?? null}::bigint)
    ORDER BY t.id LIMIT ${limit}`);
  return found.rows.map((row) => ({
    id: row.id,
    accountId: row.account_id,
    pointId: row.point_id,
    pointCode: row.code,
    from: new Date(row.valid_from).toISOString(),
    to: row.valid_to && new Date(row.valid_to).toISOString(),
  }));
}
