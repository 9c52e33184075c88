/** The ledger of an account as rows: newest first, each with the balance after it. Pure. */
import type { Entry } from '../../api.ts';
import { isNegative, negate, sum } from '../../format.ts';

export type EntryGroup = 'charges' | 'sales' | 'corrections';

export const groupOf = (kind: string): EntryGroup =>
  kind === 'settlement'
    ? 'charges'
    : kind === 'sale' || kind === 'refund'
      ? 'sales'
      : 'corrections';

export interface LedgerRow {
  id: string;
  kind: string;
  /** When it was posted; told only where that was on the day it counts for. */
  at: string | null;
  accountingDate: string;
  transactionId: string;
  /** Exactly one of the two: what went out of the balance, or came in. */
  out: string | null;
  in: string | null;
  balance: string | null;
  /** The service day that can be opened, for a charge. */
  localDay: string | null;
  channel: string | null;
}

/** Rows in the order of the API: newest accounting date first, each with the balance after it. */
export const ledgerRows = (entries: readonly Entry[]): LedgerRow[] =>
  entries.map((entry) => {
    const isOut = isNegative(entry.amount.amount);
    return {
      id: entry.id,
      kind: entry.kind,
      at: entry.postedAt,
      accountingDate: entry.accountingDate,
      transactionId: entry.transactionId,
      out: isOut ? negate(entry.amount.amount) : null,
      in: isOut ? null : entry.amount.amount,
      balance: entry.balance.amount,
      localDay:
        textOf(entry.cause.localDay) ?? (entry.kind === 'settlement' ? entry.accountingDate : null),
      channel: textOf(entry.cause.channel),
    };
  });

export interface MonthSums {
  opening: string;
  sales: string | null;
  charges: string | null;
  corrections: string | null;
  closing: string;
}

/** opening + top-ups − charges ± corrections = closing, by accounting date; it foots or it is a fault. */
export function monthSums(entries: readonly Entry[], month: string): MonthSums {
  const until = entries.filter(
    ({ accountingDate }) => accountingDate.slice(0, 7) <= month.slice(0, 7),
  );
  const inMonth = until.filter(({ accountingDate }) =>
    accountingDate.startsWith(month.slice(0, 7)),
  );
  const of = (group: EntryGroup) =>
    sum(inMonth.filter(({ kind }) => groupOf(kind) === group).map(({ amount }) => amount.amount));
  // Newest first: balances are those of the books, also where older entries were not asked for.
  const closing = until[0]?.balance.amount ?? '0.00';
  const oldest = inMonth.at(-1);
  const opening = oldest
    ? (sum([oldest.balance.amount, negate(oldest.amount.amount)]) ?? '0.00')
    : closing;
  return {
    opening,
    sales: of('sales'),
    charges: of('charges'),
    corrections: of('corrections'),
    closing,
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
