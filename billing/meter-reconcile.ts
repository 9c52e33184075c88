/**
 * Each day the meter's own money against its sub-account: what is on it by the ledger less what was used and is not
 * settled. Within the tolerance it fits, and the first of a month is trued up; beyond it is an alarm for a person.
 */
import { sql } from 'drizzle-orm';
import { type Alarming, syncAlarms } from '../sql/alarms.ts';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { dayStart, type LocalDay, localDayOf, monthOf } from '../sql/local-day.ts';
import { exponentOf, formatMinor } from '../sql/money.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { meterVerdicts } from '../sql/schema/meter-mode.ts';
import { readVendingSettings } from '../sql/vending-settings.ts';
import { EXACT_DIGITS, exactOf, halfEven } from './exact.ts';
import { type By, only } from './fields.ts';
import type { IntervalSource } from './intervals.ts';
import { type Leg, post } from './ledger.ts';
import { grossOf, type OpenDay, rateOpenDays } from './live.ts';
import { type MoneyReading, readMoney } from './meter-reading.ts';
import { takeMeterUse } from './meter-use.ts';
import { heldByMeters, type MeterWallet, moved, openWallets } from './meter-wallet.ts';
import { openPriceBook } from './price-book.ts';
import { holdSettlement, type ProjectTerms, readProject } from './project.ts';

export type MeterVerdict = (typeof meterVerdicts)[number];

/** A difference is looked at again after so long. */
const AGAIN_MS = 600_000;
/** So long into a day a meter that was not read is told of. */
const UNREAD_MS = 20 * 3_600_000;

export type Source = Pick<IntervalSource, 'questdb'> & Partial<IntervalSource>;

/** What usage of a point costs in an open day; major units, exact. */
export const usageOf = ({ lines }: OpenDay): bigint =>
  lines.reduce((sum, line) => (line.priced.kind === 'usage' ? sum + grossOf(line) : sum), 0n);

/** Reads counters that nobody knows, and those that a restore has made doubtful. Returns how many it learned. */
export async function learnCounters(
  db: Db,
  { questdb }: Source,
  { project, now }: { project: ProjectTerms; now: Date },
): Promise<number> {
  const projectId = project.id;
  const found = await db.execute<{
    id: string;
    meter_id: string;
    counter: number | null;
    after: string | null;
  }>(sql`
    SELECT w.id::text, w.meter_id::text, w.counter, greatest(w.read_after, (
      SELECT max(r.resolved_at) FROM recharges r
      WHERE r.project_id = w.project_id AND r.meter_id = w.meter_id)) AS after
    FROM meter_wallets w WHERE w.project_id = ${projectId}::bigint AND w.closed_at IS NULL
      AND (w.counter IS NULL OR w.read_after IS NOT NULL)`);
  if (found.rows.length === 0) return 0;
  const since = new Date(now.getTime() - LOOK_BACK_MS);
  const meters = found.rows.map((row) => row.meter_id);
  const readings = await readMoney(questdb, { projectId, meters, since });
  let learned = 0;
  for (const { id, meter_id: meterId, counter, after } of found.rows) {
    const reading = readings.get(meterId);
    if (!reading || (after !== null && reading.at <= new Date(after))) continue;
    // After a restore, another counter than the ledger's is for a person: the reconciliation says so.
    if (counter !== null && counter !== reading.counter) continue;
    const done = await db.execute(sql`
      UPDATE meter_wallets SET counter = ${reading.counter}::int, read_after = NULL,
        counter_at = ${reading.at.toISOString()}::timestamptz
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint
        AND counter IS NOT DISTINCT FROM ${counter}::int`);
    learned += done.rowCount ?? 0;
  }
  return learned;
}

const LOOK_BACK_MS = 26 * 3_600_000;

/** Compares what is due today and brings the alarms in line. Returns how many sub-accounts were compared. */
export async function reconcileMeters(
  db: Db,
  source: Source,
  {
    project,
    after,
    clock,
  }: {
    project: ProjectTerms;
    /** Of settlements up to this id the meters' part is taken; null: of none. */
    after: string | null;
    clock: Clock;
  },
): Promise<number> {
  const projectId = project.id;
  const now = clock();
  const today = localDayOf(project.zone, now.getTime());
  const due = await dueWallets(db, { projectId, today, now });
  let compared = 0;
  if (due.length > 0) {
    const startMs = dayStart(project.zone, today);
    const readings = await readMoney(source.questdb, {
      ...{ projectId, meters: due.map(({ meterId }) => meterId), since: new Date(startMs) },
    });
    const ready = due.filter(
      ({ meterId }) => readings.has(meterId) || now.getTime() - startMs > UNREAD_MS,
    );
    if (ready.length > 0) {
      compared = await db.transaction((tx) =>
        compare(tx, source, { project, today, wallets: ready, readings, after, now }),
      );
    }
  }
  await tellAlarms(db, { project, at: now });
  return compared;
}

