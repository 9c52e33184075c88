/** Wrong sales undone: wanted, agreed to by a second person where it must be, booked with a receipt. */
import { createRoute, z } from '@hono/zod-openapi';
import { Problem } from '../sql/problem.ts';
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
import { channels } from './channel.ts';
import { by, idCursor, idPage, keyHeader, textSchema } from './fields.ts';
import { readProject } from './project.ts';
import { decideReversal, reversalDecisions, reverseSale } from './reversal.ts';
import { approvalReasons, listReversals, reversalOf, reversalStates } from './reversal-list.ts';
import type { BillingDeps } from './routes.ts';

const reversalSchema = z
  .object({
    id: idSchema,
    state: z.enum(reversalStates).openapi({
      description: 'waiting: a second person has to agree',
    }),
    receipt: z.string().nullable().openapi({ description: 'Its own; null until it is booked' }),
    saleId: idSchema,
    saleReceipt: z.string(),
    soldAt: z.string(),
    soldBy: z.string(),
    accountId: idSchema,
    accountName: z.string(),
    channel: z.enum(channels),
    amount: moneySchema,
    reason: z.string(),
    approval: z.enum(approvalReasons).nullable().openapi({
      description:
        'Why a second person has to agree. amount: above the project’s limit; day: with what the same person reversed alone that day; overdrawn: the wallet would owe',
    }),
    proposedById: z.string(),
    proposedBy: z.string(),
    proposedAt: z.string(),
    decidedBy: z.string().nullable(),
    decidedAt: z.string().nullable(),
    decisionReason: z.string().nullable(),
    approvedBySamePerson: z.boolean().openapi({
      description:
        'It needed a second person, and who wanted it agreed to it: with `vending.singlePersonApproves` alone',
    }),
    shiftId: idSchema.nullable().openapi({ description: 'Whose drawer gave the cash back' }),
    transactionId: idSchema.nullable(),
    prints: z.number().int(),
  })
  .openapi('SaleReversal');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/reversals',
  summary: 'Reversals of sales wanted on local days [from, to), newest first',
  ...needs('sale.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      state: z.enum(reversalStates).optional(),
      accountId: idSchema.optional(),
      q: searchText('receipt, account, person, reason or amount'),
    }),
  },
  responses: answers(
    listOf(
      reversalSchema,
      z.object({
        count: z.number().int(),
        amount: moneySchema.openapi({ description: 'Also of what waits or was refused' }),
        booked: moneySchema,
      }),
    ),
  ),
});

const reversalParams = projectParams.extend({ reversalId: idSchema });

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/reversals/{reversalId}',
  summary: 'One reversal',
  ...needs('sale.read'),
  request: { params: reversalParams },
  responses: answers(reversalSchema),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/sales/{saleId}/reversals',
  summary: 'Undo a wrong sale: the whole of it, once',
  description:
    'Booked at once, or waiting for a second person: above `vending.reversalApprovalMinor` of the project, with what the same person reversed that day, or when the wallet would owe. Cash comes out of the drawer of the sale while its shift is open, else out of that of who asks.',
  ...needs('reversal.write'),
  request: {
    params: projectParams.extend({ saleId: idSchema }),
    headers: keyHeader,
    body: takes(z.strictObject({ reason: textSchema })),
  },
  responses: makes(reversalSchema),
});

const decide = createRoute({
  method: 'post',
  path: '/projects/{projectId}/reversals/{reversalId}/decisions',
  summary: 'Agree to a reversal or reject it (reversal.approve), or take one’s own back',
  ...needs('sale.read'),
  request: {
    params: reversalParams,
    headers: keyHeader,
    body: takes(z.strictObject({ decision: z.enum(reversalDecisions), reason: textSchema })),
  },
  responses: makes(reversalSchema),
});

export function reversalRoutes({ db, clock }: BillingDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filters } = c.req.valid('query');
      const project = await readProject(db, projectId);
      const after = cursor === undefined ? null : idCursor(cursor);
      const asked = { project, ...filters, cursor: after, limit: limit + 1 };
      const { data, totals } = await listReversals(db, asked);
      return c.json({ ...idPage(data, limit), totals }, 200);
    })
    .openapi(show, async (c) => {
      const { projectId, reversalId: id } = c.req.valid('param');
      return c.json(await reversalOf(db, { project: await readProject(db, projectId), id }), 200);
    })
    .openapi(make, async (c) => {
      const { projectId, saleId } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      const key = c.req.header('idempotency-key');
      const asked = { projectId, saleId, reason, key, by: by(c), clock };
      return c.json((await reverseSale(db, asked)).body, 201);
    })
    .openapi(decide, async (c) => {
      const { projectId, reversalId: id } = c.req.valid('param');
      const { decision, reason } = c.req.valid('json');
      const permission = decision === 'withdraw' ? 'reversal.write' : 'reversal.approve';
      if (c.get('access').may(projectId, permission) !== 'allowed') {
        throw new Problem('forbidden', `This needs the permission ${permission}.`);
      }
      const key = c.req.header('idempotency-key');
      const asked = { projectId, id, decision, reason, key, by: by(c), clock };
      return c.json((await decideReversal(db, asked)).body, 201);
    });
}
