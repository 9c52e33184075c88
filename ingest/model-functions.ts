/** What models can be told to do: verified, or enabled by an administrator on a named word, or not sent at all. */
import { createRoute, z } from '@hono/zod-openapi';
import { desc, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { commandFunctionNames, knowledgeOf } from '../sql/command-functions.ts';
import type { Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { modelFunctions } from '../sql/schema/index.ts';
import { textSchema } from './fields.ts';
import { modelNames, models } from './models.ts';
import type { IngestDeps } from './routes.ts';
import { by, only } from './rows.ts';

const abilityStates = ['verified', 'enabled', 'not-enabled'] as const;

const modelFunctionSchema = z
  .object({
    id: idSchema,
    model: z.string(),
    function: z.enum(commandFunctionNames),
    enabled: z.boolean(),
    source: z.string(),
    decidedBy: z.string(),
    at: z.string(),
  })
  .openapi('ModelFunction');

const listDecisions = createRoute({
  method: 'get',
  path: '/projects/{projectId}/model-functions',
  summary:
    'Which unverified functions were enabled for a model, on whose word; the newest row holds',
  ...needs('command.read'),
  request: { params: projectParams },
  responses: answers(listOf(modelFunctionSchema)),
});

const enable = createRoute({
  method: 'post',
  path: '/projects/{projectId}/model-functions',
  summary: 'Enable an unverified function for a real model, or take that back, naming the source',
  ...needs('model.enable'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({
        model: z.enum(modelNames),
        function: z.enum(commandFunctionNames),
        enabled: z.boolean().default(true),
        source: textSchema,
      }),
    ),
  },
  responses: makes(modelFunctionSchema),
});

const abilitySchema = z
  .object({
    model: z.string(),
    simulated: z.boolean(),
    function: z.enum(commandFunctionNames),
    state: z.enum(abilityStates).openapi({
      description:
        'verified: by two sources, or a simulated meter; else by one, and sent only where it is enabled',
    }),
    meters: z.number().int().openapi({ description: 'Of this model in use in the project' }),
    decision: modelFunctionSchema
      .pick({ enabled: true, source: true, decidedBy: true, at: true })
      .nullable()
      .openapi({ description: 'The newest; null where nobody has decided' }),
  })
  .openapi('ModelAbility');

const listAbilities = createRoute({
  method: 'get',
  path: '/projects/{projectId}/model-abilities',
  summary:
    'What meters of each model can be told, how far that is known, and what was decided of it',
  ...needs('command.read'),
  request: { params: projectParams },
  responses: answers(listOf(abilitySchema)),
});

export function modelFunctionRoutes({ db }: IngestDeps) {
  return createRoutes()
    .openapi(listAbilities, async (c) => {
      const data = await readAbilities(db, c.req.valid('param').projectId);
      return c.json({ data, nextCursor: null, totals: null }, 200);
    })
    .openapi(listDecisions, async (c) => {
      const { projectId } = c.req.valid('param');
      const rows = await db
        .select()
        .from(modelFunctions)
        .where(eq(modelFunctions.projectId, projectId))
        .orderBy(desc(modelFunctions.id))
        .limit(MODEL_FUNCTIONS_MAX);
      return c.json({ data: rows.map(shownModelFunction), nextCursor: null, totals: null }, 200);
    })
    .openapi(enable, async (c) => {
      const { projectId } = c.req.valid('param');
      const { model, function: name, enabled, source } = c.req.valid('json');
      if (knowledgeOf(model, name) !== 'unverified') {
        throw new Problem(
          knowledgeOf(model, name) === 'verified' ? 'conflict' : 'function-unsupported',
          `${name} of ${model} needs no enabling, or is not there.`,
        );
      }
      const who = by(c);
      const made = await db.transaction(async (tx) => {
        const values = {
          projectId,
          model,
          function: name,
          enabled,
          source,
          decidedBy: who.actor.name,
        };
        const row = only(await tx.insert(modelFunctions).values(values).returning());
        await record(tx, {
          projectId,
          ...who,
          action: enabled ? 'model-function.enabled' : 'model-function.disabled',
          subjectKind: 'model',
          subjectId: model,
          detail: { function: name, source },
        });
        return row;
      });
      return c.json(shownModelFunction(made), 201);
    });
}

/** Every function that a model has, model by model in the order of their tables. */
async function readAbilities(db: Queryable, projectId: string) {
  const newest = await db
    .selectDistinctOn([modelFunctions.model, modelFunctions.function])
    .from(modelFunctions)
    .where(eq(modelFunctions.projectId, projectId))
    .orderBy(modelFunctions.model, modelFunctions.function, desc(modelFunctions.id));
  const counted = await db.execute<{ model: string; meters: number }>(sql`
    SELECT model, count(*)::int AS meters FROM meters
    WHERE project_id = ${projectId}::bigint AND retired_at IS NULL GROUP BY model`);
  const decisions = new Map(newest.map((row) => [`${row.model} ${row.function}`, row]));
  const meters = new Map(counted.rows.map((row) => [row.model, row.meters]));
  return modelNames.flatMap((model) =>
    commandFunctionNames.flatMap((name) => {
      const knowledge = knowledgeOf(model, name);
      if (knowledge === 'unsupported') return [];
      const decision = decisions.get(`${model} ${name}`);
      const trusted = decision?.enabled ? ('enabled' as const) : ('not-enabled' as const);
      return [
        {
          ...{ model, simulated: models[model].simulated, function: name },
          state: knowledge === 'verified' ? knowledge : trusted,
          meters: meters.get(model) ?? 0,
          decision: decision ? decisionOf(decision) : null,
        },
      ];
    }),
  );
}

/** Models × functions many times over. */
const MODEL_FUNCTIONS_MAX = 1_000;

type Row = typeof modelFunctions.$inferSelect;

const decisionOf = ({ enabled, source, decidedBy, createdAt }: Row) => ({
  ...{ enabled, source, decidedBy, at: createdAt.toISOString() },
});

const shownModelFunction = (row: Row) => ({
  ...{ id: row.id, model: row.model, function: row.function },
  ...decisionOf(row),
});
