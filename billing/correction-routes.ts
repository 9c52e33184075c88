/** Corrections of settled days, as a list. */
import { createRoute, z } from '@hono/zod-openapi';
import { asKnownAtSchema, knownAt, knownAtSchema } from '../sql/position.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  listOf,
  needs,
  projectParams,
  rangeQuery,
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
    query: rangeQuery.extend({
      accountId: idSchema.optional(),
      pointId: idSchema.optional(),
      asKnownAt: asKnownAtSchema.optional(),
    }),
  },
  responses: answers(listOf(correctionSchema, z.object({ asKnownAt: knownAtSchema.nullable() }))),
});

export function correctionRoutes({ db, clock }: BillingDeps) {
  return createRoutes().openapi(list, async (c) => {
    const { projectId } = c.req.valid('param');
    const {
      from = null,
      to = null,
      accountId = null,
      pointId = null,
      asKnownAt,
      ...page
    } = c.req.valid('query');
    const known = await knownAt(db, { projectId, asKnownAt, now: clock() });
    const position = known?.position ?? null;
    const asked = { projectId, from, to, accountId, pointId, position, ...page };
    return c.json({ ...(await listCorrections(db, asked)), totals: { asKnownAt: known } }, 200);
  });
}
