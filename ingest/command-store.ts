/**
 * The progress of commands in Postgres: which are open, `sent` before the frame, and what came of each.
 * Every change of state goes with its steps and its event in one transaction.
 */
import { type SQL, sql } from 'drizzle-orm';
import { type CommandFunction, commandFunctionOf } from '../sql/command-functions.ts';
import { commandObstacles } from '../sql/commands.ts';
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

/** All open commands, each meter's in order of sequence. */
export async function openCommands(db: Db, at: Date): Promise<OpenCommand[]> {
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
    SELECT c.project_id::text, c.id::text, c.meter_id::text, c.sequence, c.function, c.arguments,
      s.state, s.outcome, s.attempts, s.before, s.sent_at, c.expires_at, m.serial,
      coalesce(CASE WHEN i.basis = 'secondary' THEN i.ct * i.pt END, 1) AS ratio
    FROM command_states s
    JOIN commands c ON c.project_id = s.project_id AND c.id = s.command_id
    JOIN meters m ON m.project_id = c.project_id AND m.id = c.meter_id
    LEFT JOIN installations i ON i.project_id = c.project_id AND i.meter_id = c.meter_id
      AND i.valid_from <= ${iso(at)}::timestamptz
      AND (i.valid_to IS NULL OR i.valid_to > ${iso(at)}::timestamptz)
    WHERE s.state IN ('requested', 'sent', 'unknown')
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

/**
 * Makes `sent` durable before any frame goes out. Not when it was withdrawn meanwhile or has expired; refused
 * when something stands in its way now.
 */
export async function markSent(
  db: Db,
  job: Job,
  { before, at, steps }: { before: Seen; at: Date; steps: readonly Step[] },
): Promise<Sent> {
  const { projectId, meterId, function: name } = job;
  const asked = { projectId, function: name, meterIds: [meterId], at };
  const obstacle = (await commandObstacles(db, asked)).get(meterId);
  if (obstacle) return { outcome: 'refused', why: obstacle };
  const { rows } = await db.execute<{ id: string }>(sql`
    WITH done AS (
      UPDATE command_states SET state = 'sent', attempts = attempts + 1, outcome = NULL,
        sent_at = ${iso(at)}::timestamptz, before = ${JSON.stringify(before)}::jsonb
      WHERE ${isCommand(job)} AND state = 'requested' AND ${at < job.expiresAt}
      RETURNING project_id, command_id),
    noted AS (${stepsOfDone([...steps, decided('sent', at)])})
    SELECT command_id::text AS id FROM done`);
  return { outcome: rows.length === 1 ? 'sent' : 'gone' };
}

/** Writes what a run came to with its steps and its event, unless the command is over already; false then. */
export async function settleCommand(
  db: Db,
  job: Job,
  { verdict, at, steps }: { verdict: Verdict; at: Date; steps: readonly Step[] },
): Promise<boolean> {
  const { state, outcome } = verdict;
  const after = 'after' in verdict ? verdict.after : null;
  const isOver = state !== 'requested' && state !== 'unknown';
  // One statement for each of the two moments of a command: a batch has thousands.
  const { rows } = await db.execute<{ id: string }>(sql`
    WITH was AS (SELECT state FROM command_states WHERE ${isCommand(job)}),
    done AS (
      UPDATE command_states SET state = ${state}, outcome = ${outcome},
        after = coalesce(${after === null ? null : JSON.stringify(after)}::jsonb, after),
        resolved_at = ${isOver ? iso(at) : null}::timestamptz
      WHERE ${isCommand(job)} AND state IN ('requested', 'sent', 'unknown')
      RETURNING project_id, command_id, state),
    noted AS (${stepsOfDone([...steps, decided(state, at, outcome)])}),
    told AS (
      INSERT INTO events (project_id, kind, subject_id, payload)
      SELECT done.project_id, 'command.' || done.state, done.command_id,
        ${JSON.stringify(payloadOf(job, outcome))}::jsonb
      FROM done, was WHERE done.state <> 'requested' AND was.state <> done.state)
    SELECT command_id::text AS id FROM done`);
  return rows.length === 1;
}

/** Adds steps, in order, to the command in the part of a statement that is called `done`. */
const stepsOfDone = (steps: readonly Step[]): SQL => sql`
  INSERT INTO command_steps (project_id, command_id, at, kind, address, result, detail)
  SELECT done.project_id, done.command_id, (s ->> 'at')::timestamptz, s ->> 'kind',
    (s ->> 'address')::int, s ->> 'result', nullif(s -> 'detail', 'null'::jsonb)
  FROM done, jsonb_array_elements(${JSON.stringify(steps)}::jsonb) WITH ORDINALITY AS t (s, nth)
  ORDER BY nth`;

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
    WITH done AS (
      UPDATE command_states s SET state = 'expired', outcome = t.outcome, resolved_at = ${iso(at)}::timestamptz
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS t (project bigint, id bigint, outcome text, payload jsonb)
      WHERE s.project_id = t.project AND s.command_id = t.id AND s.state = 'requested'
      RETURNING s.project_id, s.command_id, s.outcome, t.payload),
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

const isCommand = ({ projectId, id }: Job): SQL =>
  sql`project_id = ${projectId}::bigint AND command_id = ${id}::bigint`;

const iso = (at: Date): string => at.toISOString();
