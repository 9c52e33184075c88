/**
 * A decision about one account, taken under the lock of its case with everything read again, and written with what it
 * does: case, commands and events are one transaction, so that a process that dies has decided all of it or nothing.
 */
import { sql } from 'drizzle-orm';
import type { CommandFunction } from '../sql/command-functions.ts';
import { requestCommands, withdrawUnsent } from '../sql/commands.ts';
import { tell } from '../sql/events.ts';
import { type Money, money } from '../sql/money.ts';
import type { Actor } from '../sql/permission.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { creditDecisions } from '../sql/schema/index.ts';
import { brakeOf, engageBrake, holdBrake, SYSTEM, tripsAllowed } from './credit-brake.ts';
import { type CreditFacts, cuttableOf, type PointFacts, readFacts } from './credit-facts.ts';
import { qualityOf } from './credit-holds.ts';
import { cutEnd, noCutAt } from './credit-hours.ts';
import { judge } from './credit-judge.ts';
import type { Judgement, World } from './credit-judgement.ts';
import { provenAt } from './credit-ladder.ts';
import type { CreditDecisionKind } from './credit-list.ts';
import { type CreditPolicy, policyMinor } from './credit-policy.ts';
import { creditDecided } from './metrics.ts';
import type { ProjectTerms } from './project.ts';

/** What a decision is taken in: the policy and what the world says beside the account. */
export interface Setting {
  project: ProjectTerms;
  policy: CreditPolicy;
  holidays: ReadonlySet<string>;
  world: Omit<World, 'brake' | 'byPerson'>;
  now: Date;
}

/** Withdrawals of one decision: what was sent meanwhile is judged as sent. */
const WITHDRAWALS_MAX = 3;

/** Called between a decision and its commands, after both, and once they are there for good: tests die there. */
export type CreditFailpoint = (
  place: 'credit-decided' | 'credit-commanded' | 'credit-committed',
) => void;

/**
 * Judges an account again under its lock and does what comes of it. Returns the judgement; undefined when nothing is
 * the matter. `word`: of a person, whose trip or restore it is.
 */
export async function decide(
  db: Db,
  {
    setting,
    accountId,
    word,
    failpoint = () => {},
  }: {
    setting: Setting;
    accountId: string;
    word?: { actor: Actor; reason: string };
    failpoint?: CreditFailpoint;
  },
): Promise<Judgement | undefined> {
  const judged = await db.transaction(
    async (tx) => await decideIn(tx, { setting, accountId, word, failpoint }),
  );
  if (judged?.decision) creditDecided.inc({ decision: judged.decision });
  failpoint('credit-committed');
  return judged;
}

/** The same in a transaction of the caller's. */
export async function decideIn(
  tx: Tx,
  {
    setting,
    accountId,
    word,
    failpoint = () => {},
  }: {
    setting: Setting;
    accountId: string;
    word?: { actor: Actor; reason: string } | undefined;
    failpoint?: CreditFailpoint;
  },
): Promise<Judgement | undefined> {
  const { project, policy, now } = setting;
  await holdCase(tx, { projectId: project.id, accountId, now });
  const actor = word?.actor ?? SYSTEM;
  const restoreAt = policyMinor(policy.restoreAt, project.currency);
  const judged = async (facts: CreditFacts) => {
    const { engaged, sinceRelease, accounts } = await brakeOf(tx, { projectId: project.id, now });
    const brake = { engaged, sinceRelease, allowed: tripsAllowed(policy.brake, accounts) };
    const world: World = { ...setting.world, brake, byPerson: word !== undefined };
    return judge(policy, facts, { world, now, restoreAt });
  };
  for (let tries = 0; ; tries++) {
    const [facts] = await readFacts(tx, {
      ...{ project, policy, now, accountIds: [accountId], isExact: true },
    });
    let found = facts ? await judged(facts) : null;
    if (!facts || !found) return undefined;
    if (!word && (found.trips.length > 0 || found.engagesBrake)) {
      // Only what the brake counts waits for others that it counts; it may have been used up meanwhile.
      await holdBrake(tx, project.id);
      found = await judged(facts);
      if (!found) return undefined;
    }
    if (found.withdraws.length > 0 && tries < WITHDRAWALS_MAX) {
      const commandIds = await withdrawUnsent(tx, {
        ...{ projectId: project.id, commandIds: found.withdraws, actor, at: now },
      });
      if (commandIds.length > 0) {
        await note(tx, {
          setting,
          facts,
          actor,
          word,
          judged: found,
          decision: 'release',
          commandIds,
        });
      }
      continue;
    }
    if (found.engagesBrake) {
      await engageBrake(tx, { projectId: project.id, policy, accountId, at: now });
    }
    await carryOut(tx, { setting, facts, judged: found, actor, word, failpoint });
    return found;
  }
}

