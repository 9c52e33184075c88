/** Tariffs with their versions, and where they hold. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Context } from 'hono';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  faultSchema,
  idSchema,
  listOf,
  makes,
  needs,
  pageQuery,
  projectParams,
  type RouteEnv,
  takes,
} from '../sql/route.ts';
import { tariffAssignments, tariffs } from '../sql/schema/index.ts';
import { by, idCursor, idPage, nameFields, textSchema } from './fields.ts';
import type { BillingDeps } from './routes.ts';
import { checkTariff, definitionSchema } from './tariff.ts';
import {
  assignTariff,
  endAssignment,
  listVersions,
  makeTariff,
  makeVersion,
} from './tariff-store.ts';
import type { Correction } from './tariff-terms.ts';

const commodity = z.enum(['electricity', 'water']);
const versionSchema = z
  .object({
    id: idSchema,
    version: z.number().int(),
    effectiveFrom: daySchema,
    definition: definitionSchema,
    createdAt: z.string(),
  })
  .openapi('TariffVersion');
const tariffSchema = z
  .object({ id: idSchema, name: z.string(), nameZh: z.string().nullable(), commodity })
  .openapi('Tariff');
const tariffWithVersions = tariffSchema.extend({ versions: z.array(versionSchema) });
const assignmentSchema = z
  .object({
    id: idSchema,
    tariffId: idSchema,
    commodity,
    pointId: idSchema.nullable(),
    accountId: idSchema.nullable(),
    from: daySchema,
    to: daySchema.nullable(),
  })
  .openapi('TariffAssignment');

/** Why days that are settled are charged anew; needs the permission tariff.correct. */
const correction = z.strictObject({ reason: textSchema }).nullable().default(null);

/** The definition is checked by `parseTariff`, whose faults name season, day type and time. */
const newVersion = z.strictObject({
  effectiveFrom: daySchema,
  definition: z
    .record(z.string(), z.unknown())
    .openapi({ description: 'Components with prices, and the calendar: see TariffVersion' }),
  correction,
});
export const newAssignment = z.strictObject({
  tariffId: idSchema,
  pointId: idSchema.nullable().default(null),
  accountId: idSchema.nullable().default(null),
  from: daySchema,
  to: daySchema.nullable().default(null),
  correction,
});
const path = '/projects/{projectId}/tariffs';
const tariffParams = projectParams.extend({ tariffId: idSchema });

const list = createRoute({
  method: 'get',
  path,
  summary: 'Tariffs',
  ...needs('tariff.read'),
  request: { params: projectParams, query: pageQuery },
  responses: answers(listOf(tariffSchema)),
});

const make = createRoute({
  method: 'post',
  path,
  summary: 'Make a tariff, with its first version',
  ...needs('tariff.write'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({ ...nameFields, commodity, version: newVersion.nullable().default(null) }),
    ),
  },
  responses: makes(tariffWithVersions),
});

const check = createRoute({
  method: 'post',
  path: `${path}/check`,
  summary: 'Look for holes, overlaps, unaligned boundaries and wrong prices; nothing is stored',
  ...needs('tariff.read'),
  request: {
    params: projectParams,
    body: takes(z.strictObject({ commodity, definition: z.unknown().openapi({ type: 'object' }) })),
  },
  responses: answers(
    z.object({ faults: z.array(faultSchema) }),
    'Every fault with its place, a JSON pointer into the definition; none when it can hold',
  ),
});

const show = createRoute({
  method: 'get',
  path: `${path}/{tariffId}`,
  summary: 'One tariff with its versions, by the day they begin',
  ...needs('tariff.read'),
  request: { params: tariffParams },
  responses: answers(tariffWithVersions),
});

const makeNext = createRoute({
  method: 'post',
  path: `${path}/{tariffId}/versions`,
  summary: 'Add a version; one that reaches into settled days is a correction, with a reason',
  ...needs('tariff.write'),
  request: { params: tariffParams, body: takes(newVersion) },
  responses: makes(versionSchema),
});

const assignmentPath = '/projects/{projectId}/tariff-assignments';
const listAssigned = createRoute({
  method: 'get',
  path: assignmentPath,
  summary: 'Where tariffs hold: for a point, else its account, else by default',
  ...needs('tariff.read'),
  request: { params: projectParams, query: pageQuery },
  responses: answers(listOf(assignmentSchema)),
});

const assign = createRoute({
  method: 'post',
  path: assignmentPath,
  summary: 'Let a tariff hold for a point, an account, or (neither) by default',
  ...needs('tariff.write'),
  request: {
    params: projectParams,
    body: takes(newAssignment),
  },
  responses: makes(assignmentSchema),
});

