/** Roles: named sets of permissions. Those that a new system starts with follow the program; others are the operator's. */
import { createRoute, z } from '@hono/zod-openapi';
import { asc, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { type Access, type Permission, permissions, standardRoles } from '../sql/permission.ts';
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
import { apiKeys, grants, roles } from '../sql/schema/index.ts';
import { actorAccess } from './access.ts';
import { nameFields } from './names.ts';
import type { WebDeps } from './routes.ts';
import { by, only, taken } from './rows.ts';

const roleSchema = z
  .object({
    id: idSchema,
    code: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    permissions: z.array(z.string()),
    standard: z.boolean().openapi({ description: 'It follows the program and cannot be changed' }),
    grants: z.number().int().openapi({ description: 'How often it is granted' }),
  })
  .openapi('Role');

const permissionsSchema = z.array(z.enum(permissions)).min(1).max(permissions.length);
const roleBody = z
  .object({
    code: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,39}$/, 'small letters, digits and hyphens')
      .openapi({ example: 'night-cashier' }),
    ...nameFields,
    permissions: permissionsSchema,
  })
  .strict();
const roleParams = z.object({ roleId: idSchema });

const list = createRoute({
  method: 'get',
  path: '/roles',
  summary: 'Roles: named sets of permissions',
  ...signedIn,
  responses: answers(listOf(roleSchema)),
});

const listPermissions = createRoute({
  method: 'get',
  path: '/roles/permissions',
  summary: 'All permissions that a role can hold',
  ...signedIn,
  responses: answers(z.object({ permissions: z.array(z.string()) }).openapi('Permissions')),
});

const make = createRoute({
  method: 'post',
  path: '/roles',
  summary: 'Make a role of permissions that one holds oneself',
  ...needs('user.write'),
  request: { body: takes(roleBody) },
  responses: makes(roleSchema),
});

const change = createRoute({
  method: 'patch',
  path: '/roles/{roleId}',
  summary:
    'Rename a role or change what it holds; it holds for the next request of everybody who has it',
  ...needs('user.write'),
  request: {
    params: roleParams,
    body: takes(roleBody.omit({ code: true }).partial().strict()),
  },
  responses: answers(roleSchema),
});

const remove = createRoute({
  method: 'delete',
  path: '/roles/{roleId}',
  summary: 'Delete a role that nobody and no key has',
  ...needs('user.write'),
  request: { params: roleParams },
  responses: { 204: { description: 'Deleted' } },
});

export function roleRoutes({ db }: WebDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      actorAccess(c.get('access'));
      return c.json({ data: await rolesWhere(db), nextCursor: null, totals: null }, 200);
    })
    .openapi(listPermissions, async (c) => {
      actorAccess(c.get('access'));
      return c.json({ permissions: [...permissions] }, 200);
    })
    .openapi(make, async (c) => {
      const body = c.req.valid('json');
      refuseMore(c.get('access'), body.permissions);
      const made = await db.transaction(async (tx) => {
        const { id } = only(
          await tx
            .insert(roles)
            .values({ ...body, permissions: inOrder(body.permissions) })
            .returning({ id: roles.id })
            .catch(taken('There is a role with this code.')),
        );
        await record(tx, line(c, 'role.created', id, { ...body }));
        return only(await rolesWhere(tx, id));
      });
      return c.json(made, 201);
    })
    .openapi(change, async (c) => {
      const { roleId } = c.req.valid('param');
      const { name, nameZh, permissions: held } = c.req.valid('json');
      if (held) refuseMore(c.get('access'), held);
      const changed = await db.transaction(async (tx) => {
        const before = await own(tx, roleId);
        const { id: _, standard: __, grants: ___, code: ____, ...was } = before;
        const next = {
          ...(name !== undefined && { name }),
          ...(nameZh !== undefined && { nameZh }),
          ...(held && { permissions: inOrder(held) }),
        };
        if (Object.keys(next).length > 0) {
          await tx.update(roles).set(next).where(eq(roles.id, roleId));
          await record(tx, line(c, 'role.changed', roleId, { from: was, to: { ...was, ...next } }));
        }
        return only(await rolesWhere(tx, roleId));
      });
      return c.json(changed, 200);
    })
    .openapi(remove, async (c) => {
      const { roleId } = c.req.valid('param');
      await db.transaction(async (tx) => {
        const { code, grants: held } = await own(tx, roleId);
        const keys = await tx
          .select({ id: apiKeys.id })
          .from(apiKeys)
          .where(eq(apiKeys.roleId, roleId))
          .limit(1);
        if (held > 0 || keys.length > 0) {
          throw new Problem('conflict', 'Somebody has this role, or a key is made with it.');
        }
        await tx.delete(roles).where(eq(roles.id, roleId));
        await record(tx, line(c, 'role.deleted', roleId, { code }));
      });
      return c.body(null, 204);
    });
}

type Acting = Parameters<typeof by>[0];
const line = (c: Acting, action: string, roleId: string, detail: Record<string, unknown>) => ({
  projectId: null,
  ...by(c),
  ...{ action, subjectKind: 'role', subjectId: roleId, detail },
});

/** Nobody puts into a role what they lack: it could be granted back to them. */
function refuseMore(access: Access, wanted: readonly Permission[]): void {
  const lacking = wanted.filter((permission) => access.may(null, permission) !== 'allowed');
  if (lacking.length > 0) {
    throw new Problem(
      'forbidden',
      `A role holds only what its maker holds; not ${lacking.join()}.`,
    );
  }
}

/** In the order of the program, each once. */
const inOrder = (held: readonly Permission[]) => permissions.filter((p) => held.includes(p));

/** A role that may be changed, locked. */
async function own(tx: Queryable, roleId: string) {
  await tx.select({ id: roles.id }).from(roles).where(eq(roles.id, roleId)).for('update');
  const role = (await rolesWhere(tx, roleId))[0];
  if (!role) throw notFound('role');
  if (role.standard) {
    throw new Problem('conflict', 'A standard role follows the program: make one of your own.');
  }
  return role;
}

const standardCodes = new Set(standardRoles.map(({ code }) => code));

async function rolesWhere(db: Queryable, roleId?: string) {
  const found = await db
    .select({
      id: roles.id,
      code: roles.code,
      name: roles.name,
      nameZh: roles.nameZh,
      permissions: roles.permissions,
      grants: sql<number>`(SELECT count(*)::int FROM ${grants} g WHERE g.role_id = ${roles}.id)`,
    })
    .from(roles)
    .where(roleId === undefined ? undefined : eq(roles.id, roleId))
    .orderBy(asc(roles.id));
  return found.map((role) => ({ ...role, standard: standardCodes.has(role.code) }));
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
