/** Accruals: what was delivered in a month and is not settled when it is closed, by customer. Pure. */
import { exponentOf } from '../sql/money.ts';
import type { Leg } from './ledger.ts';
import type { OpenDay } from './live.ts';
import type { Priced } from './rate.ts';
import { accrue, nothingPosted } from './rounding.ts';

export interface Accrual {
  accountId: string;
  /** Point-days that are not settled. */
  days: number;
  /** What the customer's wallet would be charged, tax and all, minor units. */
  amountMinor: bigint;
  legs: Leg[];
}

/**
 * One accrual for each customer with open days. Their lines are added up by component and rounded once:
 * accrued (debit) against revenue, what is owed to others and tax whose tax point is the settlement.
 */
export function accrualsOf(open: readonly OpenDay[], currency: string): Accrual[] {
  const exponent = exponentOf(currency);
  const accounts = new Map<string, { days: number; exact: Map<Priced, bigint> }>();
  for (const { accountId, lines } of open) {
    const account = accounts.get(accountId) ?? { days: 0, exact: new Map<Priced, bigint>() };
    accounts.set(accountId, account);
    account.days++;
    for (const { priced, exact } of lines) {
      account.exact.set(priced, (account.exact.get(priced) ?? 0n) + exact);
    }
  }
  return [...accounts].flatMap(([accountId, { days, exact }]): Accrual[] => {
    const legs: Leg[] = [];
    let amountMinor = 0n;
    for (const [priced, sum] of exact) {
      const { postedMinor, taxMinor } = accrue(nothingPosted, sum, priced, exponent);
      const { treatment, component, taxCode, taxRate } = priced;
      const tax = treatment === 'revenue' ? taxMinor : 0n;
      amountMinor += postedMinor;
      legs.push({
        ...{ code: treatment === 'revenue' ? 'revenue' : 'payable', detail: component },
        ...{ accountId: null, amountMinor: tax - postedMinor },
      });
      const detail = `${taxCode} ${taxRate}`.trim();
      legs.push({ code: 'tax-pending', detail, accountId: null, amountMinor: -tax });
    }
    legs.unshift({ code: 'accrual', accountId, amountMinor });
    return amountMinor === 0n ? [] : [{ accountId, days, amountMinor, legs }];
  });
}
