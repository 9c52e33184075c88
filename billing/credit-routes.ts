/** Credit control in the API: the policy, cases and what was decided about them, disputes, overrides, the brake. */
import { createRoute, z } from '@hono/zod-openapi';
import { dayStart } from '../sql/local-day.ts';
import {
  answers,
  createRoutes,
  idSchema,
  instantSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  pageQuery,
  projectParams,
  rangeQuery,
  takes,
} from '../sql/route.ts';
import { creditDecisionKinds, creditStates, creditWaits } from '../sql/schema/credit.ts';
import { releaseBrake } from './credit-brake.ts';
import { listCases, listDecisions, readBrake, readCase } from './credit-list.ts';
import { creditPolicySchema, listPolicies, readPolicy, writePolicy } from './credit-policy.ts';
import { restoreObstacles } from './credit-restore.ts';
import { endDispute, raiseDispute, setOverride } from './credit-terms.ts';
import { actByWord } from './credit-word.ts';
import { by, idCursor, idPage, keyHeader, textSchema } from './fields.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';

const versionSchema = z
  .object({
    policy: creditPolicySchema,
    version: z.number().int().openapi({ description: '0 where nobody has written one: off' }),
    since: z.string().nullable(),
    by: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .openapi('CreditPolicyVersion');

const caseFields = {
  accountId: idSchema,
  number: z.string(),
  name: z.string(),
  nameZh: z.string().nullable(),
  state: z.enum(creditStates),
  since: z.string(),
  live: moneySchema,
  cuttable: moneySchema.openapi({
    description: 'The live balance without debt that has notice days of its own',
  }),
  creditLimit: moneySchema,
  waitsFor: z
    .object({ code: z.enum(creditWaits), until: z.string().nullable() })
    .nullable()
    .openapi({ description: 'What a trip waits for' }),
  pointsOff: z.number().int(),
  points: z.number().int(),
};
const caseSchema = z.object(caseFields).openapi('CreditCase');
const detailSchema = z
  .object({
    ...caseFields,
    since: z.string().nullable().openapi({ description: 'Null: nothing was ever the matter' }),
    canRestore: z.boolean().openapi({
      description: 'Whether a person’s word would bring supply back now',
    }),
    restoreObstacle: z
      .enum(restoreObstacles)
      .nullable()
      .openapi({ description: 'Why it would not' }),
    override: z
      .object({
        creditLimit: moneySchema.nullable(),
        protected: z.boolean(),
        until: z.string().nullable(),
        reason: z.string(),
        by: z.string(),
        at: z.string(),
      })
      .nullable(),
    disputes: z.array(
      z.object({
        id: idSchema,
        from: z.string(),
        until: z.string(),
        reason: z.string(),
        payment: z
          .object({ receipt: z.string(), amount: moneySchema })
          .nullable()
          .openapi({ description: 'The payment that is contested: it is not refunded meanwhile' }),
        by: z.string(),
        endedAt: z.string().nullable(),
        endedBy: z.string().nullable(),
        endReason: z.string().nullable(),
      }),
    ),
    supply: z.array(
      z.object({
        id: idSchema,
        code: z.string(),
        name: z.string(),
        nameZh: z.string().nullable(),
        commodity: z.enum(['electricity', 'water']),
        supply: z.enum(['on', 'off']).nullable(),
        restoreMode: z.enum(['automatic', 'armed', 'confirmed']),
        lockedOut: z.boolean(),
        cuts: z.boolean().openapi({ description: 'Whether a trip would cut it now' }),
      }),
    ),
  })
  .openapi('CreditCaseDetail');
const countsSchema = z.object({ states: z.record(z.enum(creditStates), z.number().int()) });

const decisionSchema = z
  .object({
    id: idSchema,
    at: z.string(),
    accountId: idSchema,
    number: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    decision: z.enum(creditDecisionKinds),
    reason: z.string().openapi({ description: 'A word of a closed list' }),
    data: z.record(z.string(), z.unknown()).openapi({ description: 'What it stood on' }),
    commandIds: z.array(idSchema),
  })
  .openapi('CreditDecision');

const brakeSchema = z
  .object({
    engaged: z.boolean(),
    since: z.string().nullable(),
    tripsLastHour: z.number().int(),
    limit: z.number().int(),
    sharePercent: z.number(),
    shareLimit: z.number().int(),
  })
  .openapi('CreditBrake');

const accountParams = projectParams.extend({ accountId: idSchema });
const disputeParams = accountParams.extend({ disputeId: idSchema });
const policyPath = '/projects/{projectId}/credit-policy';
const casesPath = '/projects/{projectId}/credit-cases';
const disputesPath = '/projects/{projectId}/accounts/{accountId}/disputes';
const reasonBody = takes(z.strictObject({ reason: textSchema }));

const showPolicy = createRoute({
  method: 'get',
  path: policyPath,
  summary: 'What is done about arrears: the policy in force',
  ...needs('credit.read'),
  request: { params: projectParams },
  responses: answers(versionSchema),
});

const putPolicy = createRoute({
  method: 'put',
  path: policyPath,
  summary: 'Write the version after the one that was read; another written meanwhile conflicts',
  ...needs('credit.write'),
  request: {
    params: projectParams,
    body: takes(
      z.strictObject({
        policy: creditPolicySchema,
        reason: textSchema,
        version: z.number().int().min(0),
      }),
    ),
  },
  responses: answers(versionSchema),
});

const policies = createRoute({
  method: 'get',
  path: '/projects/{projectId}/credit-policies',
  summary: 'All versions of the policy, newest first',
  ...needs('credit.read'),
  request: { params: projectParams, query: pageQuery },
  responses: answers(listOf(versionSchema)),
});

const cases = createRoute({
  method: 'get',
  path: casesPath,
  summary: 'Accounts that are or were below their thresholds, and how each stands',
  ...needs('credit.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({
      state: z.enum(creditStates).optional(),
      q: z.string().max(100).optional().openapi({ description: 'A part of the number or a name' }),
    }),
  },
  responses: answers(listOf(caseSchema, countsSchema)),
});

