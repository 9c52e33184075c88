/**
 * Alarms: one open row per kind and subject, so that nothing is raised twice. What comes again soon after
 * it was cleared is the same alarm, which then stands until its cause has been gone for a while: it does
 * not flap, and nobody is told of it twice.
 */
import { sql } from 'drizzle-orm';
import type { Queryable } from './postgres.ts';

/** Every kind there is, in the order in which a page offers them. */
export const alarmKinds = [
  'account.alarm1',
  'account.alarm2',
  'account.arrears',
  'account.credit-hold',
  'credit.brake',
  'meter.silent',
  'meter.silent-credit',
  'gateway.silent',
  'meter.clock',
  'relay.differs',
  'meter.balance-differs',
  'meter.counter-differs',
  'point.overload',
  'reading.quarantined',
  'point.loss',
  'reconciliation.difference',
  'ledger.broken',
  'spool.filling',
  'spool.rejected',
  'questdb.suspended',
  'server.clock',
] as const;
export type AlarmKind = (typeof alarmKinds)[number];

/** What comes again so soon after it was cleared is the same alarm. */
export const FLAP_MS = 600_000;

/** What tells of something that happened, not of how it stands: it ends when a person has seen to it. */
export const happenings: readonly string[] = ['spool.rejected'] satisfies AlarmKind[];

const GRAVITY = sql`array['notice', 'warning', 'critical']`;

export interface Alarming {
  subjectKind: string;
  subjectId: string;
  severity: 'notice' | 'warning' | 'critical';
  detail?: Record<string, unknown>;
}

/**
 * Raises what is not yet open. What stands and is another severity now says so with its detail; graver is
 * new to whoever acknowledged the milder.
 */
export async function raiseAlarms(
  tx: Queryable,
  {
    projectId,
    kind,
    at,
    subjects,
  }: { projectId: string; kind: AlarmKind; at: Date; subjects: readonly Alarming[] },
): Promise<void> {
  if (subjects.length === 0) return;
  const now = sql`${at.toISOString()}::timestamptz`;
  const given = sql`jsonb_to_recordset(${JSON.stringify(subjects)}::jsonb)
    AS s (severity text, "subjectKind" text, "subjectId" text, detail jsonb)`;
  // Back within minutes: the newest row of the subject opens again. Who acknowledged it, did.
  // What happens again is another alarm.
  if (!happenings.includes(kind))
    await tx.execute(sql`
    UPDATE alarms a SET cleared_at = NULL, gone_since = NULL, reopened = reopened + 1,
      severity = r.severity, detail = coalesce(r.detail, '{}'::jsonb)
    FROM (SELECT DISTINCT ON (c.subject_kind, c.subject_id) c.id, s.severity, s.detail FROM ${given}
      JOIN alarms c ON c.project_id = ${projectId}::bigint AND c.kind = ${kind}
        AND c.subject_kind = s."subjectKind" AND c.subject_id = s."subjectId"
        AND c.cleared_at > ${new Date(at.getTime() - FLAP_MS).toISOString()}::timestamptz
      WHERE NOT EXISTS (SELECT FROM alarms o WHERE o.project_id = c.project_id AND o.kind = c.kind
        AND o.subject_kind = c.subject_kind AND o.subject_id = c.subject_id
        AND o.cleared_at IS NULL)
      ORDER BY c.subject_kind, c.subject_id, c.cleared_at DESC) r
    WHERE a.project_id = ${projectId}::bigint AND a.id = r.id AND a.cleared_at IS NOT NULL`);
  const graver = sql`array_position(${GRAVITY}, s.severity) > array_position(${GRAVITY}, a.severity)`;
  await tx.execute(sql`
    UPDATE alarms a SET severity = s.severity, detail = coalesce(s.detail, '{}'::jsonb),
      acknowledged_at = CASE WHEN NOT ${graver} THEN a.acknowledged_at END,
      acknowledged_by = CASE WHEN NOT ${graver} THEN a.acknowledged_by END,
      note = CASE WHEN NOT ${graver} THEN a.note END
    FROM ${given}
    WHERE a.project_id = ${projectId}::bigint AND a.kind = ${kind} AND a.cleared_at IS NULL
      AND a.subject_kind = s."subjectKind" AND a.subject_id = s."subjectId" AND a.severity <> s.severity`);
  await tx.execute(sql`
    INSERT INTO alarms (project_id, kind, severity, subject_kind, subject_id, detail, raised_at)
    SELECT ${projectId}::bigint, ${kind}, severity, "subjectKind", "subjectId",
      coalesce(detail, '{}'::jsonb), ${now} FROM ${given}
    ON CONFLICT (project_id, kind, subject_kind, subject_id) WHERE cleared_at IS NULL DO NOTHING`);
}

/**
 * Makes the open alarms of a kind equal to `subjects`: raises the new ones, clears the others. One that
 * has come again before is cleared when its cause has been gone for FLAP_MS.
 */
export async function syncAlarms(
  tx: Queryable,
  {
    projectId,
    kind,
    at,
    subjects,
  }: { projectId: string; kind: AlarmKind; at: Date; subjects: readonly Alarming[] },
): Promise<void> {
  await raiseAlarms(tx, { projectId, kind, at, subjects });
  // A set, not a list that is walked for each alarm: a park has tens of thousands of both.
  const keys = JSON.stringify(
    subjects.map(({ subjectKind: kind, subjectId: id }) => ({ kind, id })),
  );
  const now = sql`${at.toISOString()}::timestamptz`;
  const quietSince = sql`${new Date(at.getTime() - FLAP_MS).toISOString()}::timestamptz`;
  await tx.execute(sql`
    WITH present AS (SELECT kind, id FROM jsonb_to_recordset(${keys}::jsonb) AS s (kind text, id text)),
    judged AS (
      SELECT a.id, a.reopened, a.gone_since,
        EXISTS (SELECT FROM present p WHERE p.kind = a.subject_kind AND p.id = a.subject_id) AS stands
      FROM alarms a
      WHERE a.project_id = ${projectId}::bigint AND a.kind = ${kind} AND a.cleared_at IS NULL)
    UPDATE alarms a SET
      cleared_at = CASE WHEN NOT j.stands AND (j.reopened = 0 OR j.gone_since <= ${quietSince})
        THEN ${now} END,
      gone_since = CASE WHEN NOT j.stands THEN coalesce(j.gone_since, ${now}) END
    FROM judged j WHERE a.project_id = ${projectId}::bigint AND a.id = j.id
      AND (NOT j.stands OR j.gone_since IS NOT NULL)`);
}

/** Projects in which alarms of these kinds are open: some may have nothing left that could raise them. */
export async function projectsAlarmed(
  tx: Queryable,
  kinds: readonly AlarmKind[],
): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    SELECT DISTINCT project_id::text AS id FROM alarms
    WHERE cleared_at IS NULL AND kind IN (${sql.join(
      kinds.map((kind) => sql`${kind}`),
      sql`, `,
    )})`);
  return rows.map(({ id }) => id);
}
