/** Accounts, their balance, entries and charges. */
import { createRoute, z } from '@hono/zod-openapi';
import { asKnownAtSchema, knownAt, knownAtSchema } from '../sql/position.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  pageQuery,
  projectParams,
  rangeQuery,
  takes,
} from '../sql/route.ts';
import { chargeKinds, chargeUnits } from '../sql/schema/settlements.ts';
import { accountStates, changeAccount, contactOf, listAccounts, openAccount } from './accounts.ts';
import { by, idCursor, idPage, nameFields, textSchema } from './fields.ts';
import { provisionalCharges } from './live.ts';
import { readBalance } from './live-store.ts';
import type { BillingDeps } from './routes.ts';
import { assertAccount, balanceAt, entryGroups, listCharges, listEntries } from './wallet.ts';

const balanceSchema = z
  .object({
    settled: moneySchema,
    provisional: moneySchema,
    live: moneySchema,
    settledTo: daySchema.nullable(),
    newestSampleAt: z.string().nullable(),
    ageS: z.number().int().nullable(),
    hoursLeft: z.number().nullable(),
    computedAt: z.string().nullable(),
  })
  .openapi('Balance');

const asKnownQuery = { asKnownAt: asKnownAtSchema.optional() };
/** The position that a list stands on; null: now. */
const knownTotals = z.object({ asKnownAt: knownAtSchema.nullable() });

const accountBalanceSchema = balanceSchema
  .extend({
    provisional: moneySchema.nullable().openapi({ description: 'Null at a position' }),
    live: moneySchema.nullable().openapi({ description: 'Null at a position' }),
    asKnownAt: knownAtSchema.nullable(),
  })
  .openapi('AccountBalance');

const accountSchema = z
  .object({
    id: idSchema,
    number: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    openedOn: daySchema,
    closedOn: daySchema.nullable(),
    creditMode: z.enum(['platform', 'meter']),
    alarm1: moneySchema.nullable(),
    alarm2: moneySchema.nullable(),
    points: z.array(
      z.object({
        id: idSchema,
        code: z.string(),
        commodity: z.enum(['electricity', 'water']),
        tenancyId: idSchema,
        from: z.string(),
        to: z.string().nullable(),
      }),
    ),
    balance: balanceSchema.nullable(),
  })
  .openapi('Account');

const personSchema = z.strictObject({
  name: textSchema,
  phone: textSchema.nullable().default(null),
  email: z.email().nullable().default(null),
});

// Not by `extend`, which the description would tell as two halves.
const detailSchema = z
  .object({
    ...accountSchema.shape,
    person: z
      .object({ name: z.string(), phone: z.string().nullable(), email: z.string().nullable() })
      .nullable()
      .openapi({ description: 'Whom the office speaks with' }),
  })
  .openapi('AccountDetail');

const entrySchema = z
  .object({
    id: z.string(),
    transactionId: idSchema,
    kind: z.string(),
    accountingDate: daySchema,
    postedAt: z.string(),
    amount: moneySchema,
    balance: moneySchema,
    cause: z.record(z.string(), z.unknown()),
  })
  .openapi('Entry');

const chargeSchema = z
  .object({
    settlementId: idSchema.nullable(),
    serviceDay: daySchema,
    scopeId: idSchema,
    pointCode: z.string().nullable(),
    component: z.string(),
    componentName: z.string().nullable(),
    tariffVersionId: idSchema,
    tariffName: z.string().nullable(),
    tariffVersion: z.number().int().nullable(),
    period: z.number().int().nullable(),
    step: z.number().int(),
    kind: z.enum(chargeKinds),
    unit: z.enum(chargeUnits),
    quantity: z.number().int(),
    price: z.string(),
    exact: z.string(),
    taxRate: z.string(),
    treatment: z.enum(['revenue', 'on-behalf']),
    revision: z.number().int(),
    provisional: z.boolean(),
  })
  .openapi('Charge');

const accountParams = projectParams.extend({ accountId: idSchema });
/** Points that come with an account in one request. */
const POINTS_MAX = 200;
const path = '/projects/{projectId}/accounts';

const list = createRoute({
  method: 'get',
  path,
  summary: 'Accounts with what they hold and their balance',
  ...needs('account.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({
      q: z.string().max(100).optional().openapi({
        description: 'A part of the number, a name or the code of a point, in any case',
      }),
      show: z.enum(['open', 'all']).optional().openapi({ description: 'Unset: all' }),
      state: z.enum(accountStates).optional(),
    }),
  },
  responses: answers(listOf(accountSchema)),
});

const make = createRoute({
  method: 'post',
  path,
  summary: 'Open an account, with its points',
  ...needs('account.write'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({
        number: textSchema.max(40).optional(),
        ...nameFields,
        openedOn: daySchema,
        creditMode: z.literal('platform').default('platform'),
        alarm1: moneySchema.nullable().default(null),
        alarm2: moneySchema.nullable().default(null),
        person: personSchema.nullable().default(null),
        pointIds: z.array(idSchema).max(POINTS_MAX).default([]),
      }),
    ),
  },
  responses: makes(detailSchema),
});

