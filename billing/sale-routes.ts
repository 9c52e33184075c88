/** Sales: a top-up is one; the word is only used on screens and papers. */
import { createRoute, z } from '@hono/zod-openapi';
import {
  answers,
  createRoutes,
  idSchema,
  instantSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  projectParams,
  rangeQuery,
  searchText,
  takes,
} from '../sql/route.ts';
import { channels } from './channel.ts';
import { by, idCursor, idPage, keyHeader, textSchema } from './fields.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';
import { sell } from './sale.ts';
import { listSales, saleStates } from './sale-list.ts';
import { priceObstacles, singlePrice } from './single-price.ts';
import { assertAccount } from './wallet.ts';

/** Most that one sale may be of, base units: a million kWh. */
const QUANTITY_MAX = 1_000_000_000;

export const saleSchema = z
  .object({
    id: idSchema,
    accountId: idSchema,
    accountName: z.string(),
    receipt: z.string(),
    channel: z.enum(channels),
    amount: moneySchema,
    quantity: z.number().int().nullable().openapi({
      description: 'Base units, where it was sold by quantity; Wh or litres',
    }),
    commodity: z.enum(['electricity', 'water']).nullable(),
    price: z.string().nullable().openapi({ description: 'Per 1,000 base units, with tax' }),
    soldAt: z.string(),
    soldBy: z.string(),
    shiftId: idSchema.nullable(),
    reference: z.string().nullable(),
    note: z.string().nullable(),
    state: z.enum(saleStates).openapi({
      description: 'waiting: a second person has to agree to its reversal',
    }),
    reversalId: idSchema.nullable(),
    prints: z.number().int().openapi({ description: 'How often its receipt was printed' }),
    rechargeId: idSchema.nullable().openapi({ description: 'Its money on the way to a meter' }),
  })
  .openapi('Sale');
const salesPage = listOf(saleSchema, z.object({ count: z.number().int(), amount: moneySchema }));

const accountParams = projectParams.extend({ accountId: idSchema });
const range = rangeQuery.extend({
  shiftId: idSchema.optional(),
  q: searchText('receipt, account, cashier, note or amount'),
});

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
    headers: keyHeader,
    body: takes(
      z.strictObject({
        channel: z.enum(channels),
        amount: moneySchema,
        soldAt: instantSchema.nullable().default(null),
        reference: textSchema.nullable().default(null).openapi({
          description: 'What the bank or the channel calls the payment, such as an order number',
        }),
        note: textSchema.nullable().default(null),
        quantity: z
          .strictObject({
            commodity: z.enum(['electricity', 'water']),
            quantity: z.number().int().min(1).max(QUANTITY_MAX),
          })
          .nullable()
          .default(null)
          .openapi({
            description:
              'Base units (Wh, litres), where it is sold by quantity: taken while one energy price holds, and the amount is what they cost at it',
          }),
        meterId: idSchema.nullable().default(null).openapi({
          description: 'In meter mode: the meter that it is sent to, less what pays debts',
        }),
      }),
    ),
  },
  responses: makes(saleSchema),
});

const price = createRoute({
  method: 'get',
  path: '/projects/{projectId}/accounts/{accountId}/single-price',
  summary: 'The one energy price that an account can be sold quantities at, or why there is none',
  ...needs('sale.read'),
  request: {
    params: accountParams,
    query: z.object({ commodity: z.enum(['electricity', 'water']).default('electricity') }),
  },
  responses: answers(
    z
      .object({
        commodity: z.enum(['electricity', 'water']),
        price: z.string().nullable().openapi({
          description: 'Per 1,000 base units, with tax; null where there is not one',
        }),
        obstacle: z.enum(priceObstacles).nullable(),
        tariffName: z.string().nullable(),
        besides: z
          .array(z.string())
          .openapi({ description: 'Names of what is charged besides the energy' }),
      })
      .openapi('SinglePrice'),
  ),
});

export function saleRoutes({ db, clock }: BillingDeps) {
  const page = async (
    projectId: string,
    asked: z.output<typeof range> & { accountId?: string },
  ) => {
    const { limit, cursor, ...filters } = asked;
    const after = cursor === undefined ? null : idCursor(cursor);
    const project = await readProject(db, projectId);
    const found = await listSales(db, { project, ...filters, cursor: after, limit: limit + 1 });
    return { ...idPage(found.data, limit), totals: found.totals };
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
    .openapi(price, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      await assertAccount(db, { projectId, accountId });
      const project = await readProject(db, projectId);
      const { commodity } = c.req.valid('query');
      const found = await singlePrice(db, { project, accountId, commodity, now: clock() });
      return c.json(found, 200);
    })
    .openapi(make, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const sale = c.req.valid('json');
      const key = c.req.header('idempotency-key');
      const { body } = await sell(db, { projectId, accountId, sale, key, by: by(c), clock });
      return c.json(body, 201);
    });
}
