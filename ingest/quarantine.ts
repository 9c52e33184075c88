/**
 * Readings that history contradicts. A quarantine is raised when the statement finds it, withdrawn when
 * it finds it no longer; what a person decides stands until that person, or another, reopens it.
 */
import { sql } from 'drizzle-orm';
import { raiseAlarms, syncAlarms } from '../sql/alarms.ts';
import { tell } from '../sql/events.ts';
import type { Actor } from '../sql/permission.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { rebuildFrom } from './rebuild.ts';

export type Rule = 'reversal' | 'reset' | 'spike' | 'replacement' | 'ratio' | 'conflict';
export type Decision = 'exclude' | 'new-base' | 'withdrawn' | 'reopened';

/** A quarantine with its newest decision. Registers are as read, before CT/PT. */
export interface Quarantine {
  id: string;
  meterId: string;
  pointId: string;
  rule: Rule;
  atMs: number;
  previousMs: number | null;
  register: string | null;
  previousRegister: string | null;
  /** It holds back everything after it, not only its own slots. */
  breaks: boolean;
  /** Null and 'reopened' wait for a person. */
  decision: Decision | null;
}

/** What the statement found. */
export interface Found {
  meterId: string;
  pointId: string;
  rule: Rule;
  atMs: number;
  previousMs: number | null;
  register: string;
  previousRegister: string | null;
  breaks: boolean;
}

/** Nobody has decided it: it holds back its slots, or everything after it. */
export const isOpen = ({ decision }: Pick<Quarantine, 'decision'>) =>
  decision === null || decision === 'reopened';

/** Every quarantine of these points that is not withdrawn, oldest first. */
export async function quarantinesOf(
  tx: Queryable,
  { projectId, pointIds }: { projectId: string; pointIds: readonly string[] },
): Promise<Quarantine[]> {
  const { rows } = await tx.execute<{
    id: string;
    meter_id: string;
    point_id: string;
    rule: Rule;
    at_ms: string;
    previous_ms: string | null;
    register: string | null;
    previous_register: string | null;
    breaks: boolean;
    decision: Decision | null;
  }>(sql`
    SELECT q.id::text, q.meter_id::text, q.point_id::text, q.rule,
      coalesce((q.detail ->> 'breaks')::boolean, false) AS breaks,
      (extract(epoch FROM q.at) * 1000)::bigint::text AS at_ms,
      (extract(epoch FROM q.previous_at) * 1000)::bigint::text AS previous_ms,
      q.register::text, q.previous_register::text, d.decision
    FROM quarantines q LEFT JOIN LATERAL (
      SELECT decision FROM quarantine_decisions d
      WHERE d.project_id = q.project_id AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE q.project_id = ${projectId}::bigint AND q.point_id = ANY(${`{${pointIds.join()}}`}::bigint[])
      AND d.decision IS DISTINCT FROM 'withdrawn'
    ORDER BY q.at, q.id`);
  return rows.map((r) => ({
    id: r.id,
    meterId: r.meter_id,
    pointId: r.point_id,
    rule: r.rule,
    atMs: Number(r.at_ms),
    previousMs: r.previous_ms === null ? null : Number(r.previous_ms),
    register: r.register,
    previousRegister: r.previous_register,
    breaks: r.breaks,
    decision: r.decision,
  }));
}

const keyOf = ({ meterId, atMs, rule, register, breaks }: Found | Quarantine) =>
  `${meterId}/${atMs}/${rule}/${register}/${breaks}`;

/**
 * What is to be raised and what to be withdrawn: `known` are the quarantines that this search would
 * have found again, `all` those that exist.
 */
export function difference(
  known: readonly Quarantine[],
  found: readonly Found[],
  all: readonly Quarantine[] = known,
) {
  const there = new Set(all.map(keyOf));
  const here = new Set(found.map(keyOf));
  return {
    raised: found.filter((f) => !there.has(keyOf(f))),
    // A person's decision changes what is found; only what nobody has decided can be withdrawn.
    withdrawn: known.filter((q) => isOpen(q) && !here.has(keyOf(q))),
  };
}

