/** When and of what a project tells its customers. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import type { By } from './fields.ts';
import { type NoticeKindName, noticeKindNames, noticeKindOf } from './notice-kinds.ts';
import type { QuietHours } from './quiet-hours.ts';

export interface NoticeSettings {
  quiet: QuietHours | null;
  /** Told in quiet hours too. */
  urgent: NoticeKindName[];
  /** Not told at all. */
  off: NoticeKindName[];
}

const isKind = (name: string): name is NoticeKindName =>
  (noticeKindNames as string[]).includes(name); // A wider view of the same names.

/** A project's settings; before any were made: no quiet hours, all kinds. */
export async function readNoticeSettings(
  db: Queryable,
  projectId: string,
): Promise<NoticeSettings> {
  const found = await db.execute<{
    quiet_from: string | null;
    quiet_to: string | null;
    urgent: string[];
    off: string[];
  }>(sql`
    SELECT quiet_from, quiet_to, urgent, off FROM notice_settings
    WHERE project_id = ${projectId}::bigint`);
  const row = found.rows[0];
  if (!row) {
    return { quiet: null, urgent: noticeKindNames.filter((k) => noticeKindOf(k).urgent), off: [] };
  }
  const { quiet_from: from, quiet_to: to } = row;
  return {
    quiet: from !== null && to !== null ? { from, to } : null,
    urgent: row.urgent.filter(isKind),
    off: row.off.filter(isKind),
  };
}

/** Writes all of them. What is queued already keeps its hour until it is tried again. */
export async function changeNoticeSettings(
  db: Db,
  {
    projectId,
    settings,
    by,
    at,
  }: { projectId: string; settings: NoticeSettings; by: By; at: Date },
): Promise<NoticeSettings> {
  return await db.transaction(async (tx) => {
    const before = await readNoticeSettings(tx, projectId);
    await tx.execute(sql`
      INSERT INTO notice_settings (project_id, quiet_from, quiet_to, urgent, off, changed_by,
        changed_at)
      VALUES (${projectId}::bigint, ${settings.quiet?.from ?? null}, ${settings.quiet?.to ?? null},
        ${`{${settings.urgent.join()}}`}::text[], ${`{${settings.off.join()}}`}::text[],
        ${by.actor.name}, ${at.toISOString()}::timestamptz)
      ON CONFLICT (project_id) DO UPDATE SET quiet_from = excluded.quiet_from,
        quiet_to = excluded.quiet_to, urgent = excluded.urgent, off = excluded.off,
        changed_by = excluded.changed_by, changed_at = excluded.changed_at`);
    await record(tx, {
      ...{ projectId, ...by, action: 'notice-settings.changed' },
      ...{ subjectKind: 'project', subjectId: projectId },
      detail: { from: before, to: settings },
    });
    return await readNoticeSettings(tx, projectId);
  });
}
