/** Where a fault lies, in words, from its pointer into the definition. Pure. */
import type { TFunction } from 'i18next';
import type { Language } from '../../../dates.ts';
import { nameOf } from '../../../language.ts';
import type { TariffDefinition } from '../../../tariff-shapes.ts';

export interface FaultPlace {
  words: string;
  part: 'components' | 'steps' | 'year' | 'week' | 'holidays' | 'labels' | 'begin';
  /** Of the component or the season. */
  index: number | null;
}

export function placeOf(
  t: TFunction,
  language: Language,
  definition: TariffDefinition,
  at: string,
): FaultPlace {
  const [first, second, third, fourth, fifth] = at.split('/').slice(1);
  const index = (text: string | undefined) => (/^\d+$/.test(text ?? '') ? Number(text) : null);
  if (first === 'components') {
    const own = definition.components[index(second) ?? -1];
    return {
      words: own ? nameOf(language, own) || own.code : t('tariff.components.title'),
      part: 'components',
      index: index(second),
    };
  }
  if (first === 'calendar' && second === 'seasons') {
    const season = definition.calendar?.seasons[index(third) ?? -1];
    const plan = fourth === 'days' ? season?.days[index(fifth) ?? -1] : undefined;
    return {
      words: [
        season ? nameOf(language, season) : t('tariff.seasons'),
        plan && t(`tariff.dayType.${plan.type}`),
      ]
        .filter(Boolean)
        .join(t('mark.list')),
      part: fourth === 'days' ? 'week' : 'year',
      index: index(third),
    };
  }
  if (first === 'calendar' && (second === 'holidays' || second === 'workdays'))
    return { words: t('tariff.days.title'), part: 'holidays', index: null };
  if (first === 'calendar') return { words: t('tariff.seasons'), part: 'week', index: null };
  if (first === 'steps') return { words: t('tariff.steps.title'), part: 'steps', index: null };
  if (first === 'labels') return { words: t('tariff.labels.title'), part: 'labels', index: null };
  if (first === 'noticeDays')
    return { words: t('tariff.begin.notice'), part: 'begin', index: null };
  return { words: t('tariff.draft'), part: 'components', index: null };
}
