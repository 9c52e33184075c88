/**
 * What is known of accounts that credit control looks at: balance, thresholds, points with their supply and their
 * newest readings, what was told, what is disputed. One statement for all of them, or for one under its lock.
 */
import { sql } from 'drizzle-orm';
import {
  type CommandFunction,
  type CommandState,
  commandFunctionOf,
} from '../sql/command-functions.ts';
import { exponentOf } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { creditStates, creditWaits } from '../sql/schema/credit.ts';
import { suppliedBy, supplyFunctions } from '../sql/supply.ts';
import { type CreditPolicy, type LadderLevel, policyMinor } from './credit-policy.ts';
import type { ProjectTerms } from './project.ts';

export type CreditState = (typeof creditStates)[number];
export type CreditWait = (typeof creditWaits)[number];
export type BalanceLevel = 'well' | Exclude<LadderLevel, 'final'>;

/** How a case stands, as its row says. */
export interface Case {
  state: CreditState;
  since: Date;
  openedAt: Date;
  levels: Partial<Record<LadderLevel, string>>;
  belowSince: Date | null;
  waitsFor: CreditWait | null;
  waitsSince: Date | null;
  waitsUntil: Date | null;
  calledFor: string | null;
}

/** A command of the supply of a meter. */
export interface SupplyCommand {
  id: string;
  supply: 'on' | 'off' | null;
  state: CommandState;
  /** Whether it comes of a decision of credit control. */
  isCredit: boolean;
  requestedAt: Date;
  resolvedAt: Date | null;
  /** When samples showed it first. */
  observedAt: Date | null;
}

export interface PointFacts {
  id: string;
  code: string;
  name: string;
  nameZh: string | null;
  commodity: 'electricity' | 'water';
  class: string;
  restoreMode: 'automatic' | 'armed' | 'confirmed';
  isLockedOut: boolean;
  meterId: string | null;
  /** Newest reading that is whole, and seconds between two. */
  sampleAt: Date | null;
  pollSeconds: number;
  /** A reading that waits for a person. */
  isQuarantined: boolean;
  supply: 'on' | 'off' | null;
  /** The newest command of its supply, whatever came of it; and the newest that did not come to nothing. */
  newest: SupplyCommand | null;
  standing: SupplyCommand | null;
}

export interface NoticeFacts {
  id: string;
  level: LadderLevel;
  state: string;
  reason: string | null;
  queuedAt: Date;
  sentAt: Date | null;
  deliveredAt: Date | null;
  /** Null: nothing more is done about it by itself. */
  nextTryAt: Date | null;
}

export interface CreditFacts {
  accountId: string;
  number: string;
  name: string;
  nameZh: string | null;
  /** Open, and its balance is held by the platform. */
  isOurs: boolean;
  /** Minor units: the live balance; what of its debt has notice days of its own; the limit that holds. */
  live: bigint;
  otherDebt: bigint;
  creditLimit: bigint;
  hasOwnLimit: boolean;
  generation: string | null;
  computedAt: Date | null;
  level: BalanceLevel;
  /** When the open alarm of its balance was raised. */
  levelSince: Date | null;
  case: Case | null;
  isProtected: boolean;
  /** The end of the longest open dispute. */
  disputedUntil: Date | null;
  points: PointFacts[];
  notices: NoticeFacts[];
}

/** What may be cut for: the live balance without debt that has notice days of its own. */
export const cuttableOf = ({ live, otherDebt }: Pick<CreditFacts, 'live' | 'otherDebt'>): bigint =>
  live + otherDebt;

/** Accounts that are looked at together; the rest is looked at in the next round. */
const ACCOUNTS_MAX = 20_000;

