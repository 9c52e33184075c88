/** Whether a sales report foots: added up again on this side, exactly. Pure. */
import type { Money } from '../../api.ts';
import { negate, sum } from '../../format.ts';
import type { FinanceFigures, FinanceReport } from '../../reports.ts';

const summed = [
  'cash',
  'transfer',
  'online',
  'sales',
  'refunds',
  'reversals',
  'net',
  'charges',
  'corrections',
  'otherPostings',
] as const;

export const isZero = (text: string | null): boolean => !!text && !/[1-9]/.test(text);
const equal = (a: string | null, b: string): boolean => isZero(sum([a, negate(b)]));

/** Channels make sales, and sales with refunds and reversals (both below zero) make the net. */
export const rowFoots = (row: FinanceFigures): boolean =>
  equal(sum([row.cash.amount, row.transfer.amount, row.online.amount]), row.sales.amount) &&
  equal(sum([row.sales.amount, row.refunds.amount, row.reversals.amount]), row.net.amount);

/** Every row across, and every column down. */
export const reportFoots = ({ data, totals }: FinanceReport): boolean =>
  data.every(rowFoots) && rowFoots(totals) && summed.every((key) => columnFoots(data, totals, key));

/** Missing in every row is missing in the sum. */
function columnFoots(
  data: FinanceReport['data'],
  totals: FinanceFigures,
  key: (typeof summed)[number],
): boolean {
  const total = totals[key];
  const added = sum(data.map((row) => row[key]?.amount));
  return total ? equal(added ?? '0', total.amount) : added === null;
}

/** As it stands on a statement: what is charged goes out. */
export const outgoing = (money: Money | null): Money | null =>
  money && { ...money, amount: negate(money.amount) };

/** What the customers' credit changed by: sold, less charged (above zero), corrected, the rest. */
export function creditChange(figures: FinanceFigures): Money | null {
  const { net, charges, corrections, otherPostings } = figures;
  if (!charges || !corrections || !otherPostings) return null;
  const amounts = [net.amount, negate(charges.amount), corrections.amount, otherPostings.amount];
  return { amount: sum(amounts) ?? '0', currency: net.currency };
}
