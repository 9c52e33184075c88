/** Which meter stands at which point, and when: entering and ending; replacing is of replacements.ts. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { notFound, Problem } from '../sql/problem.ts';
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
import { installations } from '../sql/schema/index.ts';
import { datedSchema, idPageQuery, registerSchema } from './fields.ts';
import {
  assertFree,
  basisSchema,
  deviceFields,
  exactOf,
  install,
  installationSchema,
  overlapping,
  ratioSchema,
  shown,
} from './installation-rows.ts';
import { rebuildFrom } from './rebuild.ts';
import type { IngestDeps } from './routes.ts';
import { by, only, pageOf } from './rows.ts';

const body = z.strictObject({
  pointId: idSchema,
  from: datedSchema,
  to: datedSchema.nullable().default(null),
  lastRegister: registerSchema.nullable().default(null),
  ...deviceFields,
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

export function installationRoutes({ db }: IngestDeps) {
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
      return c.json(shown(made), 201);
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
    });
}

function datesOf(from: string, to: string | null) {
  const [validFrom, validTo] = [new Date(from), to === null ? null : new Date(to)];
  if (validTo && validTo <= validFrom) {
    throw new Problem('invalid-request', 'json/to: must be later than from');
  }
  return { validFrom, validTo };
}