type Instants<Names extends string> = Record<Names, string | null>;
interface PointRow
  extends Omit<PointFacts, 'sampleAt' | 'supply' | 'newest' | 'standing'>,
    Instants<'sampleAt'> {
  channels: Record<string, number | string> | null;
  newest: CommandRow | null;
  standing: CommandRow | null;
}
interface CommandRow extends Instants<'requestedAt' | 'resolvedAt' | 'observedAt'> {
  id: string;
  function: CommandFunction;
  state: CommandState;
  isCredit: boolean;
}
interface NoticeRow
  extends Instants<'queuedAt' | 'sentAt' | 'deliveredAt' | 'nextTryAt'>,
    Pick<NoticeFacts, 'id' | 'state' | 'reason'> {
  kind: string;
}
type Row = {
  points: PointRow[];
  notices: NoticeRow[];
  ours: boolean;
  protected: boolean;
  levels: Case['levels'] | null;
  state: CreditState | null;
  waits_for: CreditWait | null;
} & Record<'account_id' | 'number' | 'name' | 'live' | 'other' | 'level', string> &
  Instants<
    | ('name_zh' | 'generation' | 'computed_at' | 'level_since' | 'own_limit' | 'disputed_until')
    | ('since' | 'opened_at' | 'below_since' | 'waits_since' | 'waits_until' | 'called_for')
  >;

/**
 * The facts of every account that has a case or an open alarm of its balance; of the named ones whether they have or
 * not. `isExact`: the wallet is summed from the ledger, as a decision needs it, not taken from the last round.
 */
