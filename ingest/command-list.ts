/** Commands as they are shown: what was asked, how far it is, what was read, and in plain words why. */
import { z } from '@hono/zod-openapi';
import { type SQL, sql } from 'drizzle-orm';
import { isoOrNull } from '../sql/clock.ts';
import {
  type CommandFunction,
  type CommandState,
  commandFunctionNames,
  commandStateNames,
} from '../sql/command-functions.ts';
import type { Db } from '../sql/postgres.ts';
import { idSchema } from '../sql/route.ts';
import { matches } from '../sql/search.ts';
import { toldOf } from './command-outcomes.ts';

const recordSchema = z.record(z.string(), z.unknown());

export const commandSchema = z
  .object({
    id: idSchema,
    meterId: idSchema,
    serial: z.string(),
    pointId: idSchema.nullable(),
    pointCode: z.string().nullable(),
    sequence: z.number().int(),
    function: z.enum(commandFunctionNames),
    arguments: recordSchema,
    reason: z.string(),
    requestedBy: z.string(),
    requestedAt: z.string(),
    expiresAt: z.string(),
    batchId: idSchema.nullable(),
    cause: recordSchema.nullable(),
    state: z.enum(commandStateNames),
    outcome: z
      .string()
      .nullable()
      .openapi({ description: 'A word of a closed list, or exception:<n>' }),
    told: z.string().nullable().openapi({ description: 'The outcome as a sentence' }),
    sentAt: z.string().nullable(),
    resolvedAt: z.string().nullable(),
    attempts: z.number().int(),
    supplyObservedAt: z.string().nullable(),
    before: recordSchema.nullable(),
    after: recordSchema.nullable(),
  })
  .openapi('Command');

const stepSchema = z.object({
  at: z.string(),
  kind: z.string(),
  address: z.number().int().nullable(),
  result: z.string(),
  detail: recordSchema.nullable(),
});

// Not by `extend`, which the description would tell as two halves.
export const commandWithSteps = z
  .object({ ...commandSchema.shape, steps: z.array(stepSchema) })
  .openapi('CommandWithSteps');

export type ShownCommand = z.output<typeof commandSchema>;

