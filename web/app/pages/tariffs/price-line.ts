/** The price of a component in one line: “0.2108 to 1.3146”, “3 steps”, “15.00 a month”. */
import { useTranslation } from 'react-i18next';
import type { Commodity } from '../../api.ts';
import { amount } from '../../format.ts';
import type { Component } from '../../tariff-shapes.ts';
import { cleanDecimal, fromBase } from './decimal.ts';
import { useUnits } from './units.ts';

/** Figures in order of size; what is no number yet is left out. */
function span(values: readonly (string | undefined)[]): string | null {
  const known = values
    .map((value) => (value === undefined ? null : cleanDecimal(value)))
    .filter((value) => value !== null)
    .sort((a, b) => Number(a) - Number(b));
  const [least, most] = [known[0], known.at(-1)];
  if (least === undefined || most === undefined) return null;
  return least === most ? amount(least, 4) : `${amount(least, 4)}–${amount(most, 4)}`;
}

export function usePriceLine(commodity: Commodity): (component: Component) => string {
  const { t } = useTranslation();
  const units = useUnits(commodity);
  return (component) => {
    switch (component.kind) {
      case 'usage': {
        const values = component.stepPrices ?? [
          component.price,
          ...Object.values(component.prices ?? {}),
        ];
        const text = span(values) ?? '–';
        const marks = [
          component.stepPrices && t('tariff.nSteps', { count: component.stepPrices.length }),
          component.stepAdders && t('tariff.plusSteps'),
          component.periodFactors && t('tariff.timesPeriods'),
          component.follows && t('tariff.byIndex', { index: component.follows.index }),
          component.onlyOnEventDays && t('tariff.onEventDays'),
        ].filter(Boolean);
        return [text, ...marks].join(' · ');
      }
      case 'fixed':
        return `${amount(component.amount)} ${t(`tariff.per.${component.per}`, { currency: units.currency })}`;
      case 'demand':
        return `${amount(component.price)} ${t('tariff.perKw', { currency: units.currency })}`;
      case 'allowance':
        return t('tariff.freeLine', {
          quantity: amount(fromBase(component.quantity || 0), 0),
          unit: units.quantity,
        });
      case 'minimum':
        return `${amount(component.amount)} ${t('tariff.per.month', { currency: units.currency })}`;
    }
  };
}
