/** Batches as they are shown: how far each is, told from its commands, and every meter of one. */
import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { isoOrNull } from '../sql/clock.ts';
import { type CommandFunction, commandFunctionNames } from '../sql/command-functions.ts';
import { type Obstacle, obstacleProblem } from '../sql/commands.ts';
import type { Queryable } from '../sql/postgres.ts';
import { idSchema } from '../sql/route.ts';
import { toldOf } from './command-outcomes.ts';

/** `left-out` was never asked; `waiting` is not asked yet; `withdrawn` was taken back unsent. */
export const batchMeterStates = [
  ...(['left-out', 'waiting', 'requested', 'sent', 'confirmed'] as const),
  ...(['refused', 'expired', 'unknown', 'withdrawn'] as const),
] as const;
type BatchMeterState = (typeof batchMeterStates)[number];

/** `ready`: the canary is confirmed, a person's word is waited for. */
const batchStates = ['canary', 'ready', 'running', 'stopped', 'done'] as const;

const recordSchema = z.record(z.string(), z.unknown());
const count = z.number().int();

export const batchSchema = z
  .object({
    id: idSchema,
    function: z.enum(commandFunctionNames),
    arguments: recordSchema,
    reason: z.string(),
    requestedBy: z.string(),
    requestedAt: z.string(),
    state: z.enum(batchStates),
    goesOn: z.boolean().openapi({ description: 'By itself, when the canary is confirmed' }),
    canary: count,
    counts: z.object({
      total: count,
      leftOut: count,
      waiting: count,
      requested: count,
      sent: count,
      confirmed: count,
      refused: count,
      expired: count,
      unknown: count,
      withdrawn: count,
    }),
    filter: recordSchema.nullable(),
    digest: z.string(),
    acts: z.array(
      z.object({
        act: z.enum(['continue', 'stop', 'retry']),
        reason: z.string(),
        by: z.string(),
        meters: count,
        at: z.string(),
      }),
    ),
  })
  .openapi('CommandBatch');

export const batchMeterSchema = z
  .object({
    place: count,
    meterId: idSchema,
    serial: z.string(),
    pointId: idSchema.nullable(),
    pointCode: z.string().nullable(),
    isCanary: z.boolean(),
    state: z.enum(batchMeterStates),
    outcome: z.string().nullable(),
    told: z.string().nullable(),
    commandId: idSchema.nullable().openapi({ description: 'The newest of this batch' }),
    tries: count.openapi({ description: 'Commands of this batch, retries included' }),
    sentAt: z.string().nullable(),
    resolvedAt: z.string().nullable(),
    supplyObservedAt: z.string().nullable(),
    before: recordSchema.nullable(),
    after: recordSchema.nullable(),
  })
  .openapi('CommandBatchMeter');

type ShownBatch = z.output<typeof batchSchema>;
type ShownBatchMeter = z.output<typeof batchMeterSchema>;

/**
 * The meters of some batches (`chosen`, a CTE of project_id, id) with the newest command of each: what all
 * questions about batches begin with.
 */
export const metersOfBatches = sql`
  newest AS (
    SELECT DISTINCT ON (c.project_id, c.batch_id, c.meter_id) c.project_id, c.batch_id, c.meter_id,
      c.id AS command_id, s.state, s.outcome, s.sent_at, s.resolved_at, s.supply_observed_at,
      s.before, s.after,
      count(*) OVER (PARTITION BY c.project_id, c.batch_id, c.meter_id)::int AS tries
    FROM chosen b
    JOIN commands c ON c.project_id = b.project_id AND c.batch_id = b.id
    JOIN command_states s ON s.project_id = c.project_id AND s.command_id = c.id
    ORDER BY c.project_id, c.batch_id, c.meter_id, c.sequence DESC),
  standing AS (
    SELECT m.*, n.command_id, n.outcome, n.sent_at, n.resolved_at, n.supply_observed_at, n.before,
      n.after, coalesce(n.tries, 0) AS tries,
      CASE WHEN m.obstacle IS NOT NULL THEN 'left-out' WHEN n.state IS NULL THEN 'waiting'
        WHEN n.state = 'expired' AND n.outcome = 'withdrawn' THEN 'withdrawn' ELSE n.state END AS state
    FROM chosen b
    JOIN command_batch_meters m ON m.project_id = b.project_id AND m.batch_id = b.id
    LEFT JOIN newest n ON n.project_id = m.project_id AND n.batch_id = m.batch_id
      AND n.meter_id = m.meter_id)`;

interface BatchRow extends Record<string, unknown> {
  id: string;
  function: CommandFunction;
  arguments: Record<string, unknown>;
  reason: string;
  actor_name: string;
  requested_at: Date | string;
  goes_on: boolean;
  filter: Record<string, unknown> | null;
  digest: string;
  counts: Partial<Record<BatchMeterState, number>>;
  canary: number;
  canary_confirmed: number;
  acts: ShownBatch['acts'];
}

