/**
 * What is to be done about an account: the policy and the facts in, a judgement out. Pure: nothing is read, nothing
 * is done. It is judged first to see whether anything changes, and again under the lock of the case.
 */
import type { BalanceLevel, Case, CreditFacts, CreditState, PointFacts } from './credit-facts.ts';
import { lastObstacle, obstacleOf, trippable, untrippable } from './credit-holds.ts';
import { HOUR_MS, isOff, type Judgement, type Obstacle, type World } from './credit-judgement.ts';
import { withFinal, worstTold } from './credit-ladder.ts';
import type { CreditPolicy } from './credit-policy.ts';
import { givingBack, isBelowLimit, isComingBack, isPaid } from './credit-restore.ts';

/** How long a case is shown as restored. */
const RESTORED_MS = 24 * HOUR_MS;

/** Judges one account; null: nothing is the matter and nothing was. */
export function judge(
  policy: CreditPolicy,
  facts: CreditFacts,
  { world, now, restoreAt }: { world: World; now: Date; restoreAt: bigint },
): Judgement | null {
  const before = facts.case?.state === 'clear' ? null : facts.case;
  const isBelow = isBelowLimit(facts);
  const levels = levelsOf(facts, { before, isBelow, now });
  const still: Judgement = {
    ...{ state: before?.state ?? 'watching', waitsFor: null, decision: null, reason: '' },
    ...{ detail: null, trips: [], restores: [], withdraws: [] },
    openedAt: before?.openedAt ?? facts.levelSince ?? now,
    levels,
    belowSince: isBelow ? (before?.belowSince ?? now) : null,
    ...{ tellsFinal: false, deadline: null, call: null, engagesBrake: false, asksOrders: false },
  };
  const off = facts.points.filter(isOff);
  const hasPaid = isPaid(facts, restoreAt);
  if (off.length > 0 && hasPaid) return givingBack(still, { off, before, world, now });
  if (facts.points.some((point) => isComingBack(point, now)))
    return { ...still, state: 'restoring' };
  if (!facts.isOurs) return before && ended(still, 'closed');
  const wasOff = before !== null && OFF_STATES.has(before.state);
  if (off.length === 0 && wasOff && hasPaid && !isBelow) return { ...still, state: 'restored' };
  if (off.length > 0) return cutting(still, { policy, facts, off, before, world, now, isBelow });
  if (!isBelow || policy.mode === 'off')
    return watching(still, { policy, facts, before, now, isBelow });
  return arrears(still, { policy, facts, before, world, now });
}

const OFF_STATES: ReadonlySet<string> = new Set(['tripping', 'tripped', 'restoring', 'armed']);
const HELD_STATES: ReadonlySet<string> = new Set(['grace', 'waiting', 'proposed']);

const ended = (still: Judgement, reason: string): Judgement => ({
  ...still,
  ...{ state: 'clear', decision: 'clear', reason, belowSince: null },
});

/** When each level was reached first in this case. */
function levelsOf(
  { level, levelSince }: CreditFacts,
  { before, isBelow, now }: { before: Case | null; isBelow: boolean; now: Date },
): Case['levels'] {
  const levels = { ...before?.levels };
  const reach = (reached: Exclude<BalanceLevel, 'well'>, at: Date) => {
    levels[reached] ??= at.toISOString();
  };
  if (level !== 'well') reach(level, levelSince ?? now);
  if (isBelow) reach('arrears', now);
  return levels;
}

/** Not so low that it is cut, or nothing is done by the policy: looked at, told or clear. */
function watching(
  still: Judgement,
  {
    policy,
    facts,
    before,
    now,
    isBelow,
  }: { policy: CreditPolicy; facts: CreditFacts; before: Case | null; now: Date; isBelow: boolean },
): Judgement | null {
  const isRecent = before !== null && now.getTime() - before.since.getTime() < RESTORED_MS;
  if (before?.state === 'restored' && isRecent && !isBelow) return still;
  if (facts.level === 'well' && !isBelow) return before && ended(still, 'balance-back');
  const told = worstTold(facts.notices);
  const state: CreditState = told ? 'noticed' : 'watching';
  const released = { ...still, state, decision: 'release', reason: 'above-limit' } as const;
  if (before && HELD_STATES.has(before.state)) {
    return policy.mode === 'off' ? { ...released, reason: 'mode-off' } : released;
  }
  return told && before?.state !== 'noticed'
    ? { ...still, state, decision: 'notice', reason: told }
    : { ...still, state };
}

