/**
 * Asking a meter to do something, in the transaction of the act that wants it: one row a command, one
 * life. Ingest carries it out; `command_states` tells how far it is.
 */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { record } from './audit.ts';
import {
  type CommandFunction,
  commandFunctionNames,
  commandFunctionOf,
  knowledgeOf,
} from './command-functions.ts';
import { tell } from './events.ts';
import type { Actor } from './permission.ts';
import type { Queryable } from './postgres.ts';
import { Problem } from './problem.ts';
import { currentTrace } from './trace.ts';

export interface CommandRequest {
  projectId: string;
  actor: Actor;
  /** The instant of the act. */
  at: Date;
  function: CommandFunction;
  arguments?: unknown;
  reason: string;
  /** The sale, the decision and its data, that it comes of. */
  cause?: Record<string, unknown>;
  batchId?: string;
  /** Later than `at`; else the function's own life. */
  expiresAt?: Date;
}

export interface Requested {
  id: string;
  meterId: string;
  /** Rises strictly per meter. */
  sequence: number;
}

/** Most meters that one act may command. */
export const COMMAND_METERS_MAX = 5_000;
/** Locks that keep the sequences of meters apart; far fewer than Postgres can hold. */
const SEQUENCE_LOCKS = 256;

/**
 * Asks one meter. Throws Problem `invalid-request` for arguments that the function does not take.
 * @example await requestCommand(tx, { projectId, meterId, actor, at, function: 'trip', reason: 'moved out' })
 */
export async function requestCommand(
  tx: Queryable,
  { meterId, ...request }: CommandRequest & { meterId: string },
): Promise<Requested> {
  const [made] = await requestCommands(tx, { ...request, meterIds: [meterId] });
  if (!made) throw new Error('a command was asked for and not made');
  return made;
}

/**
 * Asks many meters for the same, set-based, with a line of the system log each. Whether they can do it
 * is judged by `commandObstacles` beforehand and again when it is sent. Must run in a transaction.
 */
export async function requestCommands(
  tx: Queryable,
  request: CommandRequest & { meterIds: readonly string[] },
): Promise<Requested[]> {
  const { projectId, meterIds, actor, at, reason, cause, batchId } = request;
  if (meterIds.length === 0) return [];
  if (meterIds.length > COMMAND_METERS_MAX) {
    throw new Problem('invalid-request', `at most ${COMMAND_METERS_MAX} meters at a time`);
  }
  const { lifeS } = commandFunctionOf(request.function);
  const args = argumentsOf(request.function, request.arguments ?? {});
  const expiresAt = request.expiresAt ?? new Date(at.getTime() + lifeS * 1000);
  if (expiresAt <= at) throw new Problem('invalid-request', 'expiresAt: must be later than now');
  const ids = sql`${`{${meterIds.join(',')}}`}::bigint[]`;
  // In one order, so that two acts never wait for each other; held until the act commits, so that a
  // lower number never appears after a higher one.
  await tx.execute(sql`
    SELECT pg_advisory_xact_lock(hashtext('wattledger_commands'), bucket)
    FROM (SELECT DISTINCT (m % ${SEQUENCE_LOCKS})::int AS bucket FROM unnest(${ids}) AS t (m)
      ORDER BY bucket) b`);
  const told = JSON.stringify({ function: request.function, arguments: args, reason });
  const { rows } = await tx.execute<{ id: string; meter_id: string; sequence: number }>(sql`
    WITH made AS (
      INSERT INTO commands (project_id, meter_id, sequence, function, arguments, reason,
        actor_kind, actor_id, actor_name, cause, batch_id, trace_id, requested_at, expires_at)
      SELECT ${projectId}::bigint, m,
        1 + coalesce((SELECT max(c.sequence) FROM commands c
          WHERE c.project_id = ${projectId}::bigint AND c.meter_id = m), 0),
        ${request.function}, ${JSON.stringify(args)}::jsonb, ${reason}, ${actor.kind}, ${actor.id},
        ${actor.name}, ${cause === undefined ? null : JSON.stringify(cause)}::jsonb,
        ${batchId ?? null}::bigint, ${currentTrace() ?? null}, ${at.toISOString()}::timestamptz,
        ${expiresAt.toISOString()}::timestamptz
      FROM unnest(${ids}) AS t (m) ORDER BY m
      RETURNING *),
    told AS (
      INSERT INTO audit (project_id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id,
        detail, trace_id)
      SELECT project_id, actor_kind, actor_id, actor_name, 'command.requested', 'meter', meter_id::text,
        jsonb_build_object('command', id::text) || ${told}::jsonb, trace_id
      FROM made ORDER BY id)
    SELECT id::text, meter_id::text, sequence FROM made ORDER BY id`);
  return rows.map((r) => ({ id: r.id, meterId: r.meter_id, sequence: r.sequence }));
}

/**
 * Takes commands back that were not sent, and tells which: the others were sent meanwhile, or are over. Who asked for
 * them may do so; it is atomic, whatever ingest is about to do.
 */
export async function withdrawUnsent(
  tx: Queryable,
  {
    projectId,
    commandIds,
    actor,
    at,
  }: { projectId: string; commandIds: readonly string[]; actor: Actor; at: Date },
): Promise<string[]> {
  if (commandIds.length === 0) return [];
  const { rows } = await tx.execute<{
    id: string;
    meter_id: string;
    function: CommandFunction;
  }>(sql`
    SELECT c.id::text, c.meter_id::text, c.function
    FROM withdraw_commands(${projectId}::bigint, ${`{${commandIds.join(',')}}`}::bigint[],
      ${at.toISOString()}::timestamptz) w (id)
    JOIN commands c ON c.project_id = ${projectId}::bigint AND c.id = w.id`);
  for (const { id, meter_id: meterId, function: name } of rows) {
    const { supply } = commandFunctionOf(name);
    const payload = { meterId, function: name, outcome: 'withdrawn', supply };
    await tell(tx, [{ projectId, kind: 'command.expired', subjectId: id, payload }]);
    await record(tx, {
      ...{ projectId, actor, action: 'command.withdrawn', subjectKind: 'meter' },
      ...{ subjectId: meterId, detail: { command: id, function: name } },
    });
  }
  return rows.map(({ id }) => id);
}

