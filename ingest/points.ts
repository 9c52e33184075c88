/** Metering points: the places that are measured and, with a tenancy, billed. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { assertUnused } from '../sql/in-use.ts';
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
import { buildings, floors, points, rooms } from '../sql/schema/index.ts';
import {
  codeSchema,
  idPageQuery,
  nameFields,
  retiredAfter,
  textSchema,
  withRetired,
} from './fields.ts';
import { lockOutSchema } from './lock-outs.ts';
import type { IngestDeps } from './routes.ts';
import { broken, by, only, pageOf } from './rows.ts';

export const pointClasses = ['home', 'business', 'protected', 'internal', 'metering-only'] as const;
export const pointRoles = ['unit', 'building-main', 'park-main'] as const;
const restoreModes = ['automatic', 'armed', 'confirmed'] as const;
const OVERLOAD_W_MAX = 1_000_000_000;

const fields = {
  code: codeSchema,
  commodity: z.enum(['electricity', 'water']),
  class: z.enum(pointClasses),
  role: z.enum(pointRoles),
  buildingId: idSchema.nullable(),
  floorId: idSchema.nullable(),
  roomId: idSchema.nullable(),
  parentId: idSchema.nullable(),
  restoreMode: z.enum(restoreModes),
  overloadW: z.number().int().min(1).max(OVERLOAD_W_MAX).nullable(),
};

const pointSchema = z
  .object({
    id: idSchema,
    ...fields,
    name: z.string(),
    nameZh: z.string().nullable(),
    lockOut: lockOutSchema.nullable(),
    retired: z.boolean(),
  })
  .openapi('Point');

const body = z.strictObject({
  ...fields,
  ...nameFields,
  class: fields.class.default('business'),
  role: fields.role.default('unit'),
  buildingId: fields.buildingId.default(null),
  floorId: fields.floorId.default(null),
  roomId: fields.roomId.default(null),
  parentId: fields.parentId.default(null),
  restoreMode: fields.restoreMode.default('armed'),
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
  roomId: fields.roomId.optional(),
  parentId: fields.parentId.optional(),
  restoreMode: fields.restoreMode.optional(),
  overloadW: fields.overloadW.optional(),
  retired: z.boolean().optional(),
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/points',
  summary: 'Metering points',
  ...needs('device.read'),
  request: { params: projectParams, query: idPageQuery.extend(withRetired) },
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
  summary: 'Change what is known of a metering point, retire it or take it back into use',
  ...needs('device.write'),
  request: { params: projectParams.extend({ pointId: idSchema }), body: takes(patch) },
  responses: answers(pointSchema),
});

const sameCode = new Problem('conflict', 'There is a point of this code.');

export function pointRoutes({ db, clock }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, retired } = c.req.valid('query');
      const rows = await db
        .select(shown)
        .from(points)
        .where(
          sql`${points.projectId} = ${projectId}::bigint
            AND (${retired === 'true'} OR ${points.retiredAt} IS NULL)
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
          detail: { to: values },
        });
        return point;
      });
      return c.json(made, 201);
    })
    .openapi(change, async (c) => {
      const { projectId, pointId } = c.req.valid('param');
      const given = c.req.valid('json');
      const { retired, ...values } = given;
      const changed = await db.transaction(async (tx) => {
        const which = and(eq(points.projectId, projectId), eq(points.id, pointId));
        const [before] = await tx
          .select({ ...shown, retiredAt: points.retiredAt })
          .from(points)
          .where(which)
          .for('update');
        if (!before) throw notFound('point');
        if (Object.keys(given).length === 0) return shownOf(before);
        if (retired && !before.retired) {
          await assertUnused(tx, usesOf(projectId, pointId, clock()));
        }
        const retiredAt = retiredAfter(before.retiredAt, retired, clock());
        // A retired point may stay where nothing is in use any more.
        if (retiredAt === null)
          await assertPlaces(tx, { projectId, pointId, ...before, ...values });
        const point = only(
          await tx
            .update(points)
            .set({ ...values, retiredAt })
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
              Object.keys(given).map((key) => [key, before[key as keyof typeof before]]),
            ),
            to: given,
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
  roomId: string | null;
  parentId: string | null;
}

/** Building, floor, room and main exist in this project, are in use and fit together. */
async function assertPlaces(tx: Tx, places: Places): Promise<void> {
  const { projectId, pointId, commodity, buildingId, floorId, roomId, parentId } = places;
  if (buildingId !== null) {
    const [building] = await tx
      .select({ retiredAt: buildings.retiredAt })
      .from(buildings)
      .where(and(eq(buildings.projectId, projectId), eq(buildings.id, buildingId)))
      .for('share');
    assertUsed(building, 'building');
  }
  if (floorId !== null) {
    const [floor] = await tx
      .select({ buildingId: floors.buildingId, retiredAt: floors.retiredAt })
      .from(floors)
      .where(and(eq(floors.projectId, projectId), eq(floors.id, floorId)))
      .for('share');
    assertUsed(floor, 'floor');
    if (floor?.buildingId !== buildingId) {
      throw new Problem('invalid-request', 'json/floorId: the floor is in another building');
    }
  }
  if (roomId !== null) {
    const [room] = await tx
      .select({ floorId: rooms.floorId, retiredAt: rooms.retiredAt })
      .from(rooms)
      .where(and(eq(rooms.projectId, projectId), eq(rooms.id, roomId)))
      .for('share');
    assertUsed(room, 'room');
    if (room?.floorId !== floorId) {
      throw new Problem('invalid-request', 'json/roomId: the room is on another floor');
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

function assertUsed(place: { retiredAt: Date | null } | undefined, what: string): void {
  if (!place) throw notFound(what);
  if (place.retiredAt) throw new Problem('conflict', `The ${what} is retired.`);
}

/** What a point is still needed for at an instant: a meter, a tenant, points that are its parts. */
const usesOf = (projectId: string, pointId: string, at: Date) => sql`
  SELECT 'installations' AS kind, m.serial AS name FROM installations i
  JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
  WHERE i.project_id = ${projectId}::bigint AND i.point_id = ${pointId}::bigint
    AND (i.valid_to IS NULL OR i.valid_to > ${at.toISOString()}::timestamptz)
  UNION ALL SELECT 'tenancies', a.number FROM tenancies t
  JOIN accounts a ON a.project_id = t.project_id AND a.id = t.account_id
  WHERE t.project_id = ${projectId}::bigint AND t.point_id = ${pointId}::bigint
    AND (t.valid_to IS NULL OR t.valid_to > ${at.toISOString()}::timestamptz)
  UNION ALL SELECT 'parts', code FROM points
  WHERE project_id = ${projectId}::bigint AND parent_id = ${pointId}::bigint AND retired_at IS NULL`;

const shownOf = <Row extends { retiredAt: Date | null }>({ retiredAt: _, ...row }: Row) => row;

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
  roomId: points.roomId,
  parentId: points.parentId,
  restoreMode: points.restoreMode,
  overloadW: points.overloadW,
  lockOut: points.lockOut,
  retired: sql<boolean>`${points.retiredAt} IS NOT NULL`,
};