/** Sub-accounts that count and have nothing on the way, without a comparison today that fits or is fresh. */
async function dueWallets(
  db: Queryable,
  { projectId, today, now }: { projectId: string; today: LocalDay; now: Date },
): Promise<MeterWallet[]> {
  const again = new Date(now.getTime() - AGAIN_MS).toISOString();
  const found = await db.execute<{ id: string }>(sql`
    SELECT w.id::text FROM meter_wallets w
    WHERE w.project_id = ${projectId}::bigint AND w.closed_at IS NULL AND w.began_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM recharges r WHERE r.project_id = w.project_id
        AND r.meter_id = w.meter_id AND r.state IN ('sent', 'unknown'))
      AND NOT EXISTS (SELECT FROM meter_reconciliations c WHERE c.project_id = w.project_id
        AND c.wallet_id = w.id AND c.local_day = ${today}::date AND (c.verdict = 'fits'
          OR c.adjusted IS NOT NULL OR c.checked_at > ${again}::timestamptz))`);
  const due = new Set(found.rows.map(({ id }) => id));
  if (due.size === 0) return [];
  return (await openWallets(db, { projectId })).filter(({ id }) => due.has(id));
}

async function compare(
  tx: Tx,
  source: Source,
  {
    project,
    today,
    wallets,
    readings,
    after,
    now,
  }: {
    project: ProjectTerms;
    today: LocalDay;
    wallets: readonly MeterWallet[];
    readings: ReadonlyMap<string, MoneyReading>;
    after: string | null;
    now: Date;
  },
): Promise<number> {
  const projectId = project.id;
  // No day is settled between what the ledger says and what is open.
  await holdSettlement(tx, projectId);
  await takeMeterUse(tx, { project, after, now });
  const { meterToleranceMinor: tolerance } = await readVendingSettings(tx, projectId);
  const book = await openPriceBook(tx, { projectId, zone: project.zone });
  const open = await rateOpenDays(tx, source, { project, book, now });
  let compared = 0;
  for (const wallet of wallets) {
    const reading = readings.get(wallet.meterId);
    if (reading && (await isOutdated(tx, { projectId, wallet, at: reading.at }))) continue;
    const held = (await heldByMeters(tx, { projectId, accountId: wallet.accountId })).get(
      wallet.meterId,
    );
    const ledger = held?.onMeter ?? 0n;
    const unsettled = unsettledMinor(wallet, open, project.currency);
    const difference = reading ? BigInt(reading.remainingMinor) - (ledger - unsettled) : null;
    const verdict = verdictOf({ wallet, reading, difference, tolerance: BigInt(tolerance) });
    const made = await tx.execute<{ id: string }>(sql`
      INSERT INTO meter_reconciliations (project_id, wallet_id, local_day, checked_at, read_at,
        meter_minor, meter_counter, ledger_minor, unsettled_minor, ledger_counter, difference_minor,
        tolerance_minor, verdict)
      VALUES (${projectId}::bigint, ${wallet.id}::bigint, ${today}::date,
        ${now.toISOString()}::timestamptz, ${reading?.at.toISOString() ?? null}::timestamptz,
        ${reading?.remainingMinor ?? null}::bigint, ${reading?.counter ?? null}::int,
        ${ledger.toString()}::bigint, ${unsettled.toString()}::bigint, ${wallet.counter}::int,
        ${difference?.toString() ?? null}::bigint, ${tolerance}::bigint, ${verdict})
      ON CONFLICT (project_id, wallet_id, local_day) DO UPDATE SET checked_at = excluded.checked_at,
        read_at = excluded.read_at, meter_minor = excluded.meter_minor,
        meter_counter = excluded.meter_counter, ledger_minor = excluded.ledger_minor,
        unsettled_minor = excluded.unsettled_minor, ledger_counter = excluded.ledger_counter,
        difference_minor = excluded.difference_minor, tolerance_minor = excluded.tolerance_minor,
        verdict = excluded.verdict
      RETURNING id::text`);
    compared++;
    if (verdict === 'fits' && difference !== null) {
      await trueUp(tx, { project, wallet, id: only(made.rows).id, today, difference, now });
    }
  }
  return compared;
}

/** Whether a recharge was resolved after a reading: it does not show it. */
async function isOutdated(
  tx: Tx,
  { projectId, wallet, at }: { projectId: string; wallet: MeterWallet; at: Date },
): Promise<boolean> {
  const later = await tx.execute(sql`
    SELECT 1 FROM recharges WHERE project_id = ${projectId}::bigint
      AND meter_id = ${wallet.meterId}::bigint AND (state IN ('sent', 'unknown')
        OR resolved_at >= ${at.toISOString()}::timestamptz) LIMIT 1`);
  return later.rows.length > 0;
}

