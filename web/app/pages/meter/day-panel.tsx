/** Energy of the month day by day, in the colours of the periods. */
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { EnergyRow } from '../../api.ts';
import { addMonths, month as monthText } from '../../dates.ts';
import { thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Chart } from '../../parts/chart.tsx';
import { PeriodLegend } from '../../parts/legend.tsx';
import { ProblemNotice, Waiting } from '../../parts/notice.tsx';
import { type Palette, ranks } from '../../parts/palette.ts';
import { useIsPhone } from '../../phone.ts';
import { useEnergy } from '../../queries.ts';
import { toBars } from '../energy/bars.ts';
import { energyOption } from '../energy/energy-option.ts';

export function DayPanel({
  today,
  pointId,
  accountId,
  commodity,
}: {
  today: string;
  pointId?: string;
  accountId?: string;
  commodity: 'electricity' | 'water';
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const phone = useIsPhone();
  const narrow = phone || !pointId;
  const from = `${today.slice(0, 7)}-01`;
  const report = useEnergy({
    from,
    to: addMonths(from, 1),
    unit: 'day',
    by: pointId ? 'point' : 'account',
    pointId,
    accountId,
    commodity,
  });
  const unit = commodity === 'water' ? 'm³' : 'kWh';
  const bars = useMemo(
    () => toBars(report.data?.data ?? [], 'day', language),
    [report.data, language],
  );
  const words = useMemo(
    () => ({
      unit,
      total: t('total'),
      previous: t('energy.before'),
      estimated: t('home.estimated'),
      missing: t('home.missing'),
      ranks: Object.fromEntries(ranks.map((rank) => [rank, t(`period.${rank}`)])),
      noPeriod: t('energy.noPeriod'),
    }),
    [t, unit],
  );
  const option = useCallback(
    (palette: Palette) =>
      energyOption(palette, { bars, words, open: today, compare: false, small: narrow }),
    [bars, words, today, narrow],
  );
  const rows: EnergyRow[] = report.data?.data ?? [];
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('meter.byDay', { month: monthText(language, from) })}</h2>
        <span className="second">
          {thousands(report.data?.totals.quantity)} <span className="unit">{unit}</span>
        </span>
      </div>
      <div className="panel-body">
        {report.isError && !report.data && (
          <ProblemNotice error={report.error} retry={() => void report.refetch()} />
        )}
        {commodity === 'electricity' && <PeriodLegend />}
        <Chart
          option={option}
          height={phone ? 190 : 220}
          label={t('meter.byDay', { month: monthText(language, from) })}
          points={bars.length}
          empty={!!report.data && report.data.totals.quantity === null && t('energy.nothingYet')}
          summary={`${thousands(report.data?.totals.quantity)} ${unit}`}
          table={{
            columns: [t('energy.period'), ...ranks.map((rank) => t(`period.${rank}`)), t('total')],
            rows: rows.map((row) => [
              row.period,
              ...ranks.map((rank) => thousands(row.ranks?.[rank] ?? null, 1)),
              thousands(row.quantity, 1),
            ]),
          }}
        />
        {!report.data && !report.isError && <Waiting what={t('wait.report')} />}
      </div>
    </section>
  );
}
