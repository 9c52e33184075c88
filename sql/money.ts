/** Money: integers of the currency's minor unit, with the exponent of ISO 4217; the one file that rounds. */
import { Decimal } from 'decimal.js';

// The default of 20 digits rounds silently; 60 holds every product that occurs here exactly.
const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_EVEN });

/** Money as the API speaks it: a decimal in major units as text, and the currency. */
export interface Money {
  amount: string;
  currency: string;
}

/** Minor digits that differ from two (ISO 4217); every other currency has two. */
const EXPONENT: Readonly<Record<string, number>> = {
  BHD: 3,
  BIF: 0,
  CLF: 4,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  IQD: 3,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  PYG: 0,
  RWF: 0,
  TND: 3,
  UGX: 0,
  UYI: 0,
  UYW: 4,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
};

/** Digits after the point of a currency, e.g. 2 for CNY and 0 for JPY. */
export const exponentOf = (currency: string): number => EXPONENT[currency] ?? 2;

/** Rounds an exact amount in major units to minor units, half to even. */
export function toMinor(exact: string, currency: string): bigint {
  const scaled = new Exact(exact).times(new Exact(10).pow(exponentOf(currency)));
  return BigInt(scaled.toDecimalPlaces(0, Decimal.ROUND_HALF_EVEN).toFixed(0));
}

/** Minor units as text in major units: 123456n CNY → '1234.56'. */
export function formatMinor(minor: bigint, currency: string): string {
  const digits = exponentOf(currency);
  if (digits === 0) return minor.toString();
  const sign = minor < 0n ? '-' : '';
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0');
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Minor units as the API speaks. */
export const money = (minor: bigint, currency: string): Money => ({
  amount: formatMinor(minor, currency),
  currency,
});

/**
 * Minor units from text such as '12.34'. Returns undefined for anything that is not a plain decimal
 * with at most the currency's digits ('1.005' CNY, '1e3', ' 1'), or has more than 15 digits.
 */
export function parseMinor(text: string, currency: string): bigint | undefined {
  const digits = exponentOf(currency);
  const match = /^(-?)(\d{1,13})(?:\.(\d+))?$/.exec(text);
  if (!match || (match[3]?.length ?? 0) > digits) return undefined;
  const minor = BigInt((match[2] ?? '') + (match[3] ?? '').padEnd(digits, '0'));
  return match[1] ? -minor : minor;
}
