/** Users and the roles that there are. */
import { createRoute, z } from '@hono/zod-openapi';
import { asc, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { type Permission, standardRoles } from '../sql/permission.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  signedIn,
  takes,
} from '../sql/route.ts';
import { roles, sessions, users } from '../sql/schema/index.ts';
import { actorAccess } from './access.ts';
import { createUser, PASSWORD_MAX, PASSWORD_MIN, setPassword } from './auth.ts';
import { grantSchema, grantsWhere } from './grants.ts';
import { textSchema } from './names.ts';
import type { WebDeps } from './routes.ts';
import { by, only } from './rows.ts';

const USER_ID_MAX = 64;
export const userIdSchema = z
  .string()
  .min(1)
  .max(USER_ID_MAX)
  .regex(/^[\w-]+$/, 'not an id');
const roleSchema = z
  .object({
    id: idSchema,
    code: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    permissions: z.array(z.string()),
  })
  .openapi('Role');
const userSchema = z
  .object({
    id: userIdSchema,
    name: z.string(),
    email: z.string(),
    disabledAt: z.string().nullable(),
    createdAt: z.string(),
    grants: z.array(grantSchema),
  })
  .openapi('User');
const passwordSchema = z.string().min(PASSWORD_MIN).max(PASSWORD_MAX);
const userParams = z.object({ userId: userIdSchema });

const listRoles = createRoute({
  method: 'get',
  path: '/roles',
  summary: 'Roles: named sets of permissions',
  ...signedIn,
  responses: answers(listOf(roleSchema)),
});

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
  summary: 'Rename, set a new password, disable or enable; the last two end the user’s sessions',
  ...needs('user.write'),
  request: {
    params: userParams,
    body: takes(
      z
        .object({ name: textSchema, password: passwordSchema, disabled: z.boolean() })
        .partial()
        .strict(),
    ),
  },
  responses: answers(userSchema),
});

export function userRoutes({ db, clock }: WebDeps) {
  return createRoutes()
    .openapi(listRoles, async (c) => {
      actorAccess(c.get('access'));
      const data = await db.select(shownRole).from(roles).orderBy(asc(roles.id));
      return c.json({ data, nextCursor: null, totals: null }, 200);
    })
    .openapi(list, async (c) =>
      c.json({ data: await usersWhere(db), nextCursor: null, totals: null }, 200),
    )
    .openapi(make, async (c) => {
      const body = c.req.valid('json');
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
      const { name, password, disabled } = c.req.valid('json');
      if (disabled && userId === c.get('access').actor.id) {
        throw new Problem('conflict', 'Nobody can disable themselves.');
      }
      const changed = await db.transaction(async (tx) => {
        const before = (await usersWhere(tx, userId))[0];
        if (!before) throw notFound('user');
        await tx
          .update(users)
          .set({
            ...(name !== undefined && { name }),
            ...(disabled !== undefined && { disabledAt: disabled ? clock() : null }),
            updatedAt: clock(),
          })
          .where(eq(users.id, userId));
        if (password !== undefined) await setPassword(tx, { userId, password });
        if (disabled) await tx.delete(sessions).where(eq(sessions.userId, userId));
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
          },
        });
        return only(await usersWhere(tx, userId));
      });
      return c.json(changed, 200);
    });
}

const shownRole = {
  id: roles.id,
  code: roles.code,
  name: roles.name,
  nameZh: roles.nameZh,
  permissions: roles.permissions,
};

async function usersWhere(db: Queryable, userId?: string) {
  const found = await db
    .select({
      id: users.id,
      name: users.name,
      email: users.email,
      disabledAt: users.disabledAt,
      createdAt: users.createdAt,
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

/**
 * Sees to it that the standard roles exist. Permissions of a standard role follow the code: a new
 * version that knows a new act gives it to the roles that should have it.
 */
export async function seedRoles(db: Queryable): Promise<void> {
  const rows = standardRoles.map(({ code, name, nameZh, permissions }) => ({
    code,
    name,
    nameZh,
    permissions: [...(permissions as readonly Permission[])],
  }));
  await db
    .insert(roles)
    .values(rows)
    .onConflictDoUpdate({ target: roles.code, set: { permissions: sql`excluded.permissions` } });
}
