/** What waits for a person: quarantines and findings together, the most money first. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { money } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { readQualityProject } from '../sql/quality-settings.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  pageQuery,
  projectParams,
  takes,
} from '../sql/route.ts';
import { textSchema } from './fields.ts';
import { findingRules } from './quality-rules.ts';
import type { IngestDeps } from './routes.ts';
import { type Acting, by } from './rows.ts';

const quarantineRules = ['reversal', 'reset', 'spike', 'replacement', 'ratio', 'conflict'] as const;
export const exceptionRules = [...new Set([...quarantineRules, ...findingRules])] as [
  string,
  ...string[],
];
export const exceptionKinds = ['quarantine', 'finding'] as const;
/** Withdrawn: the data no longer shows it. */
const states = ['open', 'dismissed', 'withdrawn'] as const;
type State = (typeof states)[number];

const exceptionSchema = z
  .object({
    id: idSchema,
    kind: z
      .enum(exceptionKinds)
      .openapi({ description: 'A quarantine is not billed; a finding is' }),
    rule: z.string(),
    subjectKind: z.enum(['meter', 'point']),
    subjectId: idSchema,
    pointId: idSchema,
    pointCode: z.string(),
    meterId: idSchema.nullable(),
    serial: z.string().nullable(),
    from: z.string(),
    to: z.string().nullable().openapi({ description: 'Null: it goes on' }),
    energyAtStake: z.number().int().nullable(),
    unit: z.enum(['Wh', 'l']),
    moneyAtStake: moneySchema
      .nullable()
      .openapi({ description: 'Null where the point has no price' }),
    state: z.enum(states),
    since: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .openapi('Exception');
type Exception = z.output<typeof exceptionSchema>;

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/exceptions',
  summary: 'What waits for a person among readings and quantities, the most money first',
  ...needs('reading.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({
      state: z.enum([...states, 'all']).default('open'),
      kind: z.enum(exceptionKinds).optional(),
      rule: z.enum(exceptionRules).optional(),
      pointId: idSchema.optional(),
    }),
  },
  responses: answers(listOf(exceptionSchema)),
});

const decide = createRoute({
  method: 'post',
  path: '/projects/{projectId}/exceptions/{exceptionId}/decision',
  summary:
    'Say that a finding is in order, or take that back; quarantines have decisions of their own',
  ...needs('quarantine.decide'),
  request: {
    params: projectParams.extend({ exceptionId: idSchema }),
    body: takes(z.strictObject({ decision: z.enum(['dismiss', 'reopen']), reason: textSchema })),
  },
  responses: makes(exceptionSchema),
});

export function exceptionRoutes({ db }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filter } = c.req.valid('query');
      const rows = await read(db, { projectId, ...filter, cursor, limit: limit + 1 });
      const data = rows.slice(0, limit);
      const last = data.at(-1);
      const nextCursor = rows.length > limit && last ? last.cursor : null;
      return c.json({ data: data.map((row) => row.exception), nextCursor, totals: null }, 200);
    })
    .openapi(decide, async (c) => {
      const { projectId, exceptionId: id } = c.req.valid('param');
      const { decision, reason } = c.req.valid('json');
      await db.transaction((tx) =>
        decideFinding(tx, { projectId, ...by(c) }, { id, decision, reason }),
      );
      const state = decision === 'dismiss' ? 'dismissed' : 'open';
      const [row] = await read(db, { projectId, state, id, limit: 1 });
      if (!row) throw notFound('exception');
      return c.json(row.exception, 201);
    });
}

