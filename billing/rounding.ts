/**
 * The rounding rule of charges. For each key (account, scope, component, version, period, step, month)
 * what is posted is brought to round(exact, cumulated over the month's settled days), half to even;
 * likewise the tax. So days may come in any order and be corrected, and the month still foots.
 */
import { EXACT_DIGITS, halfEven, RATE_DIGITS, scaled } from './exact.ts';

export interface Tax {
  /** '0.13' is 13 %. */
  taxRate: string;
  taxIncluded: boolean;
}

/** Of one key and month: what is exact so far and what has been posted for it, in minor units. */
export interface Posted {
  exact: bigint;
  /** What the wallet was charged, tax and all. */
  postedMinor: bigint;
  /** The tax within it. */
  taxMinor: bigint;
}

export const nothingPosted: Posted = { exact: 0n, postedMinor: 0n, taxMinor: 0n };

/**
 * Adds an exact amount (10^-15 major units; negative for a correction) to a key. Returns the key as it
 * is afterwards; the posting is its difference to before. `exponent` is the currency's (ISO 4217).
 */
export function accrue(before: Posted, added: bigint, tax: Tax, exponent: number): Posted {
  const exact = before.exact + added;
  const unit = units[exponent];
  if (unit === undefined) throw new Error(`no currency has ${exponent} decimals`);
  const rate = rateOf(tax);
  const rounded = halfEven(exact, unit);
  if (rate === 0n) return { exact, taxMinor: 0n, postedMinor: rounded };
  // Contained tax is amount × rate ÷ (1 + rate): a fraction that is rounded once, never cut before.
  const taxMinor = tax.taxIncluded
    ? halfEven(exact * rate, unit * (whole + rate))
    : halfEven(exact * rate, unit * whole);
  return { exact, taxMinor, postedMinor: tax.taxIncluded ? rounded : rounded + taxMinor };
}

/** The tax of one line with 15 decimals: exact when on top, rounded at the fifteenth when contained. */
export function taxExact(exact: bigint, tax: Tax): bigint {
  const rate = rateOf(tax);
  if (rate === 0n) return 0n;
  return tax.taxIncluded ? halfEven(exact * rate, whole + rate) : halfEven(exact * rate, whole);
}

/** A whole, as a tax rate counts it. */
const whole = 10n ** BigInt(RATE_DIGITS);

/** By a currency's exponent: its minor unit as an exact amount. */
const units = Array.from({ length: EXACT_DIGITS + 1 }, (_, e) => 10n ** BigInt(EXACT_DIGITS - e));

/** Rates are parsed once for each component of a price book, not once a line. */
const rates = new WeakMap<Tax, bigint>();

function rateOf(tax: Tax): bigint {
  const known = rates.get(tax);
  if (known !== undefined) return known;
  const rate = scaled(tax.taxRate, RATE_DIGITS);
  rates.set(tax, rate);
  return rate;
}
