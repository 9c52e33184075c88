/** What waits for a person among the readings, and the decision. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
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
import { idPageQuery, textSchema } from './fields.ts';
import { decide } from './quarantine.ts';
import type { IngestDeps } from './routes.ts';
import { by, pageOf } from './rows.ts';

const quarantineSchema = z
  .object({
    id: idSchema,
    meterId: idSchema,
    serial: z.string(),
    pointId: idSchema,
    pointCode: z.string(),
    rule: z.enum(['reversal', 'reset', 'spike', 'replacement', 'ratio', 'conflict']),
    at: z.string(),
    register: z.number().int().nullable(),
    previousAt: z.string().nullable(),
    previousRegister: z.number().int().nullable(),
    raisedAt: z.string(),
    decision: z.enum(['exclude', 'new-base', 'withdrawn', 'reopened']).nullable(),
    decidedBy: z.string().nullable(),
    decidedAt: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .openapi('Quarantine');

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/quarantines',
  summary: 'Readings that history contradicts, newest first',
  ...needs('device.read'),
  request: {
    params: projectParams,
    query: idPageQuery.extend({
      state: z.enum(['open', 'decided', 'withdrawn', 'all']).default('open'),
    }),
  },
  responses: answers(listOf(quarantineSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/quarantines/{quarantineId}/decisions',
  summary: 'Leave the reading out, count on from it, or take a decision back',
  ...needs('quarantine.decide'),
  request: {
    params: projectParams.extend({ quarantineId: idSchema }),
    body: takes(
      z.strictObject({ decision: z.enum(['exclude', 'new-base', 'reopened']), reason: textSchema }),
    ),
  },
  responses: makes(quarantineSchema),
});

export function quarantineRoutes({ db }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, state } = c.req.valid('query');
      const rows = await read(db, { projectId, state, limit: limit + 1, before: cursor });
      return c.json({ ...pageOf(rows, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId, quarantineId } = c.req.valid('param');
      const { decision, reason } = c.req.valid('json');
      const who = by(c);
      await db.transaction(async (tx) => {
        await decide(tx, { projectId, quarantineId, decision, reason, actor: who.actor });
        await record(tx, {
          projectId,
          ...who,
          action: 'quarantine.decided',
          subjectKind: 'quarantine',
          subjectId: quarantineId,
          detail: { decision, reason },
        });
      });
      const [row] = await read(db, { projectId, state: 'all', limit: 1, id: quarantineId });
      if (!row) throw notFound('quarantine');
      return c.json(row, 201);
    });
}

type Shown = z.output<typeof quarantineSchema>;

interface Row extends Record<string, unknown> {
  id: string;
  meter_id: string;
  serial: string;
  point_id: string;
  code: string;
  rule: Shown['rule'];
  at: Date;
  register: string | null;
  previous_at: Date | null;
  previous_register: string | null;
  created_at: Date;
  decision: Shown['decision'];
  decided_by: string | null;
  decided_at: Date | null;
  reason: string | null;
}

const states = {
  open: sql`coalesce(d.decision, 'reopened') = 'reopened'`,
  decided: sql`d.decision IN ('exclude', 'new-base')`,
  withdrawn: sql`d.decision = 'withdrawn'`,
  all: sql`true`,
};

async function read(
  db: Db,
  {
    projectId,
    state,
    limit,
    before = null,
    id = null,
  }: {
    projectId: string;
    state: keyof typeof states;
    limit: number;
    before?: string | null;
    id?: string | null;
  },
): Promise<Shown[]> {
  const { rows } = await db.execute<Row>(sql`
    SELECT q.id::text, q.meter_id::text, m.serial, q.point_id::text, p.code, q.rule, q.at,
      q.register::text, q.previous_at, q.previous_register::text, q.created_at,
      d.decision, d.decided_by, d.created_at AS decided_at, d.reason
    FROM quarantines q
    JOIN meters m ON m.project_id = q.project_id AND m.id = q.meter_id
    JOIN points p ON p.project_id = q.project_id AND p.id = q.point_id
    LEFT JOIN LATERAL (
      SELECT * FROM quarantine_decisions d
      WHERE d.project_id = q.project_id AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE q.project_id = ${projectId}::bigint AND ${states[state]}
      AND (${before}::bigint IS NULL OR q.id < ${before}::bigint)
      AND (${id}::bigint IS NULL OR q.id = ${id}::bigint)
    ORDER BY q.id DESC LIMIT ${limit}`);
  return rows.map((r) => ({
    id: r.id,
    meterId: r.meter_id,
    serial: r.serial,
    pointId: r.point_id,
    pointCode: r.code,
    rule: r.rule,
    at: new Date(r.at).toISOString(),
    register: r.register === null ? null : Number(r.register),
    previousAt: r.previous_at && new Date(r.previous_at).toISOString(),
    previousRegister: r.previous_register === null ? null : Number(r.previous_register),
    raisedAt: new Date(r.created_at).toISOString(),
    decision: r.decision,
    decidedBy: r.decided_by,
    decidedAt: r.decided_at && new Date(r.decided_at).toISOString(),
    reason: r.reason,
  }));
}
