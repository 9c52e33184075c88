/** Sales: a top-up is one; the word is only used on screens and papers. */
import { createRoute, z } from '@hono/zod-openapi';
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
import type { BillingDeps } from './routes.ts';
import { channels, listSales, type ShownSale, sell } from './sale.ts';
import { assertAccount } from './wallet.ts';

export const saleSchema = z
  .object({
    id: idSchema,
    accountId: idSchema,
    accountName: z.string(),
    receipt: z.string(),
    channel: z.enum(channels),
    amount: moneySchema,
    soldAt: z.string(),
    soldBy: z.string(),
    note: z.string().nullable(),
  })
  .openapi('Sale');
const salesPage = listOf(saleSchema, z.object({ count: z.number().int(), amount: moneySchema }));

const accountParams = projectParams.extend({ accountId: idSchema });
const range = pageQuery.extend({ from: daySchema.optional(), to: daySchema.optional() });

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/sales',
  summary: 'Sales of local days [from, to), newest first',
  ...needs('sale.read'),
  request: { params: projectParams, query: range },
  responses: answers(salesPage),
});

const listOfAccount = createRoute({
  method: 'get',
  path: '/projects/{projectId}/accounts/{accountId}/sales',
  summary: 'Sales to one account, newest first',
  ...needs('sale.read'),
  request: { params: accountParams, query: range },
  responses: answers(salesPage),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/accounts/{accountId}/sales',
  summary: 'Sell: money in, the wallet holds more, a receipt is numbered',
  ...needs('sale.write'),
  request: {
    params: accountParams,
    headers: z.object({
      'idempotency-key': z
        .string()
        .optional()
        .openapi({ description: 'Needed: the same key sells once, however often it is sent' }),
    }),
    body: takes(
      z.strictObject({
        channel: z.enum(channels),
        amount: moneySchema,
        soldAt: instantSchema.nullable().default(null),
        note: textSchema.nullable().default(null),
      }),
    ),
  },
  responses: makes(saleSchema),
});

export function saleRoutes({ db, clock }: BillingDeps) {
  const page = async (
    projectId: string,
    asked: { accountId?: string; from?: string; to?: string; limit: number; cursor?: string },
  ) => {
    const { limit, cursor } = asked;
    const after = cursor === undefined ? undefined : idCursor(cursor);
    const { data, totals } = await listSales(db, {
      projectId,
      ...asked,
      cursor: after,
      limit: limit + 1,
    });
    return { ...idPage<ShownSale>(data, limit), totals };
  };
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      return c.json(await page(projectId, c.req.valid('query')), 200);
    })
    .openapi(listOfAccount, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      await assertAccount(db, { projectId, accountId });
      return c.json(await page(projectId, { ...c.req.valid('query'), accountId }), 200);
    })
    .openapi(make, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const sale = c.req.valid('json');
      const key = c.req.header('idempotency-key');
      const { body } = await sell(db, { projectId, accountId, sale, key, by: by(c), clock });
      return c.json(body, 201);
    });
}
