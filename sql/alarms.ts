/** Alarms: one open row per kind and subject, so that nothing is raised twice and nothing flaps. */
import { sql } from 'drizzle-orm';
import type { Queryable } from './postgres.ts';

export type AlarmKind =
  | 'meter.silent'
  | 'gateway.silent'
  | 'meter.clock'
  | 'relay.differs'
  | 'reading.quarantined'
  | 'spool.filling'
  | 'spool.rejected'
  | 'questdb.suspended'
  | 'account.low'
  | 'account.arrears'
  | 'ledger.broken'
  | 'reconciliation.difference';

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
  // A set, not a list that is walked for each alarm: a park has tens of thousands of both.
  const keys = JSON.stringify(
    subjects.map(({ subjectKind: kind, subjectId: id }) => ({ kind, id })),
  );
  await tx.execute(sql`
    UPDATE alarms a SET cleared_at = ${at.toISOString()}::timestamptz
    WHERE a.project_id = ${projectId}::bigint AND a.kind = ${kind} AND a.cleared_at IS NULL
      AND NOT EXISTS (SELECT FROM jsonb_to_recordset(${keys}::jsonb) AS s (kind text, id text)
        WHERE s.kind = a.subject_kind AND s.id = a.subject_id)`);
}
