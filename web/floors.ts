/** Floors of a building and rooms of a floor: entered, renamed, retired. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, asc, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { assertUnused } from '../sql/in-use.ts';
import { makeFloors, makeRooms } from '../sql/places.ts';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { buildings, floors, rooms } from '../sql/schema/index.ts';
import { nameFields, textSchema } from './names.ts';
import type { WebDeps } from './routes.ts';
import { by, only, taken } from './rows.ts';

/** What papers call a building or a room. */
export const placeCodeSchema = z
  .string()
  .trim()
  .min(1)
  .max(20)
  .regex(/^[\p{L}\p{N}._-]+$/u, 'not a code');
const levelSchema = z.number().int().min(-20).max(200);
export const floorBody = z.object({ level: levelSchema, name: textSchema });

const roomSchema = z
  .object({
    id: idSchema,
    code: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    retired: z.boolean(),
  })
  .openapi('Room');
export const floorSchema = z
  .object({
    id: idSchema,
    level: z.number().int(),
    name: z.string(),
    retired: z.boolean(),
    rooms: z.array(roomSchema),
  })
  .openapi('Floor');

const makeOne = createRoute({
  method: 'post',
  path: '/projects/{projectId}/buildings/{buildingId}/floors',
  summary: 'Add a floor',
  ...needs('place.write'),
  request: { params: projectParams.extend({ buildingId: idSchema }), body: takes(floorBody) },
  responses: makes(floorSchema),
});

const change = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/floors/{floorId}',
  summary: 'Rename a floor, retire it or take it back into use',
  ...needs('place.write'),
  request: {
    params: projectParams.extend({ floorId: idSchema }),
    body: takes(
      z.strictObject({
        level: levelSchema.optional(),
        name: textSchema.optional(),
        retired: z.boolean().optional(),
      }),
    ),
  },
  responses: answers(floorSchema),
});

const makeDoor = createRoute({
  method: 'post',
  path: '/projects/{projectId}/floors/{floorId}/rooms',
  summary: 'Add a room',
  ...needs('place.write'),
  request: {
    params: projectParams.extend({ floorId: idSchema }),
    body: takes(z.strictObject({ code: placeCodeSchema, ...nameFields })),
  },
  responses: makes(roomSchema),
});

const changeDoor = createRoute({
  method: 'patch',
  path: '/projects/{projectId}/rooms/{roomId}',
  summary: 'Rename a room, retire it or take it back into use',
  ...needs('place.write'),
  request: {
    params: projectParams.extend({ roomId: idSchema }),
    body: takes(
      z.strictObject({
        code: placeCodeSchema.optional(),
        name: textSchema.optional(),
        nameZh: textSchema.nullable().optional(),
        retired: z.boolean().optional(),
      }),
    ),
  },
  responses: answers(roomSchema),
});

const levelTaken = taken('There is a floor of this level.');
const roomTaken = taken('There is a room with this code on the floor.');

