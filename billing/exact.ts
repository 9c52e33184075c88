/**
 * Exact decimals as scaled bigints: an amount in major units × 10^15. Price has 8 decimals, division
 * by 1,000 adds 3, a tax rate 4 more, so that quantity × price and its tax on top never lose a digit.
 */

/** Decimals of a price per 1,000 base units, and of a tax rate. */
export const PRICE_DIGITS = 8;
export const RATE_DIGITS = 4;
/** Decimals of an index that is a factor, and of a price that it multiplies: together those of a price. */
export const FACTOR_DIGITS = PRICE_DIGITS / 2;

export const EXACT_DIGITS = PRICE_DIGITS + 3 + RATE_DIGITS;

/** A plain decimal as an integer of 10^-digits; throws when it has more decimals than that. */
export function scaled(text: string, digits: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = (match?.[3] ?? '').replace(/0+$/, '');
  if (!match || fraction.length > digits)
    throw new Error(`not a decimal of ${digits} digits: ${text}`);
  const value = BigInt(match[2] + fraction.padEnd(digits, '0'));
  return match[1] ? -value : value;
}

/** The decimal text of a scaled integer, without trailing zeros. */
export function unscaled(value: bigint, digits: number): string {
  const text = (value < 0n ? -value : value).toString().padStart(digits + 1, '0');
  const point = text.length - digits;
  let end = text.length;
  while (end > point && text.charCodeAt(end - 1) === ZERO) end--;
  const fraction = end > point ? `.${text.slice(point, end)}` : '';
  return `${value < 0n ? '-' : ''}${text.slice(0, point)}${fraction}`;
}

const ZERO = 48;

/** An amount (15 decimals) from text, e.g. of a numeric column, and back. */
export const exactOf = (text: string): bigint => scaled(text, EXACT_DIGITS);
export const exactText = (exact: bigint): string => unscaled(exact, EXACT_DIGITS);

/** Base units × price (10^-8 per 1,000 base units) = amount, exact. */
export const amountOf = (quantity: bigint, price: bigint): bigint => quantity * price * RATE_UNIT;

/** One day at a price per day (10^-8) = amount, exact. */
export const amountOfDay = (price: bigint): bigint => price * DAY_UNIT;

const DAY_UNIT = 10n ** BigInt(EXACT_DIGITS - PRICE_DIGITS);
const RATE_UNIT = 10n ** BigInt(RATE_DIGITS);

/** numerator ÷ denominator (positive), rounded half to even. */
export function halfEven(numerator: bigint, denominator: bigint): bigint {
  let quotient = numerator / denominator;
  let rest = numerator % denominator;
  if (rest < 0n) {
    quotient -= 1n;
    rest += denominator;
  }
  const twice = 2n * rest;
  const up = twice > denominator || (twice === denominator && quotient % 2n !== 0n);
  return up ? quotient + 1n : quotient;
}
