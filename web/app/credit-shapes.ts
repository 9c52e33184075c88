/** Shapes of credit control: the policy, cases and what each waits for, decisions, the brake. */
import type { Commodity, Money } from './api.ts';

export const creditModes = ['off', 'propose', 'automatic'] as const;
export type CreditMode = (typeof creditModes)[number];
export const ladderLevels = ['alarm1', 'alarm2', 'arrears', 'final'] as const;
export type LadderLevel = (typeof ladderLevels)[number];
export const proofs = ['none', 'handed-over', 'delivered'] as const;
export type Proof = (typeof proofs)[number];

export interface Rung {
  level: LadderLevel;
  hoursBeforeTrip: number;
  proof: Proof;
}

export interface CreditPolicy {
  mode: CreditMode;
  graceHours: number;
  creditLimit: Money;
  restoreAt: Money;
  /** By the wall clock; one that ends before it begins goes over midnight. */
  noCutHours: { from: string; to: string }[];
  noCutDays: { weekdays: number[]; holidays: boolean; dates: string[] };
  ladder: Rung[];
  otherDebtNoticeDays: number;
  brake: { tripsPerHour: number; sharePercentPerHour: number };
  silent: { minutes: number; exposure: Money };
  orderQueryMinutes: number;
  cutWater: boolean;
}

/** A version as it was written; `version` 0 is what holds where nobody wrote one. */
export interface PolicyVersion {
  policy: CreditPolicy;
  version: number;
  since: string | null;
  by: string | null;
  reason: string | null;
}

export const caseStates = [
  ...(['watching', 'noticed', 'grace', 'waiting', 'proposed', 'tripping', 'tripped'] as const),
  ...(['restoring', 'armed', 'restored', 'clear'] as const),
] as const;
export type CaseState = (typeof caseStates)[number];

export interface CreditCase {
  accountId: string;
  number: string;
  name: string;
  nameZh: string | null;
  state: CaseState;
  since: string;
  live: Money;
  /** Without the debt that has still to be given notice of. */
  cuttable: Money;
  creditLimit: Money;
  waitsFor: { code: string; until: string | null } | null;
  pointsOff: number;
  points: number;
}

export interface Dispute {
  id: string;
  from: string;
  until: string;
  reason: string;
  /** The payment that is contested, which is not refunded meanwhile. */
  payment: { receipt: string; amount: Money } | null;
  by: string;
  endedAt: string | null;
  endedBy: string | null;
  endReason: string | null;
}

/** Whether it still keeps the account from being cut: it ends once, or by its date. */
export const isHolding = ({ endedAt, until }: Dispute, now: Date): boolean =>
  endedAt === null && Date.parse(until) > now.getTime();

export interface CreditOverride {
  creditLimit: Money | null;
  protected: boolean;
  until: string | null;
  reason: string;
  by: string;
  at: string;
}

export interface CreditCaseDetail extends Omit<CreditCase, 'since'> {
  /** Null: nothing was ever the matter. */
  since: string | null;
  /** Whether a person's word would bring supply back now, and why not. */
  canRestore: boolean;
  restoreObstacle: 'not-cut' | 'not-paid' | 'coming-back' | 'locked-out' | null;
  override: CreditOverride | null;
  disputes: Dispute[];
  supply: {
    id: string;
    code: string;
    name: string;
    nameZh: string | null;
    commodity: Commodity;
    supply: 'on' | 'off' | null;
    restoreMode: 'automatic' | 'armed' | 'confirmed';
    lockedOut: boolean;
    /** Whether a trip would cut it now. */
    cuts: boolean;
  }[];
}

export const creditDecisions = [
  ...(['notice', 'hold', 'propose', 'trip', 'restore', 'arm', 'release'] as const),
  ...(['call-person', 'clear'] as const),
] as const;
export type CreditDecision = (typeof creditDecisions)[number];

/** What a decision stood on, as far as it is told. */
export interface DecisionData {
  live?: Money;
  cuttable?: Money;
  creditLimit?: Money;
  generation?: string | number;
  computedAt?: string | null;
  belowSince?: string;
  until?: string;
  /** The earliest cut after a final notice. */
  deadline?: string;
  estimated?: Money;
  /** What exactly is in the way. */
  detail?: string;
  orders?: { outcome: string; at: string };
  /** Who said it, and what they wrote; absent where nobody did. */
  by?: string;
  note?: string;
  points?: {
    pointId: string;
    code: string;
    sampleAt: string | null;
    ageS: number | null;
    quality: string | null;
  }[];
  notices?: {
    id: string;
    level: string;
    state: string;
    queuedAt: string | null;
    provenAt: string | null;
  }[];
}

export interface Decision {
  id: string;
  at: string;
  accountId: string;
  number: string;
  name: string;
  nameZh: string | null;
  decision: CreditDecision;
  /** A word of a closed list. */
  reason: string;
  data: DecisionData;
  commandIds: string[];
}

export interface CreditBrake {
  engaged: boolean;
  since: string | null;
  tripsLastHour: number;
  limit: number;
  sharePercent: number;
  shareLimit: number;
}
