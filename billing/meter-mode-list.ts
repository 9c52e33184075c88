/** Meter mode as it is shown: an account's money by place, and the comparisons with meters. */
import { sql } from 'drizzle-orm';
import { isoOrNull } from '../sql/clock.ts';
import type { LocalDay } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { matches } from '../sql/search.ts';
import { moneyOrNull, only } from './fields.ts';
import type { creditModes } from './meter-mode.ts';
import { noCutOf } from './meter-no-cut.ts';
import type { MeterVerdict } from './meter-reconcile.ts';
import { heldByMeters, walletMinor } from './meter-wallet.ts';
import { type ProjectTerms, readProject } from './project.ts';

/** Where an account's money is. Throws Problem `not-found`. */
export async function shownMode(
  db: Queryable,
  { projectId, accountId, now }: { projectId: string; accountId: string; now: Date },
) {
  const project = await readProject(db, projectId);
  const { currency } = project;
  const account = await db.execute<{ mode: (typeof creditModes)[number] }>(sql`
    SELECT credit_mode AS mode FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint`);
  const mode = account.rows[0]?.mode;
  if (!mode) throw notFound('account');
  const found = await db.execute<{
    id: string;
    meter_id: string;
    serial: string;
    point_id: string;
    code: string;
    counter: number | null;
    read_after: string | null;
    opened_at: string;
    began_at: string | null;
  }>(sql`
    SELECT w.id::text, w.meter_id::text, m.serial, w.point_id::text, p.code, w.counter, w.read_after, w.opened_at,
      w.began_at
    FROM meter_wallets w
    JOIN meters m ON m.project_id = w.project_id AND m.id = w.meter_id
    JOIN points p ON p.project_id = w.project_id AND p.id = w.point_id
    WHERE w.project_id = ${projectId}::bigint AND w.account_id = ${accountId}::bigint
      AND w.closed_at IS NULL ORDER BY p.code`);
  const held = await heldByMeters(db, { projectId, accountId });
  const wallets = found.rows.map((row) => ({ id: row.id, meterId: row.meter_id }));
  const noCut = await noCutOf(db, { project, wallets, now });
  const sum = (of: 'inTransit' | 'onMeter') =>
    [...held.values()].reduce((total, each) => total + each[of], 0n);
  const shown = (minor: bigint) => money(minor, currency);
  return {
    mode,
    wallet: shown(await walletMinor(db, { projectId, accountId })),
    inTransit: shown(sum('inTransit')),
    onMeters: shown(sum('onMeter')),
    meters: found.rows.map((row) => ({
      ...{ meterId: row.meter_id, serial: row.serial, pointId: row.point_id, pointCode: row.code },
      inTransit: shown(held.get(row.meter_id)?.inTransit ?? 0n),
      onMeter: shown(held.get(row.meter_id)?.onMeter ?? 0n),
      ...{ counter: row.counter, mustBeRead: row.read_after !== null },
      since: new Date(row.opened_at).toISOString(),
      beganAt: isoOrNull(row.began_at),
      overdraft: noCut.overdrafts.get(row.meter_id) ?? null,
    })),
    noCut: noCut.kind,
  };
}

interface ShownReconciliation {
  id: string;
  localDay: LocalDay;
  accountId: string;
  accountNumber: string;
  accountName: string;
  meterId: string;
  serial: string;
  pointCode: string;
  checkedAt: string;
  readAt: string | null;
  meter: Money | null;
  ledger: Money;
  unsettled: Money;
  difference: Money | null;
  tolerance: Money;
  meterCounter: number | null;
  ledgerCounter: number | null;
  verdict: MeterVerdict;
  adjusted: 'true-up' | 'adjustment' | null;
  adjustedAt: string | null;
  adjustedBy: string | null;
  reason: string | null;
}

interface Row extends Record<string, unknown> {
  id: string;
  local_day: string;
  account_id: string;
  number: string;
  name: string;
  meter_id: string;
  serial: string;
  code: string;
  checked_at: string;
  read_at: string | null;
  meter_minor: string | null;
  ledger_minor: string;
  unsettled_minor: string;
  difference_minor: string | null;
  tolerance_minor: string;
  meter_counter: number | null;
  ledger_counter: number | null;
  verdict: MeterVerdict;
  adjusted: ShownReconciliation['adjusted'];
  adjusted_at: string | null;
  adjusted_by: string | null;
  reason: string | null;
}

