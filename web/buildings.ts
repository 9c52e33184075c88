/** Buildings and their floors. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, asc, eq } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
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
import { buildings, floors } from '../sql/schema/index.ts';
import { nameFields, textSchema } from './names.ts';
import type { WebDeps } from './routes.ts';
import { by, only, taken } from './rows.ts';

const floorSchema = z
  .object({ id: idSchema, level: z.number().int(), name: z.string() })
  .openapi('Floor');
const buildingSchema = z
  .object({
    id: idSchema,
    code: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    floors: z.array(floorSchema),
  })
  .openapi('Building');
const floorBody = z.object({ level: z.number().int().min(-20).max(200), name: textSchema });
const FLOORS_MAX = 220;
const codeSchema = z
  .string()
  .trim()
  .min(1)
  .max(20)
  .regex(/^[\p{L}\p{N}._-]+$/u, 'not a code');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/buildings',
  summary: 'Buildings with their floors',
  ...needs('project.read'),
  request: { params: projectParams },
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
        code: codeSchema,
        ...nameFields,
        floors: z.array(floorBody).max(FLOORS_MAX).default([]),
      }),
    ),
  },
  responses: makes(buildingSchema),
});

const makeFloor = createRoute({
  method: 'post',
  path: '/projects/{projectId}/buildings/{buildingId}/floors',
  summary: 'Add a floor',
  ...needs('place.write'),
  request: { params: projectParams.extend({ buildingId: idSchema }), body: takes(floorBody) },
  responses: makes(floorSchema),
});

export function buildingRoutes({ db }: WebDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const [all, levels] = await Promise.all([
        db
          .select(shown)
          .from(buildings)
          .where(eq(buildings.projectId, projectId))
          .orderBy(asc(buildings.code)),
        db
          .select({ ...shownFloor, buildingId: floors.buildingId })
          .from(floors)
          .where(eq(floors.projectId, projectId))
          .orderBy(asc(floors.level)),
      ]);
      const data = all.map((b) => ({
        ...b,
        floors: levels
          .filter((f) => f.buildingId === b.id)
          .map(({ id, level, name }) => ({ id, level, name })),
      }));
      return c.json({ data, nextCursor: null, totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const { floors: levels, ...body } = c.req.valid('json');
      const made = await db.transaction(async (tx) => {
        const building = only(
          await tx
            .insert(buildings)
            .values({ projectId, ...body })
            .returning(shown)
            .catch(taken('There is a building with this code.')),
        );
        const madeFloors =
          levels.length === 0
            ? []
            : await tx
                .insert(floors)
                .values(levels.map((f) => ({ projectId, buildingId: building.id, ...f })))
                .returning(shownFloor)
                .catch(taken('Two floors have the same level.'));
        await record(tx, {
          projectId,
          ...by(c),
          action: 'building.created',
          subjectKind: 'building',
          subjectId: building.id,
          detail: { code: body.code, floors: levels.length },
        });
        return { ...building, floors: madeFloors };
      });
      return c.json(made, 201);
    })
    .openapi(makeFloor, async (c) => {
      const { projectId, buildingId } = c.req.valid('param');
      const body = c.req.valid('json');
      const made = await db.transaction(async (tx) => {
        const found = await tx
          .select({ id: buildings.id })
          .from(buildings)
          .where(and(eq(buildings.projectId, projectId), eq(buildings.id, buildingId)));
        if (found.length === 0) throw notFound('building');
        const floor = only(
          await tx
            .insert(floors)
            .values({ projectId, buildingId, ...body })
            .returning(shownFloor)
            .catch(taken('There is a floor of this level.')),
        );
        await record(tx, {
          projectId,
          ...by(c),
          action: 'floor.created',
          subjectKind: 'floor',
          subjectId: floor.id,
          detail: { buildingId, level: body.level },
        });
        return floor;
      });
      return c.json(made, 201);
    });
}

const shown = {
  id: buildings.id,
  code: buildings.code,
  name: buildings.name,
  nameZh: buildings.nameZh,
};
const shownFloor = { id: floors.id, level: floors.level, name: floors.name };
