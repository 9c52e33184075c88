/** When an opening takes hold, in words. */
import type { TFunction } from 'i18next';
import { day, fullMoment, type Language } from '../../dates.ts';

export const momentText = (
  t: TFunction,
  language: Language,
  zone: string,
  from: string | null,
): string => {
  if (from === null) return t('opening.atOnce');
  return from.length === 10 ? day(language, from) : fullMoment(language, zone, from);
};
