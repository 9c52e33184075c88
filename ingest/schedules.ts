/** How often a meter is read, dated: what was scheduled then decides what counts as a gap. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Tx } from '../sql/postgres.ts';
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
import { meters, schedules } from '../sql/schema/index.ts';
import { datedSchema, idPageQuery } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { broken, by, inSlices, only, pageOf } from './rows.ts';

const scheduleSchema = z
  .object({
    id: idSchema,
    meterId: idSchema,
    from: z.string(),
    to: z.string().nullable(),
    seconds: z.number().int(),
  })
  .openapi('Schedule');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/schedules',
  summary: 'Intervals between two readings, dated; where none holds the project’s default does',
  ...needs('device.read'),
  request: { params: projectParams, query: idPageQuery.extend({ meterId: idSchema.optional() }) },
  responses: answers(listOf(scheduleSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/schedules',
  summary: 'Set how often a meter is read, from an instant on or for a time',
  ...needs('device.write'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({
        meterId: idSchema,
        from: datedSchema,
        to: datedSchema.nullable().default(null),
        seconds: z.number().int().min(5).max(86_400),
      }),
    ),
  },
  responses: makes(scheduleSchema),
});

const overlaps = new Problem('overlap', 'The meter has another schedule in this range.');

export function scheduleRoutes({ db }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, meterId } = c.req.valid('query');
      const rows = await db
        .select()
        .from(schedules)
        .where(
          sql`${schedules.projectId} = ${projectId}::bigint AND ${schedules.id} > ${cursor ?? '0'}::bigint
            AND (${meterId ?? null}::bigint IS NULL OR ${schedules.meterId} = ${meterId ?? null}::bigint)`,
        )
        .orderBy(schedules.id)
        .limit(limit + 1);
      return c.json({ ...pageOf(rows.map(shown), limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const { meterId, from, to, seconds } = c.req.valid('json');
      const [validFrom, validTo] = [new Date(from), to === null ? null : new Date(to)];
      if (validTo && validTo <= validFrom) {
        throw new Problem('invalid-request', 'json/to: must be later than from');
      }
      const made = await db.transaction(async (tx) => {
        const found = await tx
          .select({ id: meters.id })
          .from(meters)
          .where(and(eq(meters.projectId, projectId), eq(meters.id, meterId)));
        if (found.length === 0) throw notFound('meter');
        const row = only(
          await tx
            .insert(schedules)
            .values({ projectId, meterId, validFrom, validTo, seconds })
            .returning()
            .catch(broken({ meter_overlap: overlaps })),
        );
        await record(tx, {
          projectId,
          ...by(c),
          action: 'schedule.created',
          subjectKind: 'meter',
          subjectId: meterId,
          detail: { from, to, seconds },
        });
        return row;
      });
      return c.json(shown(made), 201);
    });
}

const shown = ({ id, meterId, validFrom, validTo, seconds }: typeof schedules.$inferSelect) => ({
  id,
  meterId,
  from: validFrom.toISOString(),
  to: validTo?.toISOString() ?? null,
  seconds,
});

/** Ends what is scheduled and schedules anew from `at` on, for each meter; what was scheduled before stays known. */
export async function setPollSeconds(
  tx: Tx,
  {
    projectId,
    wanted,
    at,
  }: { projectId: string; wanted: readonly { meterId: string; seconds: number }[]; at: Date },
): Promise<void> {
  if (wanted.length === 0) return;
  const now = sql`${at.toISOString()}::timestamptz`;
  const { rows } = await tx.execute<{
    meter_id: string;
    seconds: number;
    begins: string | null;
  }>(sql`
    SELECT t."meterId"::text AS meter_id, t.seconds, later.begins::text
    FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS t ("meterId" bigint, seconds int)
    LEFT JOIN schedules s ON s.project_id = ${projectId}::bigint AND s.meter_id = t."meterId"
      AND s.valid_from <= ${now} AND (s.valid_to IS NULL OR s.valid_to > ${now})
    LEFT JOIN LATERAL (
      SELECT min(valid_from) AS begins FROM schedules
      WHERE project_id = ${projectId}::bigint AND meter_id = t."meterId" AND valid_from > ${now}
    ) later ON true
    WHERE s.seconds IS DISTINCT FROM t.seconds`);
  if (rows.length === 0) return;
  const ids = `{${rows.map((row) => row.meter_id).join(',')}}`;
  await tx.execute(sql`
    UPDATE schedules SET valid_to = ${now}
    WHERE project_id = ${projectId}::bigint AND meter_id = ANY (${ids}::bigint[])
      AND valid_from < ${now} AND (valid_to IS NULL OR valid_to > ${now})`);
  const made = rows.map(({ meter_id: meterId, seconds, begins }) => ({
    ...{ projectId, meterId, seconds, validFrom: at },
    validTo: begins === null ? null : new Date(begins),
  }));
  await inSlices(made, (some) =>
    tx.insert(schedules).values(some).returning({ id: schedules.id }),
  ).catch(broken({ meter_overlap: overlaps }));
}
