/** Credit control as people see it: cases, what was decided and why, the brake, what one account has of its own. */
import { sql } from 'drizzle-orm';
import { isoOrNull } from '../sql/clock.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { type creditDecisionKinds, creditStates } from '../sql/schema/credit.ts';
import { matches } from '../sql/search.ts';
import { brakeOf } from './credit-brake.ts';
import {
  type CreditFacts,
  type CreditState,
  type CreditWait,
  cuttableOf,
  readFacts,
} from './credit-facts.ts';
import { trippable } from './credit-holds.ts';
import { type CreditPolicy, policyMinor, readPolicy } from './credit-policy.ts';
import { type RestoreObstacle, restoreObstacleOf } from './credit-restore.ts';
import { moneyOrNull } from './fields.ts';
import type { ProjectTerms } from './project.ts';

export type CreditDecisionKind = (typeof creditDecisionKinds)[number];

export interface ShownCase {
  accountId: string;
  number: string;
  name: string;
  nameZh: string | null;
  state: CreditState;
  since: string;
  live: Money;
  cuttable: Money;
  creditLimit: Money;
  waitsFor: { code: CreditWait; until: string | null } | null;
  pointsOff: number;
  points: number;
}

/** Cases in order of account, after `cursor`, with how many there are of each state. */
export async function listCases(
  db: Queryable,
  {
    project,
    state = null,
    q = '',
    cursor,
    limit,
    now,
  }: {
    project: ProjectTerms;
    state?: CreditState | null | undefined;
    q?: string | undefined;
    cursor: string;
    limit: number;
    now: Date;
  },
): Promise<{ data: ShownCase[]; states: Record<CreditState, number> }> {
  const within = sql`FROM credit_cases c
    JOIN accounts a ON a.project_id = c.project_id AND a.id = c.account_id
    WHERE c.project_id = ${project.id}::bigint AND ${matches(q, sql`a.number, a.name, a.name_zh`)}`;
  const found = await db.execute<{ id: string }>(sql`
    SELECT a.id::text ${within} AND (${state}::text IS NULL OR c.state = ${state})
      AND a.id > ${cursor}::bigint ORDER BY a.id LIMIT ${limit}`);
  const counted = await db.execute<{ state: CreditState; count: number }>(sql`
    SELECT c.state, count(*)::int AS count ${within} GROUP BY c.state`);
  const counts = new Map(counted.rows.map((row) => [row.state, row.count]));
  const { policy } = await readPolicy(db, project);
  const accountIds = found.rows.map((row) => row.id);
  const facts = await readFacts(db, { project, policy, now, accountIds });
  return {
    data: facts.flatMap((fact) => shownCase(fact, project.currency)),
    states: Object.fromEntries(creditStates.map((name) => [name, counts.get(name) ?? 0])) as Record<
      CreditState,
      number
    >, // Each state has its count.
  };
}

function shownCase(facts: CreditFacts, currency: string): ShownCase[] {
  const { accountId, number, name, nameZh, points, case: row } = facts;
  if (!row) return [];
  return [
    {
      ...{ accountId, number, name, nameZh, state: row.state, since: row.since.toISOString() },
      live: money(facts.live, currency),
      cuttable: money(cuttableOf(facts), currency),
      creditLimit: money(facts.creditLimit, currency),
      waitsFor: row.waitsFor && { code: row.waitsFor, until: isoOrNull(row.waitsUntil) },
      pointsOff: points.filter(({ supply }) => supply === 'off').length,
      points: points.length,
    },
  ];
}

export interface ShownOverride {
  creditLimit: Money | null;
  protected: boolean;
  until: string | null;
  reason: string;
  by: string;
  at: string;
}

export interface ShownDispute {
  id: string;
  from: string;
  until: string;
  reason: string;
  /** The payment that is contested; null: something else is. */
  payment: { receipt: string; amount: Money } | null;
  by: string;
  endedAt: string | null;
  endedBy: string | null;
  endReason: string | null;
}

