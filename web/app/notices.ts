/** Shapes of notices: the outbox, templates with their preview, when customers are told. */
import type { Fault } from './tariff-shapes.ts';

export const noticeStates = [
  'queued',
  'unconfirmed',
  'sent',
  'delivered',
  'failed',
  'withheld',
] as const;
export type NoticeState = (typeof noticeStates)[number];
export const noticeChannels = ['sms', 'email', 'webhook'] as const;
export type NoticeChannel = (typeof noticeChannels)[number];
export const noticeKinds = [
  'balance.alarm1',
  'balance.alarm2',
  'balance.arrears',
  'credit.final-notice',
  'credit.person-called',
  'credit.brake-engaged',
  'supply.tripped',
  'supply.restored',
  'sale.receipt',
  'account.opened',
  'account.closed',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

export interface NoticeChannels {
  channels: { channel: NoticeChannel; isSetUp: boolean }[];
}

export interface Notice {
  id: string;
  kind: string;
  accountId: string;
  accountNumber: string;
  accountName: string;
  accountNameZh: string | null;
  channel: NoticeChannel;
  recipient: string;
  language: 'en' | 'zh';
  subject: string | null;
  body: string;
  state: NoticeState;
  reason: string | null;
  attempts: number;
  queuedAt: string;
  nextTryAt: string | null;
  sentAt: string | null;
  deliveredAt: string | null;
  providerId: string | null;
  proof: string | null;
}

export interface NoticeWithSteps extends Notice {
  steps: { at: string; act: string; outcome: string; by: string | null }[];
}

export interface NoticeAddress {
  /** Null: the account has none of its own. */
  id: string | null;
  of: 'account' | 'contract' | 'person';
  channel: NoticeChannel;
  address: string;
  language: 'en' | 'zh' | null;
}

export type TemplateChannel = 'sms' | 'email';
export interface NoticeTemplate {
  kind: NoticeKind;
  channel: TemplateChannel;
  language: 'en' | 'zh';
  subject: string | null;
  body: string;
  providerCode: string | null;
  isDefault: boolean;
  names: string[];
  changedBy: string | null;
  changedAt: string | null;
}

export interface NoticePreview {
  subject: string | null;
  body: string;
  faults: Fault[];
  length: number;
  lacking: string[];
  sample: 'event' | 'account' | 'none';
  at: string | null;
}

export interface NoticeSettings {
  quiet: { from: string; to: string } | null;
  urgent: NoticeKind[];
  off: NoticeKind[];
  /** Where people of the project are called; language null: the project's. */
  staff: { channel: NoticeChannel; address: string; language: 'en' | 'zh' | null }[];
}

/** Told to people of the project, at any hour. */
export const staffKinds: ReadonlySet<string> = new Set([
  'credit.person-called',
  'credit.brake-engaged',
]);
