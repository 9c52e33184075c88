/**
 * Who holds an account's money: the platform, or its meters. To meter mode: every electric point must have a meter that
 * takes recharges and a tariff that the meter can hold, and its thresholds, prices and tables are sent to it.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { commandObstacles, requestCommand } from '../sql/commands.ts';
import { localDayOf } from '../sql/local-day.ts';
import { exponentOf } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { type Fault, Problem } from '../sql/problem.ts';
import { EXACT_DIGITS, exactOf, exactText, halfEven } from './exact.ts';
import type { By } from './fields.ts';
import { post } from './ledger.ts';
import { rateOpenDays } from './live.ts';
import { fitsOf, issueTerms, sentenceOf } from './meter-issue.ts';
import { type Source, usageOf } from './meter-reconcile.ts';
import { takeMeterUse } from './meter-use.ts';
import { heldByMeters, type MeterWallet, moved, openWallets } from './meter-wallet.ts';
import { holdAccount } from './open-account.ts';
import { openPriceBook } from './price-book.ts';
import { holdSettlement, type ProjectTerms, readProject } from './project.ts';

export const creditModes = ['platform', 'meter'] as const;

/** The registers of meters count hundredths. */
export const METER_EXPONENT = 2;

/**
 * Changes who holds the money; to the same mode again, it takes in meters that are new. Throws Problem
 * `meter-mode-impossible` with a fault for each point, `conflict` while a recharge is on its way, `account-closed`.
 */
export async function setCreditMode(
  db: Db,
  source: Source,
  {
    projectId,
    accountId,
    mode,
    reason,
    by,
    clock,
  }: {
    projectId: string;
    accountId: string;
    mode: (typeof creditModes)[number];
    reason: string;
    by: By;
    clock: Clock;
  },
): Promise<void> {
  await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    if (mode === 'platform') await holdSettlement(tx, projectId);
    await holdAccount(tx, { projectId, accountId, alone: true });
    const acts = { project, accountId, reason, by, now };
    if (mode === 'meter') await letMetersHold(tx, acts);
    else await keep(tx, { ...acts, mode, meters: await toPlatform(tx, source, acts) });
  });
}

/** Lets meters hold the money of an account that is held by the caller. Throws as `setCreditMode`. */
export const letMetersHold = async (tx: Tx, act: Act): Promise<void> =>
  await keep(tx, { ...act, mode: 'meter', meters: await toMeter(tx, act) });

/** Writes down what was changed, and says so. */
async function keep(
  tx: Tx,
  {
    project,
    accountId,
    mode,
    meters,
    reason,
    by,
  }: Act & { mode: (typeof creditModes)[number]; meters: readonly string[] },
): Promise<void> {
  await tx.execute(sql`
    UPDATE accounts SET credit_mode = ${mode}
    WHERE project_id = ${project.id}::bigint AND id = ${accountId}::bigint`);
  await record(tx, {
    projectId: project.id,
    ...by,
    action: 'account.credit-mode',
    subjectKind: 'account',
    subjectId: accountId,
    detail: { mode, meters: [...meters], reason },
  });
}

interface Act {
  project: ProjectTerms;
  accountId: string;
  reason: string;
  by: By;
  now: Date;
}

interface Candidate {
  pointId: string;
  code: string;
  meterId: string | null;
  /** Already has its sub-account. */
  isOpen: boolean;
}

async function toMeter(tx: Tx, { project, accountId, reason, by, now }: Act): Promise<string[]> {
  const projectId = project.id;
  if (exponentOf(project.currency) !== METER_EXPONENT) {
    throw new Problem(
      'meter-mode-impossible',
      `Meters count hundredths, ${project.currency} has others.`,
    );
  }
  const candidates = await candidatesOf(tx, { projectId, accountId, now });
  const fresh = candidates.filter(({ isOpen }) => !isOpen);
  if (candidates.length === 0) {
    throw new Problem('meter-mode-impossible', 'The account holds no electric point with a meter.');
  }
  await assertPossible(tx, { project, accountId, candidates: fresh, now });
  for (const { pointId, meterId } of fresh) {
    await tx.execute(sql`
      INSERT INTO meter_wallets (project_id, account_id, meter_id, point_id, opened_at)
      VALUES (${projectId}::bigint, ${accountId}::bigint, ${meterId}::bigint, ${pointId}::bigint,
        ${now.toISOString()}::timestamptz)`);
  }
  const wallets = await openWallets(tx, { projectId, accountId });
  await issueTerms(tx, { project, wallets, now, actor: by.actor, reason });
  return fresh.flatMap(({ meterId }) => meterId ?? []);
}

/** The account's electric points now, with their meters. */
async function candidatesOf(
  tx: Tx,
  { projectId, accountId, now }: { projectId: string; accountId: string; now: Date },
): Promise<Candidate[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const found = await tx.execute<{
    point_id: string;
    code: string;
    meter_id: string | null;
    is_open: boolean;
  }>(sql`
    SELECT p.id::text AS point_id, p.code, i.meter_id::text,
      w.id IS NOT NULL AS is_open
    FROM tenancies t
    JOIN points p ON p.project_id = t.project_id AND p.id = t.point_id AND p.commodity = 'electricity'
    LEFT JOIN installations i ON i.project_id = p.project_id AND i.point_id = p.id
      AND i.valid_from <= ${at} AND (i.valid_to IS NULL OR i.valid_to > ${at})
    LEFT JOIN meter_wallets w ON w.project_id = i.project_id AND w.meter_id = i.meter_id
      AND w.account_id = t.account_id AND w.point_id = p.id AND w.closed_at IS NULL
    WHERE t.project_id = ${projectId}::bigint AND t.account_id = ${accountId}::bigint
      AND t.valid_from <= ${at} AND (t.valid_to IS NULL OR t.valid_to > ${at})
    ORDER BY p.code`);
  return found.rows.map((row) => ({
    ...{ pointId: row.point_id, code: row.code, meterId: row.meter_id },
    isOpen: row.is_open,
  }));
}

