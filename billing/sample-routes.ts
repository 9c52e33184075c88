/** A month priced by a tariff that may not be stored yet, beside the version before. */
import { createRoute, z } from '@hono/zod-openapi';
import { Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  moneySchema,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import type { BillingDeps } from './routes.ts';
import { priceSample } from './sample.ts';

const billSchema = z
  .object({
    lines: z.array(
      z.object({
        component: z.string(),
        name: z.string(),
        kind: z.string(),
        period: z.number().int().nullable(),
        step: z.number().int(),
        quantity: z.number().int(),
        unit: z.string(),
        price: z.string(),
        amount: moneySchema,
      }),
    ),
    total: moneySchema,
    tax: moneySchema,
  })
  .openapi('Bill');

const sample = createRoute({
  method: 'post',
  path: '/projects/{projectId}/tariffs/sample',
  summary:
    'What a month of a point or an account would cost, beside another version; nothing is stored',
  ...needs('tariff.read'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({
        commodity: z.enum(['electricity', 'water']),
        definition: z.unknown().optional().openapi({ type: 'object' }),
        versionId: idSchema.optional(),
        against: idSchema.nullable().default(null),
        month: z
          .string()
          .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month is written YYYY-MM')
          .openapi({ example: '2026-11' }),
        pointId: idSchema.optional(),
        accountId: idSchema.optional(),
      }),
    ),
  },
  responses: answers(
    z.object({
      month: z.string(),
      before: billSchema.nullable(),
      after: billSchema,
      difference: moneySchema.nullable(),
    }),
  ),
});

export function sampleRoutes({ db, questdb }: BillingDeps) {
  return createRoutes().openapi(sample, async (c) => {
    const { projectId } = c.req.valid('param');
    const { definition, versionId, pointId, accountId, month, ...rest } = c.req.valid('json');
    const of = pointId ? { pointId } : accountId ? { accountId } : undefined;
    if (!of || (pointId && accountId)) {
      throw new Problem('invalid-request', 'A sample is of a point or of an account.');
    }
    if ((definition === undefined) === (versionId === undefined)) {
      throw new Problem('invalid-request', 'A sample takes a definition or a version.');
    }
    const version = versionId ? { versionId } : { definition };
    const asked = { projectId, ...rest, version, of, month: `${month}-01` };
    return c.json(await priceSample({ db, questdb }, asked), 200);
  });
}
