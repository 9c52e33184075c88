/** Which meter stands at which point, and when: entering, ending, replacing. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { installations, meters, points } from '../sql/schema/index.ts';
import { datedSchema, idPageQuery, registerSchema } from './fields.ts';
import { modelOf } from './models.ts';
import { rebuildFrom } from './rebuild.ts';
import { registerKnownAt } from './register-at.ts';
import type { IngestDeps } from './routes.ts';
import { type Acting, broken, by, only, pageOf } from './rows.ts';

const RATIO_MAX = 9999;
/** A ratio of current or voltage. */
export const ratioSchema = z.number().int().min(1).max(RATIO_MAX);
const basisSchema = z.enum(['primary', 'secondary']);

export const installationSchema = z
  .object({
    id: idSchema,
    pointId: idSchema,
    meterId: idSchema,
    from: z.string(),
    to: z.string().nullable(),
    firstRegister: z.number().int().nullable(),
    lastRegister: z.number().int().nullable(),
    ct: z.number().int(),
    pt: z.number().int(),
    basis: basisSchema,
    registerSpan: z.number().int().nullable(),
    ratedPerHour: z.number().int().nullable(),
  })
  .openapi('Installation');

/** Registers are as the meter shows them, in Wh or litres, before CT and PT. */
const device = {
  meterId: idSchema,
  firstRegister: registerSchema.nullable().default(null),
  ct: ratioSchema.default(1),
  pt: ratioSchema.default(1),
  basis: basisSchema.optional(),
  registerSpan: registerSchema.min(1000).nullable().default(null),
  ratedPerHour: registerSchema.min(1).nullable().default(null),
};
const body = z.strictObject({
  pointId: idSchema,
  from: datedSchema,
  to: datedSchema.nullable().default(null),
  lastRegister: registerSchema.nullable().default(null),
  ...device,
});
const patch = z.strictObject({
  to: datedSchema.nullable().optional(),
  firstRegister: registerSchema.nullable().optional(),
  lastRegister: registerSchema.nullable().optional(),
  ct: ratioSchema.optional(),
  pt: ratioSchema.optional(),
  basis: basisSchema.optional(),
  registerSpan: registerSchema.min(1000).nullable().optional(),
  ratedPerHour: registerSchema.min(1).nullable().optional(),
});
/** What is sent to replace the meter of a point. */
export const replacementBody = z.strictObject({
  at: datedSchema,
  lastRegister: registerSchema.nullable().default(null),
  ...device,
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/installations',
  summary: 'Which meter stood at which point, and when',
  ...needs('device.read'),
  request: {
    params: projectParams,
    query: idPageQuery.extend({ pointId: idSchema.optional(), meterId: idSchema.optional() }),
  },
  responses: answers(listOf(installationSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/installations',
  summary: 'Install a meter at a point; past dates are built anew',
  ...needs('device.write'),
  request: { params: projectParams, body: takes(body) },
  responses: makes(installationSchema),
});

const change = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/installations/{installationId}',
  summary: 'End an installation, or correct its registers and ratios',
  ...needs('device.write'),
  request: { params: projectParams.extend({ installationId: idSchema }), body: takes(patch) },
  responses: answers(installationSchema),
});

const replace = createRoute({
  method: 'post',
  path: '/projects/{projectId}/points/{pointId}/replacements',
  summary: 'Replace the meter of a point: the old one leaves and the new one comes at one instant',
  ...needs('device.write'),
  request: { params: projectParams.extend({ pointId: idSchema }), body: takes(replacementBody) },
  responses: makes(installationSchema),
});

