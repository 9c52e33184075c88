/** A template with real data in it: the newest event of its kind, else the newest account. */
import { sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';
import type { Fault } from '../sql/problem.ts';
import { type EventFacts, factsOf, type ToldEvent } from './notice-facts.ts';
import { commonNames, kindOfEvent, type NoticeKindName, noticeKindOf } from './notice-kinds.ts';
import { fill, lacking, templateFaults } from './notice-template.ts';
import type { WordedChannel } from './notice-templates.ts';
import type { Language } from './notice-words.ts';

/** Newest events that are looked through for one of the kind. */
const EVENTS_MAX = 200;

export interface NoticePreview {
  subject: string | null;
  body: string;
  faults: Fault[];
  /** Characters of the text. */
  length: number;
  /** Names that had no value here and are shown as –. */
  lacking: string[];
  /** What it was filled with: an event that happened, only an account, or nothing at all. */
  sample: 'event' | 'account' | 'none';
  at: string | null;
}

/** Fills a text that may not be saved yet. Nothing is written. */
export async function previewNotice(
  db: Queryable,
  {
    projectId,
    kind,
    channel,
    language,
    subject,
    body,
  }: {
    projectId: string;
    kind: NoticeKindName;
    channel: WordedChannel;
    language: Language;
    subject: string | null;
    body: string;
  },
): Promise<NoticePreview> {
  const faults = templateFaults(kind, { channel, subject, body });
  const found = await sampleOf(db, { projectId, kind });
  const facts = found ? found.facts.in(language) : {};
  const text = fill(body, facts);
  return {
    subject: subject === null ? null : fill(subject, facts),
    body: text,
    faults,
    length: [...text].length,
    lacking: lacking(`${subject ?? ''} ${body}`, facts),
    sample: found?.sample ?? 'none',
    at: found?.at?.toISOString() ?? null,
  };
}

async function sampleOf(
  db: Queryable,
  { projectId, kind }: { projectId: string; kind: NoticeKindName },
): Promise<{ facts: EventFacts; sample: 'event' | 'account'; at: Date | null } | undefined> {
  const events = await db.execute<{
    id: string;
    kind: string;
    subject_id: string;
    payload: Record<string, unknown>;
    at: string;
  }>(sql`
    SELECT id::text, kind, subject_id, payload, at FROM events
    WHERE project_id = ${projectId}::bigint AND kind = ${noticeKindOf(kind).event}
    ORDER BY at DESC, id DESC LIMIT ${EVENTS_MAX}`);
  const newest = events.rows.find((row) => kindOfEvent(row.kind, row.payload) === kind);
  if (newest) {
    const { id, subject_id: subjectId, payload } = newest;
    const event: ToldEvent = { id, kind: newest.kind, subjectId, payload, at: new Date(newest.at) };
    const facts = await factsOf(db, { projectId, kind, event });
    if (facts) return { facts, sample: 'event', at: event.at };
  }
  const account = await db.execute<{ id: string; at: string }>(sql`
    SELECT id::text, created_at AS at FROM accounts
    WHERE project_id = ${projectId}::bigint AND closed_on IS NULL ORDER BY id DESC LIMIT 1`);
  const [row] = account.rows;
  if (!row) return undefined;
  // As if the account were all that is known: what else the kind names stays open.
  const event: ToldEvent = {
    ...{ id: '0', kind: 'account.opened', subjectId: row.id, payload: {} },
    at: new Date(row.at),
  };
  const facts = await factsOf(db, { projectId, kind: 'account.opened', event });
  return facts && { facts: { ...facts, in: onlyCommon(facts.in) }, sample: 'account', at: null };
}

/** What is true of any event: an opening's own day is not that of a closing. */
const onlyCommon =
  (all: EventFacts['in']): EventFacts['in'] =>
  (language) => {
    const facts = all(language);
    return Object.fromEntries(commonNames.map((name) => [name, facts[name]]));
  };
