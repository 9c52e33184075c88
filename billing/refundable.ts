/**
 * What may be given back out of a wallet: the live balance less what unread hours may have used, what is with a
 * meter or on its way there, and payments that have not cleared or are in dispute. Every part is told.
 */
import { sql } from 'drizzle-orm';
import { exponentOf, type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { type Channel, channels } from './channel.ts';
import { only } from './fields.ts';
import type { ProjectTerms } from './project.ts';
import { settledBalance } from './wallet.ts';

/** Why nothing can be said yet: no balance was computed, or a point was never read and no rate of use is known. */
export const refundUnknowns = ['no-balance', 'never-read'] as const;

export interface Refundable {
  /** Null where it is not known; see `unknown`. */
  refundableMinor: bigint | null;
  unknown: (typeof refundUnknowns)[number] | null;
  liveMinor: bigint;
  /** Of the most silent point: since what the balance knows of it. */
  silentHours: number;
  reserveMinor: bigint | null;
  inTransitMinor: bigint;
  onMeterMinor: bigint;
  unclearedMinor: bigint;
  disputedMinor: bigint;
  /** What came in by each channel and has not gone back by it. */
  channels: { channel: Channel; minor: bigint }[];
}

/** The live balance of the wallet at this instant, minor units: what the ledger holds less what is provisional. */
export async function liveMinor(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<bigint> {
  const settled = await settledBalance(db, { projectId, accountId });
  const found = await db.execute<{ minor: string }>(sql`
    SELECT b.provisional_minor::text AS minor FROM live_balances b
    JOIN live_balance_generations g ON g.project_id = b.project_id AND g.generation = b.generation
    WHERE b.project_id = ${projectId}::bigint AND b.account_id = ${accountId}::bigint`);
  return settled - BigInt(found.rows[0]?.minor ?? 0);
}

/**
 * Measures an account. The reserve is its rate of use (of its last seven settled days, else of what is provisional
 * since it holds points) × the hours that the balance does not cover, rounded up.
 */
export async function refundable(
  db: Queryable,
  {
    project,
    accountId,
    unclearedHours,
    now,
  }: { project: ProjectTerms; accountId: string; unclearedHours: number; now: Date },
): Promise<Refundable> {
  const projectId = project.id;
  const at = sql`${now.toISOString()}::timestamptz`;
  const unit = sql`power(10::numeric, ${exponentOf(project.currency)}::int)`;
  const found = await db.execute<{
    computed: boolean;
    silent: string | null;
    reserve: string | null;
    in_transit: string;
    on_meter: string;
  }>(sql`
    WITH balance AS (
      SELECT b.charge_per_hour, b.provisional_minor, g.computed_at
      FROM live_balance_generations g
      JOIN live_balances b ON b.project_id = g.project_id AND b.generation = g.generation
        AND b.account_id = ${accountId}::bigint
      WHERE g.project_id = ${projectId}::bigint),
    held AS (
      SELECT t.point_id, t.valid_from,
        (SELECT max(s.last_ok_at) FROM installations i
          JOIN meter_states s ON s.project_id = i.project_id AND s.meter_id = i.meter_id
          WHERE i.project_id = t.project_id AND i.point_id = t.point_id AND i.valid_from <= ${at}
            AND (i.valid_to IS NULL OR i.valid_to > ${at})) AS read_at
      FROM tenancies t
      WHERE t.project_id = ${projectId}::bigint AND t.account_id = ${accountId}::bigint
        AND t.valid_from <= ${at} AND (t.valid_to IS NULL OR t.valid_to > ${at})),
    silence AS (
      -- What the balance knows of a point ends where it was read, and where it was computed.
      SELECT coalesce(max(extract(epoch FROM ${at} - least(coalesce(h.read_at, h.valid_from),
          (SELECT computed_at FROM balance)))) / 3600, 0) AS hours,
        coalesce(bool_or(h.read_at IS NULL), false) AS unread,
        greatest(extract(epoch FROM ${at} - min(h.valid_from)) / 3600, 1) AS held_hours,
        count(*) AS points
      FROM held h),
    rates AS (
      SELECT s.*, coalesce(b.charge_per_hour,
        CASE WHEN b.provisional_minor > 0 THEN b.provisional_minor / ${unit} / s.held_hours
          WHEN NOT s.unread THEN 0 END) AS per_hour, b.computed_at
      FROM silence s LEFT JOIN balance b ON true),
    legs AS (
      SELECT l.code, -sum(e.amount) AS minor
      FROM ledger_accounts l
      JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
      WHERE l.project_id = ${projectId}::bigint AND l.account_id = ${accountId}::bigint
        AND l.code IN ('in-transit', 'on-meter') GROUP BY 1)
    SELECT r.computed_at IS NOT NULL AS computed, r.hours::text AS silent,
      CASE WHEN r.points = 0 THEN 0
        ELSE ceil(greatest(r.hours, 0) * r.per_hour * ${unit}) END::bigint::text AS reserve,
      coalesce((SELECT minor FROM legs WHERE code = 'in-transit'), 0)::text AS in_transit,
      coalesce((SELECT minor FROM legs WHERE code = 'on-meter'), 0)::text AS on_meter
    FROM rates r`);
  const row = only(found.rows);
  const live = await liveMinor(db, { projectId, accountId });
  const { unclearedMinor, disputedMinor } = await heldPayments(db, {
    ...{ projectId, accountId, unclearedHours, now },
  });
  const reserveMinor = row.reserve === null ? null : BigInt(row.reserve);
  const unknown = !row.computed ? 'no-balance' : reserveMinor === null ? 'never-read' : null;
  const [inTransitMinor, onMeterMinor] = [BigInt(row.in_transit), BigInt(row.on_meter)];
  const withMeters = inTransitMinor + onMeterMinor;
  const left = live - (reserveMinor ?? 0n) - withMeters - unclearedMinor - disputedMinor;
  return {
    refundableMinor: unknown ? null : left > 0n ? left : 0n,
    unknown,
    liveMinor: live,
    silentHours: Math.max(0, Math.round(Number(row.silent) * 100) / 100),
    ...{ reserveMinor, inTransitMinor, onMeterMinor, unclearedMinor, disputedMinor },
    channels: await netByChannel(db, { projectId, accountId }),
  };
}

/**
 * Payments that may still be taken back from us: contested in a dispute that holds; or online, younger than the project
 * says, and not settled by their channel. What is both is in dispute.
 */
export async function heldPayments(
  db: Queryable,
  {
    projectId,
    accountId,
    unclearedHours,
    now,
  }: { projectId: string; accountId: string; unclearedHours: number; now: Date },
): Promise<{ unclearedMinor: bigint; disputedMinor: bigint }> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const found = await db.execute<{ uncleared: string; disputed: string }>(sql`
    SELECT coalesce(sum(amount_minor) FILTER (WHERE uncleared AND NOT disputed), 0)::text AS uncleared,
      coalesce(sum(amount_minor) FILTER (WHERE disputed), 0)::text AS disputed
    FROM (
      SELECT s.amount_minor,
        s.channel = 'online' AND s.sold_at > ${at} - make_interval(hours => ${unclearedHours}::int)
          -- What the channel has settled has cleared.
          AND NOT EXISTS (SELECT FROM bank_line_acts c
            WHERE c.project_id = s.project_id AND c.sale_id = s.id AND c.kind IN ('match', 'claim')
              AND NOT EXISTS (SELECT FROM bank_line_acts n WHERE n.project_id = c.project_id
                AND n.line_id = c.line_id AND n.ordinal > c.ordinal)) AS uncleared,
        EXISTS (SELECT FROM disputes u WHERE u.project_id = s.project_id AND u.sale_id = s.id
          AND u.account_id = s.account_id AND u.ended_at IS NULL AND u.until > ${at}) AS disputed
      FROM sales s
      WHERE s.project_id = ${projectId}::bigint AND s.account_id = ${accountId}::bigint
        AND NOT EXISTS (SELECT FROM transactions v
          WHERE v.project_id = s.project_id AND v.reverses = s.transaction_id)) payments`);
  const { uncleared, disputed } = only(found.rows);
  return { unclearedMinor: BigInt(uncleared), disputedMinor: BigInt(disputed) };
}

async function netByChannel(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<Refundable['channels']> {
  const found = await db.execute<{ channel: Channel; minor: string }>(sql`
    SELECT channel, sum(minor)::text AS minor FROM (
      SELECT s.channel, s.amount_minor AS minor FROM sales s
      WHERE s.project_id = ${projectId}::bigint AND s.account_id = ${accountId}::bigint
        AND NOT EXISTS (SELECT FROM transactions v
          WHERE v.project_id = s.project_id AND v.reverses = s.transaction_id)
      UNION ALL
      SELECT r.channel, -r.amount_minor FROM refunds r
      WHERE r.project_id = ${projectId}::bigint AND r.account_id = ${accountId}::bigint) moved
    GROUP BY 1`);
  const net = new Map(found.rows.map((row) => [row.channel, BigInt(row.minor)]));
  return channels.map((channel) => ({ channel, minor: net.get(channel) ?? 0n }));
}

export interface ShownRefundable {
  refundable: Money | null;
  unknown: Refundable['unknown'];
  live: Money;
  silentHours: number;
  reserve: Money | null;
  inTransit: Money;
  onMeter: Money;
  uncleared: Money;
  disputed: Money;
  channels: { channel: Channel; amount: Money }[];
}

/** As the API tells it, and as a refund keeps what it was measured against. */
export function shownRefundable(found: Refundable, currency: string): ShownRefundable {
  const of = (minor: bigint) => money(minor, currency);
  return {
    refundable: found.refundableMinor === null ? null : of(found.refundableMinor),
    unknown: found.unknown,
    live: of(found.liveMinor),
    silentHours: found.silentHours,
    reserve: found.reserveMinor === null ? null : of(found.reserveMinor),
    inTransit: of(found.inTransitMinor),
    onMeter: of(found.onMeterMinor),
    uncleared: of(found.unclearedMinor),
    disputed: of(found.disputedMinor),
    channels: found.channels.map(({ channel, minor }) => ({ channel, amount: of(minor) })),
  };
}
