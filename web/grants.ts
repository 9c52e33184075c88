/** Grants: a role for a user over a project, a group, or everywhere. Nobody gives what he lacks. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, asc, eq, isNull, type SQL } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Access, Permission } from '../sql/permission.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
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
import { grants, groups, projects, roles, users } from '../sql/schema/index.ts';
import type { WebDeps } from './routes.ts';
import { by, only, taken } from './rows.ts';

export const grantSchema = z
  .object({
    id: idSchema,
    userId: z.string(),
    userName: z.string(),
    roleId: idSchema,
    roleCode: z.string(),
    groupId: idSchema.nullable(),
    projectId: idSchema.nullable(),
  })
  .openapi('Grant');

const whoAndWhat = {
  userId: z.string().min(1).max(64),
  role: z.string().min(1).max(60).openapi({ description: 'Code of the role', example: 'cashier' }),
};
const grantParams = z.object({ grantId: idSchema });

const make = createRoute({
  method: 'post',
  path: '/grants',
  summary: 'Grant a role over a group, a project, or (neither given) everywhere',
  ...needs('user.write'),
  request: {
    body: takes(
      z
        .object({ ...whoAndWhat, groupId: idSchema.optional(), projectId: idSchema.optional() })
        .strict()
        .refine((b) => !(b.groupId && b.projectId), 'a group or a project, not both'),
    ),
  },
  responses: makes(grantSchema),
});

const remove = createRoute({
  method: 'delete',
  path: '/grants/{grantId}',
  summary: 'Take a grant away; it ends with the next request',
  ...needs('user.write'),
  request: { params: grantParams },
  responses: { 204: { description: 'Taken away' } },
});

const listOfProject = createRoute({
  method: 'get',
  path: '/projects/{projectId}/grants',
  summary: 'Grants over this project alone',
  ...needs('user.write'),
  request: { params: projectParams },
  responses: answers(listOf(grantSchema)),
});

const makeInProject = createRoute({
  method: 'post',
  path: '/projects/{projectId}/grants',
  summary: 'Grant a role over this project',
  ...needs('user.write'),
  request: { params: projectParams, body: takes(z.object(whoAndWhat).strict()) },
  responses: makes(grantSchema),
});

const removeInProject = createRoute({
  method: 'delete',
  path: '/projects/{projectId}/grants/{grantId}',
  summary: 'Take away a grant over this project',
  ...needs('user.write'),
  request: { params: projectParams.extend(grantParams.shape) },
  responses: { 204: { description: 'Taken away' } },
});

export function grantRoutes({ db }: WebDeps) {
  return createRoutes()
    .openapi(make, async (c) => {
      const { groupId = null, projectId = null, ...who } = c.req.valid('json');
      const made = await db.transaction((tx) => give(tx, c, { ...who, groupId, projectId }));
      return c.json(made, 201);
    })
    .openapi(remove, async (c) => {
      const { grantId } = c.req.valid('param');
      await db.transaction((tx) => takeAway(tx, c, eq(grants.id, grantId)));
      return c.body(null, 204);
    })
    .openapi(listOfProject, async (c) => {
      const { projectId } = c.req.valid('param');
      const data = await grantsWhere(db, { projectId });
      return c.json({ data, nextCursor: null, totals: null }, 200);
    })
    .openapi(makeInProject, async (c) => {
      const { projectId } = c.req.valid('param');
      const who = c.req.valid('json');
      const made = await db.transaction((tx) => give(tx, c, { ...who, groupId: null, projectId }));
      return c.json(made, 201);
    })
    .openapi(removeInProject, async (c) => {
      const { projectId, grantId } = c.req.valid('param');
      const here = and(eq(grants.id, grantId), eq(grants.projectId, projectId));
      await db.transaction((tx) => takeAway(tx, c, here));
      return c.body(null, 204);
    });
}

type Context = Parameters<typeof by>[0];

async function give(
  tx: Tx,
  c: Context,
  grant: { userId: string; role: string; groupId: string | null; projectId: string | null },
) {
  const { userId, groupId, projectId } = grant;
  const role = await roleToGive(tx, { code: grant.role, access: c.get('access'), projectId });
  const user = await tx.select({ id: users.id }).from(users).where(eq(users.id, userId));
  if (!user[0]) throw notFound('user');
  if (groupId && !(await exists(tx, groups, groupId))) throw notFound('group');
  if (projectId && !(await exists(tx, projects, projectId))) throw notFound('project');
  const { id } = only(
    await tx
      .insert(grants)
      .values({ userId, roleId: role.id, groupId, projectId })
      .returning({ id: grants.id })
      .catch(taken('The user has this role there already.')),
  );
  await record(tx, {
    projectId,
    ...by(c),
    action: 'grant.given',
    subjectKind: 'user',
    subjectId: userId,
    detail: { role: role.code, groupId, projectId },
  });
  return only(await grantsWhere(tx, { grantId: id }));
}

/** A role by its code, if whoever gives it away holds all of its permissions there. */
export async function roleToGive(
  db: Queryable,
  { code, access, projectId }: { code: string; access: Access; projectId: string | null },
) {
  const found = await db
    .select({ id: roles.id, code: roles.code, permissions: roles.permissions })
    .from(roles)
    .where(eq(roles.code, code));
  const role = found[0];
  if (!role) throw notFound('role');
  // Everywhere covers the project too, also one that this request's path does not name.
  const holds = (permission: string) =>
    access.may(null, permission as Permission) === 'allowed' ||
    access.may(projectId, permission as Permission) === 'allowed';
  if (!role.permissions.every(holds)) {
    throw new Problem('forbidden', 'A role can only be given by who holds all of it.');
  }
  return role;
}

