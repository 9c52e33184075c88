/**
 * From events to the outbox: each event of a kind is looked at once, and each recipient of its account has
 * one notice about it. What is looked at is written down event by event, never as a cursor: an event
 * that commits late is not passed over.
 */
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '../sql/postgres.ts';
import { readAddresses } from './notice-addresses.ts';
import { factsOf, STALE_MS, type ToldEvent } from './notice-facts.ts';
import { kindOfEvent, type NoticeKindName, noticeKindNames, noticeKindOf } from './notice-kinds.ts';
import { isUrgent, type NoticeSettings, readNoticeSettings } from './notice-settings.ts';
import { listTemplates, type ShownTemplate, wordsOf } from './notice-templates.ts';
import type { ProjectTerms } from './project.ts';
import { quietUntil } from './quiet-hours.ts';

/** Events that are looked at in one pass. */
const EVENTS_MAX = 500;
/** Events older than this are not looked for: after so long, nobody is told. */
const LOOK_BACK_DAYS = 7;
/** Calls of one kind in an hour: who has been called so often looks at the page, where all of them are. */
const CALLS_PER_HOUR = 10;

const eventKinds = [...new Set(noticeKindNames.map((name) => noticeKindOf(name).event))];

/** Puts notices about new events of a project into the outbox. Returns how many events it looked at. */
export async function gatherNotices(
  db: Db,
  { project, at }: { project: ProjectTerms; at: Date },
): Promise<number> {
  const projectId = project.id;
  const since = new Date(at.getTime() - LOOK_BACK_DAYS * 86_400_000).toISOString();
  const found = await db.execute<{
    id: string;
    kind: string;
    subject_id: string;
    payload: Record<string, unknown>;
    at: string;
  }>(sql`
    SELECT e.id::text, e.kind, e.subject_id, e.payload, e.at FROM events e
    WHERE e.project_id = ${projectId}::bigint AND e.at > ${since}::timestamptz
      AND e.kind = ANY(${`{${eventKinds.join()}}`}::text[])
      AND NOT EXISTS (SELECT FROM notice_events n
        WHERE n.project_id = e.project_id AND n.event_id = e.id)
    ORDER BY e.at, e.id LIMIT ${EVENTS_MAX}`);
  if (found.rows.length === 0) return 0;
  const [settings, templates] = [
    await readNoticeSettings(db, projectId),
    await listTemplates(db, projectId),
  ];
  for (const row of found.rows) {
    const event: ToldEvent = {
      ...{ id: row.id, kind: row.kind, payload: row.payload },
      ...{ subjectId: row.subject_id, at: new Date(row.at) },
    };
    await db.transaction((tx) => gatherOne(tx, { project, event, settings, templates, at }));
  }
  return found.rows.length;
}

async function gatherOne(
  tx: Tx,
  {
    project,
    event,
    settings,
    templates,
    at,
  }: {
    project: ProjectTerms;
    event: ToldEvent;
    settings: NoticeSettings;
    templates: readonly ShownTemplate[];
    at: Date;
  },
): Promise<void> {
  const projectId = project.id;
  const seen = async (outcome: string) =>
    (
      await tx.execute(sql`
        INSERT INTO notice_events (project_id, event_id, outcome, at)
        VALUES (${projectId}::bigint, ${event.id}::bigint, ${outcome}, ${at.toISOString()}::timestamptz)
        ON CONFLICT DO NOTHING RETURNING event_id`)
    ).rows.length > 0;
  const kind = kindOfEvent(event.kind, event.payload);
  if (!kind) return void (await seen('other'));
  if (settings.off.includes(kind)) return void (await seen('off'));
  const facts = await factsOf(tx, { projectId, kind, event });
  const age = at.getTime() - event.at.getTime();
  if (facts?.isStale || age > STALE_MS) return void (await seen('stale'));
  const isCall = noticeKindOf(kind).to === 'staff';
  const addresses = isCall
    ? settings.staff
    : facts
      ? await readAddresses(tx, { projectId, accountId: facts.accountId })
      : [];
  if (!facts || addresses.length === 0) return void (await seen('nobody'));
  if (isCall && (await callsOf(tx, { projectId, kind, at })) >= CALLS_PER_HOUR) {
    return void (await seen('enough'));
  }
  // Another process that looks at the same event waits here, and finds it seen.
  if (!(await seen('told'))) return;
  const quiet =
    settings.quiet && !isUrgent(settings, kind)
      ? quietUntil(project.zone, settings.quiet, at.getTime())
      : undefined;
  const rows = addresses.map(({ channel, address, language: own }) => {
    const language = own ?? facts.language;
    const parameters = facts.in(language);
    const { subject, body, providerCode } = wordsOf(templates, {
      ...{ kind, channel, language, facts: parameters },
    });
    return { channel, recipient: address, language, subject, body, providerCode, parameters };
  });
  const instant = sql`${at.toISOString()}::timestamptz`;
  await tx.execute(sql`
    INSERT INTO notices (project_id, event_id, kind, account_id, channel, recipient, language,
      subject, body, parameters, provider_code, state, reason, queued_at, next_try_at)
    SELECT ${projectId}::bigint, ${event.id}::bigint, ${kind}, ${facts.accountId}::bigint, channel,
      recipient, language, subject, body, parameters, "providerCode", 'queued',
      ${quiet === undefined ? null : 'quiet-hours'}, ${instant},
      ${new Date(quiet ?? at.getTime()).toISOString()}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (channel text, recipient text,
      language text, subject text, body text, "providerCode" text, parameters jsonb)
    ON CONFLICT DO NOTHING`);
}

/** How often people were called for a kind within the last hour. */
async function callsOf(
  tx: Tx,
  { projectId, kind, at }: { projectId: string; kind: NoticeKindName; at: Date },
): Promise<number> {
  const found = await tx.execute<{ count: number }>(sql`
    SELECT count(DISTINCT event_id)::int AS count FROM notices
    WHERE project_id = ${projectId}::bigint AND kind = ${kind}
      AND queued_at > ${at.toISOString()}::timestamptz - interval '1 hour'`);
  return found.rows[0]?.count ?? 0;
}
