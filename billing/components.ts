/** The components of a version as scaled integers, ready for rating: one price list for each month and day. */
import { RANKS } from '../sql/period-calendar.ts';
import { FACTOR_DIGITS, PRICE_DIGITS, scaled } from './exact.ts';
import type { Tax } from './rounding.ts';
import type { Component, TariffDefinition, Usage } from './tariff.ts';

/** Index 0 for “no period”, else the rank; 10^-8 per 1,000 base units. */
type ByPeriod = readonly (bigint | undefined)[];

/** A component with its prices as scaled integers. */
export interface Priced extends Tax {
  component: string;
  name: string;
  tariffVersionId: string;
  taxCode: string;
  treatment: Component['treatment'];
  kind: Component['kind'];
  /** What its quantities count. */
  unit: 'wh' | 'l' | 'w' | 'day';
  byPeriod: boolean;
  price: ByPeriod;
  /** Prices of the first step, the second …; null where the component knows no step. */
  bySteps: readonly ByPeriod[] | null;
  /** As it was entered, for what only its kind has. */
  source: Component;
}

/** Values of indexes by code. */
interface Values {
  get: (code: string) => string | undefined;
}
const noValues: Values = { get: () => undefined };

/** The components of a version. `values` are the indexes of the month, where components follow one. */
export function priceList(
  tariffVersionId: string,
  definition: TariffDefinition,
  {
    commodity = 'electricity',
    values = noValues,
  }: { commodity?: 'electricity' | 'water'; values?: Values } = {},
): Priced[] {
  return definition.components.map((source) => {
    const { code: component, name, taxCode, taxRate, taxIncluded, treatment, kind } = source;
    const common = {
      ...{
        component,
        name,
        tariffVersionId,
        taxCode,
        taxRate,
        taxIncluded,
        treatment,
        kind,
        source,
      },
      ...{ unit: unitOf(kind, commodity), byPeriod: false, bySteps: null },
    };
    if (source.kind === 'usage') return { ...common, ...usagePrices(source, values) };
    if (source.kind === 'fixed' || source.kind === 'minimum') return { ...common, price: [] };
    return { ...common, price: [scaled(source.price, PRICE_DIGITS)] };
  });
}

function unitOf(kind: Component['kind'], commodity: 'electricity' | 'water'): Priced['unit'] {
  if (kind === 'demand') return 'w';
  if (kind === 'fixed' || kind === 'minimum') return 'day';
  return commodity === 'water' ? 'l' : 'wh';
}

function usagePrices(source: Usage, values: Values) {
  const { price, prices, stepPrices, stepAdders, periodFactors, follows } = source;
  const follow = (scaledPrice: bigint): bigint => {
    if (!follows) return scaledPrice;
    const value = values.get(follows.index);
    if (value === undefined) throw new Error(`there is no value of ${follows.index}`);
    return follows.as === 'adder'
      ? scaledPrice + scaled(value, PRICE_DIGITS)
      : shortened(scaledPrice * scaled(value, FACTOR_DIGITS), FACTOR_DIGITS);
  };
  const perPeriod = (at: (rank: (typeof RANKS)[number] | 0) => bigint | undefined): ByPeriod =>
    ([0, ...RANKS] as const).map((rank) => {
      const found = at(rank);
      return found === undefined ? undefined : follow(found);
    });
  const whole = (text: string | undefined) =>
    text === undefined ? undefined : scaled(text, PRICE_DIGITS);
  if (stepPrices) {
    const bySteps = stepPrices.map((stepPrice) =>
      perPeriod((rank) => {
        if (!periodFactors) return rank === 0 ? scaled(stepPrice, PRICE_DIGITS) : undefined;
        const factor = rank === 0 ? undefined : periodFactors[`${rank}`];
        if (factor === undefined) return undefined;
        const product = scaled(stepPrice, PRICE_DIGITS) * scaled(factor, PRICE_DIGITS);
        return shortened(product, PRICE_DIGITS);
      }),
    );
    return { byPeriod: periodFactors !== undefined, price: [], bySteps };
  }
  const base = (rank: (typeof RANKS)[number] | 0) =>
    whole(rank === 0 ? price : prices?.[`${rank}`]);
  const bySteps = stepAdders?.map((adder) =>
    perPeriod((rank) => {
      const found = base(rank);
      return found === undefined ? undefined : found + scaled(adder, PRICE_DIGITS);
    }),
  );
  return {
    byPeriod: prices !== undefined,
    price: bySteps ? [] : perPeriod(base),
    bySteps: bySteps ?? null,
  };
}

/** Cuts digits that are zero: what was entered has been checked to be no longer than a price. */
function shortened(value: bigint, digits: number): bigint {
  const unit = 10n ** BigInt(digits);
  if (value % unit !== 0n)
    throw new Error('a combined price has more decimals than a price may have');
  return value / unit;
}
