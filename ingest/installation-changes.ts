/**
 * Acts that put installations right (a ratio, a swap, a replacement): each keeps the rows as they were and as they
 * came to be. Taking one back is a route of its own, not an inverse act: the rows become exactly what they were, which
 * another swap or another ratio, with registers read anew, would not promise.
 */
import { createRoute, z } from '@hono/zod-openapi';
import { inArray, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { answers, createRoutes, idSchema, listOf, needs, projectParams } from '../sql/route.ts';
import { type InstallationRow, installationChanges, installations } from '../sql/schema/index.ts';
import { idPageQuery } from './fields.ts';
import { installationSchema, overlapping, shown, stored } from './installation-rows.ts';
import { rebuildFrom } from './rebuild.ts';
import type { IngestDeps } from './routes.ts';
import { type Acting, by, only, pageOf } from './rows.ts';
import {
  WITHDRAWAL,
  type WithdrawalRow,
  withdrawalFields,
  withdrawalOf,
  withdrawalRoute,
  withdrawCorrection,
} from './withdrawals.ts';

type Installation = typeof installations.$inferSelect;
type Kind = (typeof installationChanges.$inferSelect)['kind'];

const changeSchema = z
  .object({
    id: idSchema,
    kind: z.enum(['ratio', 'swap', 'replacement']),
    before: z.array(installationSchema),
    after: z.array(installationSchema),
    detail: z.record(z.string(), z.unknown()).openapi({ description: 'What was asked for' }),
    reason: z.string(),
    madeBy: z.string(),
    madeAt: z.string(),
    ...withdrawalFields,
  })
  .openapi('InstallationChange');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/installation-changes',
  summary: 'Ratios corrected, meters swapped and replaced: the installations before and after',
  ...needs('device.read'),
  request: {
    params: projectParams,
    query: idPageQuery.extend({ pointId: idSchema.optional(), meterId: idSchema.optional() }),
  },
  responses: answers(listOf(changeSchema)),
});

const withdraw = withdrawalRoute({
  path: 'installation-changes',
  summary: 'Take a corrected ratio, a swap or a replacement back: installations are as they were',
  permission: 'device.write',
  row: changeSchema,
});

export function installationChangeRoutes({ db }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...of } = c.req.valid('query');
      const rows = await read(db, { projectId, limit: limit + 1, after: cursor, ...of });
      return c.json({ ...pageOf(rows, limit), totals: null }, 200);
    })
    .openapi(withdraw, async (c) => {
      const { projectId, correctionId: id } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      await db.transaction((tx) => takeBackChange(tx, { projectId, ...by(c) }, { id, reason }));
      return c.json(only(await read(db, { projectId, id, limit: 1 })), 201);
    });
}

/** Keeps what an act has done to installations; returns the id of the change. */
export async function keepChange(
  tx: Tx,
  { projectId, actor }: Acting,
  {
    before,
    after,
    ...change
  }: {
    kind: Kind;
    before: readonly Installation[];
    after: readonly Installation[];
    detail: Record<string, unknown>;
    reason: string;
  },
): Promise<string> {
  const rows = await tx
    .insert(installationChanges)
    .values({
      ...{ projectId, madeBy: actor.id, ...change },
      ...{ before: before.map(shown), after: after.map(shown) },
    })
    .returning({ id: installationChanges.id });
  return only(rows).id;
}

/**
 * Makes the installations of a change what they were before it and has their points built anew. Throws Problem
 * `not-found`, `conflict` when it was taken back already or the installations have been changed since.
 */
