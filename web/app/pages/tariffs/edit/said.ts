/** A fault in the language of the page: by its code, with names as the tariff gives them. Pure. */
import type { i18n as I18n, TFunction } from 'i18next';
import type { Language } from '../../../dates.ts';
import { number } from '../../../format.ts';
import { nameOf } from '../../../language.ts';
import { isRank } from '../../../parts/palette.ts';
import type { Fault, TariffDefinition } from '../../../tariff-shapes.ts';

/** The sentence; the server's own where the page knows no words for its code. */
export function saidFault(
  fault: Fault,
  {
    t,
    i18n,
    language,
    definition,
  }: { t: TFunction; i18n: I18n; language: Language; definition?: TariffDefinition },
): string {
  const { code, parameters = {} } = fault;
  if (!code || !i18n.exists(`fault.${code}`)) return fault.message;
  const seasonNamed = (name: string | number) => {
    const season = definition?.calendar?.seasons.find((each) => each.name === name);
    return season ? nameOf(language, season) : name;
  };
  const words = Object.entries(parameters).map(([key, value]) => {
    switch (key) {
      case 'season':
      case 'first':
      case 'second':
        return [key, seasonNamed(value)];
      case 'dayType':
        return [key, t(`tariff.dayType.${value}`)];
      case 'rank': {
        const rank = String(value);
        const own = isRank(rank) ? definition?.labels?.[rank] : undefined;
        return [key, nameOf(language, own ?? { name: t(`period.${value}`) })];
      }
      case 'limit':
        // Limits of steps are base units; a person reads thousands of them.
        return [key, code === 'limit-not-above' ? number(Number(value) / 1000, 3) : value];
      default:
        return [key, value];
    }
  });
  return String(t(`fault.${code}`, Object.fromEntries(words)));
}
