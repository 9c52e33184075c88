/** When and of what a project tells its customers, and where its own people are called. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import type { StaffAddress } from '../sql/schema/notices.ts';
import type { By } from './fields.ts';
import { addressOf } from './notice-addresses.ts';
import { type NoticeKindName, noticeKindNames, noticeKindOf } from './notice-kinds.ts';
import type { QuietHours } from './quiet-hours.ts';

export interface NoticeSettings {
  quiet: QuietHours | null;
  /** Told in quiet hours too. */
  urgent: NoticeKindName[];
  /** Not told at all. */
  off: NoticeKindName[];
  /** Where people of the project are told what needs one of them. */
  staff: StaffAddress[];
}

/** Most addresses of a project's own people. */
export const STAFF_MAX = 10;

/** Whether a kind goes out in quiet hours: a person who is called is called. */
export const isUrgent = (
  { urgent }: Pick<NoticeSettings, 'urgent'>,
  kind: NoticeKindName,
): boolean => noticeKindOf(kind).to === 'staff' || urgent.includes(kind);

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
    staff: StaffAddress[];
  }>(sql`
    SELECT quiet_from, quiet_to, urgent, off, staff FROM notice_settings
    WHERE project_id = ${projectId}::bigint`);
  const row = found.rows[0];
  if (!row) {
    const urgent = noticeKindNames.filter((kind) => noticeKindOf(kind).urgent);
    return { quiet: null, urgent, off: [], staff: [] };
  }
  const { quiet_from: from, quiet_to: to } = row;
  return {
    quiet: from !== null && to !== null ? { from, to } : null,
    urgent: row.urgent.filter(isKind),
    off: row.off.filter(isKind),
    staff: row.staff,
  };
}

/**
 * Writes all of them; without `staff` its addresses stay. What is queued already keeps its hour until it is tried
 * again. Throws Problem `invalid-request` for what is no address.
 */
export async function changeNoticeSettings(
  db: Db,
  {
    projectId,
    settings,
    by,
    at,
  }: {
    projectId: string;
    settings: Omit<NoticeSettings, 'staff'> & { staff?: StaffAddress[] | undefined };
    by: By;
    at: Date;
  },
): Promise<NoticeSettings> {
  return await db.transaction(async (tx) => {
    const before = await readNoticeSettings(tx, projectId);
    const staff = (settings.staff ?? before.staff).map(({ channel, address, language }) => ({
      ...{ channel, address: addressOf(channel, address), language },
    }));
    await tx.execute(sql`
      INSERT INTO notice_settings (project_id, quiet_from, quiet_to, urgent, off, staff,
        changed_by, changed_at)
      VALUES (${projectId}::bigint, ${settings.quiet?.from ?? null}, ${settings.quiet?.to ?? null},
        ${`{${settings.urgent.join()}}`}::text[], ${`{${settings.off.join()}}`}::text[],
        ${JSON.stringify(staff)}::jsonb, ${by.actor.name}, ${at.toISOString()}::timestamptz)
      ON CONFLICT (project_id) DO UPDATE SET quiet_from = excluded.quiet_from,
        quiet_to = excluded.quiet_to, urgent = excluded.urgent, off = excluded.off,
        staff = excluded.staff, changed_by = excluded.changed_by, changed_at = excluded.changed_at`);
    await record(tx, {
      ...{ projectId, ...by, action: 'notice-settings.changed' },
      ...{ subjectKind: 'project', subjectId: projectId },
      // How many, not whose: the system log keeps no more of a person than a name.
      detail: {
        from: { ...before, staff: before.staff.length },
        to: { ...settings, staff: staff.length },
      },
    });
    return await readNoticeSettings(tx, projectId);
  });
}