interface Row extends Record<string, unknown> {
  id: string;
  meter_id: string;
  serial: string;
  point_id: string | null;
  point_code: string | null;
  sequence: number;
  function: CommandFunction;
  arguments: Record<string, unknown>;
  reason: string;
  actor_name: string;
  requested_at: Date | string;
  expires_at: Date | string;
  batch_id: string | null;
  cause: Record<string, unknown> | null;
  state: CommandState;
  outcome: string | null;
  sent_at: Date | string | null;
  resolved_at: Date | string | null;
  attempts: number;
  supply_observed_at: Date | string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

export interface CommandFilter {
  id?: string | undefined;
  meterId?: string | undefined;
  batchId?: string | undefined;
  state?: CommandState | undefined;
  function?: CommandFunction | undefined;
  /** Requested in [from, to). */
  from?: string | undefined;
  to?: string | undefined;
  /** A part of a serial, the code of a point, the reason or who asked, in any case. */
  q?: string | undefined;
  /** Older than this id. */
  before?: string | undefined;
}

export const commandTotals = z.object({
  count: z.number().int(),
  states: z.record(z.enum(commandStateNames), z.number().int()),
});

/** How many commands there are, by state. */
export async function countCommands(
  db: Db,
  { projectId, ...filter }: CommandFilter & { projectId: string },
): Promise<z.output<typeof commandTotals>> {
  const { rows } = await db.execute<{ state: CommandState; count: number }>(sql`
    SELECT s.state, count(*)::int AS count FROM ${commandsOf(projectId)}
      AND ${whereOf(filter)} GROUP BY s.state`);
  const states = Object.fromEntries(commandStateNames.map((name) => [name, 0])) as Record<
    CommandState,
    number
  >; // Each name has its count.
  for (const { state, count } of rows) states[state] = count;
  return { count: rows.reduce((sum, row) => sum + row.count, 0), states };
}

/** Commands of a project, newest first. */
export async function listCommands(
  db: Db,
  { projectId, limit, ...filter }: CommandFilter & { projectId: string; limit: number },
): Promise<ShownCommand[]> {
  const { rows } = await db.execute<Row>(sql`
    SELECT c.id::text, c.meter_id::text, m.serial, p.id::text AS point_id, p.code AS point_code,
      c.sequence, c.function, c.arguments, c.reason, c.actor_name, c.requested_at, c.expires_at,
      c.batch_id::text, c.cause, s.state, s.outcome, s.sent_at, s.resolved_at, s.attempts,
      s.supply_observed_at, s.before, s.after
    FROM ${commandsOf(projectId)} AND ${whereOf(filter)}
    ORDER BY c.id DESC LIMIT ${limit}`);
  return rows.map(shown);
}

/** With the meter and the point where it was then. */
const commandsOf = (projectId: string): SQL => sql`commands c
    JOIN command_states s ON s.project_id = c.project_id AND s.command_id = c.id
    JOIN meters m ON m.project_id = c.project_id AND m.id = c.meter_id
    LEFT JOIN installations i ON i.project_id = c.project_id AND i.meter_id = c.meter_id
      AND i.valid_from <= c.requested_at AND (i.valid_to IS NULL OR i.valid_to > c.requested_at)
    LEFT JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    WHERE c.project_id = ${projectId}::bigint`;

function whereOf({
  id,
  meterId,
  batchId,
  state,
  function: name,
  from,
  to,
  q = '',
  before,
}: CommandFilter): SQL {
  const parts: SQL[] = [sql`true`];
  if (id !== undefined) parts.push(sql`c.id = ${id}::bigint`);
  if (meterId !== undefined) parts.push(sql`c.meter_id = ${meterId}::bigint`);
  if (batchId !== undefined) parts.push(sql`c.batch_id = ${batchId}::bigint`);
  if (state !== undefined) parts.push(sql`s.state = ${state}`);
  if (name !== undefined) parts.push(sql`c.function = ${name}`);
  if (from !== undefined) parts.push(sql`c.requested_at >= ${from}::timestamptz`);
  if (to !== undefined) parts.push(sql`c.requested_at < ${to}::timestamptz`);
  if (q !== '') parts.push(matches(q, sql`m.serial, p.code, c.reason, c.actor_name`));
  if (before !== undefined) parts.push(sql`c.id < ${before}::bigint`);
  return sql.join(parts, sql` AND `);
}

/** The steps of a command, in order. */
export async function stepsOf(
  db: Db,
  { projectId, id }: { projectId: string; id: string },
): Promise<z.output<typeof stepSchema>[]> {
  const { rows } = await db.execute<{
    at: Date | string;
    kind: string;
    address: number | null;
    result: string;
    detail: Record<string, unknown> | null;
  }>(sql`SELECT at, kind, address, result, detail FROM command_steps
    WHERE project_id = ${projectId}::bigint AND command_id = ${id}::bigint ORDER BY id`);
  return rows.map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
}

const shown = (row: Row): ShownCommand => ({
  id: row.id,
  meterId: row.meter_id,
  serial: row.serial,
  pointId: row.point_id,
  pointCode: row.point_code,
  sequence: row.sequence,
  function: row.function,
  arguments: row.arguments,
  reason: row.reason,
  requestedBy: row.actor_name,
  requestedAt: new Date(row.requested_at).toISOString(),
  expiresAt: new Date(row.expires_at).toISOString(),
  batchId: row.batch_id,
  cause: row.cause,
  state: row.state,
  outcome: row.outcome,
  told: toldOf({ outcome: row.outcome, isUnknown: row.state === 'unknown' }),
  sentAt: isoOrNull(row.sent_at),
  resolvedAt: isoOrNull(row.resolved_at),
  attempts: row.attempts,
  supplyObservedAt: isoOrNull(row.supply_observed_at),
  before: row.before,
  after: row.after,
});
