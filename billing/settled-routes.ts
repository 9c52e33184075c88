/** How many settled days a version that begins in the past would charge anew: exactly, before it is made. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { answers, createRoutes, daySchema, idSchema, needs, projectParams } from '../sql/route.ts';
import { type Commodity, openPriceBook } from './price-book.ts';
import { readProject } from './project.ts';
import { NOT_HELD } from './revision.ts';
import type { BillingDeps } from './routes.ts';

const settled = createRoute({
  method: 'get',
  path: '/projects/{projectId}/tariffs/{tariffId}/settled-days',
  summary: 'The settled days that a version which begins then would charge anew',
  description:
    'From the day on, up to the version that follows: days of points, settled, on which this tariff holds.',
  ...needs('tariff.read'),
  request: {
    params: projectParams.extend({ tariffId: idSchema }),
    query: z.object({ from: daySchema }),
  },
  responses: answers(
    z
      .object({
        points: z.number().int(),
        days: z.number().int().openapi({ description: 'Of all points together' }),
      })
      .openapi('SettledDays'),
  ),
});

export function settledRoutes({ db }: BillingDeps) {
  return createRoutes().openapi(settled, async (c) => {
    const { projectId, tariffId } = c.req.valid('param');
    const { from } = c.req.valid('query');
    return c.json(await settledDays(db, { projectId, tariffId, from }), 200);
  });
}

/** Counts them by the price book that settlement itself asks. Throws Problem `not-found`. */
async function settledDays(
  db: Queryable,
  { projectId, tariffId, from }: { projectId: string; tariffId: string; from: LocalDay },
): Promise<{ points: number; days: number }> {
  const { zone } = await readProject(db, projectId);
  const { rows: tariffs } = await db.execute<{ commodity: Commodity; versions: string[] }>(sql`
    SELECT t.commodity, array(SELECT v.id::text FROM tariff_versions v
      WHERE v.project_id = t.project_id AND v.tariff_id = t.id) AS versions
    FROM tariffs t WHERE t.project_id = ${projectId}::bigint AND t.id = ${tariffId}::bigint`);
  const [tariff] = tariffs;
  if (!tariff) throw notFound('tariff');
  const versions = new Set(tariff.versions);
  const book = await openPriceBook(db, { projectId, zone });
  const { rows } = await db.execute<{ point: string; account: string; day: LocalDay }>(sql`
    SELECT s.scope_id::text AS point, s.account_id::text AS account, s.local_day::text AS day
    FROM settlements s JOIN points p ON p.project_id = s.project_id AND p.id = s.scope_id
    WHERE s.project_id = ${projectId}::bigint AND p.commodity = ${tariff.commodity}
      AND s.local_day >= ${from}::date AND s.inputs_digest <> ${NOT_HELD}
      AND s.local_day < coalesce((SELECT min(v.effective_from) FROM tariff_versions v
        WHERE v.project_id = s.project_id AND v.tariff_id = ${tariffId}::bigint
          AND v.effective_from > ${from}::date), 'infinity')
      AND NOT EXISTS (SELECT FROM settlements n
        WHERE n.project_id = s.project_id AND n.supersedes = s.id)`);
  const points = new Set<string>();
  const days = new Set<string>();
  for (const { point, account, day } of rows) {
    const of = { pointId: point, accountId: account, commodity: tariff.commodity, day };
    if (!versions.has(book.find(of)?.versionId ?? '')) continue;
    points.add(point);
    days.add(`${point}/${day}`);
  }
  return { points: points.size, days: days.size };
}