/** Throws Problem `not-found`, `conflict` when it is a quarantine, cleared, or decided so already. */
async function decideFinding(
  tx: Tx,
  { projectId, actor, traceId }: Acting,
  { id, decision, reason }: { id: string; decision: 'dismiss' | 'reopen'; reason: string },
): Promise<void> {
  const { rows } = await tx.execute<{ decision: string | null; rule: string }>(sql`
    SELECT f.rule, (SELECT decision FROM quality_finding_decisions d WHERE d.project_id = f.project_id
      AND d.finding_id = f.id ORDER BY d.id DESC LIMIT 1) AS decision
    FROM quality_findings f WHERE f.project_id = ${projectId}::bigint AND f.id = ${id}::bigint`);
  const [found] = rows;
  if (!found) {
    const other = await tx.execute(sql`SELECT id FROM quarantines
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
    if (other.rows.length === 0) throw notFound('exception');
    throw new Problem('conflict', 'A quarantine is decided by itself: its reading counts or not.');
  }
  const next = decision === 'dismiss' ? 'dismissed' : 'reopened';
  const isOpen = found.decision === null || found.decision === 'reopened';
  if (found.decision === 'cleared' || isOpen !== (decision === 'dismiss')) {
    throw new Problem('conflict', `The finding is ${found.decision ?? 'open'}.`);
  }
  await tx.execute(sql`
    INSERT INTO quality_finding_decisions (project_id, finding_id, decision, decided_by, reason)
    VALUES (${projectId}::bigint, ${id}::bigint, ${next}, ${actor.id}, ${reason})`);
  await record(tx, {
    ...{ projectId, actor, traceId, action: `finding.${next}` },
    ...{ subjectKind: 'finding', subjectId: id, detail: { rule: found.rule, reason } },
  });
}

interface Asked {
  projectId: string;
  state: State | 'all';
  limit: number;
  cursor?: string;
  kind?: (typeof exceptionKinds)[number];
  rule?: string;
  pointId?: string;
  id?: string;
}

async function read(db: Db, asked: Asked): Promise<{ exception: Exception; cursor: string }[]> {
  const { projectId, state, limit, kind = null, rule = null, pointId = null, id = null } = asked;
  const { currency } = await readQualityProject(db, projectId);
  const wanted = {
    open: sql`IN ('reopened')`,
    dismissed: sql`IN ('dismissed', 'exclude', 'new-base')`,
    withdrawn: sql`IN ('withdrawn', 'cleared')`,
    all: sql`IS NOT NULL`,
  }[state];
  // The cursor is the last row's own place in the order.
  const [lastMoney = '', lastEnergy = '', lastId = ''] = (asked.cursor ?? '').split('~');
  const isCursor =
    /^-?\d{1,18}$/.test(lastMoney) && /^-?\d{1,18}$/.test(lastEnergy) && /^\d{1,18}$/.test(lastId);
  if (asked.cursor !== undefined && !isCursor) {
    throw new Problem('invalid-request', 'query/cursor: is none of ours');
  }
  const after = isCursor
    ? sql`(o.money, o.stake, -o.id) < (${lastMoney}::bigint, ${lastEnergy}::bigint, -(${lastId}::bigint))`
    : sql`true`;
  const { rows } = await db.execute<{
    id: string;
    kind: (typeof exceptionKinds)[number];
    rule: string;
    point_id: string;
    code: string;
    commodity: string;
    meter_id: string | null;
    serial: string | null;
    from_at: string;
    to_at: string | null;
    energy: string | null;
    money_minor: string | null;
    since: string;
    detail: Record<string, unknown>;
    money: string;
    stake: string;
    decision: string;
  }>(sql`
    WITH waiting AS (
      SELECT q.id, 'quarantine' AS kind, q.rule, q.point_id, q.meter_id, coalesce(q.previous_at, q.at) AS from_at,
        CASE WHEN (q.detail ->> 'breaks')::boolean THEN NULL ELSE q.at END AS to_at, NULL::bigint AS energy,
        q.created_at, q.detail || jsonb_strip_nulls(jsonb_build_object('at', q.at, 'register', q.register,
          'previousRegister', q.previous_register)) AS detail,
        coalesce(d.decision, 'reopened') AS decision
      FROM quarantines q LEFT JOIN LATERAL (
        SELECT decision FROM quarantine_decisions d WHERE d.project_id = q.project_id
          AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1) d ON true
      WHERE q.project_id = ${projectId}::bigint AND coalesce(d.decision, 'reopened') ${wanted}
      UNION ALL
      SELECT f.id, 'finding', f.rule, f.point_id, f.meter_id, f.from_at, f.to_at, f.energy, f.created_at, f.detail,
        coalesce(d.decision, 'reopened')
      FROM quality_findings f LEFT JOIN LATERAL (
        SELECT decision FROM quality_finding_decisions d WHERE d.project_id = f.project_id
          AND d.finding_id = f.id ORDER BY d.id DESC LIMIT 1) d ON true
      WHERE f.project_id = ${projectId}::bigint AND coalesce(d.decision, 'reopened') ${wanted}),
    ordered AS (
      SELECT w.*, coalesce(w.energy, s.energy) AS at_stake, s.money_minor, coalesce(s.money_minor, -1) AS money,
        coalesce(w.energy, s.energy, -1) AS stake
      FROM waiting w LEFT JOIN exception_stakes s
        ON s.project_id = ${projectId}::bigint AND s.exception_id = w.id
      WHERE (${kind}::text IS NULL OR w.kind = ${kind}) AND (${rule}::text IS NULL OR w.rule = ${rule})
        AND (${pointId}::bigint IS NULL OR w.point_id = ${pointId}::bigint)
        AND (${id}::bigint IS NULL OR w.id = ${id}::bigint))
    SELECT o.id::text, o.kind, o.rule, o.point_id::text, p.code, p.commodity, o.meter_id::text, m.serial,
      o.from_at, o.to_at, o.at_stake::text AS energy, o.money_minor::text, o.created_at AS since, o.detail,
      o.money::text, o.stake::text, o.decision
    FROM ordered o JOIN points p ON p.project_id = ${projectId}::bigint AND p.id = o.point_id
      LEFT JOIN meters m ON m.project_id = ${projectId}::bigint AND m.id = o.meter_id
    WHERE ${after}
    ORDER BY o.money DESC, o.stake DESC, o.id LIMIT ${limit}`);
  return rows.map((r) => ({
    cursor: `${r.money}~${r.stake}~${r.id}`,
    exception: {
      id: r.id,
      kind: r.kind,
      rule: r.rule,
      subjectKind: r.meter_id === null ? 'point' : 'meter',
      subjectId: r.meter_id ?? r.point_id,
      pointId: r.point_id,
      pointCode: r.code,
      meterId: r.meter_id,
      serial: r.serial,
      from: new Date(r.from_at).toISOString(),
      to: r.to_at && new Date(r.to_at).toISOString(),
      energyAtStake: r.energy === null ? null : Number(r.energy),
      unit: r.commodity === 'water' ? 'l' : 'Wh',
      moneyAtStake: r.money_minor === null ? null : money(BigInt(r.money_minor), currency),
      state: stateOf(r.decision),
      since: new Date(r.since).toISOString(),
      detail: r.detail,
    },
  }));
}

const stateOf = (decision: string): State =>
  decision === 'reopened'
    ? 'open'
    : decision === 'withdrawn' || decision === 'cleared'
      ? 'withdrawn'
      : 'dismissed';
