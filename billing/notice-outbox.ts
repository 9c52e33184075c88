/** The outbox as people see it: what went out or did not and why; tried again or withheld by hand. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { isoOrNull } from '../sql/clock.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { noticeStates } from '../sql/schema/notices.ts';
import { matches } from '../sql/search.ts';
import type { By } from './fields.ts';
import type { NoticeChannel } from './notice-addresses.ts';
import type { NoticeKindName } from './notice-kinds.ts';
import type { Language } from './notice-words.ts';

export type NoticeState = (typeof noticeStates)[number];

export interface ShownNotice {
  id: string;
  kind: string;
  accountId: string;
  accountNumber: string;
  accountName: string;
  accountNameZh: string | null;
  channel: NoticeChannel;
  recipient: string;
  language: Language;
  subject: string | null;
  body: string;
  state: NoticeState;
  /** Why it is so; null where there is nothing to say. */
  reason: string | null;
  attempts: number;
  queuedAt: string;
  nextTryAt: string | null;
  sentAt: string | null;
  deliveredAt: string | null;
  providerId: string | null;
  proof: string | null;
}

export interface NoticeStep {
  at: string;
  act: string;
  outcome: string;
  by: string | null;
}

export interface NoticeFilter {
  state?: NoticeState | undefined;
  channel?: NoticeChannel | undefined;
  kind?: NoticeKindName | undefined;
  accountId?: string | undefined;
  /** A part of the account's number or name, of the recipient or of the text, in any case. */
  q?: string | undefined;
  /** Epoch ms of the first instant, and of the first that is not asked for. */
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

interface Row extends Record<string, unknown> {
  id: string;
  kind: string;
  account_id: string;
  number: string;
  name: string;
  name_zh: string | null;
  channel: NoticeChannel;
  recipient: string;
  language: Language;
  subject: string | null;
  body: string;
  state: NoticeState;
  reason: string | null;
  attempts: number;
  queued_at: string;
  next_try_at: string | null;
  sent_at: string | null;
  delivered_at: string | null;
  provider_id: string | null;
  proof: string | null;
}

const columns = sql`n.id::text, n.kind, n.account_id::text, a.number, a.name, a.name_zh, n.channel,
  n.recipient, n.language, n.subject, n.body, n.state, n.reason, n.attempts, n.queued_at,
  n.next_try_at, n.sent_at, n.delivered_at, n.provider_id, n.proof`;
const source = sql`notices n JOIN accounts a ON a.project_id = n.project_id AND a.id = n.account_id`;

/** Notices, newest first, before `cursor` (an id; '0': from the newest), with how many there are by state. */
export async function listNotices(
  db: Queryable,
  {
    projectId,
    filter,
    cursor,
    limit,
  }: { projectId: string; filter: NoticeFilter; cursor: string; limit: number },
): Promise<{ data: ShownNotice[]; counts: Record<NoticeState, number> }> {
  const { state = null, channel = null, kind = null, accountId = null, q = '' } = filter;
  const instant = (ms: number | undefined) =>
    ms === undefined ? null : new Date(ms).toISOString();
  const within = sql`n.project_id = ${projectId}::bigint
    AND (${channel}::text IS NULL OR n.channel = ${channel})
    AND (${kind}::text IS NULL OR n.kind = ${kind})
    AND (${accountId}::bigint IS NULL OR n.account_id = ${accountId}::bigint)
    AND (${instant(filter.fromMs)}::timestamptz IS NULL
      OR n.queued_at >= ${instant(filter.fromMs)}::timestamptz)
    AND (${instant(filter.toMs)}::timestamptz IS NULL
      OR n.queued_at < ${instant(filter.toMs)}::timestamptz)
    AND ${matches(q, sql`a.number, a.name, a.name_zh, n.recipient, n.body`)}`;
  const found = await db.execute<Row>(sql`
    SELECT ${columns} FROM ${source}
    WHERE ${within} AND (${state}::text IS NULL OR n.state = ${state})
      AND (${cursor} = '0' OR n.id < ${cursor}::bigint)
    ORDER BY n.id DESC LIMIT ${limit}`);
  const counted = await db.execute<{ state: NoticeState; count: number }>(sql`
    SELECT n.state, count(*)::int AS count FROM ${source} WHERE ${within} GROUP BY n.state`);
  const counts = Object.fromEntries(noticeStates.map((name) => [name, 0])) as Record<
    NoticeState,
    number
  >; // Each name has its count.
  for (const row of counted.rows) counts[row.state] = row.count;
  return { data: found.rows.map(render), counts };
}

/** One notice with all that was done about it. Throws Problem `not-found`. */
export async function readNotice(
  db: Queryable,
  { projectId, id }: { projectId: string; id: string },
): Promise<ShownNotice & { steps: NoticeStep[] }> {
  const found = await db.execute<Row>(sql`
    SELECT ${columns} FROM ${source}
    WHERE n.project_id = ${projectId}::bigint AND n.id = ${id}::bigint`);
  const row = found.rows[0];
  if (!row) throw notFound('notice');
  const steps = await db.execute<{
    at: string;
    act: string;
    outcome: string;
    by: string | null;
  }>(sql`
    SELECT at, act, outcome, by FROM notice_steps
    WHERE project_id = ${projectId}::bigint AND notice_id = ${id}::bigint ORDER BY id`);
  return {
    ...render(row),
    steps: steps.rows.map((step) => ({ ...step, at: new Date(step.at).toISOString() })),
  };
}

/** What each act may be done to: what was taken is not sent again, what left cannot be held back. */
const from = {
  retry: ['failed', 'withheld', 'unconfirmed'],
  withhold: ['queued', 'unconfirmed'],
} as const;

/**
 * Sends a notice again, or withholds it, as a person decides. Throws Problem `not-found`, `conflict` when
 * its state does not allow it, or when it is unconfirmed and may have arrived unless `mayRepeat` says
 * that this is known.
 */
export async function decideNotice(
  db: Db,
  {
    projectId,
    id,
    act,
    mayRepeat,
    reason,
    by,
    at,
  }: {
    projectId: string;
    id: string;
    act: 'retry' | 'withhold';
    mayRepeat: boolean;
    reason: string | null;
    by: By;
    at: Date;
  },
): Promise<void> {
  await db.transaction(async (tx) => {
    const found = await tx.execute<{ state: NoticeState; account_id: string; kind: string }>(sql`
      SELECT state, account_id::text, kind FROM notices
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint FOR UPDATE`);
    const notice = found.rows[0];
    if (!notice) throw notFound('notice');
    const { state } = notice;
    if (!from[act].some((allowed) => allowed === state)) {
      throw new Problem('conflict', `A notice that is ${state} cannot be changed so.`);
    }
    if (act === 'retry' && state === 'unconfirmed' && !mayRepeat) {
      throw new Problem('conflict', 'It may have arrived: say so (mayRepeat) to send it again.');
    }
    const now = sql`${at.toISOString()}::timestamptz`;
    await tx.execute(
      act === 'retry'
        ? sql`UPDATE notices SET state = 'queued', reason = NULL, tries = 0, queued_at = ${now},
            next_try_at = ${now}
            WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`
        : sql`UPDATE notices SET state = 'withheld', reason = 'by-person', next_try_at = NULL
            WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`,
    );
    const step = act === 'retry' ? 'retried' : 'withheld';
    await tx.execute(sql`
      INSERT INTO notice_steps (project_id, notice_id, at, act, outcome, by)
      VALUES (${projectId}::bigint, ${id}::bigint, ${now}, ${step}, ${reason ?? state},
        ${by.actor.name})`);
    await record(tx, {
      ...{ projectId, ...by, action: `notice.${step}` },
      ...{ subjectKind: 'account', subjectId: notice.account_id },
      detail: { notice: id, kind: notice.kind, was: state, reason },
    });
  });
}

const render = (row: Row): ShownNotice => ({
  ...{ id: row.id, kind: row.kind, accountId: row.account_id, accountNumber: row.number },
  ...{ accountName: row.name, accountNameZh: row.name_zh },
  ...{ channel: row.channel, recipient: row.recipient, language: row.language },
  ...{ subject: row.subject, body: row.body, state: row.state, reason: row.reason },
  attempts: row.attempts,
  queuedAt: new Date(row.queued_at).toISOString(),
  nextTryAt: isoOrNull(row.next_try_at),
  sentAt: isoOrNull(row.sent_at),
  deliveredAt: isoOrNull(row.delivered_at),
  ...{ providerId: row.provider_id, proof: row.proof },
});
