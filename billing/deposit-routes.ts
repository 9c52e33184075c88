/** Deposits: what is held for whom, taken, set off and given back. */
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
  takes,
} from '../sql/route.ts';
import { channels } from './channel.ts';
import { bookDeposit, depositKinds, listDeposits } from './deposit.ts';
import { by, idCursor, idPage, textSchema } from './fields.ts';
import type { BillingDeps } from './routes.ts';

export const depositSchema = z
  .object({
    id: idSchema,
    accountId: idSchema,
    accountName: z.string(),
    accountNumber: z.string(),
    kind: z.enum(depositKinds),
    receipt: z.string(),
    channel: z.enum(channels).nullable(),
    amount: moneySchema,
    bookedAt: z.string(),
    bookedBy: z.string(),
    note: z.string().nullable(),
  })
  .openapi('Deposit');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/deposits',
  summary: 'Deposits taken, set off and returned, newest first, and what they leave held',
  ...needs('sale.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      accountId: idSchema.optional(),
    }),
  },
  responses: answers(
    listOf(depositSchema, z.object({ count: z.number().int(), held: moneySchema })),
  ),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/accounts/{accountId}/deposits',
  summary: 'Take a deposit, set it against what the wallet owes, or give it back',
  ...needs('sale.write'),
  request: {
    params: projectParams.extend({ accountId: idSchema }),
    headers: z.object({
      'idempotency-key': z
        .string()
        .optional()
        .openapi({ description: 'Needed: the same key books once, however often it is sent' }),
    }),
    body: takes(
      z.strictObject({
        kind: z.enum(depositKinds),
        amount: moneySchema,
        channel: z.enum(channels).nullable().openapi({ description: 'Null for an offset' }),
        note: textSchema.nullable().default(null),
      }),
    ),
  },
  responses: makes(depositSchema),
});

export function depositRoutes({ db, clock }: BillingDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...asked } = c.req.valid('query');
      const after = cursor === undefined ? null : idCursor(cursor);
      const { data, totals } = await listDeposits(db, {
        ...{ projectId, ...asked },
        ...{ cursor: after, limit: limit + 1 },
      });
      return c.json({ ...idPage(data, limit), totals }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const deposit = c.req.valid('json');
      const key = c.req.header('idempotency-key');
      const made = await bookDeposit(db, { projectId, accountId, deposit, key, by: by(c), clock });
      return c.json(made.body, 201);
    });
}