const showCase = createRoute({
  method: 'get',
  path: `${casesPath}/{accountId}`,
  summary: 'How an account stands, its points, disputes and what was set for it alone',
  ...needs('credit.read'),
  request: { params: accountParams },
  responses: answers(detailSchema),
});

const override = createRoute({
  method: 'put',
  path: `${casesPath}/{accountId}/override`,
  summary: 'A limit for this account alone, or that it is never cut; with neither the policy holds',
  ...needs('credit.write'),
  request: {
    params: accountParams,
    headers: keyHeader,
    body: takes(
      z.strictObject({
        creditLimit: moneySchema.nullable(),
        protected: z.boolean(),
        until: instantSchema.nullable(),
        reason: textSchema,
      }),
    ),
  },
  responses: answers(detailSchema),
});

const actOf = (act: 'trip' | 'restore', summary: string, description: string) =>
  createRoute({
    method: 'post',
    path: `${casesPath}/{accountId}/${act}`,
    ...{ summary, description },
    ...needs('credit.act'),
    request: { params: accountParams, headers: keyHeader, body: reasonBody },
    responses: answers(detailSchema),
  });

const trip = actOf(
  'trip',
  'Cut an account as it was proposed',
  'Needs what a trip by itself needs (notices, hours, no dispute, measured data), but neither the brake nor the query of orders.',
);

const restore = actOf(
  'restore',
  'Give supply back that is armed or waits for a word',
  'Of an account that is paid, protected or within a limit of its own; a point that is locked out stays off.',
);

const decisions = createRoute({
  method: 'get',
  path: '/projects/{projectId}/credit-decisions',
  summary: 'What was decided on local days [from, to), by itself or by a person, newest first',
  ...needs('credit.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      accountId: idSchema.optional(),
      decision: z.enum(creditDecisionKinds).optional(),
    }),
  },
  responses: answers(listOf(decisionSchema)),
});

const dispute = createRoute({
  method: 'post',
  path: disputesPath,
  summary:
    'Hold every trip of an account until a date, and the refund of a payment if it is about one',
  ...needs('credit.act'),
  request: {
    params: accountParams,
    headers: keyHeader,
    body: takes(
      z.strictObject({
        reason: textSchema,
        until: instantSchema,
        receipt: z.string().trim().min(1).max(60).nullable().default(null).openapi({
          description: 'Of the payment that is contested',
        }),
      }),
    ),
  },
  responses: makes(detailSchema),
});

const endOne = createRoute({
  method: 'post',
  path: `${disputesPath}/{disputeId}/end`,
  summary: 'End a dispute before its date',
  ...needs('credit.act'),
  request: { params: disputeParams, headers: keyHeader, body: reasonBody },
  responses: answers(detailSchema),
});

const brake = createRoute({
  method: 'get',
  path: '/projects/{projectId}/credit-brake',
  summary: 'The brake on automatic trips, and how near it is',
  ...needs('credit.read'),
  request: { params: projectParams },
  responses: answers(brakeSchema),
});

