/** Exact decimal texts for the eye: rounded half to even, with their sign, never through a float. Pure. */
import { amount, isNegative } from '../../format.ts';

/** '97.0361500' at 4 → '97.0362': the nearest, a half to the even digit. */
export function rounded(text: string, decimals: number): string {
  const [, sign = '', whole = '0', fraction = ''] = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const kept = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  const rest = fraction.slice(decimals);
  const isAbove = rest > '5' && /^(5.*[1-9]|[6-9])/.test(rest);
  const isHalf = /^50*$/.test(rest);
  const size = isAbove || (isHalf && kept % 2n === 1n) ? kept + 1n : kept;
  const digits = size.toString().padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  return `${sign === '-' && size !== 0n ? '-' : ''}${digits.slice(0, cut)}${decimals ? `.${digits.slice(cut)}` : ''}`;
}

/** '+3.18', '−106.78', '0.00'; missing stays missing. */
export function signedAmount(text: string | null | undefined, decimals = 2): string {
  if (!text) return amount(text);
  const shown = rounded(text, decimals);
  return `${!isNegative(shown) && /[1-9]/.test(shown) ? '+' : ''}${amount(shown, decimals)}`;
}

/** A figure in a few decimals; missing stays missing. */
export const shownAmount = (text: string | null | undefined, decimals = 2): string =>
  text ? amount(rounded(text, decimals), decimals) : amount(text);

export const isNothing = (text: string | null | undefined): boolean => !text || !/[1-9]/.test(text);
