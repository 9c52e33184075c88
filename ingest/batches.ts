/**
 * A batch of commands: the canary is asked first, the rest when all of it is confirmed. What a batch is
 * follows from its commands; every decision about it is a row, taken under a lock of its own.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { CommandFunction } from '../sql/command-functions.ts';
import { requestCommands } from '../sql/commands.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { commandBatchActs, commandBatches } from '../sql/schema/index.ts';
import { listBatches, metersOfBatches } from './batch-list.ts';
import { type Chosen, chosenMeters, digestOf, type Selection } from './batch-select.ts';
import { expireUnsent } from './command-store.ts';
import { type Acting, only } from './rows.ts';

/** Canaries of one batch at most: more are no canary. */
export const CANARY_MAX = 100;

/** What was previewed and is confirmed. */
interface Confirmed extends Selection {
  digest: string;
  /** Meters that go first; none: all at once. */
  canary: number;
  /** By itself, when the canary is confirmed. */
  goesOn: boolean;
  reason: string;
}

/**
 * Begins a batch exactly as it was previewed. Throws Problem `preview-outdated` when the meters are not what
 * the digest says, `conflict` when none of them can do it.
 */
export async function beginBatch(
  tx: Tx,
  { digest, canary, goesOn, reason, ...selection }: Confirmed,
  { actor, traceId }: Pick<Acting, 'actor' | 'traceId'>,
): Promise<string> {
  const { projectId, function: name, arguments: args, filter, at } = selection;
  const meters = await chosenMeters(tx, selection);
  if (digestOf(selection, meters) !== digest) {
    throw new Problem('preview-outdated', 'The meters are not as they were when it was previewed.');
  }
  const able = meters.filter(({ obstacle }) => obstacle === null);
  if (able.length === 0) throw new Problem('conflict', 'None of these meters can do that.');
  const first = canaryOf(able, canary);
  const who = { actorKind: actor.kind, actorId: actor.id, actorName: actor.name };
  const { id } = only(
    await tx
      .insert(commandBatches)
      .values({
        ...{ projectId, function: name, arguments: args, reason, digest, goesOn, ...who },
        canary: first.size,
        filter: filter ? { ...filter } : null,
        requestedAt: at,
      })
      .returning({ id: commandBatches.id }),
  );
  const rows = meters.map(({ meterId, obstacle }, i) => ({
    ...{ meter: meterId, place: i + 1, canary: first.has(meterId), obstacle },
  }));
  await tx.execute(sql`
    INSERT INTO command_batch_meters (project_id, batch_id, meter_id, place, is_canary, obstacle)
    SELECT ${projectId}::bigint, ${id}::bigint, meter, place, canary, obstacle
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS t (meter bigint, place int, canary boolean, obstacle text)`);
  await record(tx, {
    ...{ projectId, actor, traceId },
    action: 'command-batch.begun',
    subjectKind: 'command-batch',
    subjectId: id,
    detail: { function: name, arguments: args, meters: able.length, canary: first.size, reason },
  });
  const meterIds = first.size > 0 ? [...first] : able.map(({ meterId }) => meterId);
  await requestCommands(tx, {
    ...{ projectId, function: name, arguments: args, reason, at, actor, meterIds },
    batchId: id,
  });
  return id;
}

/** Those that answer, first; none where all would be canaries. */
function canaryOf(able: readonly Chosen[], wanted: number): Set<string> {
  if (wanted >= able.length) return new Set();
  const heard = [...able].sort((a, b) => Number(a.silent) - Number(b.silent));
  return new Set(heard.slice(0, wanted).map(({ meterId }) => meterId));
}

interface Decision {
  projectId: string;
  id: string;
  reason: string;
  at: Date;
}

/**
 * Goes on, stops or tries the failed again. Throws Problem `not-found`, or `conflict` when there is nothing
 * to do by it, or the canary does not stand.
 */
export async function decideBatch(
  tx: Tx,
  act: 'continue' | 'stop' | 'retry',
  decision: Decision,
  who: { actor: Actor; traceId?: string },
): Promise<void> {
  const { projectId, id, reason, at } = decision;
  await tx.execute(sql`
    SELECT pg_advisory_xact_lock(hashtextextended(${`wattledger_batch/${id}`}, 0))`);
  const [batch] = await listBatches(tx, { projectId, id, limit: 1 });
  if (!batch) throw notFound('batch');
  const meters = await standingOf(tx, decision);
  const { actor } = who;
  const { function: name, arguments: args } = batch;
  const asked = act === 'stop' ? [] : chosenBy(act, meters);
  if (act === 'stop' && ['stopped', 'done'].includes(batch.state)) {
    throw new Problem('conflict', 'It is over, or stopped already.');
  }
  const count =
    act === 'stop'
      ? await takeBack(tx, { projectId, at, function: name, meters })
      : await ask(tx, {
          ...{ projectId, actor, at, function: name, arguments: args, reason: batch.reason },
          ...{ meterIds: asked.map(({ meterId }) => meterId), batchId: id },
        });
  await tx.insert(commandBatchActs).values({
    ...{ projectId, batchId: id, act, reason, meters: count, at },
    rest: asked.some(({ isCanary }) => !isCanary),
    ...{ actorKind: actor.kind, actorId: actor.id, actorName: actor.name },
  });
  await record(tx, {
    ...{ projectId, ...who },
    action: `command-batch.${act}`,
    subjectKind: 'command-batch',
    subjectId: id,
    detail: { reason, meters: count },
  });
}

