/** How accounts begin and end, as the API says it. */
import type { Channel, Money, Sale } from './api.ts';
import type { Fault } from './tariff-shapes.ts';

interface Payment {
  channel: Channel;
  amount: Money;
  note: string | null;
}

export type NoticeKind = 'sms' | 'email' | 'post';

export interface OpeningContent {
  number: string | null;
  name: string;
  nameZh: string | null;
  /** A local day or a quarter-hour; null: the quarter-hour in which it is opened. */
  from: string | null;
  alarm1: Money | null;
  alarm2: Money | null;
  person: { name: string; phone: string | null; email: string | null } | null;
  points: { pointId: string; tariffId: string | null; overloadW: number | null }[];
  tariffIds: string[];
  creditMode: 'platform' | 'meter';
  /** In meter mode `pointId` is whose meter it goes to; null leaves it in the wallet. */
  firstSale: (Payment & { pointId: string | null }) | null;
  deposit: Payment | null;
  contract: {
    number: string;
    from: string;
    to: string | null;
    notices: { kind: NoticeKind; address: string }[];
  } | null;
}

export interface Deposit {
  id: string;
  accountId: string;
  accountName: string;
  accountNumber: string;
  kind: 'taken' | 'offset' | 'returned';
  receipt: string;
  channel: Channel | null;
  amount: Money;
  bookedAt: string;
  bookedBy: string;
  note: string | null;
}

export interface SupplyContract {
  id: string;
  number: string;
  from: string;
  to: string | null;
}

export interface Opening {
  id: string;
  state: 'prepared' | 'opened' | 'withdrawn';
  content: OpeningContent;
  preparedBy: string;
  preparedAt: string;
  changedBy: string;
  changedAt: string;
  accountId: string | null;
  result: {
    openedAt: string;
    openedBy: string;
    from: string;
    sale: Sale | null;
    deposit: Deposit | null;
    settings: { pointId: string; commandId: string | null; obstacle: string | null }[];
  } | null;
  faults: Fault[];
}

export interface ClosedPoint {
  pointId: string;
  code: string;
  meterId: string | null;
  serial: string | null;
  readAt: string | null;
  /** Why its supply cannot be switched off from here; null: it can. */
  obstacle: string | null;
  commandId: string | null;
}

export interface ClosingPreview {
  at: string;
  settled: Money;
  charged: Money;
  provisional: Money;
  uncleared: Money;
  deposit: Money;
  balance: Money;
  points: ClosedPoint[];
  waiting: { pointId: string | null; code: string | null; localDay: string; reason: string }[];
}

export type SettleWay = 'refund' | 'write-off' | 'carry';

export interface Closing {
  id: string;
  accountId: string;
  accountNumber: string;
  accountName: string;
  endedAt: string;
  settle: SettleWay;
  channel: Channel | null;
  reason: string;
  state: 'waiting' | 'complete';
  requestedBy: string;
  requestedAt: string;
  completedAt: string | null;
  balance: Money | null;
  outcome: 'refunded' | 'part-refunded' | 'written-off' | 'carried' | 'even' | null;
  receipt: string | null;
  points: ClosedPoint[];
}

export interface MovePreview {
  at: string;
  pointCode: string;
  from: { accountId: string; name: string; charged: Money };
  to: { accountId: string; name: string; charged: Money };
  /** Settled days that change hands: with them the move is a correction. */
  settledDays: string[];
  waiting: ClosingPreview['waiting'];
}

export interface Residual {
  id: string;
  number: string;
  name: string;
  nameZh: string | null;
  closedOn: string;
  side: 'refund' | 'chase';
  residual: Money;
  changedAt: string;
  changedBy: string;
  phone: string | null;
}
