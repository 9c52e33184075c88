/** Refunds: what can be given back and of what it is made up, giving it back, and the list of it. */
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
import { readVendingSettings } from '../sql/vending-settings.ts';
import { channels } from './channel.ts';
import { by, idCursor, idPage, keyHeader, textSchema } from './fields.ts';
import { readProject } from './project.ts';
import { refund } from './refund.ts';
import { listRefunds, refundOf } from './refund-list.ts';
import { refundable, refundUnknowns, shownRefundable } from './refundable.ts';
import type { BillingDeps } from './routes.ts';
import { assertAccount } from './wallet.ts';

const refundSchema = z
  .object({
    id: idSchema,
    receipt: z.string(),
    accountId: idSchema,
    accountName: z.string(),
    channel: z.enum(channels),
    amount: moneySchema,
    reason: z.string(),
    otherChannelReason: z
      .string()
      .nullable()
      .openapi({ description: 'Why it did not go back the way it came; null where it did' }),
    shiftId: idSchema.nullable(),
    refundedBy: z.string(),
    refundedAt: z.string(),
    transactionId: idSchema,
    prints: z.number().int(),
  })
  .openapi('Refund');

const refundableSchema = z
  .object({
    refundable: moneySchema.nullable().openapi({ description: 'Null where it is not known' }),
    unknown: z.enum(refundUnknowns).nullable().openapi({
      description:
        'no-balance: the live balance is not computed yet; never-read: a point was never read and no rate of use is known',
    }),
    live: moneySchema,
    silentHours: z.number().openapi({
      description: 'Hours that the balance does not cover, of the point that was silent longest',
    }),
    reserve: moneySchema.nullable().openapi({
      description: 'What these hours may have used, at the rate of the last seven settled days',
    }),
    inTransit: moneySchema,
    onMeter: moneySchema,
    uncleared: moneySchema.openapi({
      description: 'Online payments of the last `vending.unclearedHours` of the project',
    }),
    disputed: moneySchema.openapi({
      description: 'Payments that a dispute which holds is about, whether they have cleared or not',
    }),
    channels: z
      .array(z.object({ channel: z.enum(channels), amount: moneySchema }))
      .openapi({ description: 'What came in by each and has not gone back by it' }),
  })
  .openapi('Refundable');

const accountParams = projectParams.extend({ accountId: idSchema });

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/refunds',
  summary: 'Refunds of local days [from, to), newest first',
  ...needs('sale.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      accountId: idSchema.optional(),
      q: searchText('receipt, account, person, reason or amount'),
    }),
  },
  responses: answers(
    listOf(refundSchema, z.object({ count: z.number().int(), amount: moneySchema })),
  ),
});

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/refunds/{refundId}',
  summary: 'One refund',
  ...needs('sale.read'),
  request: { params: projectParams.extend({ refundId: idSchema }) },
  responses: answers(refundSchema),
});

const measure = createRoute({
  method: 'get',
  path: '/projects/{projectId}/accounts/{accountId}/refundable',
  summary: 'What can be refunded to an account now, and of what it is made up',
  description:
    'refundable = live - reserve - inTransit - onMeter - uncleared - disputed, never below zero.',
  ...needs('sale.read'),
  request: { params: accountParams },
  responses: answers(refundableSchema),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/accounts/{accountId}/refunds',
  summary: 'Refund: money out of the wallet, a receipt is numbered',
  ...needs('refund.write'),
  request: {
    params: accountParams,
    headers: keyHeader,
    body: takes(
      z.strictObject({
        channel: z.enum(channels),
        amount: moneySchema,
        reason: textSchema,
        otherChannelReason: textSchema.nullable().default(null).openapi({
          description: 'Needed where more goes by a channel than came by it',
        }),
      }),
    ),
  },
  responses: makes(refundSchema),
});

export function refundRoutes({ db, clock }: BillingDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filters } = c.req.valid('query');
      const project = await readProject(db, projectId);
      const after = cursor === undefined ? null : idCursor(cursor);
      const asked = { project, ...filters, cursor: after, limit: limit + 1 };
      const { data, totals } = await listRefunds(db, asked);
      return c.json({ ...idPage(data, limit), totals }, 200);
    })
    .openapi(show, async (c) => {
      const { projectId, refundId: id } = c.req.valid('param');
      return c.json(await refundOf(db, { project: await readProject(db, projectId), id }), 200);
    })
    .openapi(measure, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      await assertAccount(db, { projectId, accountId });
      const project = await readProject(db, projectId);
      const { unclearedHours } = await readVendingSettings(db, projectId);
      const asked = { project, accountId, unclearedHours, now: clock() };
      return c.json(shownRefundable(await refundable(db, asked), project.currency), 200);
    })
    .openapi(make, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const asked = c.req.valid('json');
      const key = c.req.header('idempotency-key');
      const given = { projectId, accountId, refund: asked, key, by: by(c), clock };
      return c.json((await refund(db, given)).body, 201);
    });
}
