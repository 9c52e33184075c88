/** The newest figure of each report, where it costs one small question. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { amount, currencyName, kw, number, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { useProject } from '../../project.tsx';
import { useEnergy } from '../../queries.ts';
import { rangeOf } from '../../range.ts';
import type {
  FinanceReport,
  LoadRow,
  LoadTotals,
  LossRow,
  QualityRow,
  QualityTotals,
  Report,
} from '../../reports.ts';
import type { PageLink } from '../../shell/pages.ts';
import { useReport } from './use-report.ts';

export type Newest =
  | 'waiting'
  | 'failed'
  | { value: string; unit?: string; when: string; loud?: boolean };

export function useNewest(): Partial<Record<PageLink['name'], Newest>> {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const today = localDay(zone, useNow(60_000));
  const month = rangeOf('month', today);
  const week = rangeOf('week', today);
  const energy = useEnergy({ ...month, unit: 'month', by: 'project', against: 'none' });
  const finance = useReport<FinanceReport>('finance', { ...month, unit: 'month', by: 'none' });
  const load = useReport<Report<LoadRow, LoadTotals>>('load-profile', {
    ...rangeOf('today', today),
    by: 'project',
    step: 'hour',
  });
  const losses = useReport<Report<LossRow>>('losses', { ...week, unit: 'total' });
  const quality = useReport<Report<QualityRow, QualityTotals>>('quality', {
    ...rangeOf('today', today),
  });
  const thisMonth = t('report.range.month');
  return {
    energy: told(energy, ({ totals }) => ({
      value: thousands(totals.quantity),
      unit: 'kWh',
      when: thisMonth,
    })),
    finance: told(finance, ({ totals }) => ({
      value: amount(totals.net.amount),
      unit: currencyName(currency, language),
      when: `${thisMonth} · ${t('report.finance.net')}`,
    })),
    load: told(load, ({ totals }) => ({
      value: kw(totals.maxPowerW),
      unit: 'kW',
      when: t('report.load.highestToday'),
    })),
    losses: told(losses, ({ data }) => {
      const doubted = data.filter(({ suspicion }) => suspicion === 'suspect').length;
      return {
        value: number(doubted),
        when: t('report.losses.suspectWeek', { count: data.length }),
        loud: doubted > 0,
      };
    }),
    quality: told(quality, ({ totals }) => ({
      value: number(totals.completeness === null ? null : totals.completeness * 100, 2),
      unit: '%',
      when: t('report.quality.completeToday'),
    })),
  };
}

/** What was answered, that it is waited for, or nothing where it failed: the page itself says why. */
function told<Answer>(
  {
    data,
    isPending,
    isError,
    isEnabled,
  }: { data: Answer | undefined; isPending: boolean; isError: boolean; isEnabled: boolean },
  tell: (answer: Answer) => Newest,
): Newest | undefined {
  if (data) return tell(data);
  if (isError) return 'failed';
  return isPending && isEnabled ? 'waiting' : undefined;
}