/** Nobody pays, sells or decides about the account meanwhile. */
async function holdCase(
  tx: Tx,
  { projectId, accountId, now }: { projectId: string; accountId: string; now: Date },
): Promise<void> {
  await tx.execute(sql`
    SELECT FROM accounts WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint
    FOR NO KEY UPDATE`);
  const at = sql`${now.toISOString()}::timestamptz`;
  await tx.execute(sql`
    INSERT INTO credit_cases (project_id, account_id, state, since, opened_at, levels)
    SELECT project_id, id, 'clear', ${at}, ${at}, '{}' FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint
    ON CONFLICT DO NOTHING`);
  await tx.execute(sql`
    SELECT FROM credit_cases
    WHERE project_id = ${projectId}::bigint AND account_id = ${accountId}::bigint FOR UPDATE`);
}

interface Deed {
  setting: Setting;
  facts: CreditFacts;
  judged: Judgement;
  actor: Actor;
  word: { reason: string } | undefined;
}

async function carryOut(tx: Tx, { failpoint, ...deed }: Deed & { failpoint: CreditFailpoint }) {
  const { setting, facts, judged, actor } = deed;
  const { project } = setting;
  await writeCase(tx, deed);
  if (judged.tellsFinal) {
    if (judged.decision !== 'notice') {
      await note(tx, { ...deed, decision: 'notice', reason: 'final', commandIds: [] });
    }
    await tell(tx, [finalNotice(deed)]);
  }
  if (judged.call !== null && judged.call !== facts.case?.calledFor) {
    await note(tx, { ...deed, decision: 'call-person', reason: judged.call, commandIds: [] });
    await tell(tx, [
      {
        ...{ projectId: project.id, kind: 'credit.person-called', subjectId: facts.accountId },
        payload: { reason: judged.call },
      },
    ]);
  }
  if (judged.decision === null) return;
  const drawn = await tx.execute<{ id: string }>(sql`SELECT nextval('ids')::text AS id`);
  const id = drawn.rows[0]?.id;
  if (id === undefined) throw new Error('no id was drawn');
  failpoint('credit-decided');
  const order = { setting, facts, actor, decisionId: id };
  const trips = await command(tx, { ...order, points: judged.trips, to: 'off' });
  const restores = await command(tx, { ...order, points: judged.restores, to: 'on' });
  const commandIds = [...trips, ...restores];
  await note(tx, { ...deed, id, decision: judged.decision, commandIds });
  failpoint('credit-commanded');
}

async function writeCase(tx: Tx, { setting, facts, judged }: Deed): Promise<void> {
  const { project, now } = setting;
  const before = facts.case;
  const at = (date: Date | null) => sql`${date?.toISOString() ?? null}::timestamptz`;
  const { state, waitsFor, call } = judged;
  const isSameWait = before?.waitsFor === waitsFor?.code && before?.state === state;
  const waitsSince = waitsFor && ((isSameWait && before?.waitsSince) || now);
  await tx.execute(sql`
    UPDATE credit_cases SET state = ${state},
      since = CASE WHEN state = ${state} THEN since ELSE ${at(now)} END,
      opened_at = ${at(judged.openedAt)}, levels = ${JSON.stringify(judged.levels)}::jsonb,
      below_since = ${at(judged.belowSince)}, waits_for = ${waitsFor?.code ?? null},
      waits_since = ${at(waitsSince)}, waits_until = ${at(waitsFor?.until ?? null)},
      called_for = ${call},
      called_at = CASE WHEN ${call}::text IS NULL THEN NULL
        WHEN called_for = ${call} THEN called_at ELSE ${at(now)} END
    WHERE project_id = ${project.id}::bigint AND account_id = ${facts.accountId}::bigint`);
}

const functionsTo = {
  off: { electricity: 'trip', water: 'valve-close' },
  on: { electricity: 'guarantee-supply', water: 'valve-open' },
} as const satisfies Record<'off' | 'on', Record<PointFacts['commodity'], CommandFunction>>;