export async function takeBackChange(
  tx: Tx,
  acting: Acting,
  { id, reason }: { id: string; reason: string },
): Promise<void> {
  const { projectId } = acting;
  const [change] = await read(tx, { projectId, id, limit: 1 });
  if (!change) throw notFound('change');
  await withdrawCorrection(tx, acting, { id, reason });
  const { before, after } = change;
  const of = (ids: readonly string[]) =>
    sql`${installations.projectId} = ${projectId}::bigint AND ${inArray(installations.id, [...ids])}`;
  const ids = after.map((row) => row.id);
  const standing = await tx.select().from(installations).where(of(ids)).for('update');
  const now = new Map(standing.map((row) => [row.id, row]));
  if (!after.every((row) => isSame(row, now.get(row.id)))) {
    throw new Problem(
      'conflict',
      'The installations have been changed since: take back what came after it first.',
    );
  }
  const kept = new Set(before.map((row) => row.id));
  const made = ids.filter((each) => !kept.has(each));
  if (made.length > 0) await tx.delete(installations).where(of(made));
  // Out of each other's way first: the ranges of a point never overlap.
  await tx
    .update(installations)
    .set(ASIDE)
    .where(of([...kept]));
  for (const row of before) {
    await tx
      .update(installations)
      .set(stored(row))
      .where(of([row.id]))
      .catch(overlapping);
  }
  const readingId = change.detail.readingId;
  if (typeof readingId === 'string')
    await withdrawCorrection(tx, acting, { id: readingId, reason });
  const points = reachesOf([...before, ...after], change.detail);
  await rebuildFrom(tx, { projectId, points, why: `correction withdrawn: ${reason}` });
  await record(tx, {
    ...{ ...acting, action: 'installation.change-taken-back' },
    ...{ subjectKind: 'installation', subjectId: before[0]?.id ?? id },
    detail: { changeId: id, kind: change.kind, reason, before: after, after: before },
  });
}

/** A range in which no meter of ours stands. */
export const ASIDE = {
  validFrom: new Date('1900-01-01T00:00:00Z'),
  validTo: new Date('1900-01-02T00:00:00Z'),
};

const isSame = (row: InstallationRow, now: Installation | undefined) =>
  now !== undefined && JSON.stringify(sorted(row)) === JSON.stringify(sorted(shown(now)));

// Postgres keeps the keys of a jsonb in an order of its own.
const sorted = (row: InstallationRow) =>
  Object.entries(row).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** The points that are concerned, and from when on: where the act began, or the rows where it does not say. */
function reachesOf(rows: readonly InstallationRow[], { since }: Record<string, unknown>) {
  const begins = typeof since === 'string' ? Date.parse(since) : undefined;
  const fromMs = begins ?? Math.min(...rows.map(({ from }) => Date.parse(from)));
  return [...new Set(rows.map(({ pointId }) => pointId))].map((id) => ({ id, fromMs }));
}

async function read(
  tx: Queryable,
  {
    projectId,
    limit,
    after = null,
    pointId = null,
    meterId = null,
    id = null,
  }: {
    projectId: string;
    limit: number;
    after?: string | null;
    pointId?: string | null;
    meterId?: string | null;
    id?: string | null;
  },
): Promise<z.output<typeof changeSchema>[]> {
  const about = (key: 'pointId' | 'meterId', value: string | null) =>
    value === null
      ? sql`true`
      : sql`(c.before || c.after) @> ${JSON.stringify([{ [key]: value }])}::jsonb`;
  const { rows } = await tx.execute<
    {
      id: string;
      kind: Kind;
      before: InstallationRow[];
      after: InstallationRow[];
      detail: Record<string, unknown>;
      reason: string;
      made_by: string;
      created_at: string;
    } & WithdrawalRow
  >(sql`
    SELECT c.id::text, c.kind, c.before, c.after, c.detail, c.reason, c.made_by, c.created_at,
      ${WITHDRAWAL.columns}
    FROM installation_changes c
      ${WITHDRAWAL.join}
    WHERE c.project_id = ${projectId}::bigint AND c.id > ${after ?? '0'}::bigint
      AND ${about('pointId', pointId)} AND ${about('meterId', meterId)}
      AND (${id}::bigint IS NULL OR c.id = ${id}::bigint)
    ORDER BY c.id LIMIT ${limit}`);
  return rows.map((r) => ({
    ...{ id: r.id, kind: r.kind, before: r.before, after: r.after, detail: r.detail },
    ...{ reason: r.reason, madeBy: r.made_by, madeAt: new Date(r.created_at).toISOString() },
    ...withdrawalOf(r),
  }));
}
