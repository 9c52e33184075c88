/** The API of edited quarter-hours. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Permission } from '../sql/permission.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
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
import { decideEdit, type EditDecision, editState, propose } from './edits.ts';
import { datedSchema, idPageQuery, registerSchema, textSchema } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { by, pageOf } from './rows.ts';

const methods = ['set', 'linear', 'like-day', 'profile'] as const;
const states = ['waiting', 'approved', 'rejected', 'withdrawn', 'taken-back'] as const;
const decisions = ['approve', 'reject', 'withdraw', 'take-back'] as const;
const SLOTS_MAX = 31 * 100;

const editSchema = z
  .object({
    id: idSchema,
    pointId: idSchema,
    pointCode: z.string(),
    unit: z.enum(['Wh', 'l']),
    from: z.string(),
    to: z.string(),
    method: z.enum(methods),
    confidence: z.number().int().openapi({ description: '0 to 100' }),
    energyBefore: z.number().int(),
    energyAfter: z.number().int(),
    reason: z.string(),
    proposedBy: z.string(),
    proposedAt: z.string(),
    needsApproval: z.boolean(),
    approval: z.enum(['amount', 'no-price']).nullable(),
    state: z.enum(states),
    decidedBy: z.string().nullable(),
    decidedAt: z.string().nullable(),
    decisionReason: z.string().nullable(),
    exceptionId: idSchema.nullable(),
  })
  .openapi('IntervalEdit');
const slotSchema = z.object({
  at: z.string(),
  quantity: z.number().int(),
  before: z.number().int().nullable(),
});
const wholeSchema = editSchema.extend({ slots: z.array(slotSchema) }).openapi('WholeIntervalEdit');

/** What is sent to edit quarter-hours. */
export const editBody = z.strictObject({
  pointId: idSchema,
  from: datedSchema,
  to: datedSchema,
  method: z.enum(methods),
  quantity: registerSchema.optional(),
  slots: z
    .array(z.strictObject({ at: datedSchema, quantity: registerSchema }))
    .max(SLOTS_MAX)
    .optional(),
  reason: textSchema,
  exceptionId: idSchema.nullable().default(null),
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/interval-edits',
  summary: 'Edited quarter-hours, newest first',
  ...needs('reading.read'),
  request: {
    params: projectParams,
    query: idPageQuery.extend({
      pointId: idSchema.optional(),
      state: z.enum([...states, 'all']).default('all'),
    }),
  },
  responses: answers(listOf(editSchema)),
});

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/interval-edits/{editId}',
  summary: 'An edit with each of its quarter-hours',
  ...needs('reading.read'),
  request: { params: projectParams.extend({ editId: idSchema }) },
  responses: answers(wholeSchema),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/interval-edits',
  summary: 'Propose what quarter-hours were, or have them estimated',
  ...needs('reading.edit'),
  request: {
    params: projectParams,
    body: takes(editBody),
  },
  responses: makes(wholeSchema),
});

const decide = createRoute({
  method: 'post',
  path: '/projects/{projectId}/interval-edits/{editId}/decision',
  summary: 'Approve or reject an edit, withdraw one’s own, or take an approved one back',
  ...needs('reading.read'),
  request: {
    params: projectParams.extend({ editId: idSchema }),
    body: takes(z.strictObject({ decision: z.enum(decisions), reason: textSchema })),
  },
  responses: makes(wholeSchema),
});

/** Approving is another's right than editing. */
const needed: Record<EditDecision, Permission> = {
  approve: 'reading.approve',
  reject: 'reading.approve',
  withdraw: 'reading.edit',
  'take-back': 'reading.edit',
};

