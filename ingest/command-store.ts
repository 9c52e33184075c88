/**
 * The progress of commands in Postgres: which are open, `sent` before the frame, and what came of each.
 * Every change of state goes with its steps and its event in one transaction, and locks its rows in the order
 * of their ids, so that no two of them wait for each other.
 */
import { type SQL, sql } from 'drizzle-orm';
import { type CommandFunction, commandFunctionOf } from '../sql/command-functions.ts';
import { commandObstacles, type Obstacle } from '../sql/commands.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { supplyFunctions } from '../sql/supply.ts';
import type { Seen } from './command-plan.ts';
import type { Job, Sent, Step, Verdict } from './command-run.ts';

/** An open command with what must be known of its meter. */
export interface OpenCommand extends Job {
  sequence: number;
  arguments: Record<string, unknown>;
  serial: string;
  /** CT × PT where its register counts secondary energy. */
  ratio: number;
  /** Why the last try settled nothing. */
  outcome: string | null;
}

/** Open commands that are looked at together; more than any park has meters. */
const OPEN_MAX = 20_000;

/**
 * All open commands but those that are in work, each meter's in order of sequence. Each is looked up by its
 * keys: a planner that takes a batch of a moment ago for a few rows joins all of it with all meters.
 */
export async function openCommands(
  db: Db,
  { at, inWork }: { at: Date; inWork: readonly string[] },
): Promise<OpenCommand[]> {
  const { rows } = await db.execute<{
    project_id: string;
    id: string;
    meter_id: string;
    sequence: number;
    function: CommandFunction;
    arguments: Record<string, unknown>;
    state: Job['state'];
    outcome: string | null;
    attempts: number;
    before: Seen | null;
    sent_at: Date | string | null;
    expires_at: Date | string;
    serial: string;
    ratio: number;
  }>(sql`
    WITH open AS MATERIALIZED (
      SELECT project_id, command_id, state, outcome, attempts, before, sent_at FROM command_states
      WHERE state IN ('requested', 'sent', 'unknown')
        AND command_id <> ALL (${`{${inWork.join(',')}}`}::bigint[]))
    SELECT c.project_id::text, c.id::text, c.meter_id::text, c.sequence, c.function, c.arguments,
      s.state, s.outcome, s.attempts, s.before, s.sent_at, c.expires_at, m.serial,
      coalesce(i.ratio, 1) AS ratio
    FROM open s
    CROSS JOIN LATERAL (SELECT * FROM commands
      WHERE project_id = s.project_id AND id = s.command_id OFFSET 0) c
    CROSS JOIN LATERAL (SELECT serial FROM meters
      WHERE project_id = c.project_id AND id = c.meter_id OFFSET 0) m
    LEFT JOIN LATERAL (SELECT CASE WHEN basis = 'secondary' THEN ct * pt END AS ratio FROM installations
      WHERE project_id = c.project_id AND meter_id = c.meter_id AND valid_from <= ${iso(at)}::timestamptz
        AND (valid_to IS NULL OR valid_to > ${iso(at)}::timestamptz) OFFSET 0) i ON true
    ORDER BY c.meter_id, c.sequence LIMIT ${OPEN_MAX}`);
  return rows.map((row) => ({
    projectId: row.project_id,
    id: row.id,
    meterId: row.meter_id,
    sequence: row.sequence,
    function: row.function,
    arguments: row.arguments,
    state: row.state,
    outcome: row.outcome,
    attempts: row.attempts,
    before: row.before,
    sentAt: row.sent_at === null ? null : new Date(row.sent_at),
    expiresAt: new Date(row.expires_at),
    serial: row.serial,
    ratio: row.ratio,
  }));
}

/** What is to be written before the first frame of a command. */
interface ToSend {
  job: Job;
  before: Seen;
  at: Date;
  steps: readonly Step[];
}

/**
 * Makes `sent` durable before any frame goes out, of many commands in one commit; what is told of each stands
 * at its place. Not when it was withdrawn meanwhile or has expired; refused when something stands in its way now.
 */