/** Throws Problem `meter-mode-impossible` naming every point whose meter cannot hold its money. */
async function assertPossible(
  tx: Tx,
  {
    project,
    accountId,
    candidates,
    now,
  }: { project: ProjectTerms; accountId: string; candidates: readonly Candidate[]; now: Date },
): Promise<void> {
  const projectId = project.id;
  const meterIds = candidates.flatMap(({ meterId }) => meterId ?? []);
  const asked = { projectId, function: 'recharge' as const, meterIds, at: now };
  const obstacles = await commandObstacles(tx, asked);
  const places = candidates.map(({ pointId }) => ({ accountId, pointId }));
  const day = localDayOf(project.zone, now.getTime());
  const fits = await fitsOf(tx, { project, places, day });
  const faults: Fault[] = [];
  for (const { pointId, code, meterId } of candidates) {
    const obstacle = meterId === null ? 'no-meter' : obstacles.get(meterId);
    const why = obstacle ?? fits.get(pointId)?.obstacle;
    if (!why) continue;
    const message = `${code}: ${sentenceOf(why)}`;
    faults.push({ at: code, message, code: why, parameters: { point: code } });
  }
  if (faults.length === 0) return;
  const told = faults.map(({ message }) => message).join('; ');
  throw new Problem('meter-mode-impossible', `${told}.`, { faults });
}

async function toPlatform(
  tx: Tx,
  source: Source,
  { project, accountId, reason, by, now }: Act,
): Promise<string[]> {
  const projectId = project.id;
  const wallets = await openWallets(tx, { projectId, accountId });
  await endWallets(tx, source, { project, wallets, now });
  for (const { meterId } of wallets) {
    // What the meter still counts is no longer money: it must not cut anybody off.
    const asked = {
      projectId,
      function: 'guarantee-supply' as const,
      meterIds: [meterId],
      at: now,
    };
    if ((await commandObstacles(tx, asked)).size > 0) continue;
    await requestCommand(tx, {
      ...{ projectId, meterId, actor: by.actor, at: now, reason, cause: { account: accountId } },
      function: 'guarantee-supply',
    });
  }
  return wallets.map(({ meterId }) => meterId);
}

/**
 * Ends sub-accounts as of now: what was used until now and is not settled stays for its settlement, the rest goes back
 * to the wallet. Throws Problem `conflict` while a recharge of one of them is not over.
 */
export async function endWallets(
  tx: Tx,
  source: Source,
  { project, wallets, now }: { project: ProjectTerms; wallets: readonly MeterWallet[]; now: Date },
): Promise<void> {
  if (wallets.length === 0) return;
  const projectId = project.id;
  const ids = `{${wallets.map(({ id }) => id).join()}}`;
  await tx.execute(sql`SELECT 1 FROM meter_wallets WHERE project_id = ${projectId}::bigint
    AND id = ANY (${ids}::bigint[]) ORDER BY id FOR UPDATE`);
  const open = await tx.execute(sql`
    SELECT 1 FROM recharges WHERE project_id = ${projectId}::bigint AND wallet_id = ANY (${ids}::bigint[])
      AND resolved_at IS NULL LIMIT 1`);
  if (open.rows.length > 0) {
    throw new Problem(
      'conflict',
      'A recharge of the account is not over: wait for it, or decide it.',
    );
  }
  const book = await openPriceBook(tx, { projectId, zone: project.zone });
  const today = localDayOf(project.zone, now.getTime());
  const unit = 10n ** BigInt(EXACT_DIGITS - exponentOf(project.currency));
  for (const accountId of new Set(wallets.map((wallet) => wallet.accountId))) {
    await takeMeterUse(tx, { project, accountId, now });
    const days = await rateOpenDays(tx, source, { project, book, now, accountId });
    const held = await heldByMeters(tx, { projectId, accountId });
    for (const wallet of wallets.filter((each) => each.accountId === accountId)) {
      const { id, meterId, pointId, firstDay, openingExact } = wallet;
      const mine = days.filter(
        (day) => day.pointId === pointId && firstDay !== null && day.localDay >= firstDay,
      );
      const usedToday = mine.filter(({ localDay }) => localDay === today).map(usageOf);
      const closing = usedToday.reduce((sum, exact) => sum + exact, 0n);
      let unsettled = mine.reduce((sum, day) => sum + usageOf(day), 0n);
      if (mine.some(({ localDay }) => localDay === firstDay)) unsettled -= exactOf(openingExact);
      const back = (held.get(meterId)?.onMeter ?? 0n) - halfEven(unsettled, unit);
      if (back !== 0n) {
        await post(tx, {
          projectId,
          currency: project.currency,
          head: {
            ...{ kind: 'transfer', accountId, postedAt: now, accountingDate: today },
            cause: { wallet: id, meter: meterId, step: 'ended' },
          },
          legs: moved(wallet, { from: 'on-meter', to: 'wallet', minor: back }),
        });
      }
      await tx.execute(sql`
        UPDATE meter_wallets SET closed_at = ${now.toISOString()}::timestamptz,
          last_day = ${firstDay === null ? null : today}::date,
          closing_exact = ${exactText(closing)}::numeric
        WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
    }
  }
}
