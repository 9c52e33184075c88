/**
 * Credit control in platform mode, again and again: all accounts that could change are read in one statement and
 * judged; each that changes is decided in a transaction of its own. Alarms follow from the cases.
 */
import { sql } from 'drizzle-orm';
import { syncAlarms } from '../sql/alarms.ts';
import type { Clock } from '../sql/clock.ts';
import { localDayOf } from '../sql/local-day.ts';
import type { Log } from '../sql/log.ts';
import { type Db, isRetryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { inTrace, newTrace } from '../sql/trace.ts';
import { brakeOf, tripsAllowed } from './credit-brake.ts';
import { type CreditFailpoint, decide, type Setting } from './credit-decide.ts';
import { estimatedMinor, UNKNOWN_MINOR } from './credit-estimates.ts';
import { type CreditFacts, readFacts } from './credit-facts.ts';
import { noTripAt, readHolidays } from './credit-hours.ts';
import { judge } from './credit-judge.ts';
import type { Judgement, World } from './credit-judgement.ts';
import type { OrderQuery } from './credit-orders.ts';
import { policyMinor, readPolicy } from './credit-policy.ts';
import { syncSilent } from './credit-silent.ts';
import { type ProjectTerms, readProjects } from './project.ts';

/** Accounts whose orders are asked for in one round, and at once. */
const QUERIES_MAX = 200;
const QUERIES_AT_ONCE = 10;
/** How often silent meters are looked for: over all accounts, and no sooner than balances change. */
const SILENT_MS = 60_000;

export interface CreditDeps {
  db: Db;
  questdb: Questdb;
  orders: OrderQuery;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  failpoint?: CreditFailpoint;
}

/** Prepares a round over all projects. One that fails does not keep the others waiting. */
export function createCredit(deps: CreditDeps): () => Promise<void> {
  const silentAt = new Map<string, number>();
  return async () => {
    for (const project of await readProjects(deps.db)) {
      await inTrace(newTrace(), async () => {
        try {
          const decided = await controlCredit(deps, project);
          if (decided > 0) deps.log.info({ projectId: project.id, decided }, 'credit control');
          const now = deps.clock();
          if (Math.abs(now.getTime() - (silentAt.get(project.id) ?? 0)) >= SILENT_MS) {
            await syncSilent(deps.db, { project, now });
            silentAt.set(project.id, now.getTime());
          }
        } catch (error) {
          const level = isRetryable(error) ? 'warn' : 'error';
          deps.log[level]({ err: error, projectId: project.id }, 'credit control failed');
        }
      });
    }
  };
}

/** One round in a project. Returns how many accounts it decided about. */
export async function controlCredit(deps: CreditDeps, project: ProjectTerms): Promise<number> {
  const { db, clock } = deps;
  const now = clock();
  const { policy, version } = await readPolicy(db, project);
  if (version === 0) return 0;
  const day = localDayOf(project.zone, now.getTime());
  const holidays = await readHolidays(db, { projectId: project.id, day });
  const noCut = noTripAt(policy, { zone: project.zone, holidays, at: now });
  const { engaged, sinceRelease, accounts } = await brakeOf(db, { projectId: project.id, now });
  const brake = { engaged, sinceRelease, allowed: tripsAllowed(policy.brake, accounts) };
  const all = await readFacts(db, { project, policy, now });
  const restoreAt = policyMinor(policy.restoreAt, project.currency);
  const judged = (facts: CreditFacts, world: Pick<World, 'estimatedMinor' | 'orders'>) =>
    judge(policy, facts, { world: { noCut, brake, byPerson: false, ...world }, now, restoreAt });
  const none = { outcome: 'none', at: now } as const;
  // What estimates and orders could forbid is asked for those alone that nothing else keeps.
  const isDue = (found: Judgement | null) =>
    found !== null && (found.trips.length > 0 || found.state === 'proposed');
  const due = all.filter((facts) => isDue(judged(facts, { estimatedMinor: 0n, orders: none })));
  const estimates = await estimatesOf(deps, { project, accounts: due, now });
  const estimateOf = ({ accountId }: CreditFacts) => estimates.get(accountId) ?? 0n;
  const asking = due
    .filter(
      (facts) => judged(facts, { estimatedMinor: estimateOf(facts), orders: null })?.asksOrders,
    )
    .slice(0, QUERIES_MAX);
  const orders = await askOrders(deps, { project, accounts: asking, now });
  const changing = all.flatMap((facts) => {
    const world = {
      estimatedMinor: estimateOf(facts),
      orders: orders.get(facts.accountId) ?? null,
    };
    const found = judged(facts, world);
    return found && changes(facts, found) ? [{ accountId: facts.accountId, world, found }] : [];
  });
  const { failpoint } = deps;
  // Who has paid does not wait for those who have not.
  for (const { accountId, world } of changing.sort((a, b) => order(a.found) - order(b.found))) {
    const setting: Setting = { project, policy, holidays, now, world: { noCut, ...world } };
    await decide(db, { setting, accountId, ...(failpoint && { failpoint }) });
  }
  await syncCalls(db, { projectId: project.id, at: now });
  return changing.length;
}

/** Supply that comes back first, trips last. */
const order = ({ restores, withdraws, trips }: Judgement): number =>
  restores.length > 0 || withdraws.length > 0 ? 0 : trips.length > 0 ? 2 : 1;

/** Whether there is anything to write: what stays as it is stays unwritten. */
function changes({ case: before }: CreditFacts, found: Judgement): boolean {
  const { waitsFor } = found;
  return (
    before === null ||
    found.decision !== null ||
    found.tellsFinal ||
    found.engagesBrake ||
    before.state !== found.state ||
    before.waitsFor !== (waitsFor?.code ?? null) ||
    before.waitsUntil?.getTime() !== waitsFor?.until?.getTime() ||
    before.calledFor !== found.call ||
    before.belowSince?.getTime() !== found.belowSince?.getTime() ||
    Object.keys(before.levels).length !== Object.keys(found.levels).length
  );
}

async function estimatesOf(
  { db, questdb, log }: CreditDeps,
  {
    project,
    accounts,
    now,
  }: { project: ProjectTerms; accounts: readonly CreditFacts[]; now: Date },
): Promise<Map<string, bigint>> {
  if (accounts.length === 0) return new Map();
  try {
    return await estimatedMinor({ db, questdb }, { project, accounts, now });
  } catch (error) {
    // Nobody is cut while it is not known what is estimated; who has paid gets supply all the same.
    log.warn({ err: error, projectId: project.id }, 'what is estimated is not known');
    return new Map(accounts.map(({ accountId }) => [accountId, UNKNOWN_MINOR]));
  }
}

async function askOrders(
  { orders, clock }: CreditDeps,
  {
    project,
    accounts,
    now,
  }: { project: ProjectTerms; accounts: readonly CreditFacts[]; now: Date },
): Promise<Map<string, NonNullable<World['orders']>>> {
  const answers = new Map<string, NonNullable<World['orders']>>();
  for (let i = 0; i < accounts.length; i += QUERIES_AT_ONCE) {
    await Promise.all(
      accounts.slice(i, i + QUERIES_AT_ONCE).map(async ({ accountId, number }) => {
        const outcome = await orders({ projectId: project.id, accountId, number }, clock());
        answers.set(accountId, { outcome, at: now });
      }),
    );
  }
  return answers;
}

/** An alarm for each account that a person is called for. */
async function syncCalls(
  db: Db,
  { projectId, at }: { projectId: string; at: Date },
): Promise<void> {
  const found = await db.execute<{ id: string; reason: string; since: string }>(sql`
    SELECT account_id::text AS id, called_for AS reason, called_at AS since FROM credit_cases
    WHERE project_id = ${projectId}::bigint AND called_for IS NOT NULL`);
  await syncAlarms(db, {
    ...{ projectId, kind: 'account.credit-hold', at },
    subjects: found.rows.map(({ id, reason, since }) => ({
      ...{ subjectKind: 'account', subjectId: id, severity: 'warning' },
      detail: { reason, since: new Date(since).toISOString() },
    })),
  });
}