export interface CaseDetail extends Omit<ShownCase, 'since'> {
  /** Null: nothing was ever the matter. */
  since: string | null;
  /** Whether a person's word would bring supply back now, and why not. */
  canRestore: boolean;
  restoreObstacle: RestoreObstacle | null;
  override: ShownOverride | null;
  disputes: ShownDispute[];
  supply: {
    id: string;
    code: string;
    name: string;
    nameZh: string | null;
    commodity: 'electricity' | 'water';
    supply: 'on' | 'off' | null;
    restoreMode: 'automatic' | 'armed' | 'confirmed';
    lockedOut: boolean;
    /** Whether a trip would cut it now. */
    cuts: boolean;
  }[];
}

/** One account, also one that never was below. Throws Problem `not-found`. */
export async function readCase(
  db: Queryable,
  { project, accountId, now }: { project: ProjectTerms; accountId: string; now: Date },
): Promise<CaseDetail> {
  const { policy } = await readPolicy(db, project);
  const [facts] = await readFacts(db, { project, policy, now, accountIds: [accountId] });
  if (!facts) throw notFound('account');
  const none = { state: 'clear', since: new Date(0), waitsFor: null, waitsUntil: null } as const;
  const row = facts.case ?? { ...none, openedAt: none.since, ...NEVER };
  const [shown] = shownCase({ ...facts, case: row }, project.currency);
  if (!shown) throw notFound('account');
  const restoreAt = policyMinor(policy.restoreAt, project.currency);
  const restoreObstacle = restoreObstacleOf(facts, { now, restoreAt });
  const cut = new Set(trippable(facts.points, { policy, now }).map(({ id }) => id));
  return {
    ...shown,
    since: facts.case ? shown.since : null,
    ...{ canRestore: restoreObstacle === null, restoreObstacle },
    override: await overrideOf(db, { project, accountId, now }),
    disputes: await disputesOf(db, { project, accountId }),
    supply: facts.points.map(({ restoreMode, isLockedOut, supply, ...point }) => ({
      ...{ id: point.id, code: point.code, name: point.name, nameZh: point.nameZh },
      ...{ commodity: point.commodity, supply, restoreMode, lockedOut: isLockedOut },
      cuts: cut.has(point.id),
    })),
  };
}

const NEVER = { levels: {}, belowSince: null, waitsSince: null, calledFor: null };

/** What holds for the account instead of the policy now; null where nothing does. */
export async function overrideOf(
  db: Queryable,
  { project, accountId, now }: { project: ProjectTerms; accountId: string; now: Date },
): Promise<ShownOverride | null> {
  const found = await db.execute<
    { protected: boolean } & Record<'reason' | 'set_by' | 'set_at', string> &
      Record<'minor' | 'until', string | null>
  >(sql`
    SELECT * FROM (
      SELECT credit_limit_minor::text AS minor, protected, until, reason, set_by, set_at
      FROM credit_overrides
      WHERE project_id = ${project.id}::bigint AND account_id = ${accountId}::bigint
      ORDER BY id DESC LIMIT 1) o
    WHERE (o.until IS NULL OR o.until > ${now.toISOString()}::timestamptz)
      AND (o.minor IS NOT NULL OR o.protected)`);
  const row = found.rows[0];
  return row
    ? {
        creditLimit: moneyOrNull(row.minor, project.currency),
        ...{ protected: row.protected, until: isoOrNull(row.until), reason: row.reason },
        ...{ by: row.set_by, at: new Date(row.set_at).toISOString() },
      }
    : null;
}

/** Disputes of an account, newest first; one that is past its end has ended by itself. */
async function disputesOf(
  db: Queryable,
  { project, accountId }: { project: ProjectTerms; accountId: string },
): Promise<ShownDispute[]> {
  const found = await db.execute<
    Record<'id' | 'raised_at' | 'until' | 'reason' | 'raised_by', string> &
      Record<'ended_at' | 'ended_by' | 'end_reason' | 'receipt' | 'amount', string | null>
  >(sql`
    SELECT d.id::text, d.raised_at, d.until, d.reason, d.raised_by, d.ended_at, d.ended_by,
      d.end_reason, s.receipt, s.amount_minor::text AS amount
    FROM disputes d LEFT JOIN sales s ON s.project_id = d.project_id AND s.id = d.sale_id
    WHERE d.project_id = ${project.id}::bigint AND d.account_id = ${accountId}::bigint
    ORDER BY d.id DESC LIMIT 100`);
  return found.rows.map((row) => ({
    id: row.id,
    from: new Date(row.raised_at).toISOString(),
    until: new Date(row.until).toISOString(),
    ...{ reason: row.reason, by: row.raised_by, endedAt: isoOrNull(row.ended_at) },
    payment:
      row.receipt !== null && row.amount !== null
        ? { receipt: row.receipt, amount: money(BigInt(row.amount), project.currency) }
        : null,
    ...{ endedBy: row.ended_by, endReason: row.end_reason },
  }));
}

