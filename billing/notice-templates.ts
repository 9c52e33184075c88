/** The templates of a project: its own words where it has written some, else those in notice-words. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { noticeLanguages, noticeTemplates } from '../sql/schema/index.ts';
import type { By } from './fields.ts';
import { type Facts, type NoticeKindName, namesOf, noticeKindNames } from './notice-kinds.ts';
import { fill, lacking, templateFaults } from './notice-template.ts';
import { type Language, noticeWords } from './notice-words.ts';

/** A webhook has no words of its own: it carries those of the SMS beside the facts. */
export type WordedChannel = 'sms' | 'email';
export const wordedChannels = ['sms', 'email'] as const;

export interface TemplateText {
  subject: string | null;
  body: string;
  /** The code under which an SMS provider has approved it. */
  providerCode: string | null;
}

export interface ShownTemplate extends TemplateText {
  kind: NoticeKindName;
  channel: WordedChannel;
  language: Language;
  /** True as long as the project has not written its own. */
  isDefault: boolean;
  /** The names that it may use. */
  names: string[];
  changedBy: string | null;
  changedAt: string | null;
}

interface Row extends Record<string, unknown> {
  kind: string;
  channel: WordedChannel;
  language: Language;
  subject: string | null;
  body: string | null;
  provider_code: string | null;
  created_by: string;
  created_at: string;
}

/** Every template of a project, by kind, channel and language. */
export async function listTemplates(db: Queryable, projectId: string): Promise<ShownTemplate[]> {
  const found = await db.execute<Row>(sql`
    SELECT DISTINCT ON (kind, channel, language) kind, channel, language, subject, body,
      provider_code, created_by, created_at
    FROM notice_templates WHERE project_id = ${projectId}::bigint
    ORDER BY kind, channel, language, id DESC`);
  const own = new Map(found.rows.map((row) => [`${row.kind}/${row.channel}/${row.language}`, row]));
  return noticeKindNames.flatMap((kind) =>
    wordedChannels.flatMap((channel) =>
      noticeLanguages.map((language): ShownTemplate => {
        const row = own.get(`${kind}/${channel}/${language}`);
        const text =
          row && row.body !== null
            ? { subject: row.subject, body: row.body }
            : defaultText(kind, { channel, language });
        return {
          ...{ kind, channel, language },
          ...{ ...text, providerCode: row?.provider_code ?? null },
          isDefault: row?.body == null,
          names: [...namesOf(kind)],
          changedBy: row?.created_by ?? null,
          changedAt: row ? new Date(row.created_at).toISOString() : null,
        };
      }),
    ),
  );
}

/** Null where the words are those that come with the program. */
const ownText = ({ isDefault, subject, body, providerCode }: ShownTemplate) =>
  isDefault ? null : { subject, body, providerCode };

const defaultText = (
  kind: NoticeKindName,
  { channel, language }: { channel: WordedChannel; language: Language },
): Omit<TemplateText, 'providerCode'> => {
  const words = noticeWords[kind][language];
  return channel === 'sms'
    ? { subject: null, body: words.sms }
    : { subject: words.subject, body: words.email };
};

/**
 * Writes a template, or takes Wattledger's again for null. Throws Problem `invalid-request` with the
 * faults of the text.
 */
export async function writeTemplate(
  db: Db,
  {
    projectId,
    kind,
    channel,
    language,
    text,
    by,
  }: {
    projectId: string;
    kind: NoticeKindName;
    channel: WordedChannel;
    language: Language;
    text: TemplateText | null;
    by: By;
  },
): Promise<ShownTemplate> {
  const faults = text ? templateFaults(kind, { channel, ...text }) : [];
  const [first] = faults;
  if (first) throw new Problem('invalid-request', first.message, { faults });
  const isIt = (t: ShownTemplate) =>
    t.kind === kind && t.channel === channel && t.language === language;
  return await db.transaction(async (tx) => {
    const before = (await listTemplates(tx, projectId)).find(isIt);
    await tx.insert(noticeTemplates).values({
      ...{ projectId, kind, channel, language, createdBy: by.actor.name },
      ...(text ?? { subject: null, body: null, providerCode: null }),
    });
    await record(tx, {
      ...{ projectId, ...by, action: 'notice-template.changed' },
      ...{ subjectKind: 'notice-template', subjectId: `${kind}/${channel}/${language}` },
      detail: { text: { from: before ? ownText(before) : null, to: text } },
    });
    const written = (await listTemplates(tx, projectId)).find(isIt);
    if (!written) throw new Error('a template was written and is not there');
    return written;
  });
}

/** A notice's words: what a template says of facts. */
export function wordsOf(
  templates: readonly ShownTemplate[],
  {
    kind,
    channel,
    language,
    facts,
  }: {
    kind: NoticeKindName;
    channel: 'sms' | 'email' | 'webhook';
    language: Language;
    facts: Facts;
  },
): TemplateText & { lacking: string[] } {
  const worded = channel === 'webhook' ? 'sms' : channel;
  const template = templates.find(
    (t) => t.kind === kind && t.channel === worded && t.language === language,
  );
  if (!template) throw new Error(`no words for ${kind} in ${language}`);
  const { subject, body, providerCode } = template;
  return {
    subject: subject === null ? null : fill(subject, facts),
    body: fill(body, facts),
    providerCode: channel === 'sms' ? providerCode : null,
    lacking: lacking(`${subject ?? ''} ${body}`, facts),
  };
}