export async function markSent(db: Db, asked: readonly ToSend[]): Promise<Sent[]> {
  const obstacles = await obstaclesNow(db, asked);
  const rows = asked
    .filter(({ job, at }) => !obstacles.has(job.id) && at < job.expiresAt)
    .map(({ job, before, at, steps }) => ({
      ...{ project: job.projectId, id: job.id, at: iso(at), before },
      steps: [...steps, decided('sent', at)],
    }));
  const sent = new Set<string>();
  if (rows.length > 0) {
    const { rows: done } = await db.execute<{ id: string }>(sql`
      WITH wanted AS (
        SELECT t.* FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          AS t (project bigint, id bigint, at timestamptz, before jsonb, steps jsonb)
        JOIN command_states s ON s.project_id = t.project AND s.command_id = t.id
        WHERE s.state = 'requested' ORDER BY t.project, t.id FOR UPDATE OF s),
      done AS (
        UPDATE command_states s SET state = 'sent', attempts = s.attempts + 1, outcome = NULL,
          sent_at = w.at, before = w.before
        FROM wanted w WHERE s.project_id = w.project AND s.command_id = w.id
        RETURNING s.project_id, s.command_id, w.steps),
      noted AS (${stepsOfDone})
      SELECT command_id::text AS id FROM done`);
    for (const { id } of done) sent.add(id);
  }
  return asked.map(({ job }) => {
    const why = obstacles.get(job.id);
    if (why) return { outcome: 'refused', why };
    return { outcome: sent.has(job.id) ? 'sent' : 'gone' };
  });
}