/** One comparison. Throws Problem `not-found`. */
export async function reconciliationOf(
  db: Queryable,
  { project, id }: { project: ProjectTerms; id: string },
): Promise<ShownReconciliation> {
  const [row] = (await listReconciliations(db, { project, id, limit: 1 })).data;
  if (!row) throw notFound('comparison');
  return row;
}

/** Of local days [from, to), newest first, before `cursor` (an id). */
export async function listReconciliations(
  db: Queryable,
  {
    project,
    id = null,
    accountId = null,
    verdict = null,
    from = null,
    to = null,
    q = '',
    cursor = null,
    limit,
  }: {
    project: ProjectTerms;
    id?: string | null;
    accountId?: string | null | undefined;
    verdict?: MeterVerdict | null | undefined;
    from?: LocalDay | null | undefined;
    to?: LocalDay | null | undefined;
    /** A part of account or meter, in any case. */
    q?: string | undefined;
    cursor?: string | null;
    limit: number;
  },
): Promise<{ data: ShownReconciliation[]; totals: { count: number; differing: number } }> {
  const { currency } = project;
  const asked = sql`
    FROM meter_reconciliations c
    JOIN meter_wallets w ON w.project_id = c.project_id AND w.id = c.wallet_id
    JOIN accounts a ON a.project_id = w.project_id AND a.id = w.account_id
    JOIN meters m ON m.project_id = w.project_id AND m.id = w.meter_id
    JOIN points p ON p.project_id = w.project_id AND p.id = w.point_id
    WHERE c.project_id = ${project.id}::bigint
      AND (${id}::bigint IS NULL OR c.id = ${id}::bigint)
      AND (${accountId}::bigint IS NULL OR w.account_id = ${accountId}::bigint)
      AND (${verdict}::text IS NULL OR c.verdict = ${verdict})
      AND (${from}::date IS NULL OR c.local_day >= ${from}::date)
      AND (${to}::date IS NULL OR c.local_day < ${to}::date)
      AND ${matches(q, sql`m.serial, p.code, a.number, a.name, a.name_zh`)}`;
  const found = await db.execute<Row>(sql`
    SELECT c.id::text, c.local_day::text, w.account_id::text, a.number, a.name, w.meter_id::text,
      m.serial, p.code, c.checked_at, c.read_at, c.meter_minor::text, c.ledger_minor::text,
      c.unsettled_minor::text, c.difference_minor::text, c.tolerance_minor::text, c.meter_counter,
      c.ledger_counter, c.verdict, c.adjusted, c.adjusted_at, c.adjusted_by, c.reason
    ${asked} AND (${cursor}::bigint IS NULL OR c.id < ${cursor}::bigint)
    ORDER BY c.id DESC LIMIT ${limit}`);
  const sum = await db.execute<{ count: number; differing: number }>(sql`
    SELECT count(*)::int AS count, (count(*) FILTER (WHERE c.adjusted IS NULL
      AND c.verdict IN ('balance-differs', 'counter-differs')))::int AS differing ${asked}`);
  return {
    data: found.rows.map((row) => ({
      id: row.id,
      localDay: row.local_day,
      ...{ accountId: row.account_id, accountNumber: row.number, accountName: row.name },
      ...{ meterId: row.meter_id, serial: row.serial, pointCode: row.code },
      checkedAt: new Date(row.checked_at).toISOString(),
      readAt: isoOrNull(row.read_at),
      meter: moneyOrNull(row.meter_minor, currency),
      ledger: money(BigInt(row.ledger_minor), currency),
      unsettled: money(BigInt(row.unsettled_minor), currency),
      difference: moneyOrNull(row.difference_minor, currency),
      tolerance: money(BigInt(row.tolerance_minor), currency),
      ...{ meterCounter: row.meter_counter, ledgerCounter: row.ledger_counter },
      ...{ verdict: row.verdict, adjusted: row.adjusted },
      adjustedAt: isoOrNull(row.adjusted_at),
      ...{ adjustedBy: row.adjusted_by, reason: row.reason },
    })),
    totals: only(sum.rows),
  };
}
