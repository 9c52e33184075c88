/** How supply comes back: who has paid, what is on its way, and what a person's word would do. */
import { type Case, type CreditFacts, cuttableOf, type PointFacts } from './credit-facts.ts';
import {
  FAILED,
  HOUR_MS,
  isOff,
  type Judgement,
  RETRY_MS,
  type World,
} from './credit-judgement.ts';

/** How long samples are waited for that show supply that is back. */
const SEEN_MS = HOUR_MS;

/** Below its limit by what may be cut for. */
export const isBelowLimit = (facts: CreditFacts): boolean =>
  facts.isOurs && cuttableOf(facts) < -facts.creditLimit;

/** Whether supply that was cut comes back: paid, protected, or within a limit of its own. */
export const isPaid = (facts: CreditFacts, restoreAt: bigint): boolean =>
  facts.live >= restoreAt || facts.isProtected || (facts.hasOwnLimit && !isBelowLimit(facts));

export const restoreObstacles = ['not-cut', 'not-paid', 'coming-back', 'locked-out'] as const;
export type RestoreObstacle = (typeof restoreObstacles)[number];

/** Why a person's word would bring nothing back now; null: it would. */
export function restoreObstacleOf(
  facts: CreditFacts,
  { now, restoreAt }: { now: Date; restoreAt: bigint },
): RestoreObstacle | null {
  const off = facts.points.filter(isOff);
  if (off.length === 0) {
    return facts.points.some((point) => isComingBack(point, now)) ? 'coming-back' : 'not-cut';
  }
  if (!isPaid(facts, restoreAt)) return 'not-paid';
  // What was not sent yet is taken back by itself.
  if (off.some(({ standing }) => standing?.state === 'requested')) return 'coming-back';
  return off.every(({ isLockedOut }) => isLockedOut) ? 'locked-out' : null;
}

const UNDER_WAY: ReadonlySet<string> = new Set(['requested', 'sent', 'unknown']);
/** On its way back by a decision of ours, and not seen on yet. */
export const isComingBack = ({ standing, supply }: PointFacts, now: Date): boolean =>
  standing?.isCredit === true &&
  standing.supply === 'on' &&
  (UNDER_WAY.has(standing.state) ||
    (standing.observedAt === null &&
      supply !== 'on' &&
      now.getTime() - (standing.resolvedAt ?? now).getTime() < SEEN_MS));

/** It is paid: unsent trips are taken back, the rest comes back as its point says. */
export function givingBack(
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