export function installationRoutes({ db, questdb }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, pointId = null, meterId = null } = c.req.valid('query');
      const rows = await db
        .select()
        .from(installations)
        .where(
          sql`${installations.projectId} = ${projectId}::bigint
            AND ${installations.id} > ${cursor ?? '0'}::bigint
            AND (${pointId}::bigint IS NULL OR ${installations.pointId} = ${pointId}::bigint)
            AND (${meterId}::bigint IS NULL OR ${installations.meterId} = ${meterId}::bigint)`,
        )
        .orderBy(installations.id)
        .limit(limit + 1);
      return c.json({ ...pageOf(rows.map(shown), limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const { from, to, ...values } = c.req.valid('json');
      const made = await db.transaction((tx) =>
        install(tx, { projectId, ...by(c) }, { ...values, ...datesOf(from, to) }),
      );
      return c.json(made, 201);
    })
    .openapi(change, async (c) => {
      const { projectId, installationId } = c.req.valid('param');
      const { to, ...values } = c.req.valid('json');
      const changed = await db.transaction(async (tx) => {
        const which = and(
          eq(installations.projectId, projectId),
          eq(installations.id, installationId),
        );
        const [before] = await tx.select().from(installations).where(which).for('update');
        if (!before) throw notFound('installation');
        const validTo = to === undefined ? before.validTo : to === null ? null : new Date(to);
        if (validTo && validTo <= before.validFrom) {
          throw new Problem('invalid-request', 'json/to: must be later than the start');
        }
        await assertFree(tx, { ...before, validTo });
        const row = only(
          await tx
            .update(installations)
            .set({ ...exactOf(values), validTo })
            .where(which)
            .returning()
            .catch(overlapping),
        );
        const { pointId, meterId } = row;
        // Only an end that moves leaves what lies before it as it is.
        const ends = [before.validTo, row.validTo].flatMap((d) => d?.getTime() ?? []);
        const isEndOnly = Object.keys(values).every((key) => key === 'lastRegister');
        const fromMs = isEndOnly ? Math.min(...ends) : before.validFrom.getTime();
        if (Number.isFinite(fromMs)) {
          await rebuildFrom(tx, { projectId, points: [{ id: pointId, fromMs }] });
        }
        await record(tx, {
          projectId,
          ...by(c),
          action: 'installation.changed',
          subjectKind: 'installation',
          subjectId: installationId,
          detail: { pointId, meterId, from: shown(before), to: shown(row) },
        });
        return shown(row);
      });
      return c.json(changed, 200);
    })
    .openapi(replace, async (c) => {
      const { projectId, pointId } = c.req.valid('param');
      const body = { pointId, ...c.req.valid('json') };
      const made = await db.transaction((tx) =>
        replaceMeter(tx, { projectId, ...by(c) }, { ...body, questdb }),
      );
      return c.json(made, 201);
    });
}

/**
 * The meter that stands at a point leaves and another one comes, at one instant. A register that was not noted is
 * that between the readings around the instant, where there are such. Throws Problem `not-found`,
 * `conflict` when none stands there then, `overlap` when the new one stands elsewhere.
 */
export async function replaceMeter(
  tx: Tx,
  acting: Acting,
  {
    pointId,
    at,
    lastRegister,
    questdb,
    ...values
  }: z.output<typeof replacementBody> & { pointId: string; questdb: Questdb },
) {
  const { projectId } = acting;
  const when = new Date(at);
  const standing = sql`${installations.projectId} = ${projectId}::bigint
    AND ${installations.pointId} = ${pointId}::bigint AND ${installations.validFrom} < ${at}::timestamptz
    AND (${installations.validTo} IS NULL OR ${installations.validTo} > ${at}::timestamptz)`;
  const knownOf = async (meterId: string) => {
    const found = await tx
      .select({ model: meters.model })
      .from(meters)
      .where(and(eq(meters.projectId, projectId), eq(meters.id, meterId)));
    const model = found[0]?.model;
    if (model === undefined) throw notFound('meter');
    const asked = { projectId, meterId, model, atMs: when.getTime() };
    return whole(await registerKnownAt(questdb, asked));
  };
  const [left] = await tx.select().from(installations).where(standing).for('update');
  const last = lastRegister ?? (left ? await knownOf(left.meterId) : null);
  const firstRegister = values.firstRegister ?? (await knownOf(values.meterId));
  const [old] = await tx
    .update(installations)
    .set({ validTo: when, ...exactOf({ lastRegister: last }) })
    .where(standing)
    .returning();
  if (!old) {
    const found = await tx
      .select({ id: points.id })
      .from(points)
      .where(and(eq(points.projectId, projectId), eq(points.id, pointId)));
    if (found.length === 0) throw notFound('point');
    throw new Problem('conflict', 'No meter stands at this point then: install one instead.');
  }
  await record(tx, {
    ...acting,
    action: 'installation.ended',
    subjectKind: 'installation',
    subjectId: old.id,
    detail: { pointId, meterId: old.meterId, at, lastRegister: last },
  });
  const fresh = {
    ...values,
    firstRegister,
    pointId,
    validFrom: when,
    validTo: null,
    lastRegister: null,
  };
  return await install(tx, acting, fresh);
}

interface Wanted {
  pointId: string;
  meterId: string;
  validFrom: Date;
  validTo: Date | null;
  firstRegister: number | null;
  lastRegister: number | null;
  ct: number;
  pt: number;
  basis?: 'primary' | 'secondary';
  registerSpan: number | null;
  ratedPerHour: number | null;
}

