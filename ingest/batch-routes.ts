/** Commands to many meters in the API: previewed, begun as previewed, followed, decided on. */
import { createRoute, z } from '@hono/zod-openapi';
import { commandFunctionNames, commandFunctionOf } from '../sql/command-functions.ts';
import { argumentsOf, COMMAND_METERS_MAX, obstacleProblem, obstacles } from '../sql/commands.ts';
import { once } from '../sql/idempotency.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  pageQuery,
  projectParams,
  takes,
} from '../sql/route.ts';
import {
  batchMeterSchema,
  batchMeterStates,
  batchSchema,
  listBatches,
  listBatchMeters,
} from './batch-list.ts';
import { chosenMeters, digestOf } from './batch-select.ts';
import { beginBatch, CANARY_MAX, decideBatch } from './batches.ts';
import { askableSchema, assertMayCommand } from './command-routes.ts';
import { idPageQuery, textSchema } from './fields.ts';
import { modelNames } from './models.ts';
import type { IngestDeps } from './routes.ts';
import { by, pageOf } from './rows.ts';

const choice = {
  function: askableSchema,
  arguments: z.record(z.string(), z.unknown()).default({}),
  filter: z
    .strictObject({
      buildingId: idSchema.optional(),
      floorId: idSchema.optional(),
      gatewayId: idSchema.optional(),
      model: z.enum(modelNames).optional(),
      commodity: z.enum(['electricity', 'water']).optional(),
    })
    .optional()
    .openapi({ description: 'Meters by place and kind; or name them by meterIds' }),
  meterIds: z.array(idSchema).min(1).max(COMMAND_METERS_MAX).optional(),
};

const choiceSchema = z.strictObject(choice);

const count = z.number().int();
const previewSchema = z
  .object({
    function: z.enum(commandFunctionNames),
    arguments: z.record(z.string(), z.unknown()),
    digest: z
      .string()
      .openapi({ description: 'To be sent with the batch: it holds what is shown' }),
    lifeS: count,
    counts: z.object({
      total: count,
      asked: count,
      leftOut: count,
      unchanged: count.openapi({ description: 'Asked, and so already by the newest sample' }),
      silent: count.openapi({ description: 'Asked, and not heard of for some time' }),
    }),
    data: z.array(
      z.object({
        meterId: idSchema,
        serial: z.string(),
        model: z.string().nullable(),
        pointId: idSchema.nullable(),
        pointCode: z.string().nullable(),
        accountId: idSchema.nullable(),
        accountName: z.string().nullable(),
        silent: z.boolean(),
        supply: z.enum(['on', 'off']).nullable(),
        supplyAfter: z.enum(['on', 'off']).nullable().openapi({
          description: 'Null where the function says nothing of the supply, or it is left out',
        }),
        obstacle: z.enum(obstacles).nullable(),
        told: z.string().nullable(),
      }),
    ),
  })
  .openapi('CommandBatchPreview');

const preview = createRoute({
  method: 'post',
  path: '/projects/{projectId}/command-batches/preview',
  summary: 'What a command to many meters would do to each, or why not; nothing is asked',
  ...needs('command.read'),
  request: { params: projectParams, body: takes(choiceSchema) },
  responses: answers(previewSchema),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/command-batches',
  summary: 'Begin a batch as it was previewed, its canary first',
  ...needs('command.read'),
  request: {
    params: projectParams,
    headers: z.object({
      'idempotency-key': z.string().optional().openapi({
        description: 'Needed: the same key begins one batch, however often it is sent',
      }),
    }),
    body: takes(
      z.strictObject({
        ...choice,
        digest: z.string().length(64),
        canary: count.min(0).max(CANARY_MAX),
        goesOn: z.boolean().default(false),
        reason: textSchema,
      }),
    ),
  },
  responses: makes(batchSchema),
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/command-batches',
  summary: 'Batches of commands with how far they are, newest first',
  ...needs('command.read'),
  request: {
    params: projectParams,
    query: idPageQuery.extend({ function: z.enum(commandFunctionNames).optional() }),
  },
  responses: answers(listOf(batchSchema)),
});

const batchParams = projectParams.extend({ batchId: idSchema });

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/command-batches/{batchId}',
  summary: 'Every meter of a batch with its outcome; the batch itself in the totals',
  ...needs('command.read'),
  request: {
    params: batchParams,
    query: pageQuery.extend({
      cursor: z
        .string()
        .regex(/^\d{1,9}$/)
        .optional(),
      state: z.enum(batchMeterStates).optional(),
    }),
  },
  responses: answers(listOf(batchMeterSchema, batchSchema)),
});

