/** Corrections of settled days, as a list. */
import { createRoute, z } from '@hono/zod-openapi';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  listOf,
  needs,
  pageQuery,
  projectParams,
} from '../sql/route.ts';
import { chargeKinds, chargeUnits } from '../sql/schema/settlements.ts';
import { listCorrections } from './corrections.ts';
import type { BillingDeps } from './routes.ts';

const correctionSchema = z
  .object({
    settlementId: idSchema,
    supersedes: idSchema,
    accountId: idSchema,
    accountNumber: z.string(),
    pointId: idSchema.nullable(),
    pointCode: z.string().nullable(),
    serviceDay: daySchema,
    accountingDate: daySchema,
    component: z.string(),
    kind: z.enum(chargeKinds),
    unit: z.enum(chargeUnits),
    period: z.number().int().nullable(),
    step: z.number().int(),
    oldQuantity: z.number().int(),
    newQuantity: z.number().int(),
    oldPrice: z.string().nullable(),
    newPrice: z.string().nullable(),
    oldAmount: z.string(),
    newAmount: z.string(),
    difference: z.string(),
    cause: z.array(z.string()),
    by: z.string().nullable(),
    transactionId: idSchema,
    runId: idSchema,
    traceId: z.string().nullable(),
    at: z.string(),
  })
  .openapi('Correction');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/corrections',
  summary: 'What re-settlements changed, line by line, by accounting date [from, to); newest first',
  ...needs('account.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({
      from: daySchema.optional(),
      to: daySchema.optional(),
      accountId: idSchema.optional(),
      pointId: idSchema.optional(),
    }),
  },
  responses: answers(listOf(correctionSchema)),
});

export function correctionRoutes({ db }: BillingDeps) {
  return createRoutes().openapi(list, async (c) => {
    const { projectId } = c.req.valid('param');
    const {
      from = null,
      to = null,
      accountId = null,
      pointId = null,
      ...page
    } = c.req.valid('query');
    const found = await listCorrections(db, { projectId, from, to, accountId, pointId, ...page });
    return c.json({ ...found, totals: null }, 200);
  });
}
