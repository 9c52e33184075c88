/** Metering points: the places that are measured and, with a tenancy, billed. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Tx } from '../sql/postgres.ts';
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
import { buildings, floors, points } from '../sql/schema/index.ts';
import { codeSchema, idPageQuery, nameFields, textSchema } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { broken, by, only, pageOf } from './rows.ts';

const classes = ['home', 'business', 'protected', 'internal', 'metering-only'] as const;
const roles = ['unit', 'building-main', 'park-main'] as const;
const OVERLOAD_W_MAX = 1_000_000_000;

const fields = {
  code: codeSchema,
  commodity: z.enum(['electricity', 'water']),
  class: z.enum(classes),
  role: z.enum(roles),
  buildingId: idSchema.nullable(),
  floorId: idSchema.nullable(),
  parentId: idSchema.nullable(),
  overloadW: z.number().int().min(1).max(OVERLOAD_W_MAX).nullable(),
};

const pointSchema = z
  .object({ id: idSchema, ...fields, name: z.string(), nameZh: z.string().nullable() })
  .openapi('Point');

const body = z.strictObject({
  ...fields,
  ...nameFields,
  class: fields.class.default('business'),
  role: fields.role.default('unit'),
  buildingId: fields.buildingId.default(null),
  floorId: fields.floorId.default(null),
  parentId: fields.parentId.default(null),
  overloadW: fields.overloadW.default(null),
});

const patch = z.strictObject({
  code: fields.code.optional(),
  name: textSchema.optional(),
  nameZh: textSchema.nullable().optional(),
  class: fields.class.optional(),
  role: fields.role.optional(),
  buildingId: fields.buildingId.optional(),
  floorId: fields.floorId.optional(),
  parentId: fields.parentId.optional(),
  overloadW: fields.overloadW.optional(),
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/points',
  summary: 'Metering points',
  ...needs('device.read'),
  request: { params: projectParams, query: idPageQuery },
  responses: answers(listOf(pointSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/points',
  summary: 'Make a metering point',
  ...needs('device.write'),
  request: { params: projectParams, body: takes(body) },
  responses: makes(pointSchema),
});

const change = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/points/{pointId}',
  summary: 'Change what is known of a metering point',
  ...needs('device.write'),
  request: { params: projectParams.extend({ pointId: idSchema }), body: takes(patch) },
  responses: answers(pointSchema),
});

const sameCode = new Problem('conflict', 'There is a point of this code.');

export function pointRoutes({ db }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const rows = await db
        .select(shown)
        .from(points)
        .where(
          sql`${points.projectId} = ${projectId}::bigint AND ${points.retiredAt} IS NULL
            AND ${points.id} > ${cursor ?? '0'}::bigint`,
        )
        .orderBy(points.id)
        .limit(limit + 1);
      return c.json({ ...pageOf(rows, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const values = c.req.valid('json');
      const made = await db.transaction(async (tx) => {
        await assertPlaces(tx, { projectId, pointId: null, ...values });
        const point = only(
          await tx
            .insert(points)
            .values({ projectId, ...values })
            .returning(shown)
            .catch(broken({ code_unique: sameCode })),
        );
        await record(tx, {
          projectId,
          ...by(c),
          action: 'point.created',
          subjectKind: 'point',
          subjectId: point.id,
          detail: { code: point.code, commodity: point.commodity, role: point.role },
        });
        return point;
      });
      return c.json(made, 201);
    })
    .openapi(change, async (c) => {
      const { projectId, pointId } = c.req.valid('param');
      const values = c.req.valid('json');
      const changed = await db.transaction(async (tx) => {
        const which = and(eq(points.projectId, projectId), eq(points.id, pointId));
        const [before] = await tx.select(shown).from(points).where(which).for('update');
        if (!before) throw notFound('point');
        if (Object.keys(values).length === 0) return before;
        await assertPlaces(tx, { projectId, pointId, ...before, ...values });
        const point = only(
          await tx
            .update(points)
            .set(values)
            .where(which)
            .returning(shown)
            .catch(broken({ code_unique: sameCode })),
        );
        await record(tx, {
          projectId,
          ...by(c),
          action: 'point.changed',
          subjectKind: 'point',
          subjectId: pointId,
          detail: {
            from: Object.fromEntries(
              Object.keys(values).map((key) => [key, before[key as keyof typeof before]]),
            ),
            to: values,
          },
        });
        return point;
      });
      return c.json(changed, 200);
    });
}

interface Places {
  projectId: string;
  /** Null before the point exists. */
  pointId: string | null;
  commodity: 'electricity' | 'water';
  buildingId: string | null;
  floorId: string | null;
  parentId: string | null;
}

/** Building, floor and main exist in this project and fit together. */
async function assertPlaces(tx: Tx, places: Places): Promise<void> {
  const { projectId, pointId, commodity, buildingId, floorId, parentId } = places;
  if (buildingId !== null) {
    const found = await tx
      .select({ id: buildings.id })
      .from(buildings)
      .where(and(eq(buildings.projectId, projectId), eq(buildings.id, buildingId)));
    if (found.length === 0) throw notFound('building');
  }
  if (floorId !== null) {
    const [floor] = await tx
      .select({ buildingId: floors.buildingId })
      .from(floors)
      .where(and(eq(floors.projectId, projectId), eq(floors.id, floorId)));
    if (!floor) throw notFound('floor');
    if (floor.buildingId !== buildingId) {
      throw new Problem('invalid-request', 'json/floorId: the floor is in another building');
    }
  }
  if (parentId === null) return;
  const { rows } = await tx.execute<{ id: string; commodity: string }>(sql`
    WITH RECURSIVE above AS (
      SELECT id, parent_id, commodity FROM points
      WHERE project_id = ${projectId}::bigint AND id = ${parentId}::bigint
      UNION SELECT p.id, p.parent_id, p.commodity FROM points p JOIN above a ON p.id = a.parent_id
      WHERE p.project_id = ${projectId}::bigint)
    SELECT id::text, commodity FROM above`);
  const parent = rows.find((r) => r.id === parentId);
  if (!parent) throw notFound('point');
  if (parent.commodity !== commodity) {
    throw new Problem('invalid-request', 'json/parentId: the main measures another commodity');
  }
  if (rows.some((r) => r.id === pointId)) {
    throw new Problem('invalid-request', 'json/parentId: the point would be a part of itself');
  }
}

const shown = {
  id: points.id,
  code: points.code,
  name: points.name,
  nameZh: points.nameZh,
  commodity: points.commodity,
  class: points.class,
  role: points.role,
  buildingId: points.buildingId,
  floorId: points.floorId,
  parentId: points.parentId,
  overloadW: points.overloadW,
};