export function editRoutes({ db, questdb, clock }: IngestDeps) {
  const whole = async (projectId: string, id: string) => {
    const [row] = await read(db, { projectId, id, limit: 1 });
    if (!row) throw notFound('edit');
    const slots = row.slots.map(([at, quantity, before]) => ({
      ...{ at: new Date(at).toISOString(), quantity, before },
    }));
    return { ...row.edit, slots };
  };
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, pointId, state } = c.req.valid('query');
      const rows = await read(db, { projectId, pointId, state, before: cursor, limit: limit + 1 });
      return c.json(
        {
          ...pageOf(
            rows.map((row) => row.edit),
            limit,
          ),
          totals: null,
        },
        200,
      );
    })
    .openapi(show, async (c) => {
      const { projectId, editId } = c.req.valid('param');
      return c.json(await whole(projectId, editId), 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const body = c.req.valid('json');
      const id = await db.transaction((tx) =>
        propose(tx, { projectId, ...by(c) }, body, { questdb, now: clock() }),
      );
      return c.json(await whole(projectId, id), 201);
    })
    .openapi(decide, async (c) => {
      const { projectId, editId: id } = c.req.valid('param');
      const { decision, reason } = c.req.valid('json');
      await whole(projectId, id);
      const permission = needed[decision];
      if (c.get('access').may(projectId, permission) !== 'allowed') {
        throw new Problem('forbidden', `This needs the permission ${permission}.`);
      }
      await db.transaction((tx) =>
        decideEdit(tx, { projectId, ...by(c) }, { id, decision, reason }),
      );
      return c.json(await whole(projectId, id), 201);
    });
}

interface Read {
  edit: z.output<typeof editSchema>;
  slots: [number, number, number | null][];
}

async function read(
  db: Db,
  {
    projectId,
    limit,
    before = null,
    pointId = null,
    id = null,
    state = 'all',
  }: {
    projectId: string;
    limit: number;
    before?: string | null;
    pointId?: string | null;
    id?: string | null;
    state?: (typeof states)[number] | 'all';
  },
): Promise<Read[]> {
  const wanted = decisions.find((decision) => editState(decision) === state) ?? null;
  const ofState =
    state === 'all' ? sql`true` : sql`d.decision IS NOT DISTINCT FROM ${wanted}::text`;
  const { rows } = await db.execute<{
    id: string;
    point_id: string;
    code: string;
    commodity: string;
    from_at: string;
    to_at: string;
    method: (typeof methods)[number];
    confidence: number;
    energy_before: string;
    energy_after: string;
    reason: string;
    proposed_by: string;
    created_at: string;
    approval: 'amount' | 'no-price' | null;
    exception_id: string | null;
    decision: EditDecision | null;
    decided_by: string | null;
    decided_at: string | null;
    decision_reason: string | null;
    slots: Read['slots'];
  }>(sql`
    SELECT e.id::text, e.point_id::text, p.code, p.commodity, e.from_at, e.to_at, e.method, e.confidence,
      e.energy_before::text, e.energy_after::text, e.reason, e.proposed_by, e.created_at, e.approval,
      e.exception_id::text, d.decision, d.decided_by, d.created_at AS decided_at, d.reason AS decision_reason,
      ${id === null ? sql`'[]'::jsonb` : sql`e.slots`} AS slots
    FROM interval_edits e JOIN points p ON p.project_id = e.project_id AND p.id = e.point_id
      LEFT JOIN LATERAL (SELECT * FROM interval_edit_decisions d
        WHERE d.project_id = e.project_id AND d.edit_id = e.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE e.project_id = ${projectId}::bigint AND ${ofState}
      AND (${before}::bigint IS NULL OR e.id < ${before}::bigint)
      AND (${pointId}::bigint IS NULL OR e.point_id = ${pointId}::bigint)
      AND (${id}::bigint IS NULL OR e.id = ${id}::bigint)
    ORDER BY e.id DESC LIMIT ${limit}`);
  const iso = (at: string) => new Date(at).toISOString();
  return rows.map((r) => ({
    edit: {
      id: r.id,
      pointId: r.point_id,
      pointCode: r.code,
      unit: r.commodity === 'water' ? 'l' : 'Wh',
      from: iso(r.from_at),
      to: iso(r.to_at),
      method: r.method,
      confidence: r.confidence,
      energyBefore: Number(r.energy_before),
      energyAfter: Number(r.energy_after),
      reason: r.reason,
      proposedBy: r.proposed_by,
      proposedAt: iso(r.created_at),
      needsApproval: r.approval !== null,
      approval: r.approval,
      state: editState(r.decision),
      decidedBy: r.decided_by,
      decidedAt: r.decided_at && iso(r.decided_at),
      decisionReason: r.decision_reason,
      exceptionId: r.exception_id,
    },
    slots: r.slots,
  }));
}
