/** Groups of projects, and the legal entities that their money belongs to. */
import { createRoute, z } from '@hono/zod-openapi';
import { eq } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { violatedConstraint } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
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
import { groups, legalEntities } from '../sql/schema/index.ts';
import { actorAccess } from './access.ts';
import { nameFields } from './names.ts';
import { visibleProjects } from './projects.ts';
import type { WebDeps } from './routes.ts';
import { by, only } from './rows.ts';

/** When tax falls due. */
const taxPoints = ['receipt', 'invoice', 'settlement'] as const;

const groupSchema = z
  .object({ id: idSchema, name: z.string(), nameZh: z.string().nullable() })
  .openapi('Group');
const entitySchema = z
  .object({
    id: idSchema,
    groupId: idSchema,
    name: z.string(),
    nameZh: z.string().nullable(),
    taxId: z.string().nullable(),
    taxPoint: z.enum(taxPoints),
  })
  .openapi('LegalEntity');
const entityFields = {
  ...nameFields,
  taxId: z.string().trim().min(1).max(40).nullable().default(null),
  taxPoint: z.enum(taxPoints).default('settlement'),
};
const groupParams = z.object({ groupId: idSchema });

const listGroups = createRoute({
  method: 'get',
  path: '/groups',
  summary: 'Groups with a project that you may see; all of them for those who act everywhere',
  ...signedIn,
  responses: answers(listOf(groupSchema)),
});

const makeGroup = createRoute({
  method: 'post',
  path: '/groups',
  summary: 'Make a group, with a legal entity of its name unless one is described',
  ...needs('project.write'),
  request: {
    body: takes(z.object({ ...nameFields, legalEntity: z.object(entityFields).optional() })),
  },
  responses: makes(groupSchema.extend({ legalEntityId: idSchema })),
});

const listEntities = createRoute({
  method: 'get',
  path: '/groups/{groupId}/legal-entities',
  summary: 'Legal entities of a group',
  ...needs('project.write'),
  request: { params: groupParams },
  responses: answers(listOf(entitySchema)),
});

const makeEntity = createRoute({
  method: 'post',
  path: '/groups/{groupId}/legal-entities',
  summary: 'Make a legal entity',
  ...needs('project.write'),
  request: { params: groupParams, body: takes(z.object(entityFields)) },
  responses: makes(entitySchema),
});

export function groupRoutes({ db }: WebDeps) {
  return createRoutes()
    .openapi(listGroups, async (c) => {
      const access = actorAccess(c.get('access'));
      const all = await db.select(shown).from(groups).orderBy(groups.name);
      const seen = new Set((await visibleProjects(db, access.actor)).map((p) => p.groupId));
      const everywhere = access.may(null, 'project.read') === 'allowed';
      const data = all.filter((g) => everywhere || seen.has(g.id));
      return c.json({ data, nextCursor: null, totals: null }, 200);
    })
    .openapi(makeGroup, async (c) => {
      const { legalEntity, name, nameZh } = c.req.valid('json');
      const made = await db.transaction(async (tx) => {
        const group = only(await tx.insert(groups).values({ name, nameZh }).returning(shown));
        const entity = only(
          await tx
            .insert(legalEntities)
            .values({ groupId: group.id, ...(legalEntity ?? { name, nameZh }) })
            .returning({ id: legalEntities.id }),
        );
        await record(tx, {
          projectId: null,
          ...by(c),
          action: 'group.created',
          subjectKind: 'group',
          subjectId: group.id,
          detail: { name },
        });
        return { ...group, legalEntityId: entity.id };
      });
      return c.json(made, 201);
    })
    .openapi(listEntities, async (c) => {
      const { groupId } = c.req.valid('param');
      const found = await db.select({ id: groups.id }).from(groups).where(eq(groups.id, groupId));
      if (found.length === 0) throw notFound('group');
      const data = await db
        .select(shownEntity)
        .from(legalEntities)
        .where(eq(legalEntities.groupId, groupId))
        .orderBy(legalEntities.id);
      return c.json({ data: data.map(renderEntity), nextCursor: null, totals: null }, 200);
    })
    .openapi(makeEntity, async (c) => {
      const { groupId } = c.req.valid('param');
      const values = { groupId, ...c.req.valid('json') };
      const made = await db.transaction(async (tx) => {
        const entity = only(
          await tx
            .insert(legalEntities)
            .values(values)
            .returning(shownEntity)
            .catch((error: unknown) => {
              if (violatedConstraint(error)) throw notFound('group');
              throw error;
            }),
        );
        await record(tx, {
          projectId: null,
          ...by(c),
          action: 'legal-entity.created',
          subjectKind: 'legal-entity',
          subjectId: entity.id,
          detail: { name: values.name, groupId },
        });
        return entity;
      });
      return c.json(renderEntity(made), 201);
    });
}

const shown = { id: groups.id, name: groups.name, nameZh: groups.nameZh };
const shownEntity = {
  id: legalEntities.id,
  groupId: legalEntities.groupId,
  name: legalEntities.name,
  nameZh: legalEntities.nameZh,
  taxId: legalEntities.taxId,
  taxPoint: legalEntities.taxPoint,
};

const renderEntity = <Row extends { taxPoint: string }>(row: Row) => ({
  ...row,
  taxPoint: taxPoints.find((t) => t === row.taxPoint) ?? 'settlement',
});
