/** What is not quantity × price: fees by the day, the free quantity of a month, what a minimum lacks. */
import type { LocalDay } from '../sql/local-day.ts';
import type { Priced } from './components.ts';
import { amountOfDay, EXACT_DIGITS, halfEven, PRICE_DIGITS, scaled } from './exact.ts';
import type { Line } from './rate.ts';
import { taxExact } from './rounding.ts';
import { daysFrom, daysInMonth } from './steps.ts';

/**
 * A fee's line of one day. That of a month is parted so that its days sum to it exactly: each takes what
 * is due by its end less what was due by its beginning, cut at the decimals of a price.
 */
export function feeOf(priced: Priced, day: LocalDay): Line[] {
  const { source } = priced;
  if (source.kind !== 'fixed') return [];
  const amount = scaled(source.amount, PRICE_DIGITS);
  if (source.per === 'day') return dayLine(priced, amount);
  const [days, ordinal] = [BigInt(daysInMonth(day)), BigInt(day.slice(8))];
  return dayLine(priced, (amount * ordinal) / days - (amount * (ordinal - 1n)) / days);
}

/** The line of a component that counts no quantity; none for nothing. */
function dayLine(priced: Priced, price: bigint): Line[] {
  if (price === 0n) return [];
  const exact = amountOfDay(price);
  const tax = taxExact(exact, priced);
  return [{ priced, period: 0, step: 0, quantity: 1n, price, exact, taxExact: tax }];
}

/** Base units that are free in a day's month, for who opened on `openedOn`. */
export function freeIn(
  priced: Priced,
  { day, openedOn }: { day: LocalDay; openedOn: LocalDay },
): number {
  const { source } = priced;
  if (source.kind !== 'allowance') return 0;
  if (source.proRata === 'none' || openedOn.slice(0, 7) !== day.slice(0, 7)) return source.quantity;
  const whole = daysInMonth(day);
  return Math.floor((source.quantity * (whole + 1 - Number(openedOn.slice(8)))) / whole);
}

/** Of `quantity` base units after `before` of the month, those that are free. */
export const freeOf = (
  free: number,
  { before, quantity }: { before: number; quantity: number },
): number => Math.min(free, before + quantity) - Math.min(free, before);

/** What counts towards a minimum, of one line or of several: exact amounts. */
export interface Counted {
  component: string;
  kind: Priced['kind'];
  taxIncluded: boolean;
  exact: bigint;
  taxExact: bigint;
}

/**
 * The line of a minimum for a month of which [from, to] was held: what all that counts lacks, in its own
 * terms of tax (with it where the minimum contains tax, without where tax comes on top), half to even at
 * the decimals of a price.
 */
export function minimumOf(
  priced: Priced,
  { from, to, counted }: { from: LocalDay; to: LocalDay; counted: readonly Counted[] },
): Line[] {
  const { source } = priced;
  if (source.kind !== 'minimum') return [];
  let sum = 0n;
  for (const { component, kind, taxIncluded, exact, taxExact: tax } of counted) {
    if (source.of ? !source.of.includes(component) : kind === 'minimum') continue;
    if (priced.taxIncluded) sum += taxIncluded ? exact : exact + tax;
    else sum += taxIncluded ? exact - tax : exact;
  }
  const held = BigInt(daysFrom(from, to) + 1);
  const whole = BigInt(daysInMonth(to));
  const least = halfEven(scaled(source.amount, PRICE_DIGITS) * held, whole);
  const lacking = least - halfEven(sum, 10n ** BigInt(EXACT_DIGITS - PRICE_DIGITS));
  return lacking > 0n ? dayLine(priced, lacking) : [];
}
