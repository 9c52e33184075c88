/** Shifts of cashiers, and cash on its way between drawers, safe and bank. */
import { createRoute, z } from '@hono/zod-openapi';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  projectParams,
  rangeQuery,
  searchText,
  takes,
} from '../sql/route.ts';
import { movementKinds } from './cash.ts';
import { moveByHand } from './cash-acts.ts';
import { by, idCursor, idPage, keyHeader, textSchema } from './fields.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';
import { countShift, decideShift, openShift } from './shift.ts';
import {
  listCash,
  listMovements,
  listShifts,
  shiftOf,
  shiftStates,
  sumMovements,
  sumShifts,
} from './shift-list.ts';

const shiftSchema = z
  .object({
    id: idSchema,
    state: z.enum(shiftStates).openapi({
      description:
        'open; counted: over or short, waits for a second person; recount: to be counted again; closed',
    }),
    cashierId: z.string(),
    cashier: z.string(),
    openedAt: z.string(),
    closedAt: z.string().nullable(),
    float: moneySchema,
    receipts: z.number().int().openapi({ description: 'Sales of any channel' }),
    sold: moneySchema.openapi({ description: 'Cash of sales, deposits and what was owed' }),
    returned: moneySchema.openapi({
      description: 'Cash of refunds, reversals and deposits given back',
    }),
    handedIn: moneySchema.openapi({ description: 'Taken to the safe before the count' }),
    expected: moneySchema.openapi({
      description: 'By the ledger: in the drawer now, or when it was counted',
    }),
    counted: moneySchema.nullable(),
    difference: moneySchema.nullable().openapi({ description: 'Above zero: over' }),
    countId: idSchema.nullable(),
    countedById: z.string().nullable(),
    countedBy: z.string().nullable(),
    countedAt: z.string().nullable(),
    note: z.string().nullable(),
    decidedBy: z.string().nullable(),
    decidedAt: z.string().nullable(),
    reason: z.string().nullable(),
    approvedBySamePerson: z.boolean().openapi({
      description:
        'Over or short was agreed to by its cashier or by who counted: with `vending.singlePersonApproves` alone',
    }),
  })
  .openapi('Shift');

const movementSchema = z
  .object({
    id: idSchema,
    kind: z.enum(movementKinds).openapi({
      description:
        'float: safe to drawer; hand-in: drawer to safe; hand-back: safe to drawer after a recount; deposit: safe to the way to the bank; arrival: at the bank; withdrawal: bank to safe',
    }),
    amount: moneySchema,
    shiftId: idSchema.nullable(),
    cashier: z.string().nullable(),
    depositId: idSchema.nullable(),
    hasArrived: z.boolean().nullable().openapi({ description: 'Of a deposit' }),
    note: z.string().nullable(),
    movedBy: z.string(),
    movedAt: z.string(),
    transactionId: idSchema,
  })
  .openapi('CashMovement');

const cashSchema = z
  .object({
    place: z.enum(['drawer', 'safe', 'bank-transit', 'bank']),
    shiftId: idSchema.nullable(),
    detail: z.string(),
    cashier: z.string().nullable(),
    amount: moneySchema,
  })
  .openapi('Cash');

const range = rangeQuery.extend({
  q: searchText('number, cashier, note or person'),
});
const shiftParams = projectParams.extend({ shiftId: idSchema });
const noteSchema = textSchema.nullable().default(null);

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/shifts',
  summary: 'Shifts opened on local days [from, to), newest first',
  ...needs('sale.read'),
  request: {
    params: projectParams,
    query: range.extend({ state: z.enum(shiftStates).optional() }),
  },
  responses: answers(
    listOf(
      shiftSchema,
      z.object({
        count: z.number().int(),
        receipts: z.number().int(),
        sold: moneySchema,
        returned: moneySchema,
        handedIn: moneySchema,
        difference: moneySchema.openapi({ description: 'Of those that are counted' }),
      }),
    ),
  ),
});

const open = createRoute({
  method: 'post',
  path: '/projects/{projectId}/shifts',
  summary: 'Open one’s own shift with a float out of the safe; one at a time',
  ...needs('shift.write'),
  request: {
    params: projectParams,
    headers: keyHeader,
    body: takes(z.strictObject({ float: moneySchema })),
  },
  responses: makes(shiftSchema),
});

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/shifts/{shiftId}',
  summary: 'One shift',
  ...needs('sale.read'),
  request: { params: shiftParams },
  responses: answers(shiftSchema),
});

const count = createRoute({
  method: 'post',
  path: '/projects/{projectId}/shifts/{shiftId}/counts',
  summary: 'Count the drawer, which closes the shift; what was counted goes to the safe',
  description:
    'Where it is not what the ledger expects, the difference stays in the drawer until a second person has approved it as over or short, or asked for another count. Another’s shift is counted by who may approve one.',
  ...needs('shift.write'),
  request: {
    params: shiftParams,
    headers: keyHeader,
    body: takes(z.strictObject({ counted: moneySchema, note: noteSchema })),
  },
  responses: makes(shiftSchema),
});

const decide = createRoute({
  method: 'post',
  path: '/projects/{projectId}/shifts/{shiftId}/decisions',
  summary: 'A second person books over or short, or has it counted again',
  ...needs('shift.approve'),
  request: {
    params: shiftParams,
    headers: keyHeader,
    body: takes(z.strictObject({ decision: z.enum(['approve', 'recount']), reason: textSchema })),
  },
  responses: makes(shiftSchema),
});

