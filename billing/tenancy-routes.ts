/** Tenancies: which account pays for a point, and since when. */
import { createRoute, z } from '@hono/zod-openapi';
import { notFound } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  instantSchema,
  listOf,
  makes,
  needs,
  pageQuery,
  projectParams,
  takes,
} from '../sql/route.ts';
import { by, idCursor, idPage, textSchema } from './fields.ts';
import type { BillingDeps } from './routes.ts';
import { endTenancy, listTenancies, makeTenancy } from './tenancies.ts';

const tenancySchema = z
  .object({
    id: idSchema,
    accountId: idSchema,
    pointId: idSchema,
    pointCode: z.string(),
    from: z.string(),
    to: z.string().nullable(),
  })
  .openapi('Tenancy');

/** A local day (its midnight) or an instant on a quarter-hour. */
const boundary = z.union([daySchema, instantSchema]);
const path = '/projects/{projectId}/tenancies';

const list = createRoute({
  method: 'get',
  path,
  summary: 'Who pays for which point, and when',
  ...needs('account.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({ accountId: idSchema.optional(), pointId: idSchema.optional() }),
  },
  responses: answers(listOf(tenancySchema)),
});

const make = createRoute({
  method: 'post',
  path,
  summary: 'Let an account hold a point from a day or a quarter-hour on',
  ...needs('account.write'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({
        accountId: idSchema,
        pointId: idSchema,
        from: boundary,
        to: boundary.nullable().default(null),
      }),
    ),
  },
  responses: makes(tenancySchema),
});

const end = createRoute({
  method: 'patch',
  path: `${path}/{tenancyId}`,
  summary:
    'End a tenancy, or open its end again; where it reaches into settled days it is a correction, with a reason',
  ...needs('account.write'),
  request: {
    params: projectParams.extend({ tenancyId: idSchema }),
    body: takes(
      z.strictObject({
        to: boundary.nullable(),
        correction: z.strictObject({ reason: textSchema }).nullable().default(null),
      }),
    ),
  },
  responses: answers(tenancySchema),
});

export function tenancyRoutes({ db, clock }: BillingDeps) {
  const one = async (projectId: string, id: string) => {
    const found = await listTenancies(db, { projectId, id, limit: 1 });
    if (!found[0]) throw notFound('tenancy');
    return found[0];
  };
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...asked } = c.req.valid('query');
      const after = idCursor(cursor);
      const found = await listTenancies(db, {
        projectId,
        ...asked,
        cursor: after,
        limit: limit + 1,
      });
      return c.json({ ...idPage(found, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const tenancy = c.req.valid('json');
      const id = await makeTenancy(db, { projectId, tenancy, by: by(c), clock });
      return c.json(await one(projectId, id), 201);
    })
    .openapi(end, async (c) => {
      const { projectId, tenancyId } = c.req.valid('param');
      const { to, correction } = c.req.valid('json');
      await endTenancy(db, { projectId, id: tenancyId, to, correction, by: by(c) });
      return c.json(await one(projectId, tenancyId), 200);
    });
}
