/** Days that are over and cannot be settled yet, each with its reason. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  listOf,
  needs,
  PAGE_MAX,
  projectParams,
} from '../sql/route.ts';
import { waitReasons } from './parts.ts';
import type { BillingDeps } from './routes.ts';

const waitSchema = z
  .object({
    /** Null for a day of the account itself. */
    pointId: idSchema.nullable(),
    pointCode: z.string().nullable(),
    accountId: idSchema.nullable(),
    accountNumber: z.string().nullable(),
    localDay: daySchema,
    reason: z.enum(waitReasons),
    since: z.string(),
  })
  .openapi('SettlementWait');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/settlement-waits',
  summary: 'Days that wait to be settled, and why; the oldest thousand',
  ...needs('account.read'),
  request: { params: projectParams },
  responses: answers(listOf(waitSchema, z.object({ count: z.number().int() }))),
});

export function waitRoutes({ db }: BillingDeps) {
  return createRoutes().openapi(list, async (c) => {
    const { projectId } = c.req.valid('param');
    const found = await db.execute<{
      point_id: string | null;
      code: string | null;
      account_id: string | null;
      number: string | null;
      local_day: string;
      reason: (typeof waitReasons)[number];
      since: string;
      count: number;
    }>(sql`
      SELECT p.id::text AS point_id, p.code, a.id::text AS account_id, a.number,
        w.local_day::text, w.reason, w.since, count(*) OVER ()::int AS count
      FROM settlement_waits w
      LEFT JOIN points p ON p.project_id = w.project_id AND p.id = w.scope_id
      LEFT JOIN accounts a ON a.project_id = w.project_id AND a.id = w.scope_id
      WHERE w.project_id = ${projectId}::bigint
      ORDER BY w.local_day, p.code, a.number LIMIT ${PAGE_MAX}`);
    const data = found.rows.map((row) => ({
      pointId: row.point_id,
      pointCode: row.code,
      accountId: row.account_id,
      accountNumber: row.number,
      localDay: row.local_day,
      reason: row.reason,
      since: new Date(row.since).toISOString(),
    }));
    const count = found.rows[0]?.count ?? 0;
    return c.json({ data, nextCursor: null, totals: { count } }, 200);
  });
}
