/** The meter models that are known, as the API tells them. */
import { createRoute, z } from '@hono/zod-openapi';
import { channels } from '../sql/channels.ts';
import { Problem } from '../sql/problem.ts';
import { answers, createRoutes, listOf, signedIn } from '../sql/route.ts';
import { models } from './models.ts';

const modelSchema = z
  .object({
    name: z.string(),
    simulated: z.boolean(),
    commodity: z.enum(['electricity', 'water']),
    phases: z.number().int(),
    billing: z.string(),
    primary: z.boolean(),
    registerSpan: z.number().int(),
    registerStep: z.number().int(),
    ratedPerHour: z.number().int(),
    ratedVoltageV: z.number().nullable(),
    ratedCurrentA: z.number().nullable(),
    channels: z.array(z.string()),
  })
  .openapi('Model');

const list = createRoute({
  method: 'get',
  path: '/models',
  summary: 'Meter models that can be read, with what they tell',
  ...signedIn,
  responses: answers(listOf(modelSchema)),
});

const fieldOf = new Map(channels.map(({ name, field }) => [name, field]));

export function modelRoutes() {
  return createRoutes().openapi(list, (c) => {
    if (!c.get('access')) throw new Problem('unauthenticated', 'Sign in, or send an API key.');
    const data = Object.values(models).map((model) => ({
      name: model.name,
      simulated: model.simulated,
      commodity: model.commodity,
      phases: model.phases,
      billing: fieldOf.get(model.billing) ?? model.billing,
      primary: model.primary,
      registerSpan: Number(model.registerSpan),
      registerStep: model.registerStep,
      ratedPerHour: model.ratedPerHour,
      ratedVoltageV: model.ratedVoltageV,
      ratedCurrentA: model.ratedCurrentA,
      channels: model.registers.map(({ channel }) => fieldOf.get(channel) ?? channel),
    }));
    return c.json({ data, nextCursor: null, totals: null }, 200);
  });
}
