/** Buildings: entered, renamed, retired. With them come their floors and rooms (`floors.ts`). */
import { createRoute, z } from '@hono/zod-openapi';
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { assertUnused } from '../sql/in-use.ts';
import { makeBuildings, makeFloors } from '../sql/places.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
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
import { buildings, floors, rooms } from '../sql/schema/index.ts';
import { floorBody, floorSchema, placeCodeSchema, shownRoom } from './floors.ts';
import { nameFields, textSchema } from './names.ts';
import type { WebDeps } from './routes.ts';
import { by, only, taken } from './rows.ts';

const buildingSchema = z
  .object({
    id: idSchema,
    code: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    retired: z.boolean(),
    floors: z.array(floorSchema),
  })
  .openapi('Building');
const FLOORS_MAX = 220;

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/buildings',
  summary: 'Buildings with their floors and rooms',
  ...needs('project.read'),
  request: {
    params: projectParams,
    query: z.object({
      retired: z
        .enum(['true', 'false'])
        .default('false')
        .openapi({ description: 'true: those out of use, too' }),
    }),
  },
  responses: answers(listOf(buildingSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/buildings',
  summary: 'Make a building, with its floors',
  ...needs('place.write'),
  request: {
    params: projectParams,
    body: takes(
      z.object({
        code: placeCodeSchema,
        ...nameFields,
        floors: z.array(floorBody).max(FLOORS_MAX).default([]),
      }),
    ),
  },
  responses: makes(buildingSchema),
});

const change = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/buildings/{buildingId}',
  summary: 'Rename a building, retire it or take it back into use',
  ...needs('place.write'),
  request: {
    params: projectParams.extend({ buildingId: idSchema }),
    body: takes(
      z.strictObject({
        code: placeCodeSchema.optional(),
        name: textSchema.optional(),
        nameZh: textSchema.nullable().optional(),
        retired: z.boolean().optional(),
      }),
    ),
  },
  responses: answers(buildingSchema),
});

const codeTaken = taken('There is a building with this code.');

export function buildingRoutes({ db, clock }: WebDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const withRetired = c.req.valid('query').retired === 'true';
      const data = await readBuildings(db, { projectId, withRetired });
      return c.json({ data, nextCursor: null, totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const { floors: levels, ...body } = c.req.valid('json');
      const made = await db.transaction(async (tx) => {
        const who = { projectId, ...by(c) };
        const values = { ...body, floors: levels.length };
        const [buildingId = ''] = await makeBuildings(tx, who, [values]).catch(codeTaken);
        await makeFloors(
          tx,
          who,
          levels.map((level) => ({ buildingId, ...level })),
        ).catch(taken('Two floors have the same level.'));
        return only(await readBuildings(tx, { projectId, withRetired: true, buildingId }));
      });
      return c.json(made, 201);
    })
    .openapi(change, async (c) => {
      const { projectId, buildingId } = c.req.valid('param');
      const { retired, ...values } = c.req.valid('json');
      const changed = await db.transaction(async (tx) => {
        const which = and(eq(buildings.projectId, projectId), eq(buildings.id, buildingId));
        const [before] = await tx.select().from(buildings).where(which).for('update');
        if (!before) throw notFound('building');
        if (retired && before.retiredAt === null) {
          await assertUnused(
            tx,
            sql`SELECT 'points' AS kind, code AS name FROM points
              WHERE project_id = ${projectId}::bigint AND building_id = ${buildingId}::bigint
                AND retired_at IS NULL
              UNION ALL SELECT 'gateways', name FROM gateways
              WHERE project_id = ${projectId}::bigint AND building_id = ${buildingId}::bigint
                AND retired_at IS NULL`,
          );
        }
        const retiredAt =
          retired === undefined ? before.retiredAt : retired ? (before.retiredAt ?? clock()) : null;
        await tx
          .update(buildings)
          .set({ ...values, retiredAt })
          .where(which)
          .catch(codeTaken);
        const { code, name, nameZh } = before;
        const from = { code, name, nameZh, retired: before.retiredAt !== null };
        const detail = { from, to: { ...from, ...values, retired: retiredAt !== null } };
        const subject = { subjectKind: 'building', subjectId: buildingId };
        await record(tx, { projectId, ...by(c), action: 'building.changed', ...subject, detail });
        return only(await readBuildings(tx, { projectId, withRetired: true, buildingId }));
      });
      return c.json(changed, 200);
    });
}

/** Buildings by code with their floors from below and their rooms; `withRetired`: all that ever were. */
async function readBuildings(
  db: Queryable,
  {
    projectId,
    withRetired,
    buildingId,
  }: { projectId: string; withRetired: boolean; buildingId?: string },
) {
  const used = (column: typeof buildings.retiredAt | typeof floors.retiredAt) =>
    withRetired ? undefined : isNull(column);
  const all = await db
    .select()
    .from(buildings)
    .where(
      and(
        eq(buildings.projectId, projectId),
        buildingId === undefined ? undefined : eq(buildings.id, buildingId),
        used(buildings.retiredAt),
      ),
    )
    .orderBy(asc(buildings.code));
  const levels = await db
    .select()
    .from(floors)
    .where(and(eq(floors.projectId, projectId), used(floors.retiredAt)))
    .orderBy(asc(floors.level));
  const doors = await db
    .select()
    .from(rooms)
    .where(and(eq(rooms.projectId, projectId), withRetired ? undefined : isNull(rooms.retiredAt)))
    .orderBy(asc(rooms.code));
  return all.map(({ id, code, name, nameZh, retiredAt }) => ({
    ...{ id, code, name, nameZh, retired: retiredAt !== null },
    floors: levels
      .filter((floor) => floor.buildingId === id)
      .map((floor) => ({
        ...{ id: floor.id, level: floor.level, name: floor.name },
        retired: floor.retiredAt !== null,
        rooms: doors.filter(({ floorId }) => floorId === floor.id).map(shownRoom),
      })),
  }));
}
