/** API keys of integrators: bound to a project or a group and to a role, shown once, revocable. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, asc, eq, isNull, type SQL } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { personOf } from '../sql/permission.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  instantSchema,
  listOf,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { apiKeys, groups, roles } from '../sql/schema/index.ts';
import { newApiKey } from './auth.ts';
import { roleToGive } from './grants.ts';
import { textSchema } from './names.ts';
import type { WebDeps } from './routes.ts';
import { by, only } from './rows.ts';

const keySchema = z
  .object({
    id: idSchema,
    name: z.string(),
    prefix: z.string(),
    role: z.string(),
    groupId: idSchema.nullable(),
    projectId: idSchema.nullable(),
    createdAt: z.string(),
    expiresAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
    lastUsedAt: z.string().nullable(),
  })
  .openapi('ApiKey');
const madeSchema = keySchema.extend({
  key: z.string().openapi({ description: 'Shown this once; only its hash is kept' }),
});
const keyBody = z
  .object({
    name: textSchema,
    role: z.string().min(1).max(60).openapi({ example: 'analyst' }),
    expiresAt: instantSchema.nullable().default(null),
  })
  .strict();
const groupParams = z.object({ groupId: idSchema });
const keyParams = z.object({ keyId: idSchema });
const revoked = { 204: { description: 'Revoked' } };

const projectKeys = '/projects/{projectId}/keys';
const groupKeys = '/groups/{groupId}/keys';

const listOfProject = createRoute({
  method: 'get',
  path: projectKeys,
  summary: 'API keys of the project',
  ...needs('key.write'),
  request: { params: projectParams },
  responses: answers(listOf(keySchema)),
});
const makeForProject = createRoute({
  method: 'post',
  path: projectKeys,
  summary: 'Make an API key for the project',
  ...needs('key.write'),
  request: { params: projectParams, body: takes(keyBody) },
  responses: makes(madeSchema),
});
const revokeOfProject = createRoute({
  method: 'delete',
  path: `${projectKeys}/{keyId}`,
  summary: 'Revoke an API key of the project',
  ...needs('key.write'),
  request: { params: projectParams.extend(keyParams.shape) },
  responses: revoked,
});
const listOfGroup = createRoute({
  method: 'get',
  path: groupKeys,
  summary: 'API keys of the group',
  ...needs('key.write'),
  request: { params: groupParams },
  responses: answers(listOf(keySchema)),
});
const makeForGroup = createRoute({
  method: 'post',
  path: groupKeys,
  summary: 'Make an API key for all projects of the group',
  ...needs('key.write'),
  request: { params: groupParams, body: takes(keyBody) },
  responses: makes(madeSchema),
});
const revokeOfGroup = createRoute({
  method: 'delete',
  path: `${groupKeys}/{keyId}`,
  summary: 'Revoke an API key of the group',
  ...needs('key.write'),
  request: { params: groupParams.extend(keyParams.shape) },
  responses: revoked,
});

export function keyRoutes({ db, clock }: WebDeps) {
  const list = async (where: SQL) => {
    const rows = await db
      .select(shown)
      .from(apiKeys)
      .innerJoin(roles, eq(roles.id, apiKeys.roleId))
      .where(where)
      .orderBy(asc(apiKeys.id));
    return { data: rows.map(render), nextCursor: null, totals: null };
  };

  const make = async (
    c: Parameters<typeof by>[0],
    scope: { projectId: string | null; groupId: string | null },
    body: z.output<typeof keyBody>,
  ) => {
    const expiresAt = body.expiresAt === null ? null : new Date(body.expiresAt);
    if (expiresAt && expiresAt <= clock()) {
      throw new Problem('invalid-request', 'expiresAt has passed already.');
    }
    return await db.transaction(async (tx) => {
      const access = c.get('access');
      const { projectId } = scope;
      const role = await roleToGive(tx, { code: body.role, access, projectId });
      const { key, prefix, hash } = newApiKey();
      const { id } = only(
        await tx
          .insert(apiKeys)
          .values({
            ...scope,
            roleId: role.id,
            name: body.name,
            prefix,
            hash,
            createdBy: personOf(access.actor),
            expiresAt,
          })
          .returning({ id: apiKeys.id }),
      );
      await record(tx, {
        projectId,
        ...by(c),
        action: 'key.created',
        subjectKind: 'key',
        subjectId: id,
        detail: { name: body.name, role: role.code, prefix, ...scope },
      });
      const rows = await tx
        .select(shown)
        .from(apiKeys)
        .innerJoin(roles, eq(roles.id, apiKeys.roleId))
        .where(eq(apiKeys.id, id));
      return { ...render(only(rows)), key };
    });
  };

  const revoke = async (c: Parameters<typeof by>[0], where: SQL | undefined) => {
    await db.transaction(async (tx) => {
      const gone = await tx
        .update(apiKeys)
        .set({ revokedAt: clock() })
        .where(and(where, isNull(apiKeys.revokedAt)))
        .returning({ id: apiKeys.id, name: apiKeys.name, projectId: apiKeys.projectId });
      const key = gone[0];
      if (!key) throw notFound('key');
      await record(tx, {
        projectId: key.projectId,
        ...by(c),
        action: 'key.revoked',
        subjectKind: 'key',
        subjectId: key.id,
        detail: { name: key.name },
      });
    });
  };

  const ofGroup = async (groupId: string) => {
    const found = await db.select({ id: groups.id }).from(groups).where(eq(groups.id, groupId));
    if (!found[0]) throw notFound('group');
    return groupId;
  };

  return createRoutes()
    .openapi(listOfProject, async (c) =>
      c.json(await list(eq(apiKeys.projectId, c.req.valid('param').projectId)), 200),
    )
    .openapi(makeForProject, async (c) => {
      const { projectId } = c.req.valid('param');
      return c.json(await make(c, { projectId, groupId: null }, c.req.valid('json')), 201);
    })
    .openapi(revokeOfProject, async (c) => {
      const { projectId, keyId } = c.req.valid('param');
      await revoke(c, and(eq(apiKeys.projectId, projectId), eq(apiKeys.id, keyId)));
      return c.body(null, 204);
    })
    .openapi(listOfGroup, async (c) => {
      const groupId = await ofGroup(c.req.valid('param').groupId);
      return c.json(await list(eq(apiKeys.groupId, groupId)), 200);
    })
    .openapi(makeForGroup, async (c) => {
      const groupId = await ofGroup(c.req.valid('param').groupId);
      return c.json(await make(c, { projectId: null, groupId }, c.req.valid('json')), 201);
    })
    .openapi(revokeOfGroup, async (c) => {
      const { groupId, keyId } = c.req.valid('param');
      await revoke(c, and(eq(apiKeys.groupId, groupId), eq(apiKeys.id, keyId)));
      return c.body(null, 204);
    });
}

const shown = {
  id: apiKeys.id,
  name: apiKeys.name,
  prefix: apiKeys.prefix,
  role: roles.code,
  groupId: apiKeys.groupId,
  projectId: apiKeys.projectId,
  createdAt: apiKeys.createdAt,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
  lastUsedAt: apiKeys.lastUsedAt,
};

const render = <
  Row extends Record<'createdAt', Date> &
    Record<'expiresAt' | 'revokedAt' | 'lastUsedAt', Date | null>,
>(
  row: Row,
) => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});
