/** Alarms: one open row per kind and subject, so that nothing is raised twice and nothing flaps. */
import { sql } from 'drizzle-orm';
import type { Queryable } from './postgres.ts';

export type AlarmKind =
  | 'meter.silent'
  | 'gateway.silent'
  | 'meter.clock'
  | 'reading.quarantined'
  | 'spool.filling'
  | 'spool.rejected'
  | 'questdb.suspended'
  | 'account.low'
  | 'account.arrears';

export interface Alarming {
  subjectKind: string;
  subjectId: string;
  severity: 'notice' | 'warning' | 'critical';
  detail?: Record<string, unknown>;
}

/** Raises what is not yet open. */
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
  await tx.execute(sql`
    INSERT INTO alarms (project_id, kind, severity, subject_kind, subject_id, detail, raised_at)
    SELECT ${projectId}::bigint, ${kind}, severity, "subjectKind", "subjectId",
      coalesce(detail, '{}'::jsonb), ${at.toISOString()}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(subjects)}::jsonb)
      AS t (severity text, "subjectKind" text, "subjectId" text, detail jsonb)
    ON CONFLICT (project_id, kind, subject_kind, subject_id) WHERE cleared_at IS NULL DO NOTHING`);
}

/** Makes the open alarms of a kind equal to `subjects`: raises the new ones, clears the others. */
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
  const keys = JSON.stringify(subjects.map((s) => `${s.subjectKind}/${s.subjectId}`));
  await tx.execute(sql`
    UPDATE alarms SET cleared_at = ${at.toISOString()}::timestamptz
    WHERE project_id = ${projectId}::bigint AND kind = ${kind} AND cleared_at IS NULL
      AND NOT (${keys}::jsonb ? (subject_kind || '/' || subject_id))`);
}
