/** Alarms of a project: what is open, or what was. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, desc, eq, isNull, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { Access } from '../sql/permission.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  needs,
  pageQuery,
  projectParams,
} from '../sql/route.ts';
import { alarms } from '../sql/schema/index.ts';
import { cursorId, pageOf } from './page.ts';
import type { WebDeps } from './routes.ts';

export const alarmSchema = z
  .object({
    id: idSchema,
    kind: z.string(),
    severity: z.enum(['notice', 'warning', 'critical']),
    subjectKind: z.string(),
    subjectId: z.string(),
    detail: z.record(z.string(), z.unknown()),
    raisedAt: z.string(),
    clearedAt: z.string().nullable(),
  })
  .openapi('Alarm');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/alarms',
  summary: 'Alarms, newest first; open ones unless all are asked for',
  ...needs('alarm.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({
      state: z.enum(['open', 'all']).default('open'),
      kind: z.string().max(60).optional(),
    }),
  },
  responses: answers(listOf(alarmSchema, z.object({ open: z.number().int() }))),
});

export function alarmRoutes({ db }: WebDeps) {
  return createRoutes().openapi(list, async (c) => {
    const { projectId } = c.req.valid('param');
    const { limit, cursor, state, kind } = c.req.valid('query');
    const before = cursorId(cursor);
    const seen = and(eq(alarms.projectId, projectId), visibleAlarms(c.get('access'), projectId));
    const [rows, counted] = await Promise.all([
      db
        .select(shownAlarm)
        .from(alarms)
        .where(
          and(
            seen,
            state === 'open' ? isNull(alarms.clearedAt) : undefined,
            kind === undefined ? undefined : eq(alarms.kind, kind),
            before === undefined ? undefined : lt(alarms.id, before),
          ),
        )
        .orderBy(desc(alarms.id))
        .limit(limit + 1),
      db
        .select({ open: sql<number>`count(*)::int` })
        .from(alarms)
        .where(and(seen, isNull(alarms.clearedAt))),
    ]);
    const data = rows.map(renderAlarm);
    return c.json({ ...pageOf(data, limit), totals: { open: counted[0]?.open ?? 0 } }, 200);
  });
}

/** Alarms of accounts tell balances: only for who may read accounts. Undefined: all of them. */
export const visibleAlarms = (access: Access, projectId: string): SQL | undefined =>
  access.may(projectId, 'account.read') === 'allowed'
    ? undefined
    : ne(alarms.subjectKind, 'account');

/** The columns of an alarm that are shown. */
export const shownAlarm = {
  id: alarms.id,
  kind: alarms.kind,
  severity: alarms.severity,
  subjectKind: alarms.subjectKind,
  subjectId: alarms.subjectId,
  detail: alarms.detail,
  raisedAt: alarms.raisedAt,
  clearedAt: alarms.clearedAt,
};

/** A row of `shownAlarm` as the API speaks. */
export const renderAlarm = <Row extends { raisedAt: Date; clearedAt: Date | null }>(row: Row) => ({
  ...row,
  raisedAt: row.raisedAt.toISOString(),
  clearedAt: row.clearedAt?.toISOString() ?? null,
});