const endAssigned = createRoute({
  method: 'patch',
  path: `${assignmentPath}/{assignmentId}`,
  summary: 'End an assignment, or open its end again',
  ...needs('tariff.write'),
  request: {
    params: projectParams.extend({ assignmentId: idSchema }),
    body: takes(z.strictObject({ to: daySchema.nullable(), correction })),
  },
  responses: answers(assignmentSchema),
});

const shownTariff = {
  id: tariffs.id,
  name: tariffs.name,
  nameZh: tariffs.nameZh,
  commodity: tariffs.commodity,
};
const shownAssignment = {
  id: tariffAssignments.id,
  tariffId: tariffAssignments.tariffId,
  commodity: tariffAssignments.commodity,
  pointId: tariffAssignments.pointId,
  accountId: tariffAssignments.accountId,
  from: tariffAssignments.validFrom,
  to: tariffAssignments.validTo,
};

/** Corrections are for who may correct tariffs. Throws Problem `forbidden`. */
export function assertMay(c: Context<RouteEnv>, projectId: string, given: Correction | null): void {
  if (given && c.get('access').may(projectId, 'tariff.correct') !== 'allowed') {
    throw new Problem('forbidden', 'This needs the permission tariff.correct.');
  }
}

export function tariffRoutes({ db, clock }: BillingDeps) {
  const one = async (projectId: string, tariffId: string) => {
    const [tariff] = await db
      .select(shownTariff)
      .from(tariffs)
      .where(and(eq(tariffs.projectId, projectId), eq(tariffs.id, tariffId)));
    if (!tariff) throw notFound('tariff');
    return { ...tariff, versions: await listVersions(db, { projectId, tariffId }) };
  };
  const oneAssignment = async (projectId: string, id: string) => {
    const [assignment] = await db
      .select(shownAssignment)
      .from(tariffAssignments)
      .where(and(eq(tariffAssignments.projectId, projectId), eq(tariffAssignments.id, id)));
    if (!assignment) throw notFound('tariff assignment');
    return assignment;
  };
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const found = await db
        .select(shownTariff)
        .from(tariffs)
        .where(and(eq(tariffs.projectId, projectId), gt(tariffs.id, idCursor(cursor))))
        .orderBy(asc(tariffs.id))
        .limit(limit + 1);
      return c.json({ ...idPage(found, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const { version, ...tariff } = c.req.valid('json');
      assertMay(c, projectId, version?.correction ?? null);
      const id = await makeTariff(db, { projectId, tariff, version, by: by(c), now: clock() });
      return c.json(await one(projectId, id), 201);
    })
    .openapi(check, async (c) => {
      const { commodity, definition } = c.req.valid('json');
      return c.json({ faults: checkTariff(definition, commodity).faults }, 200);
    })
    .openapi(show, async (c) => {
      const { projectId, tariffId } = c.req.valid('param');
      return c.json(await one(projectId, tariffId), 200);
    })
    .openapi(makeNext, async (c) => {
      const { projectId, tariffId } = c.req.valid('param');
      const version = c.req.valid('json');
      assertMay(c, projectId, version.correction);
      const given = { projectId, tariffId, version, by: by(c), now: clock() };
      const id = await makeVersion(db, given);
      const [made] = await listVersions(db, { projectId, tariffId, id });
      if (!made) throw notFound('tariff version');
      return c.json(made, 201);
    })
    .openapi(listAssigned, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const found = await db
        .select(shownAssignment)
        .from(tariffAssignments)
        .where(
          and(
            eq(tariffAssignments.projectId, projectId),
            gt(tariffAssignments.id, idCursor(cursor)),
          ),
        )
        .orderBy(asc(tariffAssignments.id))
        .limit(limit + 1);
      return c.json({ ...idPage(found, limit), totals: null }, 200);
    })
    .openapi(assign, async (c) => {
      const { projectId } = c.req.valid('param');
      const assignment = c.req.valid('json');
      assertMay(c, projectId, assignment.correction);
      const id = await assignTariff(db, { projectId, assignment, by: by(c) });
      return c.json(await oneAssignment(projectId, id), 201);
    })
    .openapi(endAssigned, async (c) => {
      const { projectId, assignmentId: id } = c.req.valid('param');
      const { to, correction: given } = c.req.valid('json');
      assertMay(c, projectId, given);
      await endAssignment(db, { projectId, id, to, correction: given, by: by(c) });
      return c.json(await oneAssignment(projectId, id), 200);
    });
}