/** Asks the meters of points, each by its commodity. A trip is not sent into hours in which nobody is cut. */
async function command(
  tx: Tx,
  {
    setting: { project, policy, holidays, now },
    facts,
    actor,
    decisionId,
    points,
    to,
  }: {
    setting: Setting;
    facts: CreditFacts;
    actor: Actor;
    decisionId: string;
    points: readonly PointFacts[];
    to: 'off' | 'on';
  },
): Promise<string[]> {
  const ids: string[] = [];
  const expiresAt =
    to === 'off' ? cutEnd(policy, { zone: project.zone, holidays, at: now }) : undefined;
  for (const commodity of ['electricity', 'water'] as const) {
    const meterIds = points.flatMap((point) =>
      point.commodity === commodity && point.meterId !== null ? [point.meterId] : [],
    );
    const made = await requestCommands(tx, {
      ...{ projectId: project.id, actor, at: now, function: functionsTo[to][commodity], meterIds },
      reason: to === 'off' ? 'Arrears' : 'Paid',
      cause: { creditDecisionId: decisionId, accountId: facts.accountId, live: String(facts.live) },
      ...(expiresAt && { expiresAt }),
    });
    ids.push(...made.map(({ id }) => id));
  }
  return ids;
}

/** The deadline that is told lies in hours in which may be cut. */
function finalNotice({ setting: { project, policy, holidays }, facts, judged }: Deed) {
  const { zone } = project;
  const deadline =
    judged.deadline &&
    (noCutAt(policy, { zone, holidays, at: judged.deadline })?.until ?? judged.deadline);
  const payload = {
    balance: money(facts.live, project.currency).amount,
    currency: project.currency,
    ...(deadline && { deadline: deadline.toISOString() }),
  };
  const subjectId = facts.accountId;
  return { projectId: project.id, kind: 'credit.final-notice' as const, subjectId, payload };
}

/** Writes a decision with everything that it stood on. */
async function note(
  tx: Tx,
  {
    id,
    setting,
    facts,
    judged,
    actor,
    word,
    decision,
    reason,
    commandIds,
  }: Deed & {
    id?: string;
    decision: CreditDecisionKind;
    reason?: string;
    commandIds: string[];
  },
): Promise<void> {
  const { project, now } = setting;
  await tx.insert(creditDecisions).values({
    ...(id !== undefined && { id }),
    ...{ projectId: project.id, accountId: facts.accountId, at: now, decision, commandIds },
    reason: reason ?? (judged.reason || decision),
    data: dataOf(setting, { facts, judged, note: word?.reason }),
    ...{ actorKind: actor.kind, actorId: actor.id, actorName: actor.name },
  });
}

/** What a decision stood on, as people and machines read it later. */
function dataOf(
  { project, policy, world, now }: Setting,
  { facts, judged, note }: { facts: CreditFacts; judged: Judgement; note: string | undefined },
): Record<string, unknown> {
  const of = (minor: bigint): Money => money(minor, project.currency);
  const { estimatedMinor, orders } = world;
  const rungs = policy.ladder;
  return {
    ...{
      live: of(facts.live),
      cuttable: of(cuttableOf(facts)),
      creditLimit: of(facts.creditLimit),
    },
    ...{ generation: facts.generation, computedAt: facts.computedAt?.toISOString() ?? null },
    ...(judged.waitsFor?.until && { until: judged.waitsFor.until.toISOString() }),
    ...(judged.deadline && { deadline: judged.deadline.toISOString() }),
    ...(judged.detail !== null && { detail: judged.detail }),
    ...(judged.belowSince && { belowSince: judged.belowSince.toISOString() }),
    ...(estimatedMinor > 0n && estimatedMinor < 2n ** 62n && { estimated: of(estimatedMinor) }),
    ...(orders && { orders: { outcome: orders.outcome, at: orders.at.toISOString() } }),
    ...(note !== undefined && { note }),
    points: facts.points.map((point) => ({
      ...{ pointId: point.id, code: point.code, supply: point.supply },
      sampleAt: point.sampleAt?.toISOString() ?? null,
      ageS: point.sampleAt && Math.round((now.getTime() - point.sampleAt.getTime()) / 1000),
      quality: qualityOf(point, now),
    })),
    notices: facts.notices.map((notice) => {
      const proof = rungs.find(({ level }) => level === notice.level)?.proof ?? 'handed-over';
      const provenMs =
        proof === 'none'
          ? undefined
          : provenAt([notice], { level: notice.level, proof, levels: {} });
      return {
        ...{ id: notice.id, level: notice.level, state: notice.state },
        queuedAt: notice.queuedAt.toISOString(),
        provenAt: provenMs === undefined ? null : new Date(provenMs).toISOString(),
      };
    }),
  };
}