const release = createRoute({
  method: 'post',
  path: '/projects/{projectId}/credit-brake/release',
  summary: 'Let automatic trips go on; the hour is counted anew',
  ...needs('credit.act'),
  request: { params: projectParams, headers: keyHeader, body: reasonBody },
  responses: answers(brakeSchema),
});

export function creditRoutes({ db, questdb, clock }: BillingDeps) {
  return createRoutes()
    .openapi(showPolicy, async (c) => {
      const project = await readProject(db, c.req.valid('param').projectId);
      return c.json(await readPolicy(db, project), 200);
    })
    .openapi(putPolicy, async (c) => {
      const { projectId } = c.req.valid('param');
      const asked = { projectId, ...c.req.valid('json'), by: by(c), at: clock() };
      return c.json(await writePolicy(db, asked), 200);
    })
    .openapi(policies, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const before = cursor === undefined ? null : Number(idCursor(cursor));
      const found = await listPolicies(db, { projectId, before, limit: limit + 1 });
      const data = found.slice(0, limit);
      const next = found.length > limit ? String(data.at(-1)?.version) : null;
      return c.json({ data, nextCursor: next, totals: null }, 200);
    })
    .openapi(cases, async (c) => {
      const project = await readProject(db, c.req.valid('param').projectId);
      const { limit, cursor, ...filter } = c.req.valid('query');
      const page = { project, ...filter, cursor: idCursor(cursor), limit: limit + 1, now: clock() };
      const { data, states } = await listCases(db, page);
      const rows = data.slice(0, limit);
      const next = data.length > limit ? (rows.at(-1)?.accountId ?? null) : null;
      return c.json({ data: rows, nextCursor: next, totals: { states } }, 200);
    })
    .openapi(showCase, async (c) => {
      const { projectId, accountId } = c.req.valid('param');
      const project = await readProject(db, projectId);
      return c.json(await readCase(db, { project, accountId, now: clock() }), 200);
    })
    .openapi(override, async (c) => {
      const { creditLimit, protected: isProtected, until, reason } = c.req.valid('json');
      const asked = { creditLimit, isProtected, until, reason, by: by(c), at: clock() };
      const key = c.req.header('idempotency-key');
      const { body } = await setOverride(db, { ...c.req.valid('param'), ...asked, key });
      return c.json(body, 200);
    })
    .openapi(trip, async (c) => {
      const asked = { ...c.req.valid('param'), ...c.req.valid('json'), by: by(c), at: clock() };
      const key = c.req.header('idempotency-key');
      return c.json((await actByWord({ db, questdb }, { ...asked, act: 'trip', key })).body, 200);
    })
    .openapi(restore, async (c) => {
      const asked = { ...c.req.valid('param'), ...c.req.valid('json'), by: by(c), at: clock() };
      const key = c.req.header('idempotency-key');
      return c.json(
        (await actByWord({ db, questdb }, { ...asked, act: 'restore', key })).body,
        200,
      );
    })
    .openapi(decisions, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, accountId, decision, from, to } = c.req.valid('query');
      const { zone } = await readProject(db, projectId);
      const found = await listDecisions(db, {
        ...{ projectId, accountId, decision, cursor: idCursor(cursor), limit: limit + 1 },
        fromMs: from === undefined ? undefined : dayStart(zone, from),
        toMs: to === undefined ? undefined : dayStart(zone, to),
      });
      return c.json({ ...idPage(found, limit), totals: null }, 200);
    })
    .openapi(dispute, async (c) => {
      const asked = { ...c.req.valid('param'), ...c.req.valid('json'), by: by(c), at: clock() };
      const key = c.req.header('idempotency-key');
      return c.json((await raiseDispute(db, { ...asked, key })).body, 201);
    })
    .openapi(endOne, async (c) => {
      const { disputeId: id, ...params } = c.req.valid('param');
      const asked = { ...params, id, ...c.req.valid('json'), by: by(c), at: clock() };
      const key = c.req.header('idempotency-key');
      return c.json((await endDispute(db, { ...asked, key })).body, 200);
    })
    .openapi(brake, async (c) => {
      const project = await readProject(db, c.req.valid('param').projectId);
      return c.json(await readBrake(db, { project, now: clock() }), 200);
    })
    .openapi(release, async (c) => {
      const { projectId } = c.req.valid('param');
      const asked = { projectId, ...c.req.valid('json'), by: by(c), at: clock() };
      await releaseBrake(db, { ...asked, key: c.req.header('idempotency-key') });
      const project = await readProject(db, projectId);
      return c.json(await readBrake(db, { project, now: clock() }), 200);
    });
}