/** What a meter took since its last settled day, minor units. */
function unsettledMinor(wallet: MeterWallet, open: readonly OpenDay[], currency: string): bigint {
  const { firstDay } = wallet;
  if (firstDay === null) return 0n;
  let exact = 0n;
  for (const day of open) {
    if (day.accountId !== wallet.accountId || day.pointId !== wallet.pointId) continue;
    if (day.localDay < firstDay) continue;
    exact += usageOf(day);
    if (day.localDay === firstDay) exact -= exactOf(wallet.openingExact);
  }
  return halfEven(exact, 10n ** BigInt(EXACT_DIGITS - exponentOf(currency)));
}

function verdictOf({
  wallet,
  reading,
  difference,
  tolerance,
}: {
  wallet: MeterWallet;
  reading: MoneyReading | undefined;
  difference: bigint | null;
  tolerance: bigint;
}): MeterVerdict {
  if (!reading || difference === null) return 'unread';
  if (wallet.counter !== null && wallet.counter !== reading.counter) return 'counter-differs';
  return difference > tolerance || -difference > tolerance ? 'balance-differs' : 'fits';
}

/** Brings the sub-account to the meter with the first comparison of a month that fits. */
async function trueUp(
  tx: Tx,
  {
    project,
    wallet,
    id,
    today,
    difference,
    now,
  }: {
    project: ProjectTerms;
    wallet: MeterWallet;
    id: string;
    today: LocalDay;
    difference: bigint;
    now: Date;
  },
): Promise<void> {
  const month = monthOf(today);
  if (wallet.firstDay === null || wallet.firstDay >= month || difference === 0n) return;
  const earlier = await tx.execute(sql`
    SELECT 1 FROM meter_reconciliations WHERE project_id = ${project.id}::bigint
      AND wallet_id = ${wallet.id}::bigint AND id <> ${id}::bigint AND verdict = 'fits'
      AND local_day >= ${month}::date AND local_day < ${today}::date LIMIT 1`);
  if (earlier.rows.length > 0) return;
  await bring(tx, {
    ...{ project, wallet, id, now, kind: 'true-up', by: 'Billing', reason: null },
    legs: moved(wallet, { from: 'wallet', to: 'on-meter', minor: difference }),
    idempotencyKey: `${wallet.id}/${month}`,
  });
}

/** Posts what brings a sub-account to its meter, and says so in the comparison. */
async function bring(
  tx: Tx,
  {
    project,
    wallet,
    id,
    kind,
    legs,
    idempotencyKey,
    by,
    reason,
    now,
  }: {
    project: ProjectTerms;
    wallet: Pick<MeterWallet, 'accountId' | 'meterId'>;
    id: string;
    kind: 'true-up' | 'adjustment';
    legs: readonly Leg[];
    idempotencyKey: string;
    by: string;
    reason: string | null;
    now: Date;
  },
): Promise<void> {
  const transactionId = await post(tx, {
    projectId: project.id,
    currency: project.currency,
    head: {
      ...{ kind, accountId: wallet.accountId, postedAt: now, idempotencyKey },
      accountingDate: localDayOf(project.zone, now.getTime()),
      cause: { reconciliation: id, meter: wallet.meterId, ...(reason !== null && { reason }) },
    },
    legs,
  });
  await tx.execute(sql`
    UPDATE meter_reconciliations SET adjusted = ${kind}, adjusted_at = ${now.toISOString()}::timestamptz,
      adjusted_by = ${by}, reason = ${reason}, transaction_id = ${transactionId}::bigint
    WHERE project_id = ${project.id}::bigint AND id = ${id}::bigint`);
}

/** Who bears a difference: the customer's wallet, or the park. */
export const bearers = ['wallet', 'park'] as const;

/**
 * A person brings the sub-account to what the meter shows, its counter too. Throws Problem `not-found`, and `conflict`
 * for one that fits, is adjusted, or is not the newest of its meter.
 */
