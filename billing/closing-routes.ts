/** Closing at the counter: what it would do, doing it, and what closed accounts are owed or owe. */
import { createRoute, z } from '@hono/zod-openapi';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  instantSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  pageQuery,
  projectParams,
  rangeQuery,
  searchText,
  takes,
} from '../sql/route.ts';
import { channels } from './channel.ts';
import { closeAccount, previewClosing, settleWays } from './closing.ts';
import { listClosings, sumClosings } from './closing-list.ts';
import { readAccountNow } from './closing-read.ts';
import { by, idCursor, idPage, textSchema } from './fields.ts';
import { listResiduals, residualKinds, settleResidual } from './residual.ts';
import type { BillingDeps } from './routes.ts';

const pointSchema = z.object({
  pointId: idSchema,
  code: z.string(),
  meterId: idSchema.nullable(),
  serial: z.string().nullable(),
  readAt: z.string().nullable(),
  obstacle: z.string().nullable(),
  commandId: idSchema.nullable(),
});

const previewSchema = z
  .object({
    at: z.string(),
    settled: moneySchema,
    charged: moneySchema,
    provisional: moneySchema,
    uncleared: moneySchema.openapi({
      description: 'Paid online and not cleared: not refunded at once, it stays as a residual',
    }),
    deposit: moneySchema,
    balance: moneySchema,
    points: z.array(pointSchema),
    waiting: z.array(
      z.object({
        pointId: idSchema.nullable(),
        code: z.string().nullable(),
        localDay: daySchema,
        reason: z.string(),
      }),
    ),
  })
  .openapi('ClosingPreview');

const closingSchema = z
  .object({
    id: idSchema,
    accountId: idSchema,
    accountNumber: z.string(),
    accountName: z.string(),
    endedAt: z.string(),
    settle: z.enum(settleWays),
    channel: z.enum(channels).nullable(),
    reason: z.string(),
    state: z.enum(['waiting', 'complete']),
    requestedBy: z.string(),
    requestedAt: z.string(),
    completedAt: z.string().nullable(),
    balance: moneySchema.nullable(),
    outcome: z.enum(['refunded', 'part-refunded', 'written-off', 'carried', 'even']).nullable(),
    receipt: z.string().nullable(),
    points: z.array(pointSchema),
  })
  .openapi('Closing');

const residualSchema = z
  .object({
    id: idSchema,
    number: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    closedOn: daySchema,
    side: z.enum(['refund', 'chase']),
    residual: moneySchema,
    changedAt: z.string(),
    changedBy: z.string(),
    phone: z.string().nullable(),
  })
  .openapi('Residual');

const residualActSchema = z
  .object({
    id: idSchema,
    accountId: idSchema,
    kind: z.enum(residualKinds),
    receipt: z.string(),
    channel: z.enum(channels).nullable(),
    amount: moneySchema,
    reason: z.string(),
    bookedAt: z.string(),
    bookedBy: z.string(),
  })
  .openapi('ResidualAct');

const path = '/projects/{projectId}/accounts';
const accountParams = projectParams.extend({ accountId: idSchema });
const keyed = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .openapi({ description: 'Needed: the same key acts once, however often it is sent' }),
});

const preview = createRoute({
  method: 'get',
  path: `${path}/{accountId}/closing`,
  summary: 'What closing an account would do, without doing it; of a closed one, its closing',
  ...needs('account.read'),
  request: {
    params: accountParams,
    query: z.object({
      at: z.union([daySchema, instantSchema]).optional().openapi({
        description: 'A day or a quarter-hour that is not ahead; unset: the last quarter-hour',
      }),
    }),
  },
  responses: answers(
    z.object({ closing: closingSchema.nullable(), preview: previewSchema.nullable() }),
  ),
});

const close = createRoute({
  method: 'post',
  path: `${path}/{accountId}/close`,
  summary: 'Close an account: points freed, days settled up to the end, what is left settled',
  description:
    'Needs sale.write too, and supply.write to switch the supply off. Days without readings are waited for, and their meters are asked; a refund that had to wait is paid from the list of residuals.',
  ...needs('account.write'),
  request: {
    params: accountParams,
    headers: keyed,
    body: takes(
      z.strictObject({
        at: z.union([daySchema, instantSchema]).nullable().default(null),
        settle: z.enum(settleWays),
        channel: z.enum(channels).nullable().default(null).openapi({
          description: 'Of a refund; null for all others',
        }),
        usesDeposit: z.boolean().default(true),
        supplyOff: z.boolean().default(false),
        reason: textSchema,
      }),
    ),
  },
  responses: makes(closingSchema),
});

