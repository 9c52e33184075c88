/**
 * What is to be done about an account: the policy and the facts in, a judgement out. Pure: nothing is read, nothing
 * is done. It is judged first to see whether anything changes, and again under the lock of the case.
 */
import {
  type BalanceLevel,
  type Case,
  type CreditFacts,
  type CreditState,
  type CreditWait,
  cuttableOf,
  type NoticeFacts,
  type PointFacts,
} from './credit-facts.ts';
import type { CreditDecisionKind } from './credit-list.ts';
import { type CreditPolicy, type LadderLevel, ladderLevels } from './credit-policy.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Readings older than three of their intervals, and than this, say nothing of now. */
const FRESH_MS = 15 * MINUTE_MS;
const INTERVALS = 3;
/** A balance that was computed longer ago than this decides nothing. */
const BALANCE_MS = 5 * MINUTE_MS;
/** For how long an answer about online orders holds. */
const ORDERS_MS = 2 * MINUTE_MS;
/** After a command that nobody took, before the next one. */
const RETRY_MS = 10 * MINUTE_MS;
/** How long a level may be reached without any notice about it before a person is called. */
const NOTICE_MS = HOUR_MS;
/** How long doubtful data may hold a trip before a person is called. */
const DOUBT_MS = 24 * HOUR_MS;
/** How long samples are waited for that show supply that is back. */
const SEEN_MS = HOUR_MS;
/** How long a case is shown as restored. */
const RESTORED_MS = 24 * HOUR_MS;

/** What is known beside the account. */
export interface World {
  noCut: { code: 'no-cut-hours' | 'no-cut-day'; until: Date | null } | undefined;
  /** What energy that was estimated or edited may be worth at most, minor units. */
  estimatedMinor: bigint;
  /** What was answered about online orders, and when; null: not asked. */
  orders: { outcome: 'none' | 'open' | 'unanswered'; at: Date } | null;
  brake: { engaged: boolean; sinceRelease: number; allowed: number };
  /** A person's word: trips what is proposed, restores what is armed. */
  byPerson: boolean;
}

export interface Judgement {
  state: CreditState;
  waitsFor: { code: CreditWait; until: Date | null } | null;
  /** Null: the state alone changes, or nothing. */
  decision: CreditDecisionKind | null;
  /** A word of a closed list. */
  reason: string;
  /** What exactly is in the way, where the reason has kinds. */
  detail: string | null;
  trips: PointFacts[];
  restores: PointFacts[];
  /** Unsent trips that a payment overtook: taken back first, then it is judged anew. */
  withdraws: string[];
  openedAt: Date;
  levels: Case['levels'];
  belowSince: Date | null;
  /** The final notice goes out; the earliest trip after it is at `deadline`. */
  tellsFinal: boolean;
  deadline: Date | null;
  /** Why a person is needed. */
  call: string | null;
  engagesBrake: boolean;
  /** Nothing else is in the way: orders have to be asked for now. */
  asksOrders: boolean;
}

/** Which of an account's readings say how it stands now. */
export function qualityOf(
  { sampleAt, isQuarantined, pollSeconds, meterId }: PointFacts,
  now: Date,
): 'measured' | 'stale' | 'quarantined' {
  if (isQuarantined) return 'quarantined';
  const ageMs = sampleAt === null ? Number.POSITIVE_INFINITY : now.getTime() - sampleAt.getTime();
  const limitMs = Math.max(FRESH_MS, INTERVALS * pollSeconds * 1000);
  return meterId !== null && ageMs <= limitMs ? 'measured' : 'stale';
}

/** Cut by a decision of ours, or about to be. */
const isOff = ({ standing }: PointFacts): boolean =>
  standing?.isCredit === true && standing.supply === 'off';
/** A person has guaranteed its supply, whatever the balance. */
const isGuaranteed = ({ standing }: PointFacts): boolean =>
  standing !== null && !standing.isCredit && standing.supply === 'on';
