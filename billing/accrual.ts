/** Accruals: what was delivered in a month and is not settled when it is closed, by customer. Pure. */
import { exponentOf } from '../sql/money.ts';
import type { Priced } from './components.ts';
import type { Leg } from './ledger.ts';
import type { OpenDay } from './live.ts';
import { accrue, nothingPosted } from './rounding.ts';

export interface Accrual {
  accountId: string;
  /** Point-days that are not settled. */
  days: number;
  /** What the customer's wallet would be charged, tax and all, minor units. */
  amountMinor: bigint;
  legs: Leg[];
}

/** What a component of a version comes to, exact. */
interface Sum {
  priced: Priced;
  exact: bigint;
}

/**
 * One accrual for each customer with open days. Their lines are added up by component and rounded once:
 * accrued (debit) against revenue, what is owed to others and tax whose tax point is the settlement.
 */
export function accrualsOf(open: readonly OpenDay[], currency: string): Accrual[] {
  const exponent = exponentOf(currency);
  const accounts = new Map<string, { days: number; sums: Map<string, Sum> }>();
  for (const { accountId, lines } of open) {
    const account = accounts.get(accountId) ?? { days: 0, sums: new Map<string, Sum>() };
    accounts.set(accountId, account);
    account.days++;
    for (const { priced, exact } of lines) {
      const key = `${priced.tariffVersionId}/${priced.component}`;
      const sum = account.sums.get(key);
      if (sum) sum.exact += exact;
      else account.sums.set(key, { priced, exact });
    }
  }
  return [...accounts].flatMap(([accountId, { days, sums }]): Accrual[] => {
    const legs: Leg[] = [];
    let amountMinor = 0n;
    for (const { priced, exact } of sums.values()) {
      const { postedMinor, taxMinor } = accrue(nothingPosted, exact, priced, exponent);
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
