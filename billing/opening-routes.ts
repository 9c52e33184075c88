/** Prepared openings: kept as drafts with what is still wrong with them, then opened with one request. */
import { createRoute, z } from '@hono/zod-openapi';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  faultSchema,
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
import { contractFields } from './contract-routes.ts';
import { depositSchema } from './deposit-routes.ts';
import { by, idCursor, idPage, nameFields, textSchema } from './fields.ts';
import { creditModes } from './meter-mode.ts';
import { listOpened } from './opened-list.ts';
import {
  carryOut,
  changeOpening,
  listOpenings,
  type OpeningContent,
  prepareOpening,
} from './opening.ts';
import { openingFaults } from './opening-faults.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';
import { saleSchema } from './sale-routes.ts';

/** Points of one opening, at most. */
const POINTS_MAX = 200;
const OVERLOAD_W_MAX = 100_000_000;

const paid = z.strictObject({
  channel: z.enum(channels),
  amount: moneySchema,
  note: textSchema.nullable().default(null),
});
const firstSale = paid.extend({
  pointId: idSchema.nullable().default(null).openapi({
    description: 'In meter mode: the point whose meter it goes to; null leaves it in the wallet',
  }),
});

const contentSchema = z
  .strictObject({
    number: textSchema.max(40).nullable().default(null),
    ...nameFields,
    from: z.union([daySchema, instantSchema]).nullable().default(null).openapi({
      description: 'A local day or a quarter-hour; null: the quarter-hour in which it is opened',
    }),
    alarm1: moneySchema.nullable().default(null),
    alarm2: moneySchema.nullable().default(null),
    person: z
      .strictObject({
        name: textSchema,
        phone: textSchema.max(40).nullable().default(null),
        email: z.email().nullable().default(null),
      })
      .nullable()
      .default(null),
    points: z
      .array(
        z.strictObject({
          pointId: idSchema,
          tariffId: idSchema.nullable().default(null),
          overloadW: z.number().int().min(1).max(OVERLOAD_W_MAX).nullable().default(null),
        }),
      )
      .max(POINTS_MAX)
      .default([]),
    tariffIds: z.array(idSchema).max(10).default([]),
    creditMode: z.enum(creditModes).default('platform').openapi({
      description: 'Who holds its money: the platform, or the meters of its electric points',
    }),
    firstSale: firstSale.nullable().default(null),
    deposit: paid.nullable().default(null),
    contract: z.strictObject(contractFields).nullable().default(null),
  })
  .openapi('OpeningContent');

const openingSchema = z
  .object({
    id: idSchema,
    state: z.enum(['prepared', 'opened', 'withdrawn']),
    content: contentSchema,
    preparedBy: z.string(),
    preparedAt: z.string(),
    changedBy: z.string(),
    changedAt: z.string(),
    accountId: idSchema.nullable(),
    result: z
      .object({
        openedAt: z.string(),
        openedBy: z.string(),
        from: z.string(),
        sale: saleSchema.nullable(),
        deposit: depositSchema.nullable(),
        settings: z.array(
          z.object({
            pointId: idSchema,
            commandId: idSchema.nullable(),
            obstacle: z.string().nullable(),
          }),
        ),
      })
      .nullable(),
    faults: z.array(faultSchema),
  })
  .openapi('Opening');

const path = '/projects/{projectId}/accounts/openings';
const params = projectParams.extend({ openingId: idSchema });

const list = createRoute({
  method: 'get',
  path,
  summary: 'Openings of accounts, newest first, with what keeps each from being opened now',
  ...needs('account.write'),
  request: {
    params: projectParams,
    query: pageQuery.extend({ state: z.enum(['prepared', 'opened', 'withdrawn']).optional() }),
  },
  responses: answers(listOf(openingSchema)),
});

const make = createRoute({
  method: 'post',
  path,
  summary: 'Prepare an opening: kept with its faults, nothing is opened yet',
  ...needs('account.write'),
  request: { params: projectParams, body: takes(contentSchema) },
  responses: makes(openingSchema),
});

const check = createRoute({
  method: 'post',
  path: `${path}/check`,
  summary: 'What would keep an opening from being opened now; nothing is kept',
  ...needs('account.write'),
  request: { params: projectParams, body: takes(contentSchema) },
  responses: answers(z.object({ faults: z.array(faultSchema) })),
});

const show = createRoute({
  method: 'get',
  path: `${path}/{openingId}`,
  summary: 'One opening',
  ...needs('account.write'),
  request: { params },
  responses: answers(openingSchema),
});

