/** Printing receipts: every print is counted, and a reprint says that it is one. */
import { createRoute, z } from '@hono/zod-openapi';
import {
  createRoutes,
  idSchema,
  makes,
  moneySchema,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { channels } from './channel.ts';
import { by } from './fields.ts';
import { paperKinds, printReceipt } from './receipt-print.ts';
import type { BillingDeps } from './routes.ts';

const paperSchema = z
  .object({
    kind: z.enum(paperKinds),
    receipt: z.string(),
    ofReceipt: z.string().nullable().openapi({ description: 'Of a reversal: what it undoes' }),
    reversedBy: z.string().nullable().openapi({
      description: 'Of a sale that was undone: the receipt of its reversal',
    }),
    accountId: idSchema,
    accountNumber: z.string(),
    accountName: z.string(),
    accountNameZh: z.string().nullable(),
    serials: z.array(z.string()).openapi({ description: 'Of the meters of the account then' }),
    channel: z.enum(channels).nullable().openapi({ description: 'Null where no money moved' }),
    amount: moneySchema,
    quantity: z.number().int().nullable(),
    commodity: z.enum(['electricity', 'water']).nullable(),
    price: z.string().nullable(),
    at: z.string(),
    by: z.string(),
    note: z.string().nullable(),
    toMeter: z.object({ serial: z.string(), amount: moneySchema }).nullable().openapi({
      description: 'Of a sale in meter mode: the meter that it went to, and how much of it',
    }),
    approvedBySamePerson: z.boolean().openapi({
      description: 'Of a reversal: who wanted it agreed to what a second person should have',
    }),
    issuer: z.object({
      name: z.string(),
      nameZh: z.string().nullable(),
      taxId: z.string().nullable(),
    }),
    copy: z.number().int(),
    isReprint: z.boolean(),
    printedAt: z.string(),
    printedBy: z.string(),
  })
  .openapi('Paper');

const print = createRoute({
  method: 'post',
  path: '/projects/{projectId}/receipt-prints',
  summary: 'What stands on a receipt, for printing it now; the print is counted',
  ...needs('sale.read'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({ receipt: z.string().regex(/^(R[FV]?|[DC])\d{8,17}$/, 'not a receipt') }),
    ),
  },
  responses: makes(paperSchema),
});

export function printRoutes({ db, clock }: BillingDeps) {
  return createRoutes().openapi(print, async (c) => {
    const { projectId } = c.req.valid('param');
    const { receipt } = c.req.valid('json');
    const asked = { projectId, receipt, by: by(c), now: clock() };
    return c.json(await printReceipt(db, asked), 201);
  });
}