export function floorRoutes({ db, clock }: WebDeps) {
  return createRoutes()
    .openapi(makeOne, async (c) => {
      const { projectId, buildingId } = c.req.valid('param');
      const { level, name } = c.req.valid('json');
      const made = await db.transaction(async (tx) => {
        const [building] = await tx
          .select({ retiredAt: buildings.retiredAt })
          .from(buildings)
          .where(and(eq(buildings.projectId, projectId), eq(buildings.id, buildingId)))
          .for('share');
        assertUsed(building, 'building');
        const who = { projectId, ...by(c) };
        const [id = ''] = await makeFloors(tx, who, [{ buildingId, level, name }]).catch(
          levelTaken,
        );
        return await oneFloor(tx, projectId, id);
      });
      return c.json(made, 201);
    })
    .openapi(change, async (c) => {
      const { projectId, floorId } = c.req.valid('param');
      const { retired, ...values } = c.req.valid('json');
      const changed = await db.transaction(async (tx) => {
        const which = and(eq(floors.projectId, projectId), eq(floors.id, floorId));
        const [before] = await tx.select().from(floors).where(which).for('update');
        if (!before) throw notFound('floor');
        if (retired && before.retiredAt === null) {
          await assertUnused(tx, pointsAt(projectId, sql`floor_id = ${floorId}::bigint`));
        }
        const retiredAt = retiredOf(before.retiredAt, retired, clock());
        await tx
          .update(floors)
          .set({ ...values, retiredAt })
          .where(which)
          .catch(levelTaken);
        const from = {
          level: before.level,
          name: before.name,
          retired: before.retiredAt !== null,
        };
        const detail = { from, to: { ...from, ...values, retired: retiredAt !== null } };
        const subject = { subjectKind: 'floor', subjectId: floorId };
        await record(tx, { projectId, ...by(c), action: 'floor.changed', ...subject, detail });
        return await oneFloor(tx, projectId, floorId);
      });
      return c.json(changed, 200);
    })
    .openapi(makeDoor, async (c) => {
      const { projectId, floorId } = c.req.valid('param');
      const body = c.req.valid('json');
      const made = await db.transaction(async (tx) => {
        const [floor] = await tx
          .select({ retiredAt: floors.retiredAt })
          .from(floors)
          .where(and(eq(floors.projectId, projectId), eq(floors.id, floorId)))
          .for('share');
        assertUsed(floor, 'floor');
        const who = { projectId, ...by(c) };
        const [id = ''] = await makeRooms(tx, who, [{ floorId, ...body }]).catch(roomTaken);
        return { id, code: body.code, name: body.name, nameZh: body.nameZh, retired: false };
      });
      return c.json(made, 201);
    })
    .openapi(changeDoor, async (c) => {
      const { projectId, roomId } = c.req.valid('param');
      const { retired, ...values } = c.req.valid('json');
      const changed = await db.transaction(async (tx) => {
        const which = and(eq(rooms.projectId, projectId), eq(rooms.id, roomId));
        const [before] = await tx.select().from(rooms).where(which).for('update');
        if (!before) throw notFound('room');
        if (retired && before.retiredAt === null) {
          await assertUnused(tx, pointsAt(projectId, sql`room_id = ${roomId}::bigint`));
        }
        const retiredAt = retiredOf(before.retiredAt, retired, clock());
        const after = only(
          await tx
            .update(rooms)
            .set({ ...values, retiredAt })
            .where(which)
            .returning()
            .catch(roomTaken),
        );
        const { id: _, ...from } = shownRoom(before);
        const { id, ...to } = shownRoom(after);
        const subject = { subjectKind: 'room', subjectId: roomId };
        const detail = { from, to };
        await record(tx, { projectId, ...by(c), action: 'room.changed', ...subject, detail });
        return { id, ...to };
      });
      return c.json(changed, 200);
    });
}

/** Something new goes only where things are in use. */
function assertUsed(place: { retiredAt: Date | null } | undefined, what: string): void {
  if (!place) throw notFound(what);
  if (place.retiredAt !== null) throw new Problem('conflict', `The ${what} is retired.`);
}

const retiredOf = (before: Date | null, wanted: boolean | undefined, now: Date): Date | null =>
  wanted === undefined ? before : wanted ? (before ?? now) : null;

const pointsAt = (projectId: string, where: ReturnType<typeof sql>) =>
  sql`SELECT 'points' AS kind, code AS name FROM points
    WHERE project_id = ${projectId}::bigint AND retired_at IS NULL AND ${where}`;

/** As the API shows it. */
export const shownRoom = ({ id, code, name, nameZh, retiredAt }: typeof rooms.$inferSelect) => ({
  ...{ id, code, name, nameZh },
  retired: retiredAt !== null,
});

async function oneFloor(tx: Tx, projectId: string, floorId: string) {
  const { id, level, name, retiredAt } = only(
    await tx
      .select()
      .from(floors)
      .where(and(eq(floors.projectId, projectId), eq(floors.id, floorId))),
  );
  const doors = await tx
    .select()
    .from(rooms)
    .where(and(eq(rooms.projectId, projectId), eq(rooms.floorId, floorId)))
    .orderBy(asc(rooms.code));
  return { id, level, name, retired: retiredAt !== null, rooms: doors.map(shownRoom) };
}
