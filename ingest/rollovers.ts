/** Registers that reached their end and went on from zero: billed on by themselves, told so that nobody wonders. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { answers, createRoutes, idSchema, listOf, needs, projectParams } from '../sql/route.ts';
import { idPageQuery } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { pageOf } from './rows.ts';

const rolloverSchema = z
  .object({
    id: idSchema,
    meterId: idSchema,
    serial: z.string(),
    pointId: idSchema,
    at: z.string().openapi({ description: 'Of the first reading after it' }),
    register: z.number().int(),
    previousRegister: z.number().int().openapi({ description: 'The last reading before it' }),
  })
  .openapi('Rollover');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/rollovers',
  summary: 'Registers that went on from zero and were billed on, newest first',
  ...needs('device.read'),
  request: { params: projectParams, query: idPageQuery.extend({ meterId: idSchema.optional() }) },
  responses: answers(listOf(rolloverSchema)),
});

export function rolloverRoutes({ db }: IngestDeps) {
  return createRoutes().openapi(list, async (c) => {
    const { projectId } = c.req.valid('param');
    const { limit, cursor = null, meterId = null } = c.req.valid('query');
    const { rows } = await db.execute<{
      id: string;
      meter: string;
      serial: string;
      point: string;
      at: string;
      register: string;
      previous: string;
    }>(sql`
      SELECT e.id::text, m.id::text AS meter, m.serial, e.payload ->> 'pointId' AS point,
        e.payload ->> 'at' AS at, e.payload ->> 'register' AS register,
        e.payload ->> 'previousRegister' AS previous
      FROM events e JOIN meters m ON m.project_id = e.project_id AND m.id::text = e.subject_id
      WHERE e.project_id = ${projectId}::bigint AND e.kind = 'register.rolled-over'
        AND (${meterId}::text IS NULL OR e.subject_id = ${meterId}::text)
        AND (${cursor}::bigint IS NULL OR e.id < ${cursor}::bigint)
      ORDER BY e.id DESC LIMIT ${limit + 1}`);
    const shown = rows.map(({ id, meter, serial, point, at, register, previous }) => ({
      ...{ id, meterId: meter, serial, pointId: point, at },
      ...{ register: Number(register), previousRegister: Number(previous) },
    }));
    return c.json({ ...pageOf(shown, limit), totals: null }, 200);
  });
}