/** Batches of a project, newest first; of one when its id is given. */
export async function listBatches(
  db: Queryable,
  {
    projectId,
    id = null,
    before = null,
    name = null,
    limit,
  }: {
    projectId: string;
    id?: string | null;
    /** Older than this id. */
    before?: string | null;
    name?: CommandFunction | null;
    limit: number;
  },
): Promise<ShownBatch[]> {
  const { rows } = await db.execute<BatchRow>(sql`
    WITH chosen AS (
      SELECT * FROM command_batches
      WHERE project_id = ${projectId}::bigint AND (${id}::bigint IS NULL OR id = ${id}::bigint)
        AND (${before}::bigint IS NULL OR id < ${before}::bigint)
        AND (${name}::text IS NULL OR function = ${name})
      ORDER BY id DESC LIMIT ${limit}),
    ${metersOfBatches},
    counted AS (
      SELECT batch_id, jsonb_object_agg(state, meters) AS counts,
        sum(canaries)::int AS canary, coalesce(sum(canaries) FILTER (WHERE state = 'confirmed'), 0)::int
          AS canary_confirmed
      FROM (SELECT batch_id, state, count(*)::int AS meters,
          count(*) FILTER (WHERE is_canary)::int AS canaries
        FROM standing GROUP BY 1, 2) s GROUP BY 1),
    decided AS (
      SELECT a.batch_id, jsonb_agg(jsonb_build_object('act', a.act, 'reason', a.reason,
        'by', a.actor_name, 'meters', a.meters, 'at', a.at) ORDER BY a.id) AS acts
      FROM chosen b
      JOIN command_batch_acts a ON a.project_id = b.project_id AND a.batch_id = b.id GROUP BY 1)
    SELECT b.id::text, b.function, b.arguments, b.reason, b.actor_name, b.requested_at, b.goes_on,
      b.filter, b.digest, c.counts, c.canary, c.canary_confirmed, coalesce(d.acts, '[]') AS acts
    FROM chosen b
    JOIN counted c ON c.batch_id = b.id
    LEFT JOIN decided d ON d.batch_id = b.id
    ORDER BY b.id DESC`);
  return rows.map(shownBatch);
}

function shownBatch(row: BatchRow): ShownBatch {
  const of = (state: BatchMeterState) => row.counts[state] ?? 0;
  const acts = row.acts.map((act) => ({ ...act, at: new Date(act.at).toISOString() }));
  return {
    id: row.id,
    function: row.function,
    arguments: row.arguments,
    reason: row.reason,
    requestedBy: row.actor_name,
    requestedAt: new Date(row.requested_at).toISOString(),
    state: stateOf(row),
    goesOn: row.goes_on,
    canary: row.canary,
    counts: {
      total: Object.values(row.counts).reduce((sum, meters) => sum + meters, 0),
      leftOut: of('left-out'),
      waiting: of('waiting'),
      requested: of('requested'),
      sent: of('sent'),
      confirmed: of('confirmed'),
      refused: of('refused'),
      expired: of('expired'),
      unknown: of('unknown'),
      withdrawn: of('withdrawn'),
    },
    filter: row.filter,
    digest: row.digest,
    acts,
  };
}

function stateOf({ acts, counts, canary, canary_confirmed: confirmed }: BatchRow) {
  if (acts.at(-1)?.act === 'stop') return 'stopped';
  if ((counts.waiting ?? 0) > 0) return confirmed === canary ? 'ready' : 'canary';
  const open = (['requested', 'sent', 'unknown'] as const).some((each) => (counts[each] ?? 0) > 0);
  return open ? 'running' : 'done';
}

interface MeterRow extends Record<string, unknown> {
  place: number;
  meter_id: string;
  serial: string;
  point_id: string | null;
  point_code: string | null;
  is_canary: boolean;
  state: BatchMeterState;
  obstacle: Obstacle | null;
  outcome: string | null;
  command_id: string | null;
  tries: number;
  sent_at: Date | string | null;
  resolved_at: Date | string | null;
  supply_observed_at: Date | string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** The meters of a batch in their order, after a place. */
export async function listBatchMeters(
  db: Queryable,
  {
    projectId,
    id,
    after,
    state = null,
    limit,
  }: {
    projectId: string;
    id: string;
    after: number;
    state?: BatchMeterState | null;
    limit: number;
  },
): Promise<ShownBatchMeter[]> {
  const { rows } = await db.execute<MeterRow>(sql`
    WITH chosen AS (SELECT ${projectId}::bigint AS project_id, ${id}::bigint AS id),
    ${metersOfBatches}
    SELECT s.place, s.meter_id::text, m.serial, p.id::text AS point_id, p.code AS point_code,
      s.is_canary, s.state, s.obstacle, s.outcome, s.command_id::text, s.tries, s.sent_at,
      s.resolved_at, s.supply_observed_at, s.before, s.after
    FROM standing s
    JOIN command_batches b ON b.project_id = s.project_id AND b.id = s.batch_id
    JOIN meters m ON m.project_id = s.project_id AND m.id = s.meter_id
    LEFT JOIN installations i ON i.project_id = s.project_id AND i.meter_id = s.meter_id
      AND i.valid_from <= b.requested_at AND (i.valid_to IS NULL OR i.valid_to > b.requested_at)
    LEFT JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    WHERE s.place > ${after} AND (${state}::text IS NULL OR s.state = ${state})
    ORDER BY s.place LIMIT ${limit}`);
  return rows.map((row) => ({
    place: row.place,
    meterId: row.meter_id,
    serial: row.serial,
    pointId: row.point_id,
    pointCode: row.point_code,
    isCanary: row.is_canary,
    state: row.state,
    outcome: row.obstacle ?? row.outcome,
    told: toldOfMeter(row),
    commandId: row.command_id,
    tries: row.tries,
    sentAt: isoOrNull(row.sent_at),
    resolvedAt: isoOrNull(row.resolved_at),
    supplyObservedAt: isoOrNull(row.supply_observed_at),
    before: row.before,
    after: row.after,
  }));
}

function toldOfMeter({ state, obstacle, outcome }: MeterRow): string | null {
  if (obstacle) return obstacleProblem(obstacle).detail;
  return toldOf({ outcome, isUnknown: state === 'unknown' });
}