const show = createRoute({
  method: 'get',
  path: `${path}/{accountId}`,
  summary: 'One account',
  ...needs('account.read'),
  request: { params: accountParams },
  responses: answers(detailSchema),
});

const change = createRoute({
  method: 'patch',
  path: `${path}/{accountId}`,
  summary: 'Change or close an account',
  ...needs('account.write'),
  request: {
    params: accountParams,
    body: takes(
      z.strictObject({
        name: textSchema.optional(),
        nameZh: textSchema.nullable().optional(),
        alarm1: moneySchema.nullable().optional(),
        alarm2: moneySchema.nullable().optional(),
        person: personSchema.optional().openapi({ description: 'Whom the office speaks with' }),
        closedOn: daySchema.optional(),
      }),
    ),
  },
  responses: answers(detailSchema),
});

const balance = createRoute({
  method: 'get',
  path: `${path}/{accountId}/balance`,
  summary: 'Settled, provisional and live balance; at a journal position what was settled',
  ...needs('account.read'),
  request: { params: accountParams, query: z.object(asKnownQuery) },
  responses: answers(accountBalanceSchema),
});

const entries = createRoute({
  method: 'get',
  path: `${path}/{accountId}/entries`,
  summary: 'What moved the wallet, newest first',
  ...needs('account.read'),
  request: {
    params: accountParams,
    query: rangeQuery.extend({
      group: z.enum(entryGroups).optional(),
      ...asKnownQuery,
    }),
  },
  responses: answers(listOf(entrySchema, knownTotals)),
});

const charges = createRoute({
  method: 'get',
  path: `${path}/{accountId}/charges`,
  summary: 'Charges by service day, newest first; those of unsettled days are provisional',
  description:
    'At a journal position there are the lines that were in force there, none provisional.',
  ...needs('account.read'),
  request: {
    params: accountParams,
    query: rangeQuery.extend({
      ...asKnownQuery,
    }),
  },
  responses: answers(listOf(chargeSchema, knownTotals)),
});

export function accountRoutes(deps: BillingDeps) {
  const { db, clock } = deps;
  const one = async (projectId: string, accountId: string) => {
    const found = await listAccounts(db, { projectId, ids: [accountId], limit: 1, now: clock() });
    if (!found[0]) throw notFound('account');
    return { ...found[0], person: await contactOf(db, { projectId, accountId }) };
  };
  const knownOf = (projectId: string, { asKnownAt }: { asKnownAt?: string | undefined }) =>
    knownAt(db, { projectId, asKnownAt, now: clock() });
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filter } = c.req.valid('query');
      const found = await listAccounts(db, {
        filter,
        projectId,
        cursor: idCursor(cursor),
        limit: limit + 1,
        now: clock(),
      });
      return c.json({ ...idPage(found, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const account = { number: undefined, ...c.req.valid('json') };
      const id = await openAccount(db, { projectId, account, by: by(c), clock });
      return c.json(await one(projectId, id), 201);
    })
    .openapi(show, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      return c.json(await one(projectId, accountId), 200);
    })
    .openapi(change, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const changed = c.req.valid('json');
      await changeAccount(db, { projectId, id: accountId, change: changed, by: by(c) });
      return c.json(await one(projectId, accountId), 200);
    })
    .openapi(balance, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const known = await knownOf(projectId, c.req.valid('query'));
      const shown = known
        ? await balanceAt(db, { projectId, accountId, position: known.position })
        : await readBalance(db, { projectId, accountId, now: clock() });
      return c.json({ ...shown, asKnownAt: known }, 200);
    })
    .openapi(entries, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const asked = c.req.valid('query');
      const known = await knownOf(projectId, asked);
      const position = known?.position ?? null;
      const page = await listEntries(db, { projectId, accountId, ...asked, position });
      return c.json({ ...page, totals: { asKnownAt: known } }, 200);
    })
    .openapi(charges, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const { limit, cursor = '0', from = null, to = null, ...asKnown } = c.req.valid('query');
      if (!/^\d{1,9}$/.test(cursor)) {
        throw new Problem('invalid-request', 'query/cursor: not a cursor');
      }
      await assertAccount(db, { projectId, accountId });
      const offset = Number(cursor);
      const known = await knownOf(projectId, asKnown);
      const position = known?.position ?? null;
      const asked = { projectId, accountId, from, to };
      const [settled, open] = await Promise.all([
        listCharges(db, { ...asked, position, offset, limit: limit + 1 }),
        offset === 0 && !known ? provisionalCharges(deps, asked) : [],
      ]);
      const nextCursor = settled.length > limit ? String(offset + limit) : null;
      const data = [...open, ...settled.slice(0, limit)];
      return c.json({ data, nextCursor, totals: { asKnownAt: known } }, 200);
    });
}
