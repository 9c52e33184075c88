/** Commands in the API: asking, following, withdrawing. */
import { createRoute, z } from '@hono/zod-openapi';
import { record } from '../sql/audit.ts';
import {
  type CommandFunction,
  commandFunctionNames,
  commandFunctionOf,
  commandStateNames,
} from '../sql/command-functions.ts';
import { argumentsOf, commandObstacles, obstacleProblem, requestCommand } from '../sql/commands.ts';
import { once } from '../sql/idempotency.ts';
import type { Access } from '../sql/permission.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  instantSchema,
  listOf,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import {
  commandSchema,
  commandTotals,
  commandWithSteps,
  countCommands,
  listCommands,
  stepsOf,
} from './command-list.ts';
import { expireUnsent } from './command-store.ts';
import { idPageQuery, textSchema } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { by, pageOf } from './rows.ts';

/** All but what billing alone may ask for. */
const askable = commandFunctionNames.filter((name) => name !== 'recharge');
export const askableSchema = z.enum(askable as [CommandFunction, ...CommandFunction[]]); // Never empty.

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/meters/{meterId}/commands',
  summary: 'Tell a meter to do something; needs command.write, or supply.write for its supply',
  ...needs('command.read'),
  request: {
    params: projectParams.extend({ meterId: idSchema }),
    headers: z.object({
      'idempotency-key': z
        .string()
        .optional()
        .openapi({ description: 'Needed: the same key asks once, however often it is sent' }),
    }),
    body: takes(
      z.strictObject({
        function: askableSchema,
        arguments: z.record(z.string(), z.unknown()).default({}),
        reason: textSchema,
      }),
    ),
  },
  responses: makes(commandSchema),
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/commands',
  summary: 'Commands, newest first',
  ...needs('command.read'),
  request: {
    params: projectParams,
    query: idPageQuery.extend({
      meterId: idSchema.optional(),
      batchId: idSchema.optional(),
      state: z.enum(commandStateNames).optional(),
      function: z.enum(commandFunctionNames).optional(),
      from: instantSchema.optional(),
      to: instantSchema.optional(),
      q: z.string().max(100).optional().openapi({
        description: 'A part of a serial, the code of a point, the reason or who asked',
      }),
    }),
  },
  responses: answers(listOf(commandSchema, commandTotals)),
});

const commandParams = projectParams.extend({ commandId: idSchema });

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/commands/{commandId}',
  summary: 'A command with every step of it',
  ...needs('command.read'),
  request: { params: commandParams },
  responses: answers(commandWithSteps),
});

const withdraw = createRoute({
  method: 'post',
  path: '/projects/{projectId}/commands/{commandId}/withdraw',
  summary: 'Take a command back while nothing of it was sent',
  ...needs('command.read'),
  request: { params: commandParams, body: takes(z.strictObject({ reason: textSchema })) },
  responses: answers(commandSchema),
});

export function commandRoutes({ db, clock }: IngestDeps) {
  const one = async (projectId: string, id: string) => {
    const [command] = await listCommands(db, { projectId, id, limit: 1 });
    if (!command) throw notFound('command');
    return command;
  };
  return createRoutes()
    .openapi(make, async (c) => {
      const { projectId, meterId } = c.req.valid('param');
      const { function: name, reason, ...asked } = c.req.valid('json');
      assertMayCommand(c.get('access'), projectId, name);
      const args = argumentsOf(name, asked.arguments);
      const { actor } = by(c);
      const { body } = await once(
        db,
        {
          projectId,
          route: `POST /meters/${meterId}/commands`,
          key: c.req.header('idempotency-key'),
          actorId: actor.id,
          request: { meterId, name, args, reason },
        },
        async (tx) => {
          const at = clock();
          const asking = { projectId, function: name, at };
          const obstacles = await commandObstacles(tx, { ...asking, meterIds: [meterId] });
          const obstacle = obstacles.get(meterId);
          if (obstacle === 'not-found') throw notFound('meter');
          if (obstacle) throw obstacleProblem(obstacle);
          const made = await requestCommand(tx, {
            ...asking,
            meterId,
            actor,
            arguments: args,
            reason,
          });
          return { status: 201, body: { id: made.id } };
        },
      );
      return c.json(await one(projectId, body.id), 201);
    })
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filter } = c.req.valid('query');
      const page = { projectId, ...filter, before: cursor, limit: limit + 1 };
      const [data, totals] = await Promise.all([
        listCommands(db, page),
        countCommands(db, { projectId, ...filter }),
      ]);
      return c.json({ ...pageOf(data, limit), totals }, 200);
    })
    .openapi(show, async (c) => {
      const { projectId, commandId: id } = c.req.valid('param');
      const command = await one(projectId, id);
      return c.json({ ...command, steps: await stepsOf(db, { projectId, id }) }, 200);
    })
    .openapi(withdraw, async (c) => {
      const { projectId, commandId: id } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      const command = await one(projectId, id);
      assertMayCommand(c.get('access'), projectId, command.function);
      if (command.function === 'recharge') {
        throw new Problem(
          'conflict',
          'A recharge is money on its way: billing alone takes it back.',
        );
      }
      await db.transaction(async (tx) => {
        const job = { projectId, id, meterId: command.meterId, function: command.function };
        const ended = await expireUnsent(tx, [{ job, outcome: 'withdrawn' }], clock());
        if (ended === 0) throw new Problem('conflict', 'It was sent already, or is over.');
        await record(tx, {
          projectId,
          ...by(c),
          action: 'command.withdrawn',
          subjectKind: 'meter',
          subjectId: command.meterId,
          detail: { command: id, function: command.function, reason },
        });
      });
      return c.json(await one(projectId, id), 200);
    });
}

/** Throws Problem `forbidden` unless the function's own permission is there. */
export function assertMayCommand(access: Access, projectId: string, name: CommandFunction): void {
  const { permission } = commandFunctionOf(name);
  if (access.may(projectId, permission) !== 'allowed') {
    throw new Problem('forbidden', `This needs the permission ${permission}.`);
  }
}