export async function readFacts(
  db: Queryable,
  {
    project,
    policy,
    now,
    accountIds,
    isExact = false,
  }: {
    project: ProjectTerms;
    policy: CreditPolicy;
    now: Date;
    accountIds?: readonly string[];
    isExact?: boolean;
  },
): Promise<CreditFacts[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const noticedBefore = sql`${at} - make_interval(days => ${policy.otherDebtNoticeDays}::int)`;
  const named = accountIds
    ? sql`AND a.id = ANY(${`{${accountIds.join()}}`}::bigint[])`
    : sql`AND (c.state <> 'clear' OR l.kind IS NOT NULL)`;
  const settled = isExact
    ? sql`(SELECT coalesce(-sum(e.amount), 0) FROM ledger_accounts w
        JOIN entries e ON e.project_id = w.project_id AND e.ledger_account_id = w.id
        WHERE w.project_id = a.project_id AND w.account_id = a.id AND w.code = 'wallet')`
    : sql`coalesce(b.settled_minor, 0)`;
  const command = (which: ReturnType<typeof sql>) => sql`(
    SELECT jsonb_build_object('id', k.id::text, 'function', k.function, 'state', ks.state,
      'isCredit', k.cause ? 'creditDecisionId', 'requestedAt', k.requested_at,
      'resolvedAt', ks.resolved_at, 'observedAt', ks.supply_observed_at)
    FROM commands k
    JOIN command_states ks ON ks.project_id = k.project_id AND ks.command_id = k.id
    WHERE k.project_id = o.project_id AND k.meter_id = i.meter_id
      AND k.function IN (${supplyFunctions}) AND ${which}
    ORDER BY k.sequence DESC LIMIT 1)`;
  const found = await db.execute<Row>(sql`
    SELECT a.id::text AS account_id, a.number, a.name, a.name_zh,
      a.closed_on IS NULL AND a.credit_mode = 'platform' AS ours,
      (${settled} - coalesce(b.provisional_minor, 0))::text AS live,
      (coalesce(b.other_minor, 0) + d.minor)::text AS other,
      g.generation::text, CASE WHEN b.account_id IS NOT NULL THEN g.computed_at END AS computed_at,
      coalesce(l.kind, 'account.well') AS level, l.raised_at AS level_since,
      c.state, c.since, c.opened_at, c.levels, c.below_since, c.waits_for, c.waits_since,
      c.waits_until, c.called_for,
      v.credit_limit_minor::text AS own_limit, coalesce(v.protected, false) AS protected,
      (SELECT max(u.until) FROM disputes u WHERE u.project_id = a.project_id
        AND u.account_id = a.id AND u.ended_at IS NULL AND u.until > ${at}) AS disputed_until,
      coalesce(p.points, '[]') AS points, coalesce(n.notices, '[]') AS notices
    FROM accounts a
    LEFT JOIN credit_cases c ON c.project_id = a.project_id AND c.account_id = a.id
    LEFT JOIN LATERAL (
      SELECT kind, raised_at FROM alarms WHERE project_id = a.project_id AND cleared_at IS NULL
        AND subject_kind = 'account' AND subject_id = a.id::text
        AND kind IN ('account.alarm1', 'account.alarm2', 'account.arrears')
      ORDER BY array_position(ARRAY['account.arrears', 'account.alarm2'], kind) LIMIT 1) l ON true
    LEFT JOIN live_balance_generations g ON g.project_id = a.project_id
    LEFT JOIN live_balances b ON b.project_id = a.project_id AND b.generation = g.generation
      AND b.account_id = a.id
    LEFT JOIN LATERAL (
      SELECT o.credit_limit_minor, o.protected, o.until FROM credit_overrides o
      WHERE o.project_id = a.project_id AND o.account_id = a.id
      ORDER BY o.id DESC LIMIT 1) v ON v.until IS NULL OR v.until > ${at}
    CROSS JOIN LATERAL (
      -- Debt that was posted lately and is none of energy: corrections whole, fees and the like at most.
      SELECT coalesce(sum(minor), 0)::bigint AS minor FROM (
        SELECT greatest(e.amount, 0) AS minor FROM transactions t
        JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
        JOIN ledger_accounts w ON w.project_id = e.project_id AND w.id = e.ledger_account_id
          AND w.code = 'wallet' AND w.account_id = a.id
        WHERE t.project_id = a.project_id AND t.account_id = a.id
          AND t.kind IN ('correction', 'adjustment') AND t.posted_at > ${noticedBefore}
        UNION ALL
        SELECT ceil(sum(greatest(h.exact + h.tax_exact, 0)) * power(10::numeric, ${exponentOf(project.currency)}::int))
        FROM settlements s
        JOIN transactions t ON t.project_id = s.project_id AND t.id = s.transaction_id
          AND t.kind = 'settlement' AND t.posted_at > ${noticedBefore}
        JOIN charges h ON h.project_id = s.project_id AND h.settlement_id = s.id
          AND h.kind IN ('fixed', 'demand', 'minimum')
        WHERE s.project_id = a.project_id AND s.account_id = a.id
          AND s.local_day > (${noticedBefore})::date - 62) debts) d
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_object('id', o.id::text, 'code', o.code, 'name', o.name,
        'nameZh', o.name_zh, 'commodity', o.commodity, 'class', o.class,
        'restoreMode', o.restore_mode, 'isLockedOut', o.lock_out IS NOT NULL,
        'meterId', i.meter_id::text, 'sampleAt', m.last_ok_at, 'channels', m.channels,
        'pollSeconds', coalesce((SELECT z.seconds FROM schedules z WHERE z.project_id = o.project_id
          AND z.meter_id = i.meter_id AND z.valid_from <= ${at}
          AND (z.valid_to IS NULL OR z.valid_to > ${at}) LIMIT 1), r.poll_seconds),
        'isQuarantined', EXISTS (SELECT FROM quarantines q WHERE q.project_id = o.project_id
          AND q.point_id = o.id AND coalesce((SELECT y.decision FROM quarantine_decisions y
            WHERE y.project_id = q.project_id AND y.quarantine_id = q.id
            ORDER BY y.id DESC LIMIT 1), 'reopened') = 'reopened'),
        'newest', ${command(sql`true`)},
        'standing', ${command(sql`ks.state NOT IN ('refused', 'expired')`)}) ORDER BY o.code) AS points
      FROM tenancies t
      JOIN points o ON o.project_id = t.project_id AND o.id = t.point_id
      JOIN projects r ON r.id = o.project_id
      LEFT JOIN installations i ON i.project_id = o.project_id AND i.point_id = o.id
        AND i.valid_from <= ${at} AND (i.valid_to IS NULL OR i.valid_to > ${at})
      LEFT JOIN meter_states m ON m.project_id = i.project_id AND m.meter_id = i.meter_id
      WHERE t.project_id = a.project_id AND t.account_id = a.id
        AND t.valid_from <= ${at} AND (t.valid_to IS NULL OR t.valid_to > ${at})) p ON true
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_object('id', n.id::text, 'kind', n.kind, 'state', n.state,
        'reason', n.reason, 'queuedAt', n.queued_at, 'sentAt', n.sent_at,
        'deliveredAt', n.delivered_at, 'nextTryAt', n.next_try_at) ORDER BY n.id) AS notices
      FROM notices n WHERE n.project_id = a.project_id AND n.account_id = a.id
        AND n.kind IN ('balance.alarm1', 'balance.alarm2', 'balance.arrears', 'credit.final-notice')
        AND n.queued_at >= CASE WHEN c.state <> 'clear' THEN c.opened_at ELSE l.raised_at END) n ON true
    WHERE a.project_id = ${project.id}::bigint ${named}
    ORDER BY a.id LIMIT ${ACCOUNTS_MAX}`);
  const usualLimit = policyMinor(policy.creditLimit, project.currency);
  return found.rows.map((row) => factsOf(row, usualLimit));
}

