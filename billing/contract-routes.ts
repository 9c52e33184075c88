/** Supply contracts of accounts, with the addresses that notices go to. */
import { createRoute, z } from '@hono/zod-openapi';
import { notFound } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  listOf,
  makes,
  needs,
  pageQuery,
  projectParams,
  takes,
} from '../sql/route.ts';
import { addressKinds } from '../sql/schema/openings.ts';
import { listContracts, makeContract } from './contract.ts';
import { by, idCursor, idPage, textSchema } from './fields.ts';
import type { BillingDeps } from './routes.ts';

/** Addresses of one contract, at most. */
const NOTICES_MAX = 20;

export const contractFields = {
  number: textSchema.max(60),
  from: daySchema,
  to: daySchema.nullable().default(null),
  notices: z
    .array(z.strictObject({ kind: z.enum(addressKinds), address: textSchema }))
    .max(NOTICES_MAX)
    .default([]),
};

const contractSchema = z
  .object({
    id: idSchema,
    accountId: idSchema,
    accountNumber: z.string(),
    accountName: z.string(),
    number: z.string(),
    from: daySchema,
    to: daySchema.nullable(),
    notices: z.array(z.object({ kind: z.enum(addressKinds), address: z.string() })),
    createdBy: z.string(),
    createdAt: z.string(),
  })
  .openapi('SupplyContract');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/supply-contracts',
  summary: 'Supply contracts, newest first; the newest of an account holds',
  ...needs('account.read'),
  request: { params: projectParams, query: pageQuery.extend({ accountId: idSchema.optional() }) },
  responses: answers(listOf(contractSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/accounts/{accountId}/supply-contracts',
  summary: 'Make the next supply contract of an account',
  ...needs('account.write'),
  request: {
    params: projectParams.extend({ accountId: idSchema }),
    body: takes(z.strictObject(contractFields)),
  },
  responses: makes(contractSchema),
});

export function contractRoutes({ db }: BillingDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, accountId } = c.req.valid('query');
      const after = cursor === undefined ? null : idCursor(cursor);
      const asked = { projectId, accountId, cursor: after, limit: limit + 1 };
      return c.json({ ...idPage(await listContracts(db, asked), limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const asked = { projectId, accountId, contract: c.req.valid('json'), by: by(c) };
      const id = await db.transaction((tx) => makeContract(tx, asked));
      const [made] = await listContracts(db, { projectId, id, limit: 1 });
      if (!made) throw notFound('contract');
      return c.json(made, 201);
    });
}