/** By command; each project and function is asked once. */
async function obstaclesNow(db: Db, asked: readonly ToSend[]): Promise<Map<string, Obstacle>> {
  const groups = new Map<string, ToSend[]>();
  for (const each of asked) {
    const key = `${each.job.projectId}/${each.job.function}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const found = new Map<string, Obstacle>();
  for (const group of groups.values()) {
    const [first] = group;
    if (!first) continue;
    const { projectId, function: name } = first.job;
    const meterIds = group.map(({ job }) => job.meterId);
    const inTheWay = await commandObstacles(db, {
      ...{ projectId, function: name, meterIds, at: first.at },
    });
    for (const { job } of group) {
      const obstacle = inTheWay.get(job.meterId);
      if (obstacle) found.set(job.id, obstacle);
    }
  }
  return found;
}

/** What a run came to. */
interface ToSettle {
  job: Job;
  verdict: Verdict;
  at: Date;
  steps: readonly Step[];
}

/**
 * Writes what runs came to with their steps and events, of many commands in one commit; at its place false where
 * the command was over already.
 */
export async function settleCommands(db: Db, asked: readonly ToSettle[]): Promise<boolean[]> {
  const rows = asked.map(({ job, verdict, at, steps }) => {
    const { state, outcome } = verdict;
    return {
      ...{ project: job.projectId, id: job.id, state, outcome },
      after: 'after' in verdict ? verdict.after : null,
      resolved: state === 'requested' || state === 'unknown' ? null : iso(at),
      steps: [...steps, decided(state, at, outcome)],
      payload: payloadOf(job, outcome),
    };
  });
  const { rows: done } = await db.execute<{ id: string }>(sql`
    WITH wanted AS (
      SELECT t.*, s.state AS was FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS t (project bigint, id bigint, state text, outcome text, after jsonb, resolved timestamptz,
          steps jsonb, payload jsonb)
      JOIN command_states s ON s.project_id = t.project AND s.command_id = t.id
      WHERE s.state IN ('requested', 'sent', 'unknown') ORDER BY t.project, t.id FOR UPDATE OF s),
    done AS (
      UPDATE command_states s SET state = w.state, outcome = w.outcome,
        after = coalesce(nullif(w.after, 'null'::jsonb), s.after), resolved_at = w.resolved
      FROM wanted w WHERE s.project_id = w.project AND s.command_id = w.id
      RETURNING s.project_id, s.command_id, s.state, w.was, w.steps, w.payload),
    noted AS (${stepsOfDone}),
    told AS (
      INSERT INTO events (project_id, kind, subject_id, payload)
      SELECT project_id, 'command.' || state, command_id, payload FROM done
      WHERE state <> 'requested' AND was <> state ORDER BY command_id)
    SELECT command_id::text AS id FROM done`);
  const settled = new Set(done.map(({ id }) => id));
  return asked.map(({ job }) => settled.has(job.id));
}

/** Adds their steps, in order, to the commands in the part of a statement that is called `done`. */
const stepsOfDone: SQL = sql`
  INSERT INTO command_steps (project_id, command_id, at, kind, address, result, detail)
  SELECT done.project_id, done.command_id, (s ->> 'at')::timestamptz, s ->> 'kind',
    (s ->> 'address')::int, s ->> 'result', nullif(s -> 'detail', 'null'::jsonb)
  FROM done, jsonb_array_elements(done.steps) WITH ORDINALITY AS t (s, nth)
  ORDER BY done.command_id, nth`;

/** Ends commands that were never sent: out of time, overtaken by a newer one, or withdrawn. */
export async function expireUnsent(
  tx: Db | Tx,
  ended: readonly {
    job: Pick<Job, 'projectId' | 'id' | 'meterId' | 'function'>;
    outcome: string;
  }[],
  at: Date,
): Promise<number> {
  if (ended.length === 0) return 0;
  const rows = ended.map(({ job, outcome }) => ({
    ...{ project: job.projectId, id: job.id, outcome },
    payload: payloadOf(job, outcome),
  }));
  // One statement: a batch that is stopped has thousands.
  const { rows: done } = await tx.execute<{ id: string }>(sql`
    WITH wanted AS (
      SELECT t.* FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS t (project bigint, id bigint, outcome text, payload jsonb)
      JOIN command_states s ON s.project_id = t.project AND s.command_id = t.id
      WHERE s.state = 'requested' ORDER BY t.project, t.id FOR UPDATE OF s),
    done AS (
      UPDATE command_states s SET state = 'expired', outcome = w.outcome, resolved_at = ${iso(at)}::timestamptz
      FROM wanted w WHERE s.project_id = w.project AND s.command_id = w.id
      RETURNING s.project_id, s.command_id, s.outcome, w.payload),
    noted AS (
      INSERT INTO command_steps (project_id, command_id, at, kind, result)
      SELECT project_id, command_id, ${iso(at)}::timestamptz, 'expired', outcome FROM done),
    told AS (
      INSERT INTO events (project_id, kind, subject_id, payload)
      SELECT project_id, 'command.expired', command_id, payload FROM done)
    SELECT command_id::text AS id FROM done`);
  return done.length;
}

/** Confirmed commands of the supply since an instant, of each meter the newest, that no sample has shown. */
export async function unobservedSupply(
  db: Db,
  since: Date,
): Promise<Pick<Job, 'projectId' | 'id' | 'meterId' | 'function'>[]> {
  const { rows } = await db.execute<{
    project_id: string;
    id: string;
    meter_id: string;
    function: CommandFunction;
    isUnseen: boolean;
  }>(sql`
    SELECT DISTINCT ON (c.project_id, c.meter_id) c.project_id::text, c.id::text, c.meter_id::text,
      c.function, s.supply_observed_at IS NULL AS "isUnseen"
    FROM commands c
    JOIN command_states s ON s.project_id = c.project_id AND s.command_id = c.id
    WHERE s.state = 'confirmed' AND s.resolved_at >= ${iso(since)}::timestamptz
      AND c.requested_at >= ${iso(since)}::timestamptz - interval '1 day'
      AND c.function IN (${supplyFunctions})
    ORDER BY c.project_id, c.meter_id, c.sequence DESC`);
  return rows
    .filter(({ isUnseen }) => isUnseen)
    .map(({ project_id: projectId, id, meter_id: meterId, function: name }) => ({
      ...{ projectId, id, meterId, function: name },
    }));
}

/** Notes the first sample that shows the supply as it was commanded. */
export async function observeSupply(
  db: Db,
  { projectId, id, at }: { projectId: string; id: string; at: Date },
): Promise<void> {
  await db.execute(sql`
    UPDATE command_states SET supply_observed_at = ${iso(at)}::timestamptz
    WHERE project_id = ${projectId}::bigint AND command_id = ${id}::bigint
      AND state = 'confirmed' AND supply_observed_at IS NULL`);
}

const decided = (kind: string, at: Date, outcome: string | null = null): Step => ({
  at,
  kind,
  address: null,
  result: outcome ?? 'ok',
  detail: null,
});

const payloadOf = (
  { meterId, function: name }: Pick<Job, 'meterId' | 'function'>,
  outcome: string | null,
) => ({ meterId, function: name, outcome, supply: commandFunctionOf(name).supply });

const iso = (at: Date): string => at.toISOString();