const UNDER_WAY: ReadonlySet<string> = new Set(['requested', 'sent', 'unknown']);
/** On its way back by a decision of ours, and not seen on yet. */
const isComingBack = ({ standing, supply }: PointFacts, now: Date): boolean =>
  standing?.isCredit === true &&
  standing.supply === 'on' &&
  (UNDER_WAY.has(standing.state) ||
    (standing.observedAt === null &&
      supply !== 'on' &&
      now.getTime() - (standing.resolvedAt ?? now).getTime() < SEEN_MS));

/** Whether energy debt may cut it at all. */
const isCuttable = (point: PointFacts, { cutWater }: CreditPolicy): boolean =>
  (point.commodity === 'electricity' || cutWater) &&
  (point.class === 'home' || point.class === 'business') &&
  !point.isLockedOut &&
  !isGuaranteed(point);

/** Judges one account; null: nothing is the matter and nothing was. */
export function judge(
  policy: CreditPolicy,
  facts: CreditFacts,
  { world, now, restoreAt }: { world: World; now: Date; restoreAt: bigint },
): Judgement | null {
  const before = facts.case?.state === 'clear' ? null : facts.case;
  const isBelow = facts.isOurs && cuttableOf(facts) < -facts.creditLimit;
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
  const isPaid = facts.live >= restoreAt || facts.isProtected || (facts.hasOwnLimit && !isBelow);
  if (off.length > 0 && isPaid) return givingBack(still, { off, before, world, now });
  if (facts.points.some((point) => isComingBack(point, now)))
    return { ...still, state: 'restoring' };
  if (!facts.isOurs) return before && ended(still, 'closed');
  const wasOff = before !== null && OFF_STATES.has(before.state);
  if (off.length === 0 && wasOff && isPaid && !isBelow) return { ...still, state: 'restored' };
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

const LEFT: ReadonlySet<string> = new Set(['sent', 'delivered']);
const rankOf = (level: LadderLevel): number => ladderLevels.indexOf(level);

/** The worst level that somebody was told of. */
const worstTold = (notices: readonly NoticeFacts[]): LadderLevel | undefined =>
  notices
    .filter(({ state }) => LEFT.has(state))
    .map(({ level }) => level)
    .sort((a, b) => rankOf(b) - rankOf(a))[0];

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

/** The final notice goes out as soon as the account is below its limit: its hours run beside the grace. */
function withFinal(
  still: Judgement,
  { policy, now, graceEndMs }: { policy: CreditPolicy; now: Date; graceEndMs: number },
): Judgement {
  if (still.levels.final) return still;
  const rung = policy.ladder.find(({ level }) => level === 'final');
  const noticeEndMs = now.getTime() + (rung?.hoursBeforeTrip ?? 0) * HOUR_MS;
  return {
    ...still,
    ...{ tellsFinal: true, decision: 'notice', reason: 'final' },
    levels: { ...still.levels, final: now.toISOString() },
    deadline: new Date(Math.max(graceEndMs, noticeEndMs)),
  };
}

interface Obstacle {
  code: CreditWait;
  until: Date | null;
  detail?: string;
  call?: string;
}

interface Judged {
  policy: CreditPolicy;
  facts: CreditFacts;
  world: World;
  now: Date;
  levels: Case['levels'];
}

/** What is in the way of a trip, whoever wants it; the first that holds. */
function obstacleOf({ policy, facts, world, now, levels }: Judged): Obstacle | undefined {
  if (facts.isProtected) return { code: 'protected', until: null };
  if (!facts.points.some((point) => isCuttable(point, policy))) {
    return { code: 'protected', until: null, detail: 'points' };
  }
  if (facts.disputedUntil) return { code: 'dispute', until: facts.disputedUntil };
  const unproven = unprovenOf({ policy, facts, now, levels });
  if (unproven) return unproven;
  const doubt = doubtOf(facts, { world, now });
  if (doubt) return doubtful(doubt, { facts, now });
  if (world.noCut) return world.noCut;
  return undefined;
}

/** What is asked only when nothing else is in the way. */
function lastObstacle(
  { facts, world, now }: Judged,
  { policy }: { policy: CreditPolicy },
): { obstacle: Obstacle; engagesBrake?: boolean; asksOrders?: boolean } | undefined {
  const { brake, orders } = world;
  // Brake and query are before what happens by itself: a person answers for a trip.
  if (world.byPerson) return undefined;
  if (brake.engaged) return { obstacle: { code: 'brake', until: null, call: 'brake' } };
  if (brake.sinceRelease >= brake.allowed) {
    return { obstacle: { code: 'brake', until: null, call: 'brake' }, engagesBrake: true };
  }
  const isAnswered = orders !== null && now.getTime() - orders.at.getTime() <= ORDERS_MS;
  if (isAnswered && orders.outcome === 'none') return undefined;
  const { case: before } = facts;
  const since = before?.waitsFor === 'order-query' ? before.waitsSince : null;
  const until = new Date((since ?? now).getTime() + policy.orderQueryMinutes * MINUTE_MS);
  const detail = isAnswered ? orders.outcome : 'not-asked';
  return {
    obstacle: {
      ...{ code: 'order-query', until, detail },
      ...(now >= until && { call: 'order-query' }),
    },
    asksOrders: !isAnswered,
  };
}

const rungsOf = (notices: readonly NoticeFacts[], level: LadderLevel): readonly NoticeFacts[] =>
  notices.filter((notice) => rankOf(notice.level) >= rankOf(level));

/** The rung that is not proven, or not for long enough. A notice of a worse level tells a better one too. */
function unprovenOf({ policy, facts, now, levels }: Omit<Judged, 'world'>): Obstacle | undefined {
  let latest = 0;
  for (const { level, hoursBeforeTrip, proof } of policy.ladder) {
    const provenMs = provenAt(facts.notices, { level, proof, levels });
    if (provenMs === undefined) {
      const call = isHopeless(facts.notices, { level, levels, now }) ? 'notice-proof' : undefined;
      return { code: 'notice-proof', until: null, detail: level, ...(call && { call }) };
    }
    latest = Math.max(latest, provenMs + hoursBeforeTrip * HOUR_MS);
  }
  if (now.getTime() >= latest) return undefined;
  return { code: 'notice-proof', until: new Date(latest), detail: 'hours' };
}

/** When a rung was proven, epoch ms. */
export function provenAt(
  notices: readonly NoticeFacts[],
  {
    level,
    proof,
    levels,
  }: {
    level: LadderLevel;
    proof: CreditPolicy['ladder'][number]['proof'];
    levels: Case['levels'];
  },
): number | undefined {
  const instants =
    proof === 'none'
      ? ladderLevels
          .filter((each) => rankOf(each) >= rankOf(level))
          .flatMap((each) => (levels[each] ? [Date.parse(levels[each])] : []))
      : rungsOf(notices, level).flatMap(({ state, sentAt, deliveredAt }) => {
          const at =
            proof === 'delivered' || !LEFT.has(state) ? deliveredAt : (sentAt ?? deliveredAt);
          return at && LEFT.has(state) && (proof !== 'delivered' || state === 'delivered')
            ? [at.getTime()]
            : [];
        });
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** Nothing more is done by itself about any notice of the rung, or nobody could be told at all. */
function isHopeless(
  notices: readonly NoticeFacts[],
  { level, levels, now }: { level: LadderLevel; levels: Case['levels']; now: Date },
): boolean {
  const told = rungsOf(notices, level);
  if (told.some(({ nextTryAt }) => nextTryAt !== null)) return false;
  if (told.length > 0) return true;
  const reached = ladderLevels
    .filter((each) => rankOf(each) >= rankOf(level))
    .flatMap((each) => (levels[each] ? [Date.parse(levels[each])] : []));
  return reached.length > 0 && now.getTime() - Math.min(...reached) > NOTICE_MS;
}

/** Why the debt itself is not certain. */
function doubtOf(
  facts: CreditFacts,
  { world, now }: { world: World; now: Date },
): string | undefined {
  const { computedAt } = facts;
  if (computedAt === null || now.getTime() - computedAt.getTime() > BALANCE_MS)
    return 'balance-old';
  // What was measured alone has to be below the limit.
  if (cuttableOf(facts) + world.estimatedMinor >= -facts.creditLimit) return 'estimated';
  return undefined;
}

function doubtful(detail: string, { facts, now }: { facts: CreditFacts; now: Date }): Obstacle {
  const { case: before } = facts;
  const since = before?.waitsFor === 'doubtful-data' ? before.waitsSince : null;
  const isLong = since !== null && now.getTime() - since.getTime() > DOUBT_MS;
  return { code: 'doubtful-data', until: null, detail, ...(isLong && { call: 'doubtful-data' }) };
}

/** A trip of ours that came to nothing. */
const failedTrip = ({ newest }: PointFacts) =>
  newest?.isCredit && newest.supply === 'off' && FAILED.has(newest.state) ? newest : undefined;
const FAILED: ReadonlySet<string> = new Set(['refused', 'expired']);

/** Points that a trip would cut now. */
export const trippable = (
  points: readonly PointFacts[],
  { policy, now }: { policy: CreditPolicy; now: Date },
): PointFacts[] =>
  points.filter((point) => {
    const failed = failedTrip(point);
    const retryMs = (failed?.resolvedAt ?? now).getTime() + RETRY_MS;
    return (
      isCuttable(point, policy) &&
      !isOff(point) &&
      point.supply !== 'off' &&
      qualityOf(point, now) === 'measured' &&
      (failed === undefined || (failed.state === 'expired' && now.getTime() >= retryMs))
    );
  });

/** Why none of the points that might be cut can be. */
function untrippable(
  facts: CreditFacts,
  { policy, now }: { policy: CreditPolicy; now: Date },
): { obstacle: Obstacle } {
  const points = facts.points.filter((point) => isCuttable(point, policy));
  const on = points.filter((point) => point.supply !== 'off');
  if (on.length === 0) {
    return { obstacle: { code: 'person', until: null, detail: 'off-already' } };
  }
  const doubts = on.map((point) => qualityOf(point, now)).filter((is) => is !== 'measured');
  const [doubt] = doubts;
  if (doubt) return { obstacle: doubtful(doubt, { facts, now }) };
  const refused = on.some((point) => failedTrip(point)?.state === 'refused');
  const detail = refused ? 'trip-refused' : 'trip-expired';
  return { obstacle: { code: 'person', until: null, detail, call: detail } };
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

/** It is paid: unsent trips are taken back, the rest comes back as its point says. */
function givingBack(
  still: Judgement,
  {
    off,
    before,
    world,
    now,
  }: { off: readonly PointFacts[]; before: Case | null; world: World; now: Date },
): Judgement {
  const unsent = off.flatMap(({ standing }) =>
    standing?.state === 'requested' ? [standing.id] : [],
  );
  if (unsent.length > 0) {
    return { ...still, withdraws: unsent, decision: 'release', reason: 'paid' };
  }
  const ways = off.map((point) => ({ point, way: wayBack(point, { world, now }) }));
  const restores = ways.flatMap(({ point, way }) => (way === 'restore' ? [point] : []));
  const others = ways.map(({ way }) => way).filter((way) => way !== 'restore' && way !== 'armed');
  const [other] = others;
  const state = restores.length > 0 ? 'restoring' : 'armed';
  const reason = other ?? 'paid';
  const isCalled = other !== undefined && other !== 'confirmed';
  return {
    ...still,
    ...{ state, restores, reason },
    waitsFor: other && state === 'armed' ? { code: 'person', until: null } : null,
    decision: restores.length > 0 ? 'restore' : before?.state === 'armed' ? null : ('arm' as const),
    detail: other ?? null,
    call: isCalled ? other : null,
  };
}

/** How a point comes back: by itself, by the local button, by a person's word, or not at all for now. */
function wayBack(
  { isLockedOut, restoreMode, newest }: PointFacts,
  { world, now }: { world: World; now: Date },
): 'restore' | 'armed' | 'confirmed' | 'locked-out' | 'restore-refused' | 'restore-expired' {
  if (isLockedOut) return 'locked-out';
  if (world.byPerson) return 'restore';
  if (restoreMode !== 'automatic') return restoreMode;
  if (newest?.isCredit && newest.supply === 'on' && FAILED.has(newest.state)) {
    if (newest.state === 'refused') return 'restore-refused';
    const retryMs = (newest.resolvedAt ?? now).getTime() + RETRY_MS;
    if (now.getTime() < retryMs) return 'restore-expired';
  }
  return 'restore';
}
