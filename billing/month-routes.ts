/** Months of the books: their states, what stands before a close, and the act itself. */
import { createRoute, z } from '@hono/zod-openapi';
import { notFound } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  listOf,
  moneySchema,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { by, textSchema } from './fields.ts';
import { gateKinds, monthGate, OPEN_POINT_DAYS_MAX } from './month-gate.ts';
import { changeMonth, listMonths, monthStates, refusalOf } from './months.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';

const monthText = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month is written like 2026-11')
  .openapi({ example: '2026-11' });

const monthSchema = z
  .object({
    month: monthText,
    state: z.enum(monthStates).openapi({
      description: 'soft-closed takes settlement only; closed takes nothing and stays closed',
    }),
    isOver: z.boolean(),
    changedAt: z.string().nullable(),
    changedBy: z.string().nullable(),
    reason: z.string().nullable(),
    accrued: moneySchema
      .nullable()
      .openapi({ description: 'What was accrued when it was closed, and taken back in the next' }),
  })
  .openapi('BillingMonth');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/months',
  summary: 'Months of the books, newest first',
  ...needs('ledger.read'),
  request: { params: projectParams },
  responses: answers(listOf(monthSchema, z.object({ count: z.number().int() }))),
});

const gate = createRoute({
  method: 'get',
  path: '/projects/{projectId}/months/{month}',
  summary: 'A month with what stands in it before it is closed',
  description: `unsettled: point-days that are over and have no settlement; waiting: those that cannot be settled yet; outdated: settled days whose settlement anew is outstanding; quarantined: readings that nobody has decided on; findings: other doubts that nobody has decided on (money of both: what is at stake, where it is known); unsealed: transactions dated there that have no position yet (money: what they move); unreconciled: settled days not reconciled; differences: of the newest reconciliation, without a reason. Nothing of this keeps a month from being closed: what is unsettled is accrued. Above ${OPEN_POINT_DAYS_MAX} unsettled point-days money is null, and the month cannot be closed.`,
  ...needs('ledger.read'),
  request: { params: projectParams.extend({ month: monthText }) },
  responses: answers(
    monthSchema
      .extend({
        items: z.array(
          z.object({
            kind: z.enum(gateKinds),
            count: z.number().int(),
            money: moneySchema.nullable(),
          }),
        ),
        accrual: moneySchema
          .nullable()
          .openapi({ description: 'What closing it now would accrue' }),
        ways: z.array(
          z.object({
            to: z.enum(monthStates),
            refusal: z.string().nullable().openapi({ description: 'null: it can go there now' }),
          }),
        ),
      })
      .openapi('BillingMonthGate'),
  ),
});

const change = createRoute({
  method: 'post',
  path: '/projects/{projectId}/months/{month}/state',
  summary: 'Soft-close, close or (while it is only soft-closed) open a month again',
  description:
    'Waits for postings that are under way in the month. Closing accrues what is unsettled on its last day and takes it back on the first day of the next open month.',
  ...needs('month.close'),
  request: {
    params: projectParams.extend({ month: monthText }),
    body: takes(z.strictObject({ state: z.enum(monthStates), reason: textSchema })),
  },
  responses: answers(monthSchema, 'The month as it is now'),
});

export function monthRoutes({ db, questdb, clock }: BillingDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const project = await readProject(db, projectId);
      const data = await listMonths(db, { project, now: clock() });
      return c.json({ data, nextCursor: null, totals: { count: data.length } }, 200);
    })
    .openapi(gate, async (c) => {
      const { projectId, month } = c.req.valid('param');
      const project = await readProject(db, projectId);
      const now = clock();
      const months = await listMonths(db, { project, now });
      const own = months.find((m) => m.month === month);
      if (!own) throw notFound('month');
      const found = await monthGate({ db, questdb }, { project, month: `${month}-01`, now });
      const ways = monthStates
        .filter((to) => to !== own.state)
        .map((to) => ({ to, refusal: refusalOf(months, { month, to }) }));
      return c.json({ ...own, ...found, ways }, 200);
    })
    .openapi(change, async (c) => {
      const { projectId, month } = c.req.valid('param');
      const asked = c.req.valid('json');
      const changed = await changeMonth(
        { db, questdb },
        { projectId, month, ...asked, by: by(c), now: clock() },
      );
      return c.json(changed, 200);
    });
}
