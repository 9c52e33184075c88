/**
 * What was entered wrongly about which meter stood where: a ratio over a dated range, two meters that stand at
 * each other's points. The registers at the dates are those between the readings around them.
 */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import {
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { installations, meters } from '../sql/schema/index.ts';
import { datedSchema, textSchema } from './fields.ts';
import { ASIDE, keepChange } from './installation-changes.ts';
import { installationSchema, overlapping, ratioSchema, shown } from './installation-rows.ts';
import { rebuildFrom } from './rebuild.ts';
import { registerAt } from './register-at.ts';
import type { IngestDeps } from './routes.ts';
import { type Acting, by, only } from './rows.ts';

/** A ratio that was wrong for a time; what is left out stays as it is. */
export const ratioBody = z.strictObject({
  from: datedSchema,
  to: datedSchema.nullable().default(null),
  ct: ratioSchema.optional(),
  pt: ratioSchema.optional(),
  reason: textSchema,
});

/** Two points whose meters were mixed up, from a date on. */
export const swapBody = z.strictObject({
  pointIds: z.tuple([idSchema, idSchema]),
  from: datedSchema,
  reason: textSchema,
});

const correct = createRoute({
  method: 'post',
  path: '/projects/{projectId}/installations/{installationId}/ratios',
  summary: 'Correct the ratio of an installation over a dated range',
  ...needs('device.write'),
  request: { params: projectParams.extend({ installationId: idSchema }), body: takes(ratioBody) },
  responses: makes(listOf(installationSchema)),
});

const swap = createRoute({
  method: 'post',
  path: '/projects/{projectId}/installation-swaps',
  summary: 'Two meters stand at each other’s points, from a date on',
  ...needs('device.write'),
  request: { params: projectParams, body: takes(swapBody) },
  responses: makes(listOf(installationSchema)),
});

export function installationCorrectionRoutes({ db, questdb }: IngestDeps) {
  return createRoutes()
    .openapi(correct, async (c) => {
      const { projectId, installationId } = c.req.valid('param');
      const body = { installationId, ...c.req.valid('json') };
      const rows = await db.transaction((tx) =>
        correctRatio(tx, { projectId, ...by(c) }, { ...body, questdb }),
      );
      return c.json({ data: rows.map(shown), nextCursor: null, totals: null }, 201);
    })
    .openapi(swap, async (c) => {
      const { projectId } = c.req.valid('param');
      const body = c.req.valid('json');
      const rows = await db.transaction((tx) =>
        swapMeters(tx, { projectId, ...by(c) }, { ...body, questdb }),
      );
      return c.json({ data: rows.map(shown), nextCursor: null, totals: null }, 201);
    });
}

type Installation = typeof installations.$inferSelect;

/**
 * Parts an installation at the dates and gives the part between them another ratio. Throws Problem `not-found`,
 * `invalid-request` for dates outside of it, `conflict` when a register at a date is not known.
 */
export async function correctRatio(
  tx: Tx,
  acting: Acting,
  {
    installationId,
    questdb,
    reason,
    ...body
  }: z.output<typeof ratioBody> & { installationId: string; questdb: Questdb },
): Promise<Installation[]> {
  const { projectId } = acting;
  const which = and(eq(installations.projectId, projectId), eq(installations.id, installationId));
  const [before] = await tx.select().from(installations).where(which).for('update');
  if (!before) throw notFound('installation');
  const from = slotStart(body.from, 'json/from');
  const to = body.to === null ? null : slotStart(body.to, 'json/to');
  if (to && to <= from) throw new Problem('invalid-request', 'json/to: must be later than from');
  const isInside = from >= before.validFrom && (!before.validTo || from < before.validTo);
  if (!isInside || (to && before.validTo && to > before.validTo)) {
    throw new Problem(
      'invalid-request',
      'json/from: the meter did not stand there in all of this time',
    );
  }
  const { ct = before.ct, pt = before.pt } = body;
  if (ct === before.ct && pt === before.pt) {
    throw new Problem('invalid-request', 'json/ct: that is the ratio it has');
  }
  const model = await modelNameOf(tx, before);
  const at = (date: Date) =>
    registerAt(questdb, { projectId, meterId: before.meterId, model, atMs: date.getTime() });
  const { id: _, createdAt: __, ...same } = before;
  // The parts in order; the row that is there becomes the first of them.
  const parts: Omit<Installation, 'id' | 'createdAt'>[] = [];
  let rest = same;
  if (from > before.validFrom) {
    const register = await at(from);
    parts.push({ ...rest, validTo: from, lastRegister: register });
    rest = { ...rest, validFrom: from, firstRegister: register };
  }
  const isBounded = to !== null && to.getTime() !== before.validTo?.getTime();
  if (isBounded) {
    const register = await at(to);
    parts.push({ ...rest, ct, pt, validTo: to, lastRegister: register });
    parts.push({ ...rest, validFrom: to, firstRegister: register });
  } else {
    parts.push({ ...rest, ct, pt });
  }
  const [first, ...others] = parts;
  const rows = await tx
    .update(installations)
    .set(first ?? same)
    .where(which)
    .returning();
  for (const part of others) {
    rows.push(only(await tx.insert(installations).values(part).returning().catch(overlapping)));
  }
  const points = [{ id: before.pointId, fromMs: from.getTime() }];
  await rebuildFrom(tx, { projectId, points, why: `ratio corrected: ${reason}` });
  const changeId = await keepChange(tx, acting, {
    ...{ kind: 'ratio', reason, before: [before], after: rows },
    detail: { ...body, since: body.from },
  });
  await record(tx, {
    ...{ ...acting, action: 'installation.ratio-corrected' },
    ...{ subjectKind: 'installation', subjectId: installationId },
    detail: { ...body, reason, changeId, before: shown(before) },
  });
  return rows;
}

/**
 * From a date on, each of two meters counts for the other's point, with its own ratio. Throws Problem
 * `not-found`, `conflict` when no meter stands at one of them then, or its register is not known.
 */
export async function swapMeters(
  tx: Tx,
  acting: Acting,
  { pointIds, questdb, reason, ...body }: z.output<typeof swapBody> & { questdb: Questdb },
): Promise<Installation[]> {
  const { projectId } = acting;
  const from = slotStart(body.from, 'json/from');
  if (pointIds[0] === pointIds[1])
    throw new Problem('invalid-request', 'json/pointIds: are the same');
  const standing = [];
  for (const pointId of pointIds) standing.push(await standingAt(tx, { projectId, pointId, from }));
  const moved = [];
  const left: Installation[] = [];
  for (const [i, row] of standing.entries()) {
    const pointId = pointIds[1 - i] as string; // one of two
    const which = and(eq(installations.projectId, projectId), eq(installations.id, row.id));
    const { id, createdAt: _, ...same } = row;
    if (row.validFrom < from) {
      const model = await modelNameOf(tx, row);
      const register = await registerAt(questdb, {
        ...{ projectId, meterId: row.meterId, model, atMs: from.getTime() },
      });
      const ended = tx
        .update(installations)
        .set({ validTo: from, lastRegister: register })
        .where(which)
        .returning();
      left.push(only(await ended));
      moved.push({ ...same, id: null, pointId, validFrom: from, firstRegister: register });
    } else {
      // Out of the way until the other one has left: the ranges of a point never overlap.
      await tx.update(installations).set(ASIDE).where(which);
      moved.push({ ...same, id, pointId });
    }
  }
  const rows: Installation[] = [];
  for (const { id, ...values } of moved) {
    const placed = id
      ? tx
          .update(installations)
          .set(values)
          .where(and(eq(installations.projectId, projectId), eq(installations.id, id)))
          .returning()
      : tx.insert(installations).values(values).returning();
    rows.push(only(await placed.catch(overlapping)));
  }
  const points = pointIds.map((id) => ({ id, fromMs: from.getTime() }));
  await rebuildFrom(tx, { projectId, points, why: `meters swapped: ${reason}` });
  const changeId = await keepChange(tx, acting, {
    ...{ kind: 'swap', reason, before: standing, after: [...left, ...rows] },
    detail: { pointIds, since: body.from },
  });
  for (const row of rows) {
    await record(tx, {
      ...{ ...acting, action: 'installation.swapped' },
      ...{ subjectKind: 'installation', subjectId: row.id },
      detail: { ...shown(row), reason, changeId },
    });
  }
  return rows;
}

async function standingAt(
  tx: Tx,
  { projectId, pointId, from }: { projectId: string; pointId: string; from: Date },
): Promise<Installation> {
  const [row] = await tx
    .select()
    .from(installations)
    .where(
      sql`${installations.projectId} = ${projectId}::bigint AND ${installations.pointId} = ${pointId}::bigint
        AND ${installations.validFrom} <= ${from.toISOString()}::timestamptz
        AND (${installations.validTo} IS NULL OR ${installations.validTo} > ${from.toISOString()}::timestamptz)`,
    )
    .for('update');
  if (row) return row;
  const found = await tx.execute(sql`SELECT id FROM points
    WHERE project_id = ${projectId}::bigint AND id = ${pointId}::bigint`);
  if (found.rows.length === 0) throw notFound('point');
  throw new Problem('conflict', 'No meter stands at one of the points then.');
}

async function modelNameOf(tx: Tx, { projectId, meterId }: Installation): Promise<string> {
  const found = await tx
    .select({ model: meters.model })
    .from(meters)
    .where(and(eq(meters.projectId, projectId), eq(meters.id, meterId)));
  return only(found).model;
}

function slotStart(text: string, place: string): Date {
  const ms = Date.parse(text);
  if (ms % SLOT_MS === 0) return new Date(ms);
  throw new Problem('invalid-request', `${place}: must lie on a quarter-hour`);
}
