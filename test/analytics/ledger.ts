/** A ledger for the tests of the money reports: transactions and sales, as billing posts them. */
import { daySpan, type LocalDay, localDayOf } from '../../sql/local-day.ts';
import type { Park } from './park.ts';

export type Kind =
  | 'settlement'
  | 'correction'
  | 'sale'
  | 'refund'
  | 'reversal'
  | 'transfer'
  | 'write-off'
  | 'adjustment';

export interface TestLeg {
  code: string;
  detail?: string;
  accountId?: string;
  amount: number;
}

export interface TestTransaction {
  id: string;
  kind: Kind;
  accountId: string;
  day: LocalDay;
  legs: readonly TestLeg[];
  reverses?: string;
}

export interface TestSale {
  transactionId: string;
  accountId: string;
  channel: 'cash' | 'transfer' | 'online';
  amount: number;
  soldAt: Date;
  soldDay: LocalDay;
  soldBy: string;
  receipt: number;
}

export interface Ledger {
  transactions: TestTransaction[];
  sales: TestSale[];
  account: (number: string, row?: Record<string, unknown>) => Promise<string>;
  post: (transaction: Omit<TestTransaction, 'id'>) => Promise<string>;
  /** Sold at a minute of a local day; booked there unless said otherwise. */
  sell: (
    sale: Pick<TestSale, 'accountId' | 'channel' | 'amount' | 'soldBy' | 'receipt'> & {
      day: LocalDay;
      minute: number;
      bookedOn?: LocalDay;
    },
  ) => Promise<string>;
}

/** What the wallets gain, or that of one account: their legs are minus that. */
export const walletGain = ({ legs }: Pick<TestTransaction, 'legs'>, accountId?: string): number =>
  -legs
    .filter((leg) => leg.code === 'wallet' && (!accountId || leg.accountId === accountId))
    .reduce((sum, { amount }) => sum + amount, 0);

const moneyOf = { cash: 'cash', transfer: 'bank', online: 'online-clearing' } as const;

export function openLedger(
  park: Park,
  { project, zone, currency = 'CNY' }: { project: string; zone: string; currency?: string },
): Ledger {
  const known = new Map<string, string>();
  async function ledgerAccount({ code, detail = '', accountId }: TestLeg): Promise<string> {
    const key = [code, detail, accountId].join('|');
    const id =
      known.get(key) ??
      (await park.insert('ledger_accounts', {
        project_id: project,
        code,
        detail,
        account_id: accountId ?? null,
        currency,
      }));
    known.set(key, id);
    return id;
  }
  const ledger: Ledger = {
    transactions: [],
    sales: [],
    account: (number, row = {}) =>
      park.insert('accounts', {
        project_id: project,
        number,
        name: `Shop ${number}`,
        opened_on: '2026-01-01',
        ...row,
      }),
    post: async (transaction) => {
      const { kind, accountId, day, legs, reverses } = transaction;
      const id = await park.insert('transactions', {
        project_id: project,
        kind,
        account_id: accountId,
        accounting_date: day,
        reverses: reverses ?? null,
      });
      const accounts: string[] = [];
      for (const leg of legs) accounts.push(await ledgerAccount(leg));
      await park.owner.query(
        `INSERT INTO entries (project_id, transaction_id, leg, ledger_account_id, amount, currency)
         SELECT $1, $2, row_number() OVER (), t.account, t.amount, $3
         FROM unnest($4::bigint[], $5::bigint[]) AS t (account, amount)`,
        [project, id, currency, accounts, legs.map(({ amount }) => amount)],
      );
      ledger.transactions.push({ ...transaction, id });
      return id;
    },
    sell: async ({ accountId, channel, amount, soldBy, receipt, day, minute, bookedOn }) => {
      const soldAt = new Date(daySpan(zone, day).startMs + minute * 60_000);
      const transactionId = await ledger.post({
        kind: 'sale',
        accountId,
        day: bookedOn ?? day,
        legs: [
          { code: moneyOf[channel], detail: channel === 'cash' ? soldBy : '', amount },
          { code: 'wallet', accountId, amount: -amount },
        ],
      });
      await park.insert('sales', {
        project_id: project,
        account_id: accountId,
        transaction_id: transactionId,
        receipt: `R${String(receipt).padStart(8, '0')}`,
        channel,
        amount_minor: amount,
        currency,
        sold_at: soldAt.toISOString(),
        sold_by: soldBy,
      });
      const soldDay = localDayOf(zone, soldAt.getTime());
      ledger.sales.push({
        transactionId,
        accountId,
        channel,
        amount,
        soldAt,
        soldDay,
        soldBy,
        receipt,
      });
      return transactionId;
    },
  };
  return ledger;
}
