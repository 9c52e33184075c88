/** Files of the bank and of payment channels as the API tells them, and what becomes of their lines. */
import type { Money } from './api.ts';

export type BankSource = 'bank' | 'channel';
export type LineState = 'matched' | 'unidentified' | 'claimed' | 'returned';
export type LineFate = 'match' | 'ambiguous' | 'unknown' | 'duplicate' | 'skipped' | 'error';
type Rule = 'number' | 'name' | 'amount' | 'fee' | 'person' | 'unknown' | 'ambiguous';
export type TargetKind =
  | 'sale'
  | 'refund'
  | 'deposit-taken'
  | 'deposit-returned'
  | 'residual'
  | 'cash-deposit'
  | 'cash-arrival'
  | 'cash-withdrawal'
  | 'payout'
  | 'return';

export const bankFields = [
  'date',
  'amount',
  'income',
  'expense',
  'direction',
  'fee',
  'net',
  'balance',
  'currency',
  'status',
  'reference',
  'order',
  'payer',
  'text',
] as const;
export type BankField = (typeof bankFields)[number];

export interface BankMapping {
  columns: Partial<Record<BankField, string>>;
  dateOrder: 'ymd' | 'dmy' | 'mdy';
  outgoing: string[];
  counted: string[];
  fees: string[];
  until: string | null;
}

export interface BankTemplate {
  name: string;
  source: BankSource;
  mapping: BankMapping;
  isBuiltIn: boolean;
}

interface Said {
  row: number;
  day: string;
  time: string | null;
  /** Above zero came in. */
  amount: Money;
  fee: Money;
  reference: string | null;
  order: string | null;
  payer: string | null;
  text: string | null;
}

interface Target {
  kind: TargetKind;
  id: string;
  label: string;
}

export interface PreviewLine extends Said {
  fate: LineFate;
  rule: Rule | null;
  target: Target | null;
  candidates: number;
  faults: { code: string; value: string; expected: string | null }[];
}

export interface BankImport {
  /** Null where it added nothing. */
  fileId: string | null;
  name: string;
  source: BankSource;
  sha256: string;
  digest: string;
  counts: Record<LineFate, number>;
  income: Money;
  expense: Money;
  fee: Money;
  before: { fileId: string; importedAt: string; importedBy: string } | null;
}

export interface BankPreview extends BankImport {
  lines: PreviewLine[];
}

export interface BankFile {
  id: string;
  source: BankSource;
  name: string;
  template: string;
  from: string;
  to: string;
  lines: number;
  unidentified: number;
  duplicates: number;
  skipped: number;
  amount: Money;
  fee: Money;
  net: Money;
  importedBy: string;
  importedAt: string;
}

export interface BankLine extends Said {
  id: string;
  fileId: string;
  fileName: string;
  source: BankSource;
  state: LineState;
  rule: Rule;
  target: Target | null;
  accountId: string | null;
  accountName: string | null;
  reason: string | null;
  actedBy: string;
  actedAt: string;
}

export interface BankAct {
  id: string;
  kind: 'match' | 'suspend' | 'claim' | 'return' | 'fee' | 'release' | 'reopen';
  rule: Rule;
  reason: string | null;
  isAutomatic: boolean;
  actedBy: string;
  actedAt: string;
  transactionId: string | null;
}

export interface BankCandidate extends Target {
  names: string[];
  day: string;
  amount: Money;
}

export interface BankLineDetail {
  line: BankLine;
  acts: BankAct[];
  candidates: BankCandidate[];
}