const read = createRoute({
  method: 'post',
  path: `${path}/{accountId}/closing/readings`,
  summary: 'Have the meters of an account read now, before it is closed',
  ...needs('account.write'),
  request: { params: accountParams, headers: keyed },
  responses: makes(
    z.object({
      data: z.array(
        z.object({
          pointId: idSchema,
          commandId: idSchema.nullable(),
          obstacle: z.string().nullable().openapi({ description: 'Why its meter is not asked' }),
        }),
      ),
    }),
  ),
});

const closingTotals = z.object({
  count: z.number().int(),
  waiting: z.number().int(),
  refunded: moneySchema,
  writtenOff: moneySchema.openapi({ description: 'Above zero where the account gave it up' }),
  carried: moneySchema,
});

const list = createRoute({
  method: 'get',
  path: `${path}/closings`,
  summary: 'Closings, newest first',
  ...needs('account.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      state: z.enum(['waiting', 'complete']).optional(),
      q: searchText('the number, a name, the reason, who asked or the receipt'),
    }),
  },
  responses: answers(listOf(closingSchema, closingTotals)),
});

const residuals = createRoute({
  method: 'get',
  path: `${path}/residuals`,
  summary: 'Closed accounts that are owed something or owe it',
  ...needs('account.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({ side: z.enum(['refund', 'chase']).optional() }),
  },
  responses: answers(
    listOf(
      residualSchema,
      z.object({ count: z.number().int(), refund: moneySchema, chase: moneySchema }),
    ),
  ),
});

const settle = createRoute({
  method: 'post',
  path: `${path}/{accountId}/residual`,
  summary: 'Refund, collect or write off what is left of a closed account',
  ...needs('sale.write'),
  request: {
    params: accountParams,
    headers: keyed,
    body: takes(
      z.strictObject({
        kind: z.enum(residualKinds),
        amount: moneySchema,
        channel: z.enum(channels).nullable().default(null).openapi({
          description: 'Null for a write-off',
        }),
        reason: textSchema,
      }),
    ),
  },
  responses: makes(residualActSchema),
});

export function closingRoutes({ db, pool, questdb, clock }: BillingDeps) {
  const deps = { pool, questdb, clock };
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filter } = c.req.valid('query');
      const after = cursor === undefined ? null : idCursor(cursor);
      const asked = { projectId, ...filter };
      const found = await listClosings(db, { ...asked, cursor: after, limit: limit + 1 });
      return c.json({ ...idPage(found, limit), totals: await sumClosings(db, asked) }, 200);
    })
    .openapi(residuals, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, side } = c.req.valid('query');
      const asked = { projectId, side, cursor: idCursor(cursor), limit: limit + 1 };
      const { data, totals } = await listResiduals(db, asked);
      return c.json({ ...idPage(data, limit), totals }, 200);
    })
    .openapi(preview, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const { at = null } = c.req.valid('query');
      const [closing = null] = await listClosings(db, { projectId, accountId, limit: 1 });
      if (closing) return c.json({ closing, preview: null }, 200);
      const asked = { projectId, accountId, at, by: by(c) };
      return c.json({ closing: null, preview: await previewClosing(deps, asked) }, 200);
    })
    .openapi(read, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const key = c.req.header('idempotency-key');
      const made = await readAccountNow(db, { projectId, accountId, key, by: by(c), clock });
      return c.json(made.body, 201);
    })
    .openapi(close, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const closing = c.req.valid('json');
      const { may } = c.get('access');
      if (may(projectId, 'sale.write') !== 'allowed') {
        throw new Problem('forbidden', 'To settle what is left needs the permission sale.write.');
      }
      if (closing.supplyOff && may(projectId, 'supply.write') !== 'allowed') {
        throw new Problem(
          'forbidden',
          'To switch the supply off needs the permission supply.write.',
        );
      }
      const key = c.req.header('idempotency-key');
      await closeAccount(deps, { projectId, accountId, closing, key, by: by(c) });
      const [made] = await listClosings(db, { projectId, accountId, limit: 1 });
      if (!made) throw notFound('closing');
      return c.json(made, 201);
    })
    .openapi(settle, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const act = c.req.valid('json');
      const key = c.req.header('idempotency-key');
      const made = await settleResidual(db, { projectId, accountId, act, key, by: by(c), clock });
      return c.json(made.body, 201);
    });
}