export async function adjustMeter(
  db: Db,
  {
    projectId,
    id,
    reason,
    bearer,
    by,
    clock,
  }: {
    projectId: string;
    id: string;
    reason: string;
    bearer: (typeof bearers)[number];
    by: By;
    clock: Clock;
  },
): Promise<void> {
  await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    const found = await tx.execute<{
      wallet_id: string;
      account_id: string;
      meter_id: string;
      verdict: MeterVerdict;
      difference: string | null;
      counter: number | null;
      adjusted: string | null;
      is_newest: boolean;
    }>(sql`
      SELECT c.wallet_id::text, w.account_id::text, w.meter_id::text, c.verdict,
        c.difference_minor::text AS difference, c.meter_counter AS counter, c.adjusted,
        NOT EXISTS (SELECT FROM meter_reconciliations n WHERE n.project_id = c.project_id
          AND n.wallet_id = c.wallet_id AND n.local_day > c.local_day) AND w.closed_at IS NULL
          AND NOT EXISTS (SELECT FROM recharges r WHERE r.project_id = w.project_id
            AND r.meter_id = w.meter_id AND (r.state IN ('sent', 'unknown', 'held')
              OR r.resolved_at > c.read_at)) AS is_newest
      FROM meter_reconciliations c
      JOIN meter_wallets w ON w.project_id = c.project_id AND w.id = c.wallet_id
      WHERE c.project_id = ${projectId}::bigint AND c.id = ${id}::bigint FOR UPDATE OF w, c`);
    const row = found.rows[0];
    if (!row) throw notFound('comparison');
    const {
      verdict,
      difference,
      adjusted,
      counter,
      account_id: accountId,
      meter_id: meterId,
    } = row;
    if (adjusted !== null || verdict === 'fits' || difference === null) {
      throw new Problem(
        'conflict',
        'There is nothing to adjust: it fits, was not read, or was adjusted.',
      );
    }
    if (!row.is_newest) {
      throw new Problem(
        'conflict',
        'The meter has been read or recharged since: adjust the newest comparison.',
      );
    }
    const wallet = { accountId, meterId };
    const minor = BigInt(difference);
    const onMeter: Leg = { code: 'on-meter', detail: meterId, accountId, amountMinor: -minor };
    const legs =
      bearer === 'wallet'
        ? moved(wallet, { from: 'wallet', to: 'on-meter', minor })
        : [onMeter, { code: 'adjustment' as const, accountId: null, amountMinor: minor }];
    await bring(tx, {
      ...{ project, wallet, id, legs, reason, now, kind: 'adjustment', by: by.actor.name },
      idempotencyKey: `meter/${id}`,
    });
    await tx.execute(sql`
      UPDATE meter_wallets SET counter = ${counter}::int, counter_at = ${now.toISOString()}::timestamptz,
        read_after = NULL WHERE project_id = ${projectId}::bigint AND id = ${row.wallet_id}::bigint`);
    await record(tx, {
      projectId,
      ...by,
      action: 'meter.adjusted',
      subjectKind: 'account',
      subjectId: accountId,
      detail: {
        meterId,
        difference: formatMinor(minor, project.currency),
        bearer,
        counter,
        reason,
      },
    });
    await tellAlarms(tx, { project, at: now });
  });
}

/** Alarms stand while the newest comparison of a meter differs, or a recharge is held because of its counter. */
async function tellAlarms(
  tx: Queryable,
  { project, at }: { project: ProjectTerms; at: Date },
): Promise<void> {
  const projectId = project.id;
  const found = await tx.execute<{
    meter_id: string;
    verdict: MeterVerdict;
    detail: Record<string, unknown>;
  }>(sql`
    SELECT meter_id::text, verdict, detail FROM (
      SELECT DISTINCT ON (w.id) w.meter_id, c.verdict, c.adjusted, jsonb_build_object(
        'difference', c.difference_minor::text, 'tolerance', c.tolerance_minor::text, 'expected', c.ledger_counter,
        'found', c.meter_counter) AS detail
      FROM meter_wallets w JOIN meter_reconciliations c
        ON c.project_id = w.project_id AND c.wallet_id = w.id
      WHERE w.project_id = ${projectId}::bigint AND w.closed_at IS NULL
      ORDER BY w.id, c.local_day DESC) newest
    WHERE adjusted IS NULL AND verdict IN ('balance-differs', 'counter-differs')
    UNION ALL
    SELECT DISTINCT ON (meter_id) meter_id::text, 'counter-differs', jsonb_build_object('recharge', id::text,
      'outcome', outcome, 'expected', counter)
    FROM recharges WHERE project_id = ${projectId}::bigint AND state = 'held'`);
  for (const [kind, severity] of [
    ['balance-differs', 'warning'],
    ['counter-differs', 'critical'],
  ] as const) {
    const subjects = new Map<string, Alarming>();
    for (const { meter_id: subjectId, verdict, detail } of found.rows) {
      if (verdict !== kind || subjects.has(subjectId)) continue;
      const inMajor = Object.fromEntries(
        ['difference', 'tolerance'].flatMap((name) => {
          const minor = detail[name];
          return typeof minor === 'string'
            ? [[name, formatMinor(BigInt(minor), project.currency)]]
            : [];
        }),
      );
      const told = { ...detail, ...inMajor, currency: project.currency };
      subjects.set(subjectId, { subjectKind: 'meter', subjectId, severity, detail: told });
    }
    await syncAlarms(tx, {
      projectId,
      kind: `meter.${kind}`,
      at,
      subjects: [...subjects.values()],
    });
  }
}