const decide = createRoute({
  method: 'post',
  path: '/projects/{projectId}/command-batches/{batchId}/{act}',
  summary: 'Stop a batch, let it go on, or try again what has failed',
  ...needs('command.read'),
  request: {
    params: batchParams.extend({ act: z.enum(['stop', 'continue', 'retry']) }),
    body: takes(z.strictObject({ reason: textSchema })),
  },
  responses: answers(batchSchema),
});

export function batchRoutes({ db, clock }: IngestDeps) {
  const one = async (projectId: string, id: string) => {
    const [batch] = await listBatches(db, { projectId, id, limit: 1 });
    if (!batch) throw notFound('batch');
    return batch;
  };
  return createRoutes()
    .openapi(preview, async (c) => {
      const { projectId } = c.req.valid('param');
      const access = c.get('access');
      const selection = selectionOf(c.req.valid('json'), { projectId, at: clock() });
      assertMayCommand(access, projectId, selection.function);
      const meters = await chosenMeters(db, selection);
      const withAccounts = access.may(projectId, 'account.read') === 'allowed';
      const { supply, lifeS } = commandFunctionOf(selection.function);
      const data = meters.map(({ accountId, accountName, ...meter }) => ({
        ...meter,
        accountId: withAccounts ? accountId : null,
        accountName: withAccounts ? accountName : null,
        supplyAfter: meter.obstacle ? null : supply,
        told: meter.obstacle && obstacleProblem(meter.obstacle).detail,
      }));
      const asked = data.filter(({ obstacle }) => obstacle === null);
      const unchanged = asked.filter((m) => m.supplyAfter !== null && m.supply === m.supplyAfter);
      const answer = {
        ...{ function: selection.function, arguments: selection.arguments, lifeS, data },
        digest: digestOf(selection, meters),
        counts: {
          total: data.length,
          asked: asked.length,
          leftOut: data.length - asked.length,
          unchanged: unchanged.length,
          silent: asked.filter(({ silent }) => silent).length,
        },
      };
      return c.json(answer, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const { digest, canary, goesOn, reason, ...chosen } = c.req.valid('json');
      assertMayCommand(c.get('access'), projectId, chosen.function);
      const selection = selectionOf(chosen, { projectId, at: clock() });
      const { at, ...request } = { ...selection, digest, canary, goesOn, reason };
      const { body } = await once(
        db,
        {
          ...{ projectId, route: 'POST /command-batches', request },
          key: c.req.header('idempotency-key'),
          actorId: by(c).actor.id,
        },
        async (tx) => {
          const id = await beginBatch(tx, { ...request, at }, by(c));
          return { status: 201, body: { id } };
        },
      );
      return c.json(await one(projectId, body.id), 201);
    })
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor: before, function: name } = c.req.valid('query');
      const rows = await listBatches(db, { projectId, before, name, limit: limit + 1 });
      return c.json({ ...pageOf(rows, limit), totals: null }, 200);
    })
    .openapi(show, async (c) => {
      const { projectId, batchId: id } = c.req.valid('param');
      const { limit, cursor, state } = c.req.valid('query');
      const totals = await one(projectId, id);
      const after = Number(cursor ?? 0);
      const rows = await listBatchMeters(db, { projectId, id, after, state, limit: limit + 1 });
      const data = rows.slice(0, limit);
      const nextCursor = rows.length > limit ? String(data.at(-1)?.place) : null;
      return c.json({ data, nextCursor, totals }, 200);
    })
    .openapi(decide, async (c) => {
      const { projectId, batchId: id, act } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      const batch = await one(projectId, id);
      assertMayCommand(c.get('access'), projectId, batch.function);
      const decision = { projectId, id, reason, at: clock() };
      await db.transaction((tx) => decideBatch(tx, act, decision, by(c)));
      return c.json(await one(projectId, id), 200);
    });
}

function selectionOf(
  { function: name, arguments: args, filter, meterIds }: z.output<typeof choiceSchema>,
  { projectId, at }: { projectId: string; at: Date },
) {
  if ((filter === undefined) === (meterIds === undefined)) {
    throw new Problem('invalid-request', 'json: give either filter or meterIds');
  }
  return {
    ...{ projectId, at, function: name, arguments: argumentsOf(name, args) },
    ...{ filter, meterIds },
  };
}
