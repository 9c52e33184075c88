/** What became of exceptions: each decision of a person or of the rules, newest first, with who, when and why. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Db } from '../sql/postgres.ts';
import {
  answers,
  createRoutes,
  idSchema,
  instantSchema,
  listOf,
  needs,
  projectParams,
} from '../sql/route.ts';
import { exceptionKinds, exceptionRules } from './exceptions.ts';
import { idPageQuery } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { pageOf } from './rows.ts';

const decisions = ['exclude', 'new-base', 'dismissed', 'reopened', 'withdrawn', 'cleared'] as const;

const decisionSchema = z
  .object({
    id: idSchema,
    exceptionId: idSchema,
    kind: z.enum(exceptionKinds),
    rule: z.string(),
    pointId: idSchema,
    pointCode: z.string(),
    meterId: idSchema.nullable(),
    serial: z.string().nullable(),
    from: z.string(),
    raisedAt: z.string(),
    decision: z
      .enum(decisions)
      .openapi({ description: 'withdrawn, cleared: the data no longer shows it' }),
    decidedBy: z.string(),
    decidedAt: z.string(),
    reason: z.string(),
  })
  .openapi('ExceptionDecision');
type Decision = z.output<typeof decisionSchema>;

const filters = {
  kind: z.enum(exceptionKinds).optional(),
  rule: z.enum(exceptionRules).optional(),
  decision: z.enum(decisions).optional(),
  pointId: idSchema.optional(),
  exceptionId: idSchema.optional(),
  by: z.enum(['person', 'system']).optional(),
  from: instantSchema.optional().openapi({ description: 'Decided at or after it' }),
  to: instantSchema.optional().openapi({ description: 'Decided before it' }),
};

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/exception-history',
  summary: 'What became of exceptions: decided, dismissed, withdrawn, and by whom; newest first',
  ...needs('reading.read'),
  request: { params: projectParams, query: idPageQuery.extend(filters) },
  responses: answers(listOf(decisionSchema)),
});

export function exceptionHistoryRoutes({ db }: IngestDeps) {
  return createRoutes().openapi(list, async (c) => {
    const { projectId } = c.req.valid('param');
    const { limit, cursor, ...filter } = c.req.valid('query');
    const rows = await read(db, { projectId, limit: limit + 1, before: cursor, filter });
    return c.json({ ...pageOf(rows, limit), totals: null }, 200);
  });
}

async function read(
  db: Db,
  {
    projectId,
    limit,
    before = null,
    filter,
  }: {
    projectId: string;
    limit: number;
    before?: string | null;
    filter: { [Key in keyof typeof filters]?: z.output<(typeof filters)[Key]> };
  },
): Promise<Decision[]> {
  const { kind = null, rule = null, decision = null, pointId = null, exceptionId = null } = filter;
  const { by = null, from = null, to = null } = filter;
  const { rows } = await db.execute<{
    id: string;
    exception_id: string;
    kind: Decision['kind'];
    rule: string;
    point_id: string;
    code: string;
    meter_id: string | null;
    serial: string | null;
    from_at: string;
    raised_at: string;
    decision: Decision['decision'];
    decided_by: string;
    created_at: string;
    reason: string;
  }>(sql`
    WITH decided AS (
      SELECT d.id, d.decision, d.decided_by, d.created_at, d.reason, q.id AS exception_id, 'quarantine' AS kind,
        q.rule, q.point_id, q.meter_id, coalesce(q.previous_at, q.at) AS from_at, q.created_at AS raised_at
      FROM quarantine_decisions d
        JOIN quarantines q ON q.project_id = d.project_id AND q.id = d.quarantine_id
      WHERE d.project_id = ${projectId}::bigint
      UNION ALL
      SELECT d.id, d.decision, d.decided_by, d.created_at, d.reason, f.id, 'finding',
        f.rule, f.point_id, f.meter_id, f.from_at, f.created_at
      FROM quality_finding_decisions d
        JOIN quality_findings f ON f.project_id = d.project_id AND f.id = d.finding_id
      WHERE d.project_id = ${projectId}::bigint)
    SELECT d.id::text, d.exception_id::text, d.kind, d.rule, d.point_id::text, p.code, d.meter_id::text,
      m.serial, d.from_at, d.raised_at, d.decision, d.decided_by, d.created_at, d.reason
    FROM decided d JOIN points p ON p.project_id = ${projectId}::bigint AND p.id = d.point_id
      LEFT JOIN meters m ON m.project_id = ${projectId}::bigint AND m.id = d.meter_id
    WHERE (${before}::bigint IS NULL OR d.id < ${before}::bigint)
      AND (${kind}::text IS NULL OR d.kind = ${kind}) AND (${rule}::text IS NULL OR d.rule = ${rule})
      AND (${decision}::text IS NULL OR d.decision = ${decision})
      AND (${pointId}::bigint IS NULL OR d.point_id = ${pointId}::bigint)
      AND (${exceptionId}::bigint IS NULL OR d.exception_id = ${exceptionId}::bigint)
      AND (${by}::text IS NULL OR (d.decided_by = 'system') = (${by} = 'system'))
      AND (${from}::timestamptz IS NULL OR d.created_at >= ${from}::timestamptz)
      AND (${to}::timestamptz IS NULL OR d.created_at < ${to}::timestamptz)
    ORDER BY d.id DESC LIMIT ${limit}`);
  const iso = (at: string) => new Date(at).toISOString();
  return rows.map((r) => ({
    ...{ id: r.id, exceptionId: r.exception_id, kind: r.kind, rule: r.rule },
    ...{ pointId: r.point_id, pointCode: r.code, meterId: r.meter_id, serial: r.serial },
    ...{ from: iso(r.from_at), raisedAt: iso(r.raised_at), decision: r.decision },
    ...{ decidedBy: r.decided_by, decidedAt: iso(r.created_at), reason: r.reason },
  }));
}