const change = createRoute({
  method: 'patch',
  path: `${path}/{openingId}`,
  summary: 'Change a prepared opening: its whole content',
  ...needs('account.write'),
  request: { params, body: takes(contentSchema) },
  responses: answers(openingSchema),
});

const withdraw = createRoute({
  method: 'post',
  path: `${path}/{openingId}/withdraw`,
  summary: 'Withdraw a prepared opening',
  ...needs('account.write'),
  request: { params },
  responses: answers(openingSchema),
});

const open = createRoute({
  method: 'post',
  path: `${path}/{openingId}/open`,
  summary: 'Open the account with all that was prepared, in one transaction',
  description:
    'A first sale or a deposit needs the permission sale.write too. Tariffs that exist may be chosen by who opens.',
  ...needs('account.write'),
  request: {
    params,
    headers: z.object({
      'idempotency-key': z
        .string()
        .optional()
        .openapi({ description: 'Needed: the same key opens once, however often it is sent' }),
    }),
  },
  responses: answers(openingSchema),
});

const openedSchema = z
  .object({
    id: idSchema,
    number: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    openedOn: daySchema,
    closedOn: daySchema.nullable(),
    creditMode: z.enum(['platform', 'meter']),
    points: z.array(z.string()).openapi({ description: 'Codes of every point that it has held' }),
    firstSale: moneySchema.nullable(),
    receipt: z.string().nullable(),
    deposit: moneySchema.nullable(),
    openedBy: z.string().nullable(),
  })
  .openapi('OpenedAccount');

const opened = createRoute({
  method: 'get',
  path: '/projects/{projectId}/accounts/opened',
  summary: 'Accounts opened on local days [from, to), with what was paid at the opening',
  ...needs('account.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      q: searchText('the number, a name, a point’s code, the receipt or who opened it'),
    }),
  },
  responses: answers(
    listOf(
      openedSchema,
      z.object({ count: z.number().int(), firstSale: moneySchema, deposit: moneySchema }),
    ),
  ),
});

export function openingRoutes({ db, clock }: BillingDeps) {
  const one = async (projectId: string, id: string) => {
    const [found] = await listOpenings(db, { projectId, id, limit: 1, now: clock() });
    if (!found) throw notFound('opening');
    return found;
  };
  return createRoutes()
    .openapi(opened, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filter } = c.req.valid('query');
      const project = await readProject(db, projectId);
      const before = cursor === undefined ? null : idCursor(cursor);
      const asked = { project, ...filter, cursor: before, limit: limit + 1 };
      const { data, totals } = await listOpened(db, asked);
      return c.json({ ...idPage(data, limit), totals }, 200);
    })
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, state } = c.req.valid('query');
      const after = cursor === undefined ? null : idCursor(cursor);
      const asked = { projectId, state, cursor: after, limit: limit + 1, now: clock() };
      const found = await listOpenings(db, asked);
      return c.json({ ...idPage(found, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const content: OpeningContent = c.req.valid('json');
      const id = await prepareOpening(db, { projectId, content, by: by(c), now: clock() });
      return c.json(await one(projectId, id), 201);
    })
    .openapi(check, async (c) => {
      const project = await readProject(db, c.req.valid('param').projectId);
      const content: OpeningContent = c.req.valid('json');
      const [faults = []] = await openingFaults(db, { project, contents: [content], now: clock() });
      return c.json({ faults }, 200);
    })
    .openapi(show, async (c) => {
      const { projectId, openingId } = c.req.valid('param');
      return c.json(await one(projectId, openingId), 200);
    })
    .openapi(change, async (c) => {
      const { projectId, openingId: id } = c.req.valid('param');
      const content: OpeningContent = c.req.valid('json');
      await changeOpening(db, { projectId, id, content, by: by(c), now: clock() });
      return c.json(await one(projectId, id), 200);
    })
    .openapi(withdraw, async (c) => {
      const { projectId, openingId: id } = c.req.valid('param');
      await changeOpening(db, { projectId, id, content: null, by: by(c), now: clock() });
      return c.json(await one(projectId, id), 200);
    })
    .openapi(open, async (c) => {
      const { projectId, openingId: id } = c.req.valid('param');
      const { may } = c.get('access');
      const { content } = await one(projectId, id);
      const isPaid = content.firstSale !== null || content.deposit !== null;
      if (isPaid && may(projectId, 'sale.write') !== 'allowed') {
        throw new Problem(
          'forbidden',
          'A first sale or a deposit needs the permission sale.write.',
        );
      }
      const key = c.req.header('idempotency-key');
      const mayCommand = may(projectId, 'command.write') === 'allowed';
      await carryOut(db, { projectId, id, key, by: by(c), clock, mayCommand });
      return c.json(await one(projectId, id), 200);
    });
}