const date = (text: string | null): Date | null => (text === null ? null : new Date(text));
const instant = (text: string | null): Date => new Date(text ?? 0);

function factsOf(row: Row, usualLimit: bigint): CreditFacts {
  return {
    ...{ accountId: row.account_id, number: row.number, name: row.name, nameZh: row.name_zh },
    isOurs: row.ours,
    ...{ live: BigInt(row.live), otherDebt: BigInt(row.other) },
    creditLimit: row.own_limit === null ? usualLimit : BigInt(row.own_limit),
    hasOwnLimit: row.own_limit !== null,
    ...{ generation: row.generation, computedAt: date(row.computed_at) },
    level: row.level.replace('account.', '') as BalanceLevel, // One of the kinds asked for.
    levelSince: date(row.level_since),
    case: row.state === null ? null : caseOf(row, row.state),
    isProtected: row.protected,
    disputedUntil: date(row.disputed_until),
    points: row.points.map(pointOf),
    notices: row.notices.map(noticeOf),
  };
}

const caseOf = (row: Row, state: CreditState): Case => ({
  ...{ state, since: instant(row.since), openedAt: instant(row.opened_at) },
  ...{ levels: row.levels ?? {}, belowSince: date(row.below_since), waitsFor: row.waits_for },
  ...{ waitsSince: date(row.waits_since), waitsUntil: date(row.waits_until) },
  calledFor: row.called_for,
});

const pointOf = ({ channels, newest, standing, sampleAt, ...point }: PointRow): PointFacts => ({
  ...point,
  sampleAt: date(sampleAt),
  supply: suppliedBy(channels ?? {}) ?? null,
  newest: newest && commandOf(newest),
  standing: standing && commandOf(standing),
});

const commandOf = (row: CommandRow): SupplyCommand => ({
  ...{ id: row.id, supply: commandFunctionOf(row.function).supply, state: row.state },
  ...{ isCredit: row.isCredit, requestedAt: instant(row.requestedAt) },
  ...{ resolvedAt: date(row.resolvedAt), observedAt: date(row.observedAt) },
});

const levelOfKind: Record<string, LadderLevel> = {
  'balance.alarm1': 'alarm1',
  'balance.alarm2': 'alarm2',
  'balance.arrears': 'arrears',
  'credit.final-notice': 'final',
};

const noticeOf = ({ kind, ...row }: NoticeRow): NoticeFacts => ({
  ...{ id: row.id, state: row.state, reason: row.reason, level: levelOfKind[kind] ?? 'alarm1' },
  ...{ queuedAt: instant(row.queuedAt), sentAt: date(row.sentAt) },
  ...{ deliveredAt: date(row.deliveredAt), nextTryAt: date(row.nextTryAt) },
});
