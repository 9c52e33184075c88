/** The fee list in the API: by month, of one account, of a selection, of all. */
import { createRoute, z } from '@hono/zod-openapi';
import { Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  listOf,
  moneySchema,
  needs,
  pageQuery,
  projectParams,
} from '../sql/route.ts';
import { chargeKinds, chargeUnits } from '../sql/schema/settlements.ts';
import { FEE_ACCOUNTS_MAX, listFees } from './fee-list.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';

const lineSchema = z
  .object({
    accountId: idSchema,
    accountNumber: z.string(),
    accountName: z.string(),
    accountNameZh: z.string().nullable(),
    pointCode: z.string().nullable().openapi({ description: 'Null: of the account itself' }),
    component: z.string(),
    componentName: z.string().nullable(),
    componentNameZh: z.string().nullable(),
    tariffName: z.string(),
    tariffVersion: z.number().int(),
    period: z.number().int().nullable().openapi({ description: 'Rank 1 spike … 5 deep valley' }),
    step: z.number().int(),
    kind: z.enum(chargeKinds),
    unit: z.enum(chargeUnits),
    quantity: z.number().int().nullable().openapi({ description: 'In base units' }),
    price: z.string().nullable().openapi({
      description: 'Per 1,000 base units; null where it was not one price',
    }),
    days: z.number().int(),
    amount: moneySchema,
    tax: moneySchema.openapi({ description: 'Within the amount' }),
  })
  .openapi('FeeLine');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/fee-lines',
  summary:
    'What accounts were charged for a month, line by line, to the cent as their wallets were',
  ...needs('account.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({
      month: daySchema.openapi({ description: 'The first day of the month of service' }),
      accounts: z
        .string()
        .max(FEE_ACCOUNTS_MAX * 20)
        .optional()
        .openapi({
          description: `Ids with commas between them, ${FEE_ACCOUNTS_MAX} at most; left out: all`,
        }),
    }),
  },
  responses: answers(
    listOf(
      lineSchema,
      z.object({ count: z.number().int(), amount: moneySchema, tax: moneySchema }),
    ),
  ),
});

export function feeRoutes({ db }: BillingDeps) {
  return createRoutes().openapi(list, async (c) => {
    const { projectId } = c.req.valid('param');
    const { month, accounts = '', limit, cursor = '0' } = c.req.valid('query');
    if (!month.endsWith('-01')) {
      throw new Problem('invalid-request', 'query/month: not the first day of a month');
    }
    if (!/^\d{1,9}$/.test(cursor))
      throw new Problem('invalid-request', 'query/cursor: not a cursor');
    const accountIds = idsOf(accounts);
    const project = await readProject(db, projectId);
    const offset = Number(cursor);
    const asked = { project, month, accountIds, offset, limit: limit + 1 };
    const { data, totals } = await listFees(db, asked);
    const nextCursor = data.length > limit ? String(offset + limit) : null;
    return c.json({ data: data.slice(0, limit), nextCursor, totals }, 200);
  });
}

/** Ids with commas between them. Throws Problem `invalid-request` for anything else, and for too many. */
function idsOf(text: string): string[] {
  const ids = text.split(',').filter(Boolean);
  if (ids.length > FEE_ACCOUNTS_MAX) {
    throw new Problem('invalid-request', `query/accounts: more than ${FEE_ACCOUNTS_MAX}`);
  }
  if (!ids.every((id) => idSchema.safeParse(id).success)) {
    throw new Problem('invalid-request', 'query/accounts: not ids with commas between them');
  }
  return ids;
}