/** Enters an installation, once point and meter are found to fit and the range is free. */
async function install(tx: Tx, { projectId, ...who }: Acting, wanted: Wanted) {
  const { pointId, meterId } = wanted;
  const [[point], [meter]] = [
    await tx
      .select({ commodity: points.commodity })
      .from(points)
      .where(and(eq(points.projectId, projectId), eq(points.id, pointId))),
    await tx
      .select({ model: meters.model })
      .from(meters)
      .where(and(eq(meters.projectId, projectId), eq(meters.id, meterId))),
  ];
  if (!point) throw notFound('point');
  if (!meter) throw notFound('meter');
  const model = modelOf(meter.model);
  if (model && model.commodity !== point.commodity) {
    throw new Problem(
      'invalid-request',
      `json/meterId: a meter for ${model.commodity} cannot stand at a point for ${point.commodity}`,
    );
  }
  await assertFree(tx, { projectId, id: null, ...wanted });
  const row = only(
    await tx
      .insert(installations)
      .values({
        ...exactOf(wanted),
        projectId,
        basis: wanted.basis ?? (model?.primary ? 'primary' : 'secondary'),
      })
      .returning()
      .catch(overlapping),
  );
  const fromMs = wanted.validFrom.getTime();
  await rebuildFrom(tx, { projectId, points: [{ id: pointId, fromMs }] });
  await record(tx, {
    projectId,
    ...who,
    action: 'installation.created',
    subjectKind: 'installation',
    subjectId: row.id,
    detail: shown(row),
  });
  return shown(row);
}

/** Throws Problem `overlap` that names the range which is in the way. */
async function assertFree(
  tx: Tx,
  wanted: {
    projectId: string;
    id: string | null;
    pointId: string;
    meterId: string;
    validFrom: Date;
    validTo: Date | null;
  },
): Promise<void> {
  const { rows } = await tx.execute<{
    point: string;
    serial: string;
    valid_from: Date;
    valid_to: Date | null;
    same_point: boolean;
  }>(sql`
    SELECT p.code AS point, m.serial, i.valid_from, i.valid_to,
      i.point_id = ${wanted.pointId}::bigint AS same_point
    FROM installations i
    JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
    WHERE i.project_id = ${wanted.projectId}::bigint AND i.id <> coalesce(${wanted.id}::bigint, 0)
      AND (i.point_id = ${wanted.pointId}::bigint OR i.meter_id = ${wanted.meterId}::bigint)
      AND tstzrange(i.valid_from, i.valid_to) && tstzrange(${wanted.validFrom.toISOString()}::timestamptz,
        ${wanted.validTo?.toISOString() ?? null}::timestamptz)
    ORDER BY i.valid_from LIMIT 1`);
  const other = rows[0];
  if (!other) return;
  const from = new Date(other.valid_from).toISOString();
  const range = `from ${from} ${other.valid_to ? `to ${new Date(other.valid_to).toISOString()}` : 'on'}`;
  throw new Problem(
    'overlap',
    other.same_point
      ? `Meter ${other.serial} stands at this point ${range}.`
      : `The meter stands at point ${other.point} ${range}.`,
  );
}

/** For `.catch` of a write to installations. */
export const overlapping = broken({
  _overlap: new Problem('overlap', 'The range overlaps another installation.'),
});

function datesOf(from: string, to: string | null) {
  const [validFrom, validTo] = [new Date(from), to === null ? null : new Date(to)];
  if (validTo && validTo <= validFrom) {
    throw new Problem('invalid-request', 'json/to: must be later than from');
  }
  return { validFrom, validTo };
}

const exactFields = ['firstRegister', 'lastRegister', 'registerSpan', 'ratedPerHour'] as const;
type ExactField = (typeof exactFields)[number];

/** The same values with their exact integers as bigint; what is undefined stays out. */
function exactOf<V extends Partial<Record<ExactField, number | null>>>(values: V) {
  const exact: Partial<Record<ExactField, bigint | null>> = {};
  for (const field of exactFields) {
    const value = values[field];
    if (value !== undefined) exact[field] = value === null ? null : BigInt(value);
  }
  return { ...values, ...exact } as Omit<V, ExactField> & typeof exact;
}

const whole = (value: bigint | null) => (value === null ? null : Number(value));

/** As the API shows it. */
export const shown = (i: typeof installations.$inferSelect) => ({
  id: i.id,
  pointId: i.pointId,
  meterId: i.meterId,
  from: i.validFrom.toISOString(),
  to: i.validTo?.toISOString() ?? null,
  firstRegister: whole(i.firstRegister),
  lastRegister: whole(i.lastRegister),
  ct: i.ct,
  pt: i.pt,
  basis: i.basis,
  registerSpan: whole(i.registerSpan),
  ratedPerHour: whole(i.ratedPerHour),
});
