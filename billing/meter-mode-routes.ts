/** Meter mode: who holds an account's money, what its meters have of it, and each day's comparison with them. */
import { createRoute, z } from '@hono/zod-openapi';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  listOf,
  moneySchema,
  needs,
  projectParams,
  rangeQuery,
  searchText,
  takes,
} from '../sql/route.ts';
import { meterVerdicts } from '../sql/schema/meter-mode.ts';
import { by, idCursor, idPage, textSchema } from './fields.ts';
import { creditModes, setCreditMode } from './meter-mode.ts';
import { listReconciliations, reconciliationOf, shownMode } from './meter-mode-list.ts';
import { noCutKinds } from './meter-no-cut.ts';
import { adjustMeter, bearers } from './meter-reconcile.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';

const modeSchema = z
  .object({
    mode: z.enum(creditModes),
    wallet: moneySchema.openapi({ description: 'What is not with a meter nor on its way' }),
    inTransit: moneySchema,
    onMeters: moneySchema,
    meters: z.array(
      z.object({
        meterId: idSchema,
        serial: z.string(),
        pointId: idSchema,
        pointCode: z.string(),
        inTransit: moneySchema,
        onMeter: moneySchema,
        counter: z.number().int().nullable().openapi({
          description: 'The purchase counter that the meter should show; null before it was read',
        }),
        mustBeRead: z.boolean().openapi({
          description: 'After a restore: nothing is sent before a reading has told the counter',
        }),
        since: z.string(),
        beganAt: z.string().nullable().openapi({
          description: 'When its first recharge was proven: from then on the meter counts',
        }),
        overdraft: moneySchema.nullable().openapi({
          description: 'How far below zero it supplies, in hours or days without cuts',
        }),
      }),
    ),
    noCut: z.enum(noCutKinds).openapi({
      description:
        'Hours or days without cuts that the policy knows: by-overdraft: its meters get one for them; not-enforceable: a meter cannot be given one, and cuts by itself',
    }),
  })
  .openapi('MeterMode');

const reconciliationSchema = z
  .object({
    id: idSchema,
    localDay: daySchema,
    accountId: idSchema,
    accountNumber: z.string(),
    accountName: z.string(),
    meterId: idSchema,
    serial: z.string(),
    pointCode: z.string(),
    checkedAt: z.string(),
    readAt: z.string().nullable(),
    meter: moneySchema.nullable().openapi({ description: 'What the meter showed' }),
    ledger: moneySchema.openapi({ description: 'On the meter by the ledger' }),
    unsettled: moneySchema.openapi({ description: 'Used since, and not settled' }),
    difference: moneySchema
      .nullable()
      .openapi({ description: 'meter − (ledger − unsettled); above zero: the meter has more' }),
    tolerance: moneySchema,
    meterCounter: z.number().int().nullable(),
    ledgerCounter: z.number().int().nullable(),
    verdict: z.enum(meterVerdicts),
    adjusted: z.enum(['true-up', 'adjustment']).nullable(),
    adjustedAt: z.string().nullable(),
    adjustedBy: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .openapi('MeterReconciliation');

const accountParams = projectParams.extend({ accountId: idSchema });

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/accounts/{accountId}/credit-mode',
  summary: 'Who holds an account’s money, and what its meters have of it',
  ...needs('account.read'),
  request: { params: accountParams },
  responses: answers(modeSchema),
});

const change = createRoute({
  method: 'put',
  path: '/projects/{projectId}/accounts/{accountId}/credit-mode',
  summary: 'Let the meters hold an account’s money, or the platform again',
  ...needs('account.write'),
  request: {
    params: accountParams,
    body: takes(z.strictObject({ mode: z.enum(creditModes), reason: textSchema })),
  },
  responses: answers(modeSchema),
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/meter-reconciliations',
  summary: 'Meters that hold money against the ledger, of local days [from, to), newest first',
  ...needs('ledger.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      accountId: idSchema.optional(),
      verdict: z.enum(meterVerdicts).optional(),
      q: searchText('account or meter'),
    }),
  },
  responses: answers(
    listOf(
      reconciliationSchema,
      z.object({ count: z.number().int(), differing: z.number().int() }),
    ),
  ),
});

const adjust = createRoute({
  method: 'post',
  path: '/projects/{projectId}/meter-reconciliations/{reconciliationId}/adjust',
  summary: 'Bring the ledger to what a meter shows, by a person’s word',
  ...needs('reconciliation.adjust'),
  request: {
    params: projectParams.extend({ reconciliationId: idSchema }),
    body: takes(
      z.strictObject({
        reason: textSchema,
        bearer: z.enum(bearers).default('wallet').openapi({
          description: 'Who bears the difference: the customer’s wallet, or the park',
        }),
      }),
    ),
  },
  responses: answers(reconciliationSchema),
});

export function meterModeRoutes({ db, questdb, clock }: BillingDeps) {
  return createRoutes()
    .openapi(show, async (c) =>
      c.json(await shownMode(db, { ...c.req.valid('param'), now: clock() }), 200),
    )
    .openapi(change, async (c) => {
      const ids = c.req.valid('param');
      await setCreditMode(db, { questdb }, { ...ids, ...c.req.valid('json'), by: by(c), clock });
      return c.json(await shownMode(db, { ...ids, now: clock() }), 200);
    })
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filters } = c.req.valid('query');
      const after = cursor === undefined ? null : idCursor(cursor);
      const project = await readProject(db, projectId);
      const asked = { project, ...filters, cursor: after, limit: limit + 1 };
      const { data, totals } = await listReconciliations(db, asked);
      return c.json({ ...idPage(data, limit), totals }, 200);
    })
    .openapi(adjust, async (c) => {
      const { projectId, reconciliationId: id } = c.req.valid('param');
      await adjustMeter(db, { projectId, id, ...c.req.valid('json'), by: by(c), clock });
      const project = await readProject(db, projectId);
      return c.json(await reconciliationOf(db, { project, id }), 200);
    });
}