/** Writes the difference, in the transaction that also moves the marks. */
export async function saveDifference(
  tx: Tx,
  {
    projectId,
    at,
    raised,
    withdrawn,
  }: {
    projectId: string;
    at: Date;
    raised: readonly Found[];
    withdrawn: readonly Quarantine[];
  },
): Promise<void> {
  if (raised.length > 0) {
    const rows = raised.map((f) => ({
      meter: f.meterId,
      point: f.pointId,
      rule: f.rule,
      at: new Date(f.atMs).toISOString(),
      previous_at: f.previousMs === null ? null : new Date(f.previousMs).toISOString(),
      register: f.register,
      previous_register: f.previousRegister,
      detail: { breaks: f.breaks },
    }));
    const made = await tx.execute<{ id: string; meter_id: string; rule: string }>(sql`
      INSERT INTO quarantines (project_id, meter_id, point_id, rule, at, previous_at, register,
        previous_register, detail)
      SELECT ${projectId}::bigint, meter, point, rule, at, previous_at, register, previous_register, detail
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (meter bigint, point bigint, rule text,
        at timestamptz, previous_at timestamptz, register bigint, previous_register bigint,
        detail jsonb)
      RETURNING id::text, meter_id::text, rule`);
    await tell(
      tx,
      made.rows.map((r) => ({
        projectId,
        kind: 'quarantine.raised' as const,
        subjectId: r.id,
        payload: { meterId: r.meter_id, rule: r.rule },
      })),
    );
    const meters = new Map(raised.map((f) => [f.meterId, f]));
    const subjects = [...meters.values()].map(({ meterId, rule }) => alarmOf(meterId, rule));
    await raiseAlarms(tx, { projectId, kind: 'reading.quarantined', at, subjects });
  }
  if (withdrawn.length > 0) {
    await tx.execute(sql`
      INSERT INTO quarantine_decisions (project_id, quarantine_id, decision, decided_by, reason)
      SELECT ${projectId}::bigint, id, 'withdrawn', 'system', 'later data explains it'
      FROM unnest(${`{${withdrawn.map((q) => q.id).join()}}`}::bigint[]) AS t (id)`);
  }
}

const alarmOf = (meterId: string, rule: Rule) => ({
  subjectKind: 'meter',
  subjectId: meterId,
  severity: 'warning' as const,
  detail: { rule },
});

/** Makes the open alarms of a project equal to the meters with a quarantine that waits for a person. */
export async function syncQuarantineAlarms(
  tx: Queryable,
  { projectId, at }: { projectId: string; at: Date },
): Promise<void> {
  const { rows } = await tx.execute<{ meter_id: string; rule: Rule }>(sql`
    SELECT DISTINCT ON (q.meter_id) q.meter_id::text, q.rule FROM quarantines q
    LEFT JOIN LATERAL (
      SELECT decision FROM quarantine_decisions d
      WHERE d.project_id = q.project_id AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE q.project_id = ${projectId}::bigint AND coalesce(d.decision, 'reopened') = 'reopened'
    ORDER BY q.meter_id, q.id`);
  const subjects = rows.map((r) => alarmOf(r.meter_id, r.rule));
  await syncAlarms(tx, { projectId, kind: 'reading.quarantined', at, subjects });
}

/**
 * Decides a quarantine: `exclude` leaves the reading out, `new-base` counts on from it and bills nothing
 * for the break, `reopened` takes a decision back. Intervals from the reading before it are built anew.
 * Throws Problem `not-found`, or `conflict` when it is withdrawn or the decision does not fit its rule.
 */
export async function decide(
  tx: Tx,
  {
    projectId,
    quarantineId,
    decision,
    reason,
    actor,
  }: {
    projectId: string;
    quarantineId: string;
    decision: 'exclude' | 'new-base' | 'reopened';
    reason: string;
    actor: Actor;
  },
): Promise<void> {
  const { rows } = await tx.execute<{
    point_id: string;
    rule: Rule;
    from_ms: string;
    decision: Decision | null;
  }>(sql`
    SELECT q.point_id::text, q.rule, (extract(epoch FROM coalesce(q.previous_at, q.at)) * 1000)::bigint::text
      AS from_ms, (SELECT decision FROM quarantine_decisions d WHERE d.project_id = q.project_id
        AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1) AS decision
    FROM quarantines q WHERE q.project_id = ${projectId}::bigint AND q.id = ${quarantineId}::bigint`);
  const found = rows[0];
  if (!found) throw notFound('quarantine');
  if (found.decision === 'withdrawn') {
    throw new Problem('conflict', 'Later data explains this reading: there is nothing to decide.');
  }
  if (decision === 'reopened' && (found.decision === null || found.decision === 'reopened')) {
    throw new Problem('conflict', 'Nothing has been decided yet.');
  }
  if (decision === 'exclude' && found.rule === 'ratio') {
    throw new Problem('conflict', 'A ratio is not left out: correct the installation, or sign it.');
  }
  if (decision === 'new-base' && found.rule === 'conflict') {
    throw new Problem('conflict', 'Of two values for one instant one can only be excluded.');
  }
  await tx.execute(sql`
    INSERT INTO quarantine_decisions (project_id, quarantine_id, decision, decided_by, reason)
    VALUES (${projectId}::bigint, ${quarantineId}::bigint, ${decision}, ${actor.id}, ${reason})`);
  await rebuildFrom(tx, {
    projectId,
    points: [{ id: found.point_id, fromMs: Number(found.from_ms) }],
    why: `reading decided: ${reason}`,
  });
  await tell(tx, [
    { projectId, kind: 'quarantine.decided', subjectId: quarantineId, payload: { decision } },
  ]);
}