interface Standing {
  meterId: string;
  commandId: string | null;
  isCanary: boolean;
  state: string;
}

async function standingOf(tx: Tx, { projectId, id }: Decision): Promise<Standing[]> {
  const { rows } = await tx.execute<{
    meter_id: string;
    command_id: string | null;
    is_canary: boolean;
    state: string;
  }>(sql`
    WITH chosen AS (SELECT ${projectId}::bigint AS project_id, ${id}::bigint AS id),
    ${metersOfBatches}
    SELECT meter_id::text, command_id::text, is_canary, state FROM standing ORDER BY place`);
  return rows.map((row) => ({
    meterId: row.meter_id,
    commandId: row.command_id,
    isCanary: row.is_canary,
    state: row.state,
  }));
}

/** Takes back what was not sent; what is on its way is read back as ever. */
async function takeBack(
  tx: Tx,
  {
    projectId,
    at,
    function: name,
    meters,
  }: { projectId: string; at: Date; function: CommandFunction; meters: readonly Standing[] },
): Promise<number> {
  const ended = meters.flatMap(({ state, commandId, meterId }) =>
    state === 'requested' && commandId !== null
      ? [{ job: { projectId, id: commandId, meterId, function: name }, outcome: 'withdrawn' }]
      : [],
  );
  return await expireUnsent(tx, ended, at);
}

/** Who is asked by it. Throws Problem `conflict` where the canary does not stand, or nobody is left. */
function chosenBy(act: 'continue' | 'retry', meters: readonly Standing[]): Standing[] {
  if (act === 'retry') {
    const failed = meters.filter(({ state }) => FAILED.has(state));
    if (failed.length === 0) throw new Problem('conflict', 'None of its meters has failed.');
    return failed;
  }
  const canary = meters.filter(({ isCanary }) => isCanary);
  const held = canary.filter(({ state }) => LEFT.has(state));
  if (held.length > 0) return held;
  if (canary.some(({ state }) => state !== 'confirmed')) {
    throw new Problem('conflict', 'Its canary is not confirmed: the rest is not asked.');
  }
  const left = meters.filter(({ state }) => LEFT.has(state));
  if (left.length === 0) throw new Problem('conflict', 'All of its meters were asked.');
  return left;
}

const FAILED: ReadonlySet<string> = new Set(['refused', 'expired']);
const LEFT: ReadonlySet<string> = new Set(['waiting', 'withdrawn']);

async function ask(tx: Tx, request: Parameters<typeof requestCommands>[1]): Promise<number> {
  const made = await requestCommands(tx, request);
  return made.length;
}

const system: Actor = { kind: 'system', id: 'ingest', name: 'Ingest' };

/**
 * Goes on with batches whose canary is confirmed, where that was wished, and stops those of which a canary
 * has failed. Returns how many were moved.
 */
export async function advanceBatches(db: Db, at: Date): Promise<number> {
  const { rows } = await db.execute<{ project_id: string; id: string; failed: number }>(sql`
    WITH chosen AS (
      SELECT b.project_id, b.id, b.goes_on FROM command_batches b
      WHERE b.canary > 0
        AND NOT EXISTS (SELECT FROM command_batch_acts a
          WHERE a.project_id = b.project_id AND a.batch_id = b.id AND a.rest)
        AND (SELECT a.act FROM command_batch_acts a
          WHERE a.project_id = b.project_id AND a.batch_id = b.id ORDER BY a.id DESC LIMIT 1)
          IS DISTINCT FROM 'stop'),
    ${metersOfBatches}
    SELECT b.project_id::text, b.id::text,
      count(*) FILTER (WHERE s.state IN ('refused', 'expired'))::int AS failed
    FROM chosen b
    JOIN standing s ON s.project_id = b.project_id AND s.batch_id = b.id AND s.is_canary
    GROUP BY b.project_id, b.id, b.goes_on
    HAVING count(*) FILTER (WHERE s.state IN ('refused', 'expired')) > 0
      OR (b.goes_on AND bool_and(s.state = 'confirmed'))`);
  for (const { project_id: projectId, id, failed } of rows) {
    const [act, reason] =
      failed > 0
        ? (['stop', 'A meter of the canary has failed.'] as const)
        : (['continue', 'The canary is confirmed.'] as const);
    await db
      .transaction((tx) => decideBatch(tx, act, { projectId, id, reason, at }, { actor: system }))
      .catch((error) => {
        // A person was quicker: theirs holds.
        if (!(error instanceof Problem && error.code === 'conflict')) throw error;
      });
  }
  return rows.length;
}
