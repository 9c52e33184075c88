/** Where an account is told: phones, e-mail addresses, webhooks. */
import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { type Db, type Queryable, violatedConstraint } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { noticeChannels } from '../sql/schema/notices.ts';
import type { By } from './fields.ts';
import type { Language } from './notice-words.ts';
import { assertAccount } from './wallet.ts';

export type NoticeChannel = (typeof noticeChannels)[number];

export interface NoticeAddress {
  /** Null for what stands in where the account has no addresses of its own. */
  id: string | null;
  /** Whose it is: the account's own, else those of its newest supply contract, else its person's. */
  of: 'account' | 'contract' | 'person';
  channel: NoticeChannel;
  address: string;
  language: Language | null;
}

/** Most addresses of an account. */
const ADDRESSES_MAX = 10;

const phone = z
  .string()
  .transform((text) => text.replace(/[\s-]/g, ''))
  .pipe(z.string().regex(/^\+?\d{5,20}$/, 'is no phone number'));
const email = z.email('is no e-mail address').max(200);
/** Where our own machine and its cloud's metadata answer is nobody's webhook. */
const webhook = z
  .string()
  .max(500)
  .refine((text) => isWebhook(text), 'is no http or https address that can be called');

const shapes = { sms: phone, email, webhook };

/** The address as it is kept. Throws Problem `invalid-request` for what is none. */
export function addressOf(channel: NoticeChannel, text: string): string {
  const parsed = shapes[channel].safeParse(text.trim());
  if (parsed.success) return parsed.data;
  const message = `json/address: ${parsed.error.issues[0]?.message ?? 'is not valid'}`;
  throw new Problem('invalid-request', message, { faults: [{ at: 'json/address', message }] });
}

function isWebhook(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash, hostname } = new URL(text);
  const isPlain = username === '' && password === '' && hash === '';
  return (
    isPlain && ['http:', 'https:'].includes(protocol) && !/^169\.254\.|^\[fe80:/.test(hostname)
  );
}

/** Addresses that hold now. Those of the contract, else of the person, stand in for an account that has none. */
export async function readAddresses(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<NoticeAddress[]> {
  const found = await db.execute<{
    id: string;
    channel: NoticeChannel;
    address: string;
    language: Language | null;
  }>(sql`
    SELECT id::text, channel, address, language FROM notice_addresses
    WHERE project_id = ${projectId}::bigint AND account_id = ${accountId}::bigint
      AND removed_at IS NULL ORDER BY id`);
  if (found.rows.length > 0) return found.rows.map((row) => ({ ...row, of: 'account' as const }));
  const standIn = (of: 'contract' | 'person', channel: NoticeChannel, text: string | null) => {
    // What was written down without being checked for it: what cannot be called is nobody's address.
    const parsed = text === null ? undefined : shapes[channel].safeParse(text.trim());
    return parsed?.success
      ? [{ id: null, of, channel, address: parsed.data, language: null }]
      : ([] as NoticeAddress[]);
  };
  const contract = await db.execute<{ notices: { kind: string; address: string }[] }>(sql`
    SELECT notices FROM supply_contracts
    WHERE project_id = ${projectId}::bigint AND account_id = ${accountId}::bigint
    ORDER BY id DESC LIMIT 1`);
  const agreed = (contract.rows[0]?.notices ?? []).flatMap(({ kind, address }) =>
    kind === 'sms' || kind === 'email' ? standIn('contract', kind, address) : [],
  );
  if (agreed.length > 0) return agreed;
  const person = await db.execute<{ phone: string | null; email: string | null }>(sql`
    SELECT p.phone, p.email FROM accounts a
    JOIN people p ON p.project_id = a.project_id AND p.id = a.person_id
    WHERE a.project_id = ${projectId}::bigint AND a.id = ${accountId}::bigint`);
  const { phone: number, email: mail } = person.rows[0] ?? { phone: null, email: null };
  return [...standIn('person', 'sms', number), ...standIn('person', 'email', mail)];
}

/**
 * Adds an address. Throws Problem `invalid-request` (no such address, too many) or `conflict` (it is there).
 */
export async function addAddress(
  db: Db,
  {
    projectId,
    accountId,
    channel,
    address: text,
    language,
    by,
  }: {
    projectId: string;
    accountId: string;
    channel: NoticeChannel;
    address: string;
    language: Language | null;
    by: By;
  },
): Promise<void> {
  const address = addressOf(channel, text);
  await db.transaction(async (tx) => {
    await assertAccount(tx, { projectId, accountId });
    await tx.execute(sql`SELECT 1 FROM accounts WHERE project_id = ${projectId}::bigint
      AND id = ${accountId}::bigint FOR UPDATE`);
    const held = await tx.execute<{ count: number }>(sql`
      SELECT count(*)::int AS count FROM notice_addresses WHERE project_id = ${projectId}::bigint
        AND account_id = ${accountId}::bigint AND removed_at IS NULL`);
    if ((held.rows[0]?.count ?? 0) >= ADDRESSES_MAX) {
      throw new Problem('invalid-request', `An account has ${ADDRESSES_MAX} addresses at most.`);
    }
    const made = await tx
      .execute<{ id: string }>(sql`
        INSERT INTO notice_addresses (project_id, account_id, channel, address, language, created_by)
        VALUES (${projectId}::bigint, ${accountId}::bigint, ${channel}, ${address}, ${language},
          ${by.actor.name}) RETURNING id::text`)
      .catch((error: unknown) => {
        if (!violatedConstraint(error)) throw error;
        throw new Problem('conflict', 'The account is told there already.', { cause: error });
      });
    await record(tx, {
      ...{ projectId, ...by, action: 'notice-address.added' },
      ...{ subjectKind: 'account', subjectId: accountId },
      // Not the address itself: the system log keeps no more of a person than a name.
      detail: { addressId: made.rows[0]?.id, channel, language },
    });
  });
}

/** Takes an address away; what was sent there stays written. Throws Problem `not-found`. */
export async function removeAddress(
  db: Db,
  {
    projectId,
    accountId,
    addressId,
    by,
    at,
  }: { projectId: string; accountId: string; addressId: string; by: By; at: Date },
): Promise<void> {
  await db.transaction(async (tx) => {
    const removed = await tx.execute<{ channel: string }>(sql`
      UPDATE notice_addresses SET removed_at = ${at.toISOString()}::timestamptz
      WHERE project_id = ${projectId}::bigint AND account_id = ${accountId}::bigint
        AND id = ${addressId}::bigint AND removed_at IS NULL RETURNING channel`);
    const [row] = removed.rows;
    if (!row) throw notFound('address');
    await record(tx, {
      ...{ projectId, ...by, action: 'notice-address.removed' },
      ...{ subjectKind: 'account', subjectId: accountId },
      detail: { addressId, channel: row.channel },
    });
  });
}