/** Below its limit: notice, grace, and then what is in the way, or the trip. */
function arrears(
  still: Judgement,
  {
    policy,
    facts,
    before,
    world,
    now,
  }: {
    policy: CreditPolicy;
    facts: CreditFacts;
    before: Case | null;
    world: World;
    now: Date;
  },
): Judgement {
  const belowMs = (still.belowSince ?? now).getTime();
  const graceEndMs = belowMs + policy.graceHours * HOUR_MS;
  const told = withFinal(still, { policy, now, graceEndMs });
  if (now.getTime() < graceEndMs) {
    if (told.tellsFinal) return { ...told, state: 'grace' };
    const isNew = before?.state !== 'grace';
    return { ...told, state: 'grace', ...(isNew && { decision: 'hold', reason: 'grace' }) };
  }
  const judged = { policy, facts: { ...facts, case: before }, world, now, levels: told.levels };
  const obstacle = obstacleOf(judged);
  if (obstacle) return held(told, { obstacle, before });
  const trips = trippable(facts.points, { policy, now });
  if (trips.length === 0) return held(told, { ...untrippable(facts, { policy, now }), before });
  if (policy.mode === 'propose' && !world.byPerson) {
    const isNew = before?.state !== 'proposed';
    return { ...told, state: 'proposed', ...(isNew && { decision: 'propose', reason: 'arrears' }) };
  }
  const last = lastObstacle(judged, { policy });
  if (last) return held(told, { ...last, before });
  return { ...told, state: 'tripping', decision: 'trip', reason: 'arrears', trips };
}

function held(
  told: Judgement,
  {
    obstacle,
    before,
    engagesBrake = false,
    asksOrders = false,
  }: {
    obstacle: Obstacle;
    before: Case | null;
    engagesBrake?: boolean;
    asksOrders?: boolean;
  },
): Judgement {
  const { code, until, detail, call } = obstacle;
  const isNew = before?.state !== 'waiting' || before.waitsFor !== code;
  return {
    ...told,
    ...{ state: 'waiting', waitsFor: { code, until }, detail: detail ?? null, call: call ?? null },
    ...(isNew && !told.tellsFinal && { decision: 'hold', reason: code }),
    ...{ engagesBrake, asksOrders },
  };
}

/** Something of it is cut, or about to be, and it is not paid: what is left on follows when it may. */
function cutting(
  still: Judgement,
  {
    policy,
    facts,
    off,
    before,
    world,
    now,
    isBelow,
  }: {
    policy: CreditPolicy;
    facts: CreditFacts;
    off: readonly PointFacts[];
    before: Case | null;
    world: World;
    now: Date;
    isBelow: boolean;
  },
): Judgement {
  const isProven = off.every(
    ({ standing, supply }) =>
      standing?.state === 'confirmed' && (standing.observedAt !== null || supply === 'off'),
  );
  const rest = { ...still, state: isProven ? 'tripped' : 'tripping' } as const;
  if (!isBelow || policy.mode !== 'automatic') return rest;
  const trips = trippable(facts.points, { policy, now });
  if (trips.length === 0) return rest;
  const judged = { policy, facts: { ...facts, case: before }, world, now, levels: still.levels };
  if (obstacleOf(judged)) return rest;
  const last = lastObstacle(judged, { policy });
  if (last) {
    const { engagesBrake = false, asksOrders = false } = last;
    return { ...rest, engagesBrake, asksOrders };
  }
  return { ...rest, state: 'tripping', decision: 'trip', reason: 'arrears', trips };
}
