/** Steps in words: the range of each, and how one quantity is priced in either order. Pure. */
import type { TFunction } from 'i18next';
import { amount } from '../../format.ts';
import type { Rank, Usage } from '../../tariff-shapes.ts';
import { fromBase, plus, times } from './decimal.ts';

/** “0–2,760”, “2,760–4,800”, “above 4,800”, in kWh or m³. */
export function stepRange(t: TFunction, limits: readonly number[], index: number): string {
  const at = (base: number | undefined) => amount(fromBase(base || 0), 0);
  const upper = limits[index];
  const lower = index === 0 ? undefined : limits[index - 1];
  return upper === undefined
    ? t('tariff.above', { limit: at(lower) })
    : `${at(lower ?? 0)}–${at(upper)}`;
}

/** The price of a period in a step and how it comes about, where the component has both. */
export function combined(
  usage: Usage,
  rank: Rank,
  step: number,
): { sign: '+' | '×'; a: string; b: string; price: string } | null {
  const adder = usage.stepAdders?.[step];
  const price = usage.prices?.[rank] ?? usage.price;
  if (adder !== undefined && price)
    return { sign: '+', a: price, b: adder, price: plus(price, adder) };
  const stepPrice = usage.stepPrices?.[step];
  const factor = usage.periodFactors?.[rank];
  if (stepPrice && factor)
    return { sign: '×', a: stepPrice, b: factor, price: times(stepPrice, factor) };
  return null;
}
