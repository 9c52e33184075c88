/** What quantities and prices of a commodity are called beside a figure. */
import type { Commodity } from '../../api.ts';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { useProject } from '../../project.tsx';

export function useUnits(commodity: Commodity) {
  const language = useLanguage();
  const currency = currencyName(useProject().currency, language);
  const quantity = commodity === 'water' ? 'm³' : 'kWh';
  return { currency, quantity, price: `${currency}/${quantity}` };
}
