/** How a tariff version comes to a price: what is looked up, added and multiplied, as data and once more as a number. */
import type { LocalDay } from '../sql/local-day.ts';
import { dayKindOf } from '../sql/period-calendar.ts';
import { PRICE_DIGITS, scaled, unscaled } from './exact.ts';
import type { Component, TariffDefinition } from './tariff.ts';

/** The parts of a usage price; what is null has no part in it. */
export interface PriceTrail {
  base: string;
  /** Of the step, added. */
  adder: string | null;
  /** Of the period, multiplied. */
  factor: string | null;
  index: { code: string; month: LocalDay; value: string; as: 'factor' | 'adder' } | null;
  /** Per 1,000 base units. */
  price: string;
}

/** Null where the component has no such price, or its index has no value. */
export function priceTrail(
  component: Extract<Component, { kind: 'usage' }>,
  {
    period,
    step,
    month,
    indexOf,
  }: {
    period: number;
    step: number;
    month: LocalDay;
    indexOf: (code: string) => string | undefined;
  },
): PriceTrail | null {
  const { price, prices, stepPrices, stepAdders, periodFactors, follows } = component;
  const rank = `${period}` as keyof NonNullable<typeof prices>;
  const base = stepPrices ? stepPrices[step - 1] : (prices?.[rank] ?? price);
  if (base === undefined) return null;
  const adder = stepAdders?.[step - 1] ?? null;
  const factor = periodFactors?.[rank] ?? null;
  const of = (text: string) => scaled(text, PRICE_DIGITS);
  const unit = 10n ** BigInt(PRICE_DIGITS);
  let value = of(base);
  if (factor !== null) value = (value * of(factor)) / unit;
  if (adder !== null) value += of(adder);
  let index: PriceTrail['index'] = null;
  if (follows) {
    const published = indexOf(follows.index);
    if (published === undefined) return null;
    index = { code: follows.index, month, value: published, as: follows.as };
    value = follows.as === 'adder' ? value + of(published) : (value * of(published)) / unit;
  }
  return { base, adder, factor, index, price: unscaled(value, PRICE_DIGITS) };
}

/** Why a rank holds when it does on a day. */
export interface PeriodRule {
  rank: number;
  label: { name: string; nameZh: string | null } | null;
  season: { name: string; nameZh: string | null; from: string; to: string };
  dayType: string;
  clock: 'local' | 'standard';
  /** Of the day, in order; `to` is the end. */
  bands: { from: string; to: string }[];
}

/** Null where the version knows no periods, or not this one on that day. */
export function periodRule(
  { calendar, labels }: TariffDefinition,
  { period, day, events }: { period: number; day: LocalDay; events: ReadonlySet<LocalDay> },
): PeriodRule | null {
  if (!calendar || period === 0) return null;
  const found = dayKindOf(calendar, day, events);
  if (!found) return null;
  const label = labels?.[`${period}` as keyof typeof labels];
  const { season, type, bands } = found;
  return {
    rank: period,
    label: label ? { name: label.name, nameZh: label.nameZh ?? null } : null,
    season: { name: season.name, nameZh: season.nameZh ?? null, from: season.from, to: season.to },
    ...{ dayType: type, clock: calendar.clock ?? 'local' },
    bands: bands.filter(({ rank }) => rank === period).map(({ from, to }) => ({ from, to })),
  };
}
