/** Sub-accounts: what an account in meter mode has with each of its meters, and the counter that the meter should show. */
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { Leg } from './ledger.ts';

export interface MeterWallet {
  id: string;
  accountId: string;
  meterId: string;
  pointId: string;
  /** Null before the meter was ever read. */
  counter: number | null;
  /** After a restore: until a reading has told the counter, nothing is sent. */
  mustBeRead: boolean;
  /** When its first recharge was proven; null before. */
  beganAt: Date | null;
  firstDay: LocalDay | null;
  /** What energy had cost on the first day before that; major units, exact. */
  openingExact: string;
}

interface Row extends Record<string, unknown> {
  id: string;
  account_id: string;
  meter_id: string;
  point_id: string;
  counter: number | null;
  read_after: string | null;
  began_at: string | null;
  first_day: string | null;
  opening_exact: string;
}

const columns = sql`w.id::text, w.account_id::text, w.meter_id::text, w.point_id::text, w.counter,
  w.read_after, w.began_at, w.first_day::text, w.opening_exact::text`;

const render = (row: Row): MeterWallet => ({
  ...{ id: row.id, accountId: row.account_id, meterId: row.meter_id, pointId: row.point_id },
  ...{ counter: row.counter, mustBeRead: row.read_after !== null },
  beganAt: row.began_at === null ? null : new Date(row.began_at),
  ...{ firstDay: row.first_day, openingExact: row.opening_exact },
});

/** The open sub-accounts of a project, or of one account, in order of id. */
export async function openWallets(
  db: Queryable,
  { projectId, accountId = null }: { projectId: string; accountId?: string | null },
): Promise<MeterWallet[]> {
  const found = await db.execute<Row>(sql`
    SELECT ${columns} FROM meter_wallets w
    WHERE w.project_id = ${projectId}::bigint AND w.closed_at IS NULL
      AND (${accountId}::bigint IS NULL OR w.account_id = ${accountId}::bigint)
    ORDER BY w.id`);
  return found.rows.map(render);
}

/**
 * The open sub-account of an account with a meter; nobody else moves its money until commit. Throws Problem
 * `not-meter-mode`.
 */
export async function holdWallet(
  tx: Tx,
  { projectId, accountId, meterId }: { projectId: string; accountId: string; meterId: string },
): Promise<MeterWallet> {
  const found = await tx.execute<Row>(sql`
    SELECT ${columns} FROM meter_wallets w
    WHERE w.project_id = ${projectId}::bigint AND w.account_id = ${accountId}::bigint
      AND w.meter_id = ${meterId}::bigint AND w.closed_at IS NULL FOR UPDATE`);
  const row = found.rows[0];
  if (!row) {
    throw new Problem('not-meter-mode', 'No meter of that number holds money of this account.');
  }
  return render(row);
}

/** What the account has on its way to a meter or with it, minor units; the meters' ids are the detail. */
export async function heldByMeters(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<Map<string, { inTransit: bigint; onMeter: bigint }>> {
  const found = await db.execute<{ meter: string; code: string; minor: string }>(sql`
    SELECT l.detail AS meter, l.code, -sum(e.amount)::bigint AS minor
    FROM ledger_accounts l
    JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
    WHERE l.project_id = ${projectId}::bigint AND l.account_id = ${accountId}::bigint
      AND l.code IN ('in-transit', 'on-meter') GROUP BY 1, 2`);
  const held = new Map<string, { inTransit: bigint; onMeter: bigint }>();
  for (const { meter, code, minor } of found.rows) {
    const both = held.get(meter) ?? { inTransit: 0n, onMeter: 0n };
    held.set(meter, { ...both, [code === 'on-meter' ? 'onMeter' : 'inTransit']: BigInt(minor) });
  }
  return held;
}

/** The wallet alone, minor units: what can go to a meter. */
export async function walletMinor(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<bigint> {
  const found = await db.execute<{ minor: string }>(sql`
    SELECT coalesce(-sum(e.amount), 0)::text AS minor
    FROM ledger_accounts l
    JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
    WHERE l.project_id = ${projectId}::bigint AND l.account_id = ${accountId}::bigint
      AND l.code = 'wallet'`);
  return BigInt(found.rows[0]?.minor ?? 0);
}

type Place = 'wallet' | 'in-transit' | 'on-meter';

/** Legs that take money of the account from one place to another; below zero the other way. */
export function moved(
  { accountId, meterId }: Pick<MeterWallet, 'accountId' | 'meterId'>,
  { from, to, minor }: { from: Place; to: Place; minor: bigint },
): Leg[] {
  const leg = (code: Place, amountMinor: bigint): Leg => ({
    ...{ code, accountId, amountMinor },
    ...(code !== 'wallet' && { detail: meterId }),
  });
  return [leg(from, minor), leg(to, -minor)];
}
