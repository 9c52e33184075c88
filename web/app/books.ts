/** Shapes of the books as the API gives them: corrections, months, ledger, proofs, reconciliation. */
import type { Money } from './api.ts';

export interface Correction {
  settlementId: string;
  supersedes: string;
  accountId: string;
  accountNumber: string;
  /** Null where it belongs to the account and no point. */
  pointId: string | null;
  pointCode: string | null;
  serviceDay: string;
  accountingDate: string;
  component: string;
  kind: 'usage' | 'fixed' | 'demand' | 'allowance' | 'minimum';
  unit: 'wh' | 'l' | 'day' | 'w';
  period: number | null;
  step: number;
  oldQuantity: number;
  newQuantity: number;
  /** Null where there was, or is, no such line, or where it had several prices. */
  oldPrice: string | null;
  newPrice: string | null;
  /** Exact, major units. */
  oldAmount: string;
  newAmount: string;
  difference: string;
  cause: string[];
  /** Null where nobody did it. */
  by: string | null;
  transactionId: string;
  runId: string;
  traceId: string | null;
  at: string;
}

export type MonthState = 'open' | 'soft-closed' | 'closed';

export interface BillingMonth {
  /** 'YYYY-MM'. */
  month: string;
  state: MonthState;
  isOver: boolean;
  changedAt: string | null;
  changedBy: string | null;
  reason: string | null;
  accrued: Money | null;
}

export interface GateItem {
  kind:
    | 'unsettled'
    | 'waiting'
    | 'outdated'
    | 'quarantined'
    | 'findings'
    | 'unsealed'
    | 'unreconciled'
    | 'differences';
  count: number;
  /** Null where nobody knows. */
  money: Money | null;
}

export interface MonthGate extends BillingMonth {
  items: GateItem[];
  /** What closing it now would accrue. */
  accrual: Money | null;
  ways: { to: MonthState; refusal: string | null }[];
}

interface Amounts {
  debit: Money;
  credit: Money;
  /** Debit less credit. */
  balance: Money;
}

interface Named {
  name: string;
  nameZh: string;
}

export type LedgerKind = 'asset' | 'liability' | 'income' | 'expense' | 'equity';

export interface ChartLine extends Named {
  code: string;
  kind: LedgerKind;
  normal: 'debit' | 'credit';
  detail: string | null;
  detailZh: string | null;
  isCustomers: boolean;
  says: string;
  saysZh: string;
}

export interface TrialRow extends Named, Amounts {
  id: string;
  code: string;
  kind: LedgerKind;
  detail: string;
  inDebit: boolean;
  accounts: number;
}

export interface TrialTotals {
  position: string | null;
  accountingDate: string | null;
  currencies: ({ currency: string } & Amounts)[];
}

export interface LedgerAccount extends Named, Amounts {
  id: string;
  code: string;
  accountId: string | null;
  accountNumber: string | null;
  accountName: string | null;
}

export interface LedgerProof {
  id: string;
  requestedBy: string;
  requestedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  checked: number;
  positions: number;
  outcome: 'held' | 'broken' | 'failed' | null;
  brokenPosition: string | null;
  checks: {
    name: string;
    counted: number;
    faults: number;
    first: string | null;
    position: string | null;
  }[];
}

export interface JournalHead {
  state: 'holds' | 'broken' | 'unproven';
  position: string;
  hash: string | null;
  sealedAt: string | null;
  unsealed: number;
  oldestUnsealedAt: string | null;
  brokenPosition: string | null;
  /** The newest, be it under way. */
  proof: LedgerProof | null;
}

export interface JournalRow {
  position: string;
  hash: string;
  sealedAt: string;
  transactionId: string;
  kind: string;
  accountId: string | null;
  accountNumber: string | null;
  accountingDate: string;
  postedAt: string;
  amount: Money;
  reverses: string | null;
}

export type DifferenceKind = 'main-sub' | 'intervals-charges' | 'charges-ledger';

export interface Difference {
  day: string;
  kind: DifferenceKind;
  subjectId: string;
  subject: string;
  left: number | null;
  right: number | null;
  difference: number | null;
  unit: 'Wh' | 'L' | 'minor';
  money: Money | null;
  owner: 'ingest' | 'billing' | 'person';
  /** Null: somebody has to look. */
  reason: string | null;
  /** The settlement in force whose charge it is of; null where it is of none, or of several. */
  settlementId: string | null;
  detail: string | null;
}

/** What the newest reconciliation of a day found, one of the three ways. */
export interface ReconciledDay {
  day: string;
  kind: DifferenceKind;
  checkedAt: string;
  compared: number;
  differences: number;
  unexplained: number;
  money: Money | null;
}

export interface DifferenceTotals {
  from: string;
  to: string;
  shown: number;
  kinds: {
    kind: DifferenceKind;
    compared: number;
    differences: number;
    unexplained: number;
    money: Money;
  }[];
}