export interface ShownDecision {
  id: string;
  at: string;
  accountId: string;
  number: string;
  name: string;
  nameZh: string | null;
  decision: CreditDecisionKind;
  reason: string;
  data: Record<string, unknown>;
  commandIds: string[];
}

/** Decisions of instants [fromMs, toMs), newest first, before `cursor` (an id; '0': from the newest). */
export async function listDecisions(
  db: Queryable,
  {
    projectId,
    accountId = null,
    decision = null,
    fromMs,
    toMs,
    cursor,
    limit,
  }: {
    projectId: string;
    accountId?: string | null | undefined;
    decision?: CreditDecisionKind | null | undefined;
    fromMs?: number | undefined;
    toMs?: number | undefined;
    cursor: string;
    limit: number;
  },
): Promise<ShownDecision[]> {
  const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  const found = await db.execute<
    Record<'id' | 'at' | 'account_id' | 'number' | 'name' | 'reason', string> & {
      name_zh: string | null;
      decision: CreditDecisionKind;
      data: Record<string, unknown>;
      command_ids: string[];
    }
  >(sql`
    SELECT d.id::text, d.at, d.account_id::text, a.number, a.name, a.name_zh, d.decision, d.reason,
      d.data || CASE WHEN d.actor_kind = 'system' THEN '{}'::jsonb
        ELSE jsonb_build_object('by', d.actor_name) END AS data, d.command_ids
    FROM credit_decisions d JOIN accounts a ON a.project_id = d.project_id AND a.id = d.account_id
    WHERE d.project_id = ${projectId}::bigint
      AND (${accountId}::bigint IS NULL OR d.account_id = ${accountId}::bigint)
      AND (${decision}::text IS NULL OR d.decision = ${decision})
      AND (${iso(fromMs)}::timestamptz IS NULL OR d.at >= ${iso(fromMs)}::timestamptz)
      AND (${iso(toMs)}::timestamptz IS NULL OR d.at < ${iso(toMs)}::timestamptz)
      AND (${cursor} = '0' OR d.id < ${cursor}::bigint)
    ORDER BY d.id DESC LIMIT ${limit}`);
  return found.rows.map((row) => ({
    ...{ id: row.id, at: new Date(row.at).toISOString(), accountId: row.account_id },
    ...{ number: row.number, name: row.name, nameZh: row.name_zh, decision: row.decision },
    ...{ reason: row.reason, data: row.data, commandIds: row.command_ids },
  }));
}

export interface ShownBrake {
  engaged: boolean;
  /** When it was engaged or released last. */
  since: string | null;
  tripsLastHour: number;
  limit: number;
  /** Of the accounts that can be cut, tripped in the last hour, and how much of them may be. */
  sharePercent: number;
  shareLimit: number;
}

/** The brake of a project. */
export async function readBrake(
  db: Queryable,
  { project, now }: { project: ProjectTerms; now: Date },
): Promise<ShownBrake> {
  const { policy } = await readPolicy(db, project);
  return shownBrake(await brakeOf(db, { projectId: project.id, now }), policy);
}

function shownBrake(
  { engaged, since, trips, accounts }: Awaited<ReturnType<typeof brakeOf>>,
  { brake }: CreditPolicy,
): ShownBrake {
  return {
    ...{ engaged, since: isoOrNull(since), tripsLastHour: trips, limit: brake.tripsPerHour },
    sharePercent: accounts === 0 ? 0 : Math.round((trips / accounts) * 10_000) / 100,
    shareLimit: brake.sharePercentPerHour,
  };
}
