/** What the time before is called. */
import { useTranslation } from 'react-i18next';
import type { EnergyReport } from '../../api.ts';
import { daysApart, month } from '../../dates.ts';
import { useLanguage } from '../../language.ts';

/** The time before by its name, where it is a month; else just that it was before. */
export function useBefore(report: EnergyReport | undefined): string {
  const { t } = useTranslation();
  const language = useLanguage();
  const time = report?.comparison;
  if (time?.from.slice(8) !== '01' || daysApart(time.from, time.to) > 31) {
    return t('energy.before');
  }
  return month(language, time.from).replace(/ \d{4}$/, '');
}
