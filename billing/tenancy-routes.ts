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
  moneySchema,
  needs,
  pageQuery,
  projectParams,
  takes,
} from '../sql/route.ts';
import { by, idCursor, idPage, textSchema } from './fields.ts';
import { movePoint, previewMove } from './move.ts';
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

const shownCharge = z.object({ accountId: idSchema, name: z.string(), charged: moneySchema });

const previewed = createRoute({
  method: 'post',
  path: `${path}/{tenancyId}/move/preview`,
  summary: 'What moving a point to another account would charge to each, without doing it',
  ...needs('account.write'),
  request: {
    params: projectParams.extend({ tenancyId: idSchema }),
    body: takes(z.strictObject({ accountId: idSchema, at: boundary.nullable().default(null) })),
  },
  responses: answers(
    z
      .object({
        at: z.string(),
        pointCode: z.string(),
        from: shownCharge,
        to: shownCharge,
        settledDays: z.array(daySchema),
        waiting: z.array(
          z.object({
            pointId: idSchema.nullable(),
            code: z.string().nullable(),
            localDay: daySchema,
            reason: z.string(),
          }),
        ),
      })
      .openapi('MovePreview'),
  ),
});

const move = createRoute({
  method: 'post',
  path: `${path}/{tenancyId}/move`,
  summary: 'Move a point to another account at a quarter-hour: one tenancy ends, the next begins',
  ...needs('account.write'),
  request: {
    params: projectParams.extend({ tenancyId: idSchema }),
    body: takes(
      z.strictObject({
        accountId: idSchema,
        at: boundary.nullable().default(null).openapi({
          description: 'Null: the last quarter-hour',
        }),
        correction: z.strictObject({ reason: textSchema }).nullable().default(null),
      }),
    ),
  },
  responses: makes(tenancySchema),
});

export function tenancyRoutes({ db, pool, questdb, clock }: BillingDeps) {
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
    })
    .openapi(previewed, async (c) => {
      const { projectId, tenancyId } = c.req.valid('param');
      const asked = { projectId, move: { tenancyId, ...c.req.valid('json') }, by: by(c) };
      return c.json(await previewMove({ pool, questdb, clock }, asked), 200);
    })
    .openapi(move, async (c) => {
      const { projectId, tenancyId } = c.req.valid('param');
      const moved = { tenancyId, ...c.req.valid('json') };
      const id = await movePoint(db, { projectId, move: moved, by: by(c), clock });
      return c.json(await one(projectId, id), 201);
    });
}
