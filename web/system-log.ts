/** The system log: who did what and when. Written by every room through sql/audit.ts, read here. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, desc, eq, gte, lt, or, type SQL, sql } from 'drizzle-orm';
import {
  answers,
  createRoutes,
  idSchema,
  instantSchema,
  listOf,
  needs,
  pageQuery,
  projectParams,
} from '../sql/route.ts';
import { audit } from '../sql/schema/index.ts';
import { matches } from '../sql/search.ts';
import { calledSo, subjectNames } from './log-names.ts';
import { cursorId, pageOf } from './page.ts';
import type { WebDeps } from './routes.ts';

const lineSchema = z
  .object({
    id: idSchema,
    at: z.string(),
    projectId: idSchema.nullable(),
    actor: z.object({ kind: z.enum(['user', 'key', 'system']), id: z.string(), name: z.string() }),
    action: z.string(),
    subjectKind: z.string(),
    subjectId: z.string(),
    subject: z
      .string()
      .nullable()
      .openapi({ description: 'What it is called now; null of what has no name or is gone' }),
    detail: z.record(z.string(), z.unknown()),
    traceId: z.string().nullable(),
  })
  .openapi('AuditLine');

const page = listOf(lineSchema, z.object({ count: z.number().int() }));

const query = pageQuery.extend({
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  action: z.string().max(60).optional(),
  actorId: z.string().max(64).optional(),
  subjectKind: z.string().max(40).optional(),
  subjectId: z.string().max(64).optional(),
  q: z.string().trim().max(100).optional().openapi({
    description:
      'A text within the name, the act, the subject (also what it is called) or the detail',
  }),
});

const listOfProject = createRoute({
  method: 'get',
  path: '/projects/{projectId}/audit',
  summary: 'System log of the project, newest first',
  ...needs('audit.read'),
  request: { params: projectParams, query },
  responses: answers(page),
});

const listEverywhere = createRoute({
  method: 'get',
  path: '/audit',
  summary: 'System log of everything, newest first',
  ...needs('audit.read'),
  request: { query },
  responses: answers(page),
});

export function systemLogRoutes({ db }: WebDeps) {
  const read = async (where: SQL | undefined, asked: z.output<typeof query>) => {
    const before = cursorId(asked.cursor);
    const filter = and(
      where,
      asked.from === undefined ? undefined : gte(audit.at, new Date(asked.from)),
      asked.to === undefined ? undefined : lt(audit.at, new Date(asked.to)),
      asked.action === undefined ? undefined : eq(audit.action, asked.action),
      asked.actorId === undefined ? undefined : eq(audit.actorId, asked.actorId),
      asked.subjectKind === undefined ? undefined : eq(audit.subjectKind, asked.subjectKind),
      asked.subjectId === undefined ? undefined : eq(audit.subjectId, asked.subjectId),
      asked.q ? or(matches(asked.q, searched), calledSo(asked.q, subject)) : undefined,
    );
    const [rows, count] = await Promise.all([
      db
        .select()
        .from(audit)
        .where(and(filter, before === undefined ? undefined : lt(audit.id, before)))
        .orderBy(desc(audit.id))
        .limit(asked.limit + 1),
      db.$count(audit, filter),
    ]);
    const nameOf = await subjectNames(db, rows);
    const data = rows.map(({ actorKind, actorId, actorName, at, ...row }) => ({
      ...row,
      subject: nameOf(row),
      at: at.toISOString(),
      actor: { kind: actorKind, id: actorId, name: actorName },
    }));
    return { ...pageOf(data, asked.limit), totals: { count } };
  };
  return createRoutes()
    .openapi(listOfProject, async (c) => {
      const here = eq(audit.projectId, c.req.valid('param').projectId);
      return c.json(await read(here, c.req.valid('query')), 200);
    })
    .openapi(listEverywhere, async (c) => c.json(await read(undefined, c.req.valid('query')), 200));
}

const subject = {
  ...{ project: sql`${audit.projectId}`, kind: sql`${audit.subjectKind}` },
  id: sql`${audit.subjectId}`,
};
const searched = sql`${audit.actorName}, ${audit.action},
  concat_ws(' ', ${audit.subjectKind}, ${audit.subjectId}), ${audit.detail}::text`;