async function takeAway(tx: Tx, c: Context, which: SQL | undefined): Promise<void> {
  const gone = await tx
    .delete(grants)
    .where(which)
    .returning({
      ...{ userId: grants.userId, roleId: grants.roleId },
      ...{ groupId: grants.groupId, projectId: grants.projectId },
    });
  const grant = gone[0];
  if (!grant) throw notFound('grant');
  if (grant.projectId === null) await refuseLastAdministrator(tx);
  const [role] = await tx
    .select({ code: roles.code })
    .from(roles)
    .where(eq(roles.id, grant.roleId));
  await record(tx, {
    projectId: grant.projectId,
    ...by(c),
    action: 'grant.taken',
    subjectKind: 'user',
    subjectId: grant.userId,
    detail: { role: role?.code, groupId: grant.groupId, projectId: grant.projectId },
  });
}

/** Someone must remain who may do everything everywhere. */
async function refuseLastAdministrator(tx: Tx): Promise<void> {
  const left = await tx
    .select({ id: grants.id })
    .from(grants)
    .innerJoin(roles, eq(roles.id, grants.roleId))
    .innerJoin(users, eq(users.id, grants.userId))
    .where(
      and(
        eq(roles.code, 'administrator'),
        isNull(grants.projectId),
        isNull(grants.groupId),
        isNull(users.disabledAt),
      ),
    )
    .limit(1);
  if (left.length === 0) {
    throw new Problem('conflict', 'Somebody must remain administrator everywhere.');
  }
}

async function exists(db: Queryable, table: typeof groups | typeof projects, id: string) {
  const found = await db.select({ id: table.id }).from(table).where(eq(table.id, id));
  return found.length > 0;
}

/** Grants with the names of user and role, narrowed by whatever is given. */
export async function grantsWhere(
  db: Queryable,
  by: { grantId?: string | undefined; userId?: string | undefined; projectId?: string },
) {
  return await db
    .select({
      id: grants.id,
      userId: grants.userId,
      userName: users.name,
      roleId: grants.roleId,
      roleCode: roles.code,
      groupId: grants.groupId,
      projectId: grants.projectId,
    })
    .from(grants)
    .innerJoin(users, eq(users.id, grants.userId))
    .innerJoin(roles, eq(roles.id, grants.roleId))
    .where(
      and(
        by.grantId === undefined ? undefined : eq(grants.id, by.grantId),
        by.userId === undefined ? undefined : eq(grants.userId, by.userId),
        by.projectId === undefined ? undefined : eq(grants.projectId, by.projectId),
      ),
    )
    .orderBy(asc(grants.id));
}
