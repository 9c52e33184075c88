/** The counter as the API tells it: shifts and their cash, refunds, reversals, printed receipts. */
import type { Channel, Commodity, Money } from './api.ts';

export type ShiftState = 'open' | 'counted' | 'recount' | 'closed';

export interface Shift {
  id: string;
  state: ShiftState;
  cashierId: string;
  cashier: string;
  openedAt: string;
  closedAt: string | null;
  float: Money;
  receipts: number;
  sold: Money;
  returned: Money;
  handedIn: Money;
  expected: Money;
  counted: Money | null;
  /** Above zero: over. */
  difference: Money | null;
  countedById: string | null;
  countedBy: string | null;
  countedAt: string | null;
  note: string | null;
  decidedBy: string | null;
  decidedAt: string | null;
  reason: string | null;
  approvedBySamePerson: boolean;
}

export interface CashMovement {
  id: string;
  kind: 'float' | 'hand-in' | 'hand-back' | 'deposit' | 'arrival' | 'withdrawal';
  amount: Money;
  shiftId: string | null;
  cashier: string | null;
  hasArrived: boolean | null;
  note: string | null;
  movedBy: string;
  movedAt: string;
}

/** Where cash is by the ledger. */
export interface Cash {
  place: 'drawer' | 'safe' | 'bank-transit' | 'bank';
  shiftId: string | null;
  detail: string;
  cashier: string | null;
  amount: Money;
}

export interface SaleReversal {
  id: string;
  state: 'waiting' | 'reversed' | 'rejected' | 'withdrawn';
  receipt: string | null;
  saleId: string;
  saleReceipt: string;
  soldAt: string;
  soldBy: string;
  accountId: string;
  accountName: string;
  channel: Channel;
  amount: Money;
  reason: string;
  approval: 'amount' | 'day' | 'overdrawn' | null;
  proposedById: string;
  proposedBy: string;
  proposedAt: string;
  decidedBy: string | null;
  decidedAt: string | null;
  decisionReason: string | null;
  approvedBySamePerson: boolean;
  prints: number;
}

export interface Refund {
  id: string;
  receipt: string;
  accountId: string;
  accountName: string;
  channel: Channel;
  amount: Money;
  reason: string;
  otherChannelReason: string | null;
  refundedBy: string;
  refundedAt: string;
  prints: number;
}

export interface Refundable {
  refundable: Money | null;
  unknown: 'no-balance' | 'never-read' | null;
  live: Money;
  silentHours: number;
  reserve: Money | null;
  inTransit: Money;
  onMeter: Money;
  uncleared: Money;
  disputed: Money;
  channels: { channel: Channel; amount: Money }[];
}

/** The one energy price of an account's points of a commodity. */
export interface SinglePrice {
  commodity: Commodity;
  /** Per kWh or m³, with tax; null where there is not one. */
  price: string | null;
  obstacle:
    | 'no-point'
    | 'no-tariff'
    | 'periods'
    | 'steps'
    | 'allowance'
    | 'event-days'
    | 'index'
    | 'differs'
    | null;
  tariffName: string | null;
  besides: string[];
}

/** What stands on a receipt that is printed now. */
export interface Paper {
  kind:
    | ('sale' | 'refund' | 'reversal' | 'deposit-taken' | 'deposit-offset' | 'deposit-returned')
    | ('residual-refund' | 'residual-collect' | 'residual-write-off');
  receipt: string;
  ofReceipt: string | null;
  reversedBy: string | null;
  accountNumber: string;
  accountName: string;
  accountNameZh: string | null;
  serials: string[];
  channel: Channel | null;
  amount: Money;
  quantity: number | null;
  commodity: Commodity | null;
  price: string | null;
  at: string;
  by: string;
  note: string | null;
  toMeter: { serial: string; amount: Money } | null;
  approvedBySamePerson: boolean;
  issuer: { name: string; nameZh: string | null; taxId: string | null };
  copy: number;
  isReprint: boolean;
  printedAt: string;
  printedBy: string;
}
