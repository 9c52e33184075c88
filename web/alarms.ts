/** Alarms of a project: what is open, what was, and who has seen to it. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, desc, eq, gte, isNotNull, isNull, lt, ne, type SQL, sql } from 'drizzle-orm';
import { alarmKinds, happenings } from '../sql/alarms.ts';
import { record } from '../sql/audit.ts';
import { dayStart } from '../sql/local-day.ts';
import type { Access } from '../sql/permission.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  needs,
  projectParams,
  rangeQuery,
  takes,
} from '../sql/route.ts';
import { alarms } from '../sql/schema/index.ts';
import { textSchema } from './names.ts';
import { cursorId, pageOf } from './page.ts';
import { projectNamed } from './projects.ts';
import type { WebDeps } from './routes.ts';
import { by } from './rows.ts';

const severities = ['notice', 'warning', 'critical'] as const;

export const alarmSchema = z
  .object({
    id: idSchema,
    kind: z.string(),
    severity: z.enum(severities),
    subjectKind: z.string(),
    subjectId: z.string(),
    detail: z.record(z.string(), z.unknown()),
    raisedAt: z.string(),
    clearedAt: z.string().nullable(),
    reopened: z.number().int().openapi({
      description: 'How often it came again within minutes of being cleared',
    }),
    acknowledgedAt: z.string().nullable(),
    acknowledgedBy: z.string().nullable(),
    note: z.string().nullable(),
  })
  .openapi('Alarm');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/alarms',
  summary:
    'Alarms raised on local days [from, to), newest first; open ones unless others are asked for',
  ...needs('alarm.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      state: z.enum(['open', 'new', 'cleared', 'all']).default('open').openapi({
        description: 'new: open and acknowledged by nobody',
      }),
      kind: z.enum(alarmKinds).optional(),
      severity: z.enum(severities).optional(),
      subjectId: z.string().max(40).optional(),
    }),
  },
  responses: answers(
    listOf(
      alarmSchema,
      z.object({
        count: z.number().int().openapi({ description: 'Of the filter' }),
        open: z.number().int().openapi({ description: 'Of the project' }),
        new: z.number().int(),
      }),
    ),
  ),
});

const acknowledge = createRoute({
  method: 'post',
  path: '/projects/{projectId}/alarms/{alarmId}/acknowledge',
  summary:
    'Say that an alarm is being seen to; it stays open until its cause is gone, or ends with this if it tells what happened once (spool.rejected)',
  ...needs('alarm.write'),
  request: {
    params: projectParams.extend({ alarmId: idSchema }),
    body: takes(z.strictObject({ note: textSchema.nullable().default(null) })),
  },
  responses: answers(alarmSchema),
});

export function alarmRoutes({ db, clock }: WebDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, state, kind, severity, subjectId, from, to } = c.req.valid('query');
      const before = cursorId(cursor);
      const seen = and(eq(alarms.projectId, projectId), visibleAlarms(c.get('access'), projectId));
      const dayStartOf = await dayStarts(db, projectId, [from, to]);
      const isOpen = isNull(alarms.clearedAt);
      const isNew = and(isOpen, isNull(alarms.acknowledgedAt));
      const states = {
        open: isOpen,
        new: isNew,
        cleared: isNotNull(alarms.clearedAt),
        all: undefined,
      };
      const asked = and(
        seen,
        states[state],
        kind === undefined ? undefined : eq(alarms.kind, kind),
        severity === undefined ? undefined : eq(alarms.severity, severity),
        subjectId === undefined ? undefined : eq(alarms.subjectId, subjectId),
        from === undefined ? undefined : gte(alarms.raisedAt, dayStartOf(from)),
        to === undefined ? undefined : lt(alarms.raisedAt, dayStartOf(to)),
      );
      const [rows, counted, count] = await Promise.all([
        db
          .select(shownAlarm)
          .from(alarms)
          .where(and(asked, before === undefined ? undefined : lt(alarms.id, before)))
          .orderBy(desc(alarms.id))
          .limit(limit + 1),
        db
          .select({
            open: sql<number>`count(*)::int`,
            new: sql<number>`(count(*) FILTER (WHERE ${alarms.acknowledgedAt} IS NULL))::int`,
          })
          .from(alarms)
          .where(and(seen, isOpen)),
        db.$count(alarms, asked),
      ]);
      const data = rows.map(renderAlarm);
      return c.json(
        { ...pageOf(data, limit), totals: { count, ...(counted[0] ?? { open: 0, new: 0 }) } },
        200,
      );
    })
    .openapi(acknowledge, async (c) => {
      const { projectId, alarmId } = c.req.valid('param');
      const { note } = c.req.valid('json');
      const { actor } = c.get('access');
      const here = and(
        eq(alarms.projectId, projectId),
        eq(alarms.id, alarmId),
        visibleAlarms(c.get('access'), projectId),
      );
      const seen = await db.transaction(async (tx) => {
        const [alarm] = await tx.select(shownAlarm).from(alarms).where(here).for('update');
        if (!alarm) throw notFound('alarm');
        if (alarm.acknowledgedAt !== null) {
          throw new Problem('conflict', `${alarm.acknowledgedBy} has acknowledged it already.`);
        }
        const now = clock();
        const change = {
          ...{ acknowledgedAt: now, acknowledgedBy: actor.name, note },
          ...(happenings.includes(alarm.kind) && { clearedAt: alarm.clearedAt ?? now }),
        };
        await tx.update(alarms).set(change).where(here);
        await record(tx, {
          ...{ projectId, ...by(c), action: 'alarm.acknowledged' },
          ...{ subjectKind: alarm.subjectKind, subjectId: alarm.subjectId },
          detail: { alarm: alarmId, kind: alarm.kind, note },
        });
        return { ...alarm, ...change };
      });
      return c.json(renderAlarm(seen), 200);
    });
}

/** When days begin in the project's zone. */
async function dayStarts(db: Db, projectId: string, days: readonly (string | undefined)[]) {
  const asked = days.some((day) => day !== undefined);
  const project = asked ? await projectNamed(db, projectId) : undefined;
  return (day: string) => new Date(dayStart(project?.zone ?? 'UTC', day));
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
  reopened: alarms.reopened,
  acknowledgedAt: alarms.acknowledgedAt,
  acknowledgedBy: alarms.acknowledgedBy,
  note: alarms.note,
};

/** A row of `shownAlarm` as the API speaks. */
export const renderAlarm = <
  Row extends { raisedAt: Date; clearedAt: Date | null; acknowledgedAt: Date | null },
>(
  row: Row,
) => ({
  ...row,
  raisedAt: row.raisedAt.toISOString(),
  clearedAt: row.clearedAt?.toISOString() ?? null,
  acknowledgedAt: row.acknowledgedAt?.toISOString() ?? null,
});