const handIn = createRoute({
  method: 'post',
  path: '/projects/{projectId}/shifts/{shiftId}/hand-ins',
  summary: 'Take cash out of one’s own open drawer to the safe',
  ...needs('shift.write'),
  request: {
    params: shiftParams,
    headers: keyHeader,
    body: takes(z.strictObject({ amount: moneySchema, note: noteSchema })),
  },
  responses: makes(movementSchema),
});

const cash = createRoute({
  method: 'get',
  path: '/projects/{projectId}/cash',
  summary: 'Where cash is by the ledger: drawers, safe, on the way to the bank, bank',
  ...needs('sale.read'),
  request: { params: projectParams },
  responses: answers(listOf(cashSchema)),
});

const movements = createRoute({
  method: 'get',
  path: '/projects/{projectId}/cash-movements',
  summary: 'Cash that went from one place to another, newest first',
  ...needs('sale.read'),
  request: {
    params: projectParams,
    query: range.extend({ kind: z.enum(movementKinds).optional() }),
  },
  responses: answers(
    listOf(movementSchema, z.object({ count: z.number().int(), amount: moneySchema })),
  ),
});

const move = createRoute({
  method: 'post',
  path: '/projects/{projectId}/cash-movements',
  summary: 'Cash from the safe to the bank, its arrival there, or from the bank to the safe',
  description:
    'An arrival names its deposit and has its amount. A hand-in empties a drawer of before there were shifts, named by `drawer`.',
  ...needs('bank.write'),
  request: {
    params: projectParams,
    headers: keyHeader,
    body: takes(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('deposit'), amount: moneySchema, note: noteSchema }),
        z.strictObject({ kind: z.literal('withdrawal'), amount: moneySchema, note: noteSchema }),
        z.strictObject({ kind: z.literal('arrival'), depositId: idSchema, note: noteSchema }),
        z.strictObject({
          kind: z.literal('hand-in'),
          drawer: z.string().min(1).max(64),
          note: noteSchema,
        }),
      ]),
    ),
  },
  responses: makes(movementSchema),
});

export function shiftRoutes({ db, clock }: BillingDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...asked } = c.req.valid('query');
      const project = await readProject(db, projectId);
      const after = cursor === undefined ? null : idCursor(cursor);
      const { from, to, state, q } = asked;
      const filter = { project, from, to, state, q };
      const data = await listShifts(db, { ...filter, cursor: after, limit: limit + 1 });
      return c.json({ ...idPage(data, limit), totals: await sumShifts(db, filter) }, 200);
    })
    .openapi(open, async (c) => {
      const { projectId } = c.req.valid('param');
      const key = c.req.header('idempotency-key');
      const { float } = c.req.valid('json');
      const { body } = await openShift(db, { projectId, float, key, by: by(c), clock });
      return c.json(body, 201);
    })
    .openapi(show, async (c) => {
      const { projectId, shiftId: id } = c.req.valid('param');
      return c.json(await shiftOf(db, { project: await readProject(db, projectId), id }), 200);
    })
    .openapi(count, async (c) => {
      const { projectId, shiftId: id } = c.req.valid('param');
      const key = c.req.header('idempotency-key');
      const mayCountOthers = c.get('access').may(projectId, 'shift.approve') === 'allowed';
      const asked = { ...c.req.valid('json'), mayCountOthers };
      const { body } = await countShift(db, { projectId, id, ...asked, key, by: by(c), clock });
      return c.json(body, 201);
    })
    .openapi(decide, async (c) => {
      const { projectId, shiftId: id } = c.req.valid('param');
      const key = c.req.header('idempotency-key');
      const asked = c.req.valid('json');
      const { body } = await decideShift(db, { projectId, id, ...asked, key, by: by(c), clock });
      return c.json(body, 201);
    })
    .openapi(handIn, async (c) => {
      const { projectId, shiftId } = c.req.valid('param');
      const move = { kind: 'hand-in', shiftId, ...c.req.valid('json') } as const;
      const route = `POST /shifts/${shiftId}/hand-ins`;
      const key = c.req.header('idempotency-key');
      const { body } = await moveByHand(db, { projectId, move, route, key, by: by(c), clock });
      return c.json(body, 201);
    })
    .openapi(cash, async (c) => {
      const project = await readProject(db, c.req.valid('param').projectId);
      return c.json({ data: await listCash(db, project), nextCursor: null, totals: null }, 200);
    })
    .openapi(movements, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, from, to, kind, q } = c.req.valid('query');
      const project = await readProject(db, projectId);
      const after = cursor === undefined ? null : idCursor(cursor);
      const filter = { project, from, to, kind, q };
      const data = await listMovements(db, { ...filter, cursor: after, limit: limit + 1 });
      return c.json({ ...idPage(data, limit), totals: await sumMovements(db, filter) }, 200);
    })
    .openapi(move, async (c) => {
      const { projectId } = c.req.valid('param');
      const route = 'POST /cash-movements';
      const key = c.req.header('idempotency-key');
      const asked = { move: c.req.valid('json'), route, key };
      const { body } = await moveByHand(db, { projectId, ...asked, by: by(c), clock });
      return c.json(body, 201);
    });
}
