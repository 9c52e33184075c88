/**
 * Hours and days without cuts for meters that hold money, and would cut by themselves: an overdraft before they begin,
 * taken back when they are over. Only to who is supplied then: it is no credit for who has been cut.
 */
import { sql } from 'drizzle-orm';
import { commandObstacles, requestCommand } from '../sql/commands.ts';
import { localDayOf } from '../sql/local-day.ts';
import { type Money, money } from '../sql/money.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { noCutAt, readHolidays } from './credit-hours.ts';
import { type CreditPolicy, readPolicy } from './credit-policy.ts';
import { settingsOf } from './meter-issue.ts';
import { readMoney } from './meter-reading.ts';
import type { Source } from './meter-reconcile.ts';
import type { MeterWallet } from './meter-wallet.ts';
import type { ProjectTerms } from './project.ts';

/** 100,000.00: more than a meter uses up in a holiday. */
const OVERDRAFT_MINOR = 10_000_000;
/** So long before the hours begin it is sent. */
const AHEAD_MS = 5 * 60_000;
/** How old the reading may be that says that a meter has money left. */
const FRESH_MS = 15 * 60_000;
const BILLING: Actor = { kind: 'system', id: 'billing', name: 'Billing' };

/** by-overdraft: meters are given one for these times; not-enforceable: they cut whenever they are empty. */
export const noCutKinds = ['none', 'by-overdraft', 'not-enforceable'] as const;

const wantsNoCut = ({ mode, noCutHours, noCutDays }: CreditPolicy): boolean =>
  mode !== 'off' &&
  (noCutHours.length > 0 ||
    noCutDays.weekdays.length > 0 ||
    noCutDays.dates.length > 0 ||
    noCutDays.holidays);

/** What hours and days without cuts are worth for meters, and the overdraft that each was last told, by meter. */
export async function noCutOf(
  db: Queryable,
  {
    project,
    wallets,
    now,
  }: { project: ProjectTerms; wallets: readonly Pick<MeterWallet, 'id' | 'meterId'>[]; now: Date },
): Promise<{ kind: (typeof noCutKinds)[number]; overdrafts: ReadonlyMap<string, Money> }> {
  const told = await overdraftsOf(db, { project, wallets });
  const overdrafts = new Map(
    [...told].map(([meterId, minor]) => [meterId, money(BigInt(minor), project.currency)]),
  );
  const { policy } = await readPolicy(db, project);
  if (!wantsNoCut(policy) || wallets.length === 0) return { kind: 'none', overdrafts };
  const meterIds = wallets.map(({ meterId }) => meterId);
  const asked = { projectId: project.id, function: 'issue-settings' as const, meterIds, at: now };
  const isAble = (await commandObstacles(db, asked)).size === 0;
  return { kind: isAble ? 'by-overdraft' : 'not-enforceable', overdrafts };
}

/** Gives overdrafts before times without cuts, and takes them back after. Returns how many commands that took. */
export async function keepNoCut(
  db: Db,
  { questdb }: Source,
  { project, wallets, now }: { project: ProjectTerms; wallets: readonly MeterWallet[]; now: Date },
): Promise<number> {
  const { policy } = await readPolicy(db, project);
  const told = await overdraftsOf(db, { project, wallets });
  const isGiven = ({ meterId }: MeterWallet) => (told.get(meterId) ?? 0) > 0;
  const given = wallets.filter(isGiven);
  let changed = given;
  let overdraftMinor = 0;
  if (wantsNoCut(policy) && (await isNoCut(db, { project, policy, now }))) {
    changed = wallets.filter((wallet) => wallet.beganAt !== null && !isGiven(wallet));
    overdraftMinor = OVERDRAFT_MINOR;
    const meters = changed.map(({ meterId }) => meterId);
    const since = new Date(now.getTime() - FRESH_MS);
    const readings = await readMoney(questdb, { projectId: project.id, meters, since });
    changed = changed.filter(({ meterId }) => (readings.get(meterId)?.remainingMinor ?? 0) > 0);
  }
  if (changed.length === 0) return 0;
  return await tell(db, { project, wallets: changed, overdraftMinor, now });
}

/** Whether nobody is cut now or in a moment. */
async function isNoCut(
  db: Db,
  { project, policy, now }: { project: ProjectTerms; policy: CreditPolicy; now: Date },
): Promise<boolean> {
  const { id: projectId, zone } = project;
  const day = localDayOf(zone, now.getTime());
  const holidays = await readHolidays(db, { projectId, day });
  const soon = new Date(now.getTime() + AHEAD_MS);
  return [now, soon].some((at) => noCutAt(policy, { zone, holidays, at }) !== undefined);
}

async function tell(
  db: Db,
  {
    project,
    wallets,
    overdraftMinor,
    now,
  }: {
    project: ProjectTerms;
    wallets: readonly MeterWallet[];
    overdraftMinor: number;
    now: Date;
  },
): Promise<number> {
  const projectId = project.id;
  return await db.transaction(async (tx) => {
    const meterIds = wallets.map(({ meterId }) => meterId);
    const asked = { projectId, function: 'issue-settings' as const, meterIds, at: now };
    const obstacles = await commandObstacles(tx, asked);
    const settings = await settingsOf(tx, { projectId, wallets });
    let told = 0;
    for (const { meterId, accountId } of wallets) {
      const kept = settings.get(meterId);
      if (!kept || obstacles.has(meterId)) continue;
      await requestCommand(tx, {
        ...{ projectId, meterId, actor: BILLING, at: now, function: 'issue-settings' },
        arguments: { ...kept, overdraftMinor },
        reason: overdraftMinor > 0 ? 'hours without cuts begin' : 'hours without cuts are over',
        cause: { account: accountId },
      });
      told++;
    }
    return told;
  });
}

/** The overdraft that each meter was last told, minor units; meters that were told none are left out. */
async function overdraftsOf(
  db: Queryable,
  {
    project,
    wallets,
  }: { project: ProjectTerms; wallets: readonly Pick<MeterWallet, 'id' | 'meterId'>[] },
): Promise<Map<string, number>> {
  const found = await db.execute<{ meter_id: string; minor: string }>(sql`
    SELECT DISTINCT ON (c.meter_id) c.meter_id::text, c.arguments ->> 'overdraftMinor' AS minor
    FROM commands c JOIN meter_wallets w ON w.project_id = c.project_id AND w.meter_id = c.meter_id
      AND c.requested_at >= w.opened_at
    JOIN command_states s ON s.project_id = c.project_id AND s.command_id = c.id
      AND s.state NOT IN ('refused', 'expired')
    WHERE c.project_id = ${project.id}::bigint AND c.function = 'issue-settings'
      AND c.arguments ? 'overdraftMinor'
      AND w.id = ANY (${`{${wallets.map(({ id }) => id).join()}}`}::bigint[])
    ORDER BY c.meter_id, c.sequence DESC`);
  return new Map(
    found.rows.flatMap(({ meter_id: meterId, minor }) =>
      Number(minor) > 0 ? [[meterId, Number(minor)]] : [],
    ),
  );
}
