/** Closings as they are shown, and what they came to. */
import { type SQL, sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import { money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { matches } from '../sql/search.ts';
import type { Channel } from './channel.ts';
import type { ClosedPoint, NewClosing, ShownClosing } from './closing.ts';
import { only } from './fields.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { within } from './shift-list.ts';

/** Closings, newest first, after `cursor` (an id). */
export async function listClosings(
  db: Queryable,
  {
    projectId,
    accountId = null,
    cursor = null,
    limit,
    ...filter
  }: ClosingFilter & {
    projectId: string;
    accountId?: string | null;
    cursor?: string | null | undefined;
    limit: number;
  },
): Promise<ShownClosing[]> {
  const project = await readProject(db, projectId);
  const { currency } = project;
  const found = await db.execute<{
    id: string;
    account_id: string;
    number: string;
    name: string;
    ended_at: string;
    settle: NewClosing['settle'];
    channel: Channel | null;
    reason: string;
    state: ShownClosing['state'];
    requested_by: string;
    requested_at: string;
    completed_at: string | null;
    balance_minor: string | null;
    outcome: ShownClosing['outcome'];
    points: ClosedPoint[];
    receipt: string | null;
  }>(sql`
    SELECT c.id::text, c.account_id::text, a.number, a.name, c.ended_at, c.settle, c.channel,
      c.reason, c.state, c.requested_by, c.requested_at, c.completed_at, c.balance_minor::text,
      c.outcome, c.points,
      paper.receipt
    FROM ${closings(project, filter)}
      AND (${accountId}::bigint IS NULL OR c.account_id = ${accountId}::bigint)
      AND (${cursor}::bigint IS NULL OR c.id < ${cursor}::bigint)
    ORDER BY c.id DESC LIMIT ${limit}`);
  return found.rows.map((row) => ({
    ...{ id: row.id, accountId: row.account_id, accountNumber: row.number, accountName: row.name },
    endedAt: new Date(row.ended_at).toISOString(),
    ...{ settle: row.settle, channel: row.channel, reason: row.reason, state: row.state },
    ...{ requestedBy: row.requested_by, requestedAt: new Date(row.requested_at).toISOString() },
    completedAt: row.completed_at && new Date(row.completed_at).toISOString(),
    balance: row.balance_minor === null ? null : money(BigInt(row.balance_minor), currency),
    ...{ outcome: row.outcome, receipt: row.receipt, points: row.points },
  }));
}

export interface ClosingFilter {
  state?: ShownClosing['state'] | null | undefined;
  /** Asked for on local days [from, to). */
  from?: LocalDay | undefined;
  to?: LocalDay | undefined;
  /** A part of the number, a name, the reason, who asked or the receipt, in any case. */
  q?: string | undefined;
}

/** Closings with their account and the paper of what was left. */
function closings(project: ProjectTerms, { state = null, from, to, q = '' }: ClosingFilter): SQL {
  return sql`account_closings c
    JOIN accounts a ON a.project_id = c.project_id AND a.id = c.account_id
    LEFT JOIN LATERAL (
      SELECT r.receipt FROM residual_acts r WHERE r.project_id = c.project_id
        AND r.account_id = c.account_id AND r.booked_at = c.completed_at ORDER BY r.id LIMIT 1) paper
      ON true
    WHERE c.project_id = ${project.id}::bigint
      AND (${state}::text IS NULL OR c.state = ${state})
      AND ${within(project, { column: sql`c.requested_at`, from, to })}
      AND ${matches(q, sql`a.number, a.name, a.name_zh, c.reason, c.requested_by, paper.receipt`)}`;
}

/** What closings came to, by what became of what was left. */
export async function sumClosings(
  db: Queryable,
  { projectId, ...filter }: ClosingFilter & { projectId: string },
) {
  const project = await readProject(db, projectId);
  const { rows } = await db.execute<
    { count: number; waiting: number } & Record<'refunded' | 'written_off' | 'carried', string>
  >(sql`
    SELECT count(*)::int AS count, (count(*) FILTER (WHERE c.state = 'waiting'))::int AS waiting,
      coalesce(sum(c.balance_minor) FILTER (WHERE c.outcome = 'refunded'), 0)::text AS refunded,
      coalesce(sum(c.balance_minor) FILTER (WHERE c.outcome = 'written-off'), 0)::text AS written_off,
      coalesce(sum(c.balance_minor) FILTER (WHERE c.outcome = 'carried'), 0)::text AS carried
    FROM ${closings(project, filter)}`);
  const row = only(rows);
  const told = (minor: string) => money(BigInt(minor), project.currency);
  return {
    ...{ count: row.count, waiting: row.waiting, refunded: told(row.refunded) },
    ...{ writtenOff: told(row.written_off), carried: told(row.carried) },
  };
}
