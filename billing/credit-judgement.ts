/** What is judged about an account, and what comes of it: the world beside the account, the judgement, what is in the way. */
import type { Case, CreditFacts, CreditState, CreditWait, PointFacts } from './credit-facts.ts';
import type { CreditDecisionKind } from './credit-list.ts';
import type { CreditPolicy } from './credit-policy.ts';

export const MINUTE_MS = 60_000;

export const HOUR_MS = 3_600_000;

/** After a command that nobody took, before the next one. */
export const RETRY_MS = 10 * MINUTE_MS;

/** What came to nothing. */
export const FAILED: ReadonlySet<string> = new Set(['refused', 'expired']);

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

/** What is in the way, until when, and why a person is needed. */
export interface Obstacle {
  code: CreditWait;
  until: Date | null;
  detail?: string;
  call?: string;
}

/** What an obstacle is looked for in. */
export interface Judged {
  policy: CreditPolicy;
  facts: CreditFacts;
  world: World;
  now: Date;
  levels: Case['levels'];
}

/** Cut by a decision of ours, or about to be. */
export const isOff = ({ standing }: PointFacts): boolean =>
  standing?.isCredit === true && standing.supply === 'off';
