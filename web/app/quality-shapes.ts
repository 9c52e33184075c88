/** What waits for a person among readings, edits of quarter-hours, and what an act does to the bills. */
import type { Installation, Money } from './api.ts';

/** A quarantine is not billed until it is decided; a finding is billed as it stands. */
export interface Exception {
  id: string;
  kind: 'quarantine' | 'finding';
  rule: string;
  pointId: string;
  pointCode: string;
  meterId: string | null;
  serial: string | null;
  from: string;
  /** Null: it goes on. */
  to: string | null;
  /** Base units. */
  energyAtStake: number | null;
  unit: 'Wh' | 'l';
  moneyAtStake: Money | null;
  /** Withdrawn: the data no longer shows it. */
  state: 'open' | 'dismissed' | 'withdrawn';
  since: string;
  detail: Record<string, unknown>;
}

export const exceptionDecisions = [
  ...(['dismissed', 'exclude', 'new-base', 'reopened', 'withdrawn', 'cleared'] as const),
] as const;

/** A decision of an exception: by a person, or by the rules when the data no longer showed it. */
export interface ExceptionDecision {
  id: string;
  exceptionId: string;
  rule: string;
  pointCode: string;
  meterId: string | null;
  from: string;
  decision: (typeof exceptionDecisions)[number];
  decidedBy: string;
  decidedAt: string;
  reason: string;
}

export type EditMethod = 'set' | 'linear' | 'like-day' | 'profile';
export type EditState = 'waiting' | 'approved' | 'rejected' | 'withdrawn' | 'taken-back';
export type EditDecision = 'approve' | 'reject' | 'withdraw' | 'take-back';

/** Quarter-hours that a person has said, or had estimated. */
export interface IntervalEdit {
  id: string;
  pointId: string;
  pointCode: string;
  unit: 'Wh' | 'l';
  from: string;
  to: string;
  method: EditMethod;
  /** 0 to 100. */
  confidence: number;
  energyBefore: number;
  energyAfter: number;
  reason: string;
  proposedBy: string;
  proposedAt: string;
  needsApproval: boolean;
  approval: 'amount' | 'no-price' | null;
  state: EditState;
  decidedBy: string | null;
  decidedAt: string | null;
  decisionReason: string | null;
  exceptionId: string | null;
}

export interface EditSlot {
  at: string;
  quantity: number;
  /** What was there; null: nothing was known. */
  before: number | null;
}

export interface WholeEdit extends IntervalEdit {
  slots: EditSlot[];
}

export interface EffectLine {
  component: string;
  name: string;
  period: number;
  step: number;
  quantity: number;
  price: string;
  exact: string;
}

/** What an act does to the bills, tried by settlement and taken back. */
export interface BillEffect {
  accounts: {
    accountId: string;
    accountNumber: string;
    accountName: string;
    /** What it is charged more, with tax. */
    difference: Money;
    tax: Money;
  }[];
  total: Money;
  /** The first hundred. */
  days: {
    accountId: string;
    scopeId: string;
    localDay: string;
    isNew: boolean;
    before: EffectLine[];
    after: EffectLine[];
  }[];
  dayCount: number;
  /** Days that could not be settled even so. */
  waiting: number;
}

/** A correction that was tried: the quarter-hours that it would change. */
export interface IntervalPreview {
  id: string;
  act: string;
  /** Of an edit: why a second person would have to approve it (null: none has to), and what its range comes to. */
  edit: {
    approval: 'amount' | 'no-price' | null;
    /** 0 to 100. */
    confidence: number;
    energyBefore: number;
    energyAfter: number;
  } | null;
  points: {
    pointId: string;
    slots: number;
    from: string | null;
    to: string | null;
    energyBefore: number;
    energyAfter: number;
  }[];
}

export interface Quarantine {
  id: string;
  meterId: string;
  pointCode: string;
  rule: string;
  at: string;
  register: number | null;
  previousAt: string | null;
  previousRegister: number | null;
  decision: 'exclude' | 'new-base' | 'withdrawn' | 'reopened' | null;
  decidedBy: string | null;
  decidedAt: string | null;
  reason: string | null;
}

/** Whether something was taken back, by whom and why. */
export interface Withdrawal {
  withdrawnAt: string | null;
  withdrawnBy: string | null;
  withdrawalReason: string | null;
}

/** A meter that counted too much or too little, or whose clock was off, over a dated range. */
export interface MeterCorrection extends Withdrawal {
  id: string;
  meterId: string;
  kind: 'error' | 'clock';
  from: string;
  to: string;
  errorPercent: number | null;
  shiftS: number | null;
  reason: string;
  madeBy: string;
  madeAt: string;
}

/** A register that a person read at the meter. */
export interface ManualReading extends Withdrawal {
  id: string;
  meterId: string;
  at: string;
  register: number;
  reason: string;
  readBy: string;
  madeAt: string;
}

/** A ratio corrected, two meters swapped, a meter replaced. */
export interface InstallationChange extends Withdrawal {
  id: string;
  kind: 'ratio' | 'swap' | 'replacement';
  before: Installation[];
  after: Installation[];
  detail: Record<string, unknown>;
  reason: string;
  madeBy: string;
  madeAt: string;
}

/** A register that went on from zero and was billed on. */
export interface Rollover {
  id: string;
  meterId: string;
  at: string;
  register: number;
  previousRegister: number;
}
