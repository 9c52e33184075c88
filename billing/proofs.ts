/**
 * Proofs of the ledger that run in the background: asked for by a person or by the night, made one at a
 * time by billing's process, with progress, and kept with what they found.
 */
import { sql } from 'drizzle-orm';
import { syncAlarms } from '../sql/alarms.ts';
import { type Clock, isoOrNull } from '../sql/clock.ts';
import { tell } from '../sql/events.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { only } from './fields.ts';
import type { ProjectTerms } from './project.ts';
import { type Check, type Proof, verifyLedger } from './verify.ts';

export interface ShownProof {
  id: string;
  requestedBy: string;
  requestedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  /** Positions looked at so far, and how many there were when it began. */
  checked: number;
  positions: number;
  outcome: 'held' | 'broken' | 'failed' | null;
  brokenPosition: string | null;
  checks: Check[];
}

/** A proof is asked for by itself when the newest is older than this. */
export const PROOF_EVERY_MS = 24 * 3_600_000;
/** Proofs that a list shows. */
export const PROOFS_SHOWN_MAX = 100;

/** Asks for a proof; while one is waiting or under way, that one is the answer. */
export async function askProof(
  db: Queryable,
  { projectId, by, at }: { projectId: string; by: string; at: Date },
): Promise<ShownProof> {
  const [open] = await readProofs(db, { projectId, where: sql`p.finished_at IS NULL`, limit: 1 });
  if (open) return open;
  const made = await db.execute<{ id: string }>(sql`
    INSERT INTO ledger_proofs (project_id, requested_by, requested_at)
    VALUES (${projectId}::bigint, ${by}, ${at.toISOString()}::timestamptz) RETURNING id::text`);
  return await readProof(db, { projectId, id: only(made.rows).id });
}

/** Throws Problem `not-found`. */
export async function readProof(
  db: Queryable,
  { projectId, id }: { projectId: string; id: string },
): Promise<ShownProof> {
  const [proof] = await readProofs(db, { projectId, where: sql`p.id = ${id}::bigint`, limit: 1 });
  if (!proof) throw notFound('proof');
  return proof;
}

export async function newestProof(
  db: Queryable,
  { projectId, finished = false }: { projectId: string; finished?: boolean },
): Promise<ShownProof | null> {
  const where = finished ? sql`p.outcome IN ('held', 'broken')` : sql`true`;
  return (await readProofs(db, { projectId, where, limit: 1 }))[0] ?? null;
}

/** Newest first. */
export async function readProofs(
  db: Queryable,
  {
    projectId,
    where = sql`true`,
    limit,
  }: { projectId: string; where?: ReturnType<typeof sql>; limit: number },
): Promise<ShownProof[]> {
  const found = await db.execute<{
    id: string;
    requested_by: string;
    requested_at: string;
    started_at: string | null;
    finished_at: string | null;
    checked: string;
    positions: string;
    outcome: ShownProof['outcome'];
    broken_position: string | null;
    checks: Check[];
  }>(sql`
    SELECT p.id::text, p.requested_by, p.requested_at, p.started_at, p.finished_at, p.checked::text,
      p.positions::text, p.outcome, p.broken_position::text, p.checks
    FROM ledger_proofs p WHERE p.project_id = ${projectId}::bigint AND ${where}
    ORDER BY p.id DESC LIMIT ${limit}`);
  return found.rows.map((row) => ({
    id: row.id,
    requestedBy: row.requested_by,
    requestedAt: new Date(row.requested_at).toISOString(),
    startedAt: isoOrNull(row.started_at),
    finishedAt: isoOrNull(row.finished_at),
    checked: Number(row.checked),
    positions: Number(row.positions),
    outcome: row.outcome,
    brokenPosition: row.broken_position,
    checks: row.checks,
  }));
}

/**
 * Makes the proof that waits longest in a project, and asks for one when the newest is a day old. Returns
 * what it found, or undefined when nothing was to be done. An alarm stands while the ledger is broken.
 */
export async function proveDue(
  { db, clock }: { db: Db; clock: Clock },
  project: ProjectTerms,
): Promise<Proof | undefined> {
  const projectId = project.id;
  const newest = await newestProof(db, { projectId });
  const at = clock();
  const age = newest ? at.getTime() - Date.parse(newest.requestedAt) : PROOF_EVERY_MS;
  if (age >= PROOF_EVERY_MS) await askProof(db, { projectId, by: 'system', at });
  // There is one such process: what is begun and not finished is of an earlier life, and begun again.
  const taken = await db.execute<{ id: string }>(sql`
    UPDATE ledger_proofs SET started_at = ${at.toISOString()}::timestamptz, checked = 0,
      positions = (SELECT coalesce(max(position), 0) FROM seals WHERE project_id = ${projectId}::bigint)
    WHERE project_id = ${projectId}::bigint AND id = (SELECT min(id) FROM ledger_proofs
      WHERE project_id = ${projectId}::bigint AND finished_at IS NULL)
    RETURNING id::text`);
  const id = taken.rows[0]?.id;
  if (id === undefined) return undefined;
  const set = (values: ReturnType<typeof sql>) => sql`
    UPDATE ledger_proofs SET ${values} WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`;
  const finish = (queryable: Queryable, outcome: string, values = sql``) =>
    queryable.execute(
      set(sql`finished_at = ${clock().toISOString()}::timestamptz, outcome = ${outcome} ${values}`),
    );
  try {
    const proof = await verifyLedger(
      db,
      { projectId, currency: project.currency },
      async (checked) => {
        await db.execute(set(sql`checked = ${checked.toString()}::bigint`));
      },
    );
    const broken = proof.brokenPosition?.toString() ?? null;
    const outcome = proof.holds ? 'held' : 'broken';
    await db.transaction(async (tx) => {
      await finish(
        tx,
        outcome,
        sql`, checked = ${proof.positions.toString()}::bigint,
          broken_position = ${broken}::bigint, checks = ${JSON.stringify(proof.checks)}::jsonb`,
      );
      await syncAlarms(tx, {
        ...{ projectId, kind: 'ledger.broken', at: clock() },
        subjects: proof.holds
          ? []
          : [
              {
                ...{ subjectKind: 'ledger', subjectId: projectId, severity: 'critical' },
                detail: { position: broken, checks: proof.checks.filter((c) => c.faults > 0) },
              },
            ],
      });
      const payload = { outcome, position: proof.positions.toString(), hash: proof.hash };
      await tell(tx, [{ projectId, kind: 'ledger.proven', subjectId: id, payload }]);
    });
    return proof;
  } catch (error) {
    await finish(db, 'failed');
    throw error;
  }
}
