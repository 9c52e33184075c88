/** Users: made, changed, signed out, and relieved of a second factor that they lost. */
import { createRoute, z } from '@hono/zod-openapi';
import { asc, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { answers, createRoutes, listOf, makes, needs, takes } from '../sql/route.ts';
import { sessions, twoFactors, users } from '../sql/schema/index.ts';
import { createUser, PASSWORD_MAX, PASSWORD_MIN, setPassword } from './auth.ts';
import { grantSchema, grantsWhere } from './grants.ts';
import { textSchema } from './names.ts';
import { assertPassword } from './password-rules.ts';
import type { WebDeps } from './routes.ts';
import { by, only } from './rows.ts';
import { sessionRowSchema, sessionsOf } from './sessions.ts';

const USER_ID_MAX = 64;
export const userIdSchema = z
  .string()
  .min(1)
  .max(USER_ID_MAX)
  .regex(/^[\w-]+$/, 'not an id');
const userSchema = z
  .object({
    id: userIdSchema,
    name: z.string(),
    email: z.string(),
    disabledAt: z.string().nullable(),
    createdAt: z.string(),
    secondFactor: z.boolean(),
    sessions: z.number().int().openapi({ description: 'Where they are signed in now' }),
    grants: z.array(grantSchema),
  })
  .openapi('User');
const passwordSchema = z.string().min(PASSWORD_MIN).max(PASSWORD_MAX);
const userParams = z.object({ userId: userIdSchema });

const list = createRoute({
  method: 'get',
  path: '/users',
  summary: 'Users and their grants',
  ...needs('user.write'),
  responses: answers(listOf(userSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/users',
  summary: 'Make a user; it may do nothing until it is granted a role',
  ...needs('user.write'),
  request: {
    body: takes(
      z.object({ name: textSchema, email: z.email().max(254), password: passwordSchema }).strict(),
    ),
  },
  responses: makes(userSchema),
});

const change = createRoute({
  method: 'patch',
  path: '/users/{userId}',
  summary:
    'Rename, set a new password, disable or enable, end a lost second factor; sessions end with all but the first',
  ...needs('user.write'),
  request: {
    params: userParams,
    body: takes(
      z
        .object({
          name: textSchema,
          password: passwordSchema,
          disabled: z.boolean(),
          secondFactor: z.literal(false).openapi({ description: 'Ends one that was lost' }),
        })
        .partial()
        .strict(),
    ),
  },
  responses: answers(userSchema),
});

const listSessions = createRoute({
  method: 'get',
  path: '/users/{userId}/sessions',
  summary: 'Where a user is signed in',
  ...needs('user.write'),
  request: { params: userParams },
  responses: answers(listOf(sessionRowSchema)),
});

const endSessions = createRoute({
  method: 'delete',
  path: '/users/{userId}/sessions',
  summary: 'End all sessions of a user',
  ...needs('user.write'),
  request: { params: userParams },
  responses: { 204: { description: 'Ended' } },
});

export function userRoutes({ db, clock }: WebDeps) {
  return createRoutes()
    .openapi(listSessions, async (c) => {
      const { userId } = c.req.valid('param');
      if (!(await usersWhere(db, userId))[0]) throw notFound('user');
      return c.json(
        { data: await sessionsOf(db, { userId }), nextCursor: null, totals: null },
        200,
      );
    })
    .openapi(endSessions, async (c) => {
      const { userId } = c.req.valid('param');
      await db.transaction(async (tx) => {
        if (!(await usersWhere(tx, userId))[0]) throw notFound('user');
        await tx.delete(sessions).where(eq(sessions.userId, userId));
        await record(tx, {
          projectId: null,
          ...by(c),
          action: 'user.signed-out',
          subjectKind: 'user',
          subjectId: userId,
        });
      });
      return c.body(null, 204);
    })
    .openapi(list, async (c) =>
      c.json({ data: await usersWhere(db), nextCursor: null, totals: null }, 200),
    )
    .openapi(make, async (c) => {
      const body = c.req.valid('json');
      assertPassword(body.password, body);
      const made = await db.transaction(async (tx) => {
        const userId = await createUser(tx, body);
        await record(tx, {
          projectId: null,
          ...by(c),
          action: 'user.created',
          subjectKind: 'user',
          subjectId: userId,
          detail: { email: body.email.toLowerCase() },
        });
        return only(await usersWhere(tx, userId));
      });
      return c.json(made, 201);
    })
    .openapi(change, async (c) => {
      const { userId } = c.req.valid('param');
      const { name, password, disabled, secondFactor } = c.req.valid('json');
      if (disabled && userId === c.get('access').actor.id) {
        throw new Problem('conflict', 'Nobody can disable themselves.');
      }
      const changed = await db.transaction(async (tx) => {
        const before = (await usersWhere(tx, userId))[0];
        if (!before) throw notFound('user');
        if (password !== undefined) {
          assertPassword(password, { name: name ?? before.name, email: before.email });
        }
        await tx
          .update(users)
          .set({
            ...(name !== undefined && { name }),
            ...(disabled !== undefined && { disabledAt: disabled ? clock() : null }),
            ...(secondFactor === false && { twoFactorEnabled: false }),
            updatedAt: clock(),
          })
          .where(eq(users.id, userId));
        if (password !== undefined) await setPassword(tx, { userId, password });
        if (secondFactor === false)
          await tx.delete(twoFactors).where(eq(twoFactors.userId, userId));
        if (disabled || secondFactor === false) {
          await tx.delete(sessions).where(eq(sessions.userId, userId));
        }
        await record(tx, {
          projectId: null,
          ...by(c),
          action: 'user.changed',
          subjectKind: 'user',
          subjectId: userId,
          detail: {
            ...(name !== undefined && { name: { from: before.name, to: name } }),
            ...(disabled !== undefined && { disabled }),
            ...(password !== undefined && { password: 'set' }),
            ...(secondFactor === false && { secondFactor: 'ended' }),
          },
        });
        return only(await usersWhere(tx, userId));
      });
      return c.json(changed, 200);
    });
}

async function usersWhere(db: Queryable, userId?: string) {
  const found = await db
    .select({
      id: users.id,
      name: users.name,
      email: users.email,
      disabledAt: users.disabledAt,
      createdAt: users.createdAt,
      secondFactor: users.twoFactorEnabled,
      sessions: sql<number>`(SELECT count(*)::int FROM ${sessions} s
        WHERE s.user_id = ${users}.id AND s.expires_at > now())`,
    })
    .from(users)
    .where(userId === undefined ? undefined : eq(users.id, userId))
    .orderBy(asc(users.name), asc(users.id));
  const held = await grantsWhere(db, { userId });
  return found.map((u) => ({
    ...u,
    disabledAt: u.disabledAt?.toISOString() ?? null,
    createdAt: u.createdAt.toISOString(),
    grants: held.filter((g) => g.userId === u.id),
  }));
}
