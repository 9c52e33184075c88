/** What a meter can be told to do now, what stands in the way of the rest, and how its supply stands. */
import { createRoute, z } from '@hono/zod-openapi';
import { commandFunctionNames, commandFunctionOf } from '../sql/command-functions.ts';
import { obstacleProblem, obstacles, obstaclesOf } from '../sql/commands.ts';
import { notFound } from '../sql/problem.ts';
import { answers, createRoutes, idSchema, listOf, needs, projectParams } from '../sql/route.ts';
import type { IngestDeps } from './routes.ts';
import { supplyOf } from './supply.ts';

const supplySchema = z
  .object({
    state: z.enum(['on', 'off']).nullable().openapi({
      description: 'As the newest sample shows relays or valve; null where none tells',
    }),
    sampleAt: z.string().nullable(),
    lockedOut: z.boolean(),
    commanded: z
      .object({ commandId: idSchema, function: z.enum(commandFunctionNames), at: z.string() })
      .nullable()
      .openapi({ description: 'The newest confirmed command of its supply' }),
  })
  .openapi('MeterSupply');

const offerSchema = z
  .object({
    function: z.enum(commandFunctionNames),
    permission: z.string(),
    mayAsk: z.boolean().openapi({ description: 'Whether the asker holds the permission' }),
    obstacle: z.enum(obstacles).nullable(),
    told: z.string().nullable().openapi({ description: 'The obstacle as a sentence' }),
    supply: z.enum(['on', 'off']).nullable().openapi({ description: 'What it leaves behind' }),
    lifeS: z.number().int().openapi({ description: 'Seconds after which it is not sent any more' }),
  })
  .openapi('CommandOffer');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/meters/{meterId}/functions',
  summary: 'What a meter can be told to do, what stands in the way, and how its supply stands',
  ...needs('command.read'),
  request: { params: projectParams.extend({ meterId: idSchema }) },
  responses: answers(listOf(offerSchema, z.object({ supply: supplySchema }))),
});

export function commandOfferRoutes({ db, clock }: IngestDeps) {
  return createRoutes().openapi(list, async (c) => {
    const asked = { ...c.req.valid('param'), at: clock() };
    const [inTheWay, supply] = await Promise.all([obstaclesOf(db, asked), supplyOf(db, asked)]);
    if (!inTheWay || !supply) throw notFound('meter');
    const access = c.get('access');
    // A recharge is money: billing alone asks for it.
    const data = commandFunctionNames
      .filter((name) => name !== 'recharge')
      .map((name) => {
        const { permission, supply, lifeS } = commandFunctionOf(name);
        const obstacle = inTheWay.get(name) ?? null;
        return {
          ...{ function: name, permission, supply, lifeS, obstacle },
          mayAsk: access.may(asked.projectId, permission) === 'allowed',
          told: obstacle && obstacleProblem(obstacle).detail,
        };
      });
    return c.json({ data, nextCursor: null, totals: { supply } }, 200);
  });
}
