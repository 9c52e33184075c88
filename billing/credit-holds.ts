/** What holds a trip, whoever wants it: protection, disputes, notices, doubtful data, hours, and at last brake and orders. */
import type { CreditFacts, PointFacts } from './credit-facts.ts';
import { cuttableOf } from './credit-facts.ts';
import {
  FAILED,
  HOUR_MS,
  isOff,
  type Judged,
  MINUTE_MS,
  type Obstacle,
  RETRY_MS,
  type World,
} from './credit-judgement.ts';
import { unprovenOf } from './credit-ladder.ts';
import type { CreditPolicy } from './credit-policy.ts';

/** Readings older than three of their intervals, and than this, say nothing of now. */
const FRESH_MS = 15 * MINUTE_MS;
const INTERVALS = 3;

/** A balance that was computed longer ago than this decides nothing. */
const BALANCE_MS = 5 * MINUTE_MS;

/** For how long an answer about online orders holds. */
const ORDERS_MS = 2 * MINUTE_MS;

/** How long doubtful data may hold a trip before a person is called. */
const DOUBT_MS = 24 * HOUR_MS;

/** What is in the way of a trip, whoever wants it; the first that holds. */
export function obstacleOf({ policy, facts, world, now, levels }: Judged): Obstacle | undefined {
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
export function lastObstacle(
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

/** A person has guaranteed its supply, whatever the balance. */
const isGuaranteed = ({ standing }: PointFacts): boolean =>
  standing !== null && !standing.isCredit && standing.supply === 'on';

/** Whether energy debt may cut it at all. */
const isCuttable = (point: PointFacts, { cutWater }: CreditPolicy): boolean =>
  (point.commodity === 'electricity' || cutWater) &&
  (point.class === 'home' || point.class === 'business') &&
  !point.isLockedOut &&
  !isGuaranteed(point);

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
export function untrippable(
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
