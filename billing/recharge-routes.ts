/** Recharges: money on its way to meters, and what became of it. */
import { createRoute, z } from '@hono/zod-openapi';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  projectParams,
  rangeQuery,
  searchText,
  takes,
} from '../sql/route.ts';
import { rechargeStates, rechargeWaits } from '../sql/schema/meter-mode.ts';
import { by, idCursor, idPage, keyHeader, textSchema } from './fields.ts';
import { readProject } from './project.ts';
import { decideRecharge, recharge } from './recharge.ts';
import { listRecharges, rechargeOf } from './recharge-list.ts';
import type { BillingDeps } from './routes.ts';
import { assertAccount } from './wallet.ts';

const rechargeSchema = z
  .object({
    id: idSchema,
    accountId: idSchema,
    accountNumber: z.string(),
    accountName: z.string(),
    meterId: idSchema,
    serial: z.string(),
    pointCode: z.string(),
    saleId: idSchema.nullable(),
    receipt: z.string().nullable().openapi({ description: 'Of the sale that it comes of' }),
    amount: moneySchema,
    collected: z
      .array(z.object({ code: z.string(), amount: moneySchema }))
      .openapi({ description: 'Of the sale, what stayed in the wallet for debts' }),
    state: z.enum(rechargeStates).openapi({
      description:
        'waiting: still in the wallet; sent, unknown: in transit until it is read back; held: the counter does not fit, a person decides; confirmed: with the meter; returned: back in the wallet',
    }),
    waitsFor: z.enum(rechargeWaits).nullable(),
    counter: z.number().int().nullable().openapi({
      description: 'The purchase counter that proves it, one more than before',
    }),
    commandId: idSchema.nullable(),
    outcome: z.string().nullable(),
    before: moneySchema.nullable().openapi({ description: 'The meter’s register before it' }),
    after: moneySchema.nullable(),
    requestedAt: z.string(),
    requestedBy: z.string(),
    sentAt: z.string().nullable(),
    resolvedAt: z.string().nullable(),
    decidedBy: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .openapi('Recharge');
const page = listOf(
  rechargeSchema,
  z.object({
    count: z.number().int(),
    amount: moneySchema,
    open: moneySchema.openapi({ description: 'Waiting, on its way, or held' }),
  }),
);

const accountParams = projectParams.extend({ accountId: idSchema });
const rechargeParams = projectParams.extend({ rechargeId: idSchema });
const range = rangeQuery.extend({
  state: z.enum(rechargeStates).optional(),
  meterId: idSchema.optional(),
  q: searchText('receipt, account, meter, person or amount'),
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/recharges',
  summary: 'Recharges of meters asked for on local days [from, to), newest first',
  ...needs('sale.read'),
  request: { params: projectParams, query: range },
  responses: answers(page),
});

const listOfAccount = createRoute({
  method: 'get',
  path: '/projects/{projectId}/accounts/{accountId}/recharges',
  summary: 'Recharges of one account’s meters, newest first',
  ...needs('sale.read'),
  request: { params: accountParams, query: range },
  responses: answers(page),
});

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/recharges/{rechargeId}',
  summary: 'One recharge, as far as it is',
  ...needs('sale.read'),
  request: { params: rechargeParams },
  responses: answers(rechargeSchema),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/accounts/{accountId}/recharges',
  summary: 'Send money out of the wallet to a meter, proven by its balance and purchase counter',
  ...needs('recharge.write'),
  request: {
    params: accountParams,
    headers: keyHeader,
    body: takes(z.strictObject({ meterId: idSchema, amount: moneySchema })),
  },
  responses: makes(rechargeSchema),
});

const decide = createRoute({
  method: 'post',
  path: '/projects/{projectId}/recharges/{rechargeId}/decide',
  summary: 'Say whose the money of a recharge is that is held, or take one back that waits',
  ...needs('reconciliation.adjust'),
  request: {
    params: rechargeParams,
    body: takes(z.strictObject({ to: z.enum(['meter', 'wallet']), reason: textSchema })),
  },
  responses: answers(rechargeSchema),
});

export function rechargeRoutes({ db, clock }: BillingDeps) {
  const pageOf = async (
    projectId: string,
    { limit, cursor, ...filters }: z.output<typeof range> & { accountId?: string },
  ) => {
    const after = cursor === undefined ? null : idCursor(cursor);
    const project = await readProject(db, projectId);
    const found = await listRecharges(db, { project, ...filters, cursor: after, limit: limit + 1 });
    return { ...idPage(found.data, limit), totals: found.totals };
  };
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      return c.json(await pageOf(projectId, c.req.valid('query')), 200);
    })
    .openapi(listOfAccount, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      await assertAccount(db, { projectId, accountId });
      return c.json(await pageOf(projectId, { ...c.req.valid('query'), accountId }), 200);
    })
    .openapi(show, async (c) => {
      const { projectId, rechargeId: id } = c.req.valid('param');
      const project = await readProject(db, projectId);
      return c.json(await rechargeOf(db, { project, id }), 200);
    })
    .openapi(make, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const wanted = c.req.valid('json');
      const key = c.req.header('idempotency-key');
      const { body } = await recharge(db, { projectId, accountId, wanted, key, by: by(c), clock });
      return c.json(body, 201);
    })
    .openapi(decide, async (c) => {
      const { projectId, rechargeId: id } = c.req.valid('param');
      const decision = c.req.valid('json');
      return c.json(
        await decideRecharge(db, { projectId, id, ...decision, by: by(c), clock }),
        200,
      );
    });
}
