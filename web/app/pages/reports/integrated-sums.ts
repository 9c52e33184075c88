/** Whether the money of the integrated report foots: each account across, all accounts down. Pure. */
import type { Money } from '../../api.ts';
import { negate, sum } from '../../format.ts';
import type { IntegratedMoney, IntegratedRow } from '../../reports.ts';
import { isZero } from './finance-sums.ts';

const added = ['openingBalance', 'topUps', 'corrections', 'other'] as const;
const all = [...added, 'charges', 'closingBalance'] as const;

/** Opening and what happened, less what was charged, make the closing; a row without money (a point's) has nothing to foot. */
export function moneyFoots(row: IntegratedMoney): boolean {
  if (!row.closingBalance) return true;
  const made = sum([...added.map((key) => row[key]?.amount), less(row.charges)]);
  return isZero(sum([made, negate(row.closingBalance.amount)]));
}

export const accountsFoot = (rows: readonly IntegratedRow[], totals: IntegratedMoney): boolean =>
  rows.every(moneyFoots) &&
  moneyFoots(totals) &&
  all.every((key) => isZero(sum([...rows.map((row) => row[key]?.amount), less(totals[key])])));

const less = (money: Money | null): string => negate(money?.amount ?? '0');