/** The arguments as the function wants them. Throws Problem `invalid-request` naming the place. */
export function argumentsOf(name: CommandFunction, given: unknown): Record<string, unknown> {
  const parsed = commandFunctionOf(name).arguments.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => ({
    at: ['json/arguments', ...path].join('/'),
    message,
  }));
  const [first] = faults;
  const told = first ? `${first.at}: ${first.message}` : z.prettifyError(parsed.error);
  throw new Problem('invalid-request', told, { faults });
}

/** Why a meter would not do it; these are problem codes too. */
export const obstacles = [
  ...(['not-found', 'not-connected', 'function-unsupported'] as const),
  ...(['function-not-enabled', 'locked-out'] as const),
] as const;
export type Obstacle = (typeof obstacles)[number];

/** What stands in the way of a function, by meter, at an instant; meters that could do it are left out. */
export async function commandObstacles(
  tx: Queryable,
  {
    projectId,
    function: name,
    meterIds,
    at,
  }: { projectId: string; function: CommandFunction; meterIds: readonly string[]; at: Date },
): Promise<Map<string, Obstacle>> {
  const instant = sql`${at.toISOString()}::timestamptz`;
  const { rows } = await tx.execute<{
    meter_id: string;
    model: string | null;
    connected: boolean;
    enabled: boolean;
    locked: boolean;
  }>(sql`
    SELECT t.id::text AS meter_id, m.model,
      coalesce(m.retired_at IS NULL AND m.bus_id IS NOT NULL AND m.unit IS NOT NULL, false) AS connected,
      coalesce((SELECT f.enabled FROM model_functions f
        WHERE f.project_id = m.project_id AND f.model = m.model AND f.function = ${name}
        ORDER BY f.id DESC LIMIT 1), false) AS enabled,
      p.lock_out IS NOT NULL AS locked
    FROM unnest(${`{${meterIds.join(',')}}`}::bigint[]) AS t (id)
    LEFT JOIN meters m ON m.project_id = ${projectId}::bigint AND m.id = t.id
    LEFT JOIN installations i ON i.project_id = m.project_id AND i.meter_id = m.id
      AND i.valid_from <= ${instant} AND (i.valid_to IS NULL OR i.valid_to > ${instant})
    LEFT JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id`);
  const found = new Map<string, Obstacle>();
  for (const row of rows) {
    const obstacle = obstacleOf(row, name);
    if (obstacle) found.set(row.meter_id, obstacle);
  }
  return found;
}

/** What stands in the way of every function of one meter; undefined when there is no such meter. */
export async function obstaclesOf(
  tx: Queryable,
  { projectId, meterId, at }: { projectId: string; meterId: string; at: Date },
): Promise<Map<CommandFunction, Obstacle> | undefined> {
  const instant = sql`${at.toISOString()}::timestamptz`;
  const { rows } = await tx.execute<{
    model: string;
    connected: boolean;
    enabled: string[];
    locked: boolean;
  }>(sql`
    SELECT m.model, m.retired_at IS NULL AND m.bus_id IS NOT NULL AND m.unit IS NOT NULL AS connected,
      ARRAY(SELECT f.function FROM (
        SELECT DISTINCT ON (function) function, enabled FROM model_functions
        WHERE project_id = m.project_id AND model = m.model ORDER BY function, id DESC) f
        WHERE f.enabled) AS enabled,
      p.lock_out IS NOT NULL AS locked
    FROM meters m
    LEFT JOIN installations i ON i.project_id = m.project_id AND i.meter_id = m.id
      AND i.valid_from <= ${instant} AND (i.valid_to IS NULL OR i.valid_to > ${instant})
    LEFT JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    WHERE m.project_id = ${projectId}::bigint AND m.id = ${meterId}::bigint`);
  const row = rows[0];
  if (!row) return undefined;
  return new Map(
    commandFunctionNames.flatMap((name) => {
      const obstacle = obstacleOf({ ...row, enabled: row.enabled.includes(name) }, name);
      return obstacle ? [[name, obstacle] as const] : [];
    }),
  );
}

function obstacleOf(
  {
    model,
    connected,
    enabled,
    locked,
  }: { model: string | null; connected: boolean; enabled: boolean; locked: boolean },
  name: CommandFunction,
): Obstacle | undefined {
  if (model === null) return 'not-found';
  if (!connected) return 'not-connected';
  const knowledge = knowledgeOf(model, name);
  if (knowledge === 'unsupported') return 'function-unsupported';
  if (knowledge === 'unverified' && !enabled) return 'function-not-enabled';
  if (locked && commandFunctionOf(name).closes) return 'locked-out';
  return undefined;
}

const sentences: Record<Obstacle, string> = {
  'not-found': 'There is no such meter.',
  'not-connected': 'The meter is on no bus, or retired: nothing can be sent to it.',
  'function-unsupported': 'Meters of this model do not have this function.',
  'function-not-enabled':
    'How this model does it rests on one source: an administrator enables it for the model first.',
  'locked-out': 'The point is locked out: nothing may restore its supply.',
};

/** The Problem that says so to a caller. */
export const obstacleProblem = (obstacle: Obstacle): Problem =>
  new Problem(obstacle, sentences[obstacle]);
